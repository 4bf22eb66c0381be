"""Typed search attributes: how people find runs in the Temporal UI."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

log = structlog.get_logger(__name__)

PROJECT = SearchAttributeKey.for_keyword("AssayProject")
EVALUATION = SearchAttributeKey.for_keyword("AssayEvaluation")
TRIGGER = SearchAttributeKey.for_keyword("AssayTrigger")
OUTCOME = SearchAttributeKey.for_keyword("AssayOutcome")
REPORT = SearchAttributeKey.for_keyword("AssayReport")
JOB = SearchAttributeKey.for_keyword("AssayJob")

ALL: Sequence[SearchAttributeKey[str]] = (PROJECT, EVALUATION, TRIGGER, OUTCOME, REPORT, JOB)


def pairs(*values: tuple[SearchAttributeKey[str], str]) -> TypedSearchAttributes:
    """The attributes of a start, from (key, value) pairs."""
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in values])


async def register(client: Client) -> list[str]:
    """Register the attributes that the client's namespace does not know yet.

    Where this caller may not look or add (Temporal Cloud: they are added in its console), nothing happens;
    starts are refused by the server until somebody adds them.

    Returns:
        The names that were added.
    """
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        known = await client.operator_service.list_search_attributes(request)
        missing = [key.name for key in ALL if key.name not in known.custom_attributes]
        if missing:
            await add(client, missing)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:  # another process was quicker
            return []
        if error.status not in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
            raise
        names = ", ".join(key.name for key in ALL)
        log.warning("search attributes not checked: add them as Keyword", names=names, reason=error.message)
        return []
    return missing


async def add(client: Client, names: Sequence[str]) -> None:
    """Register keyword attributes that the client's namespace does not know."""
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes=dict.fromkeys(names, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD),
        )
    )
