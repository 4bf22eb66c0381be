"""`/llm_analytics/score_definitions/`: what reviewers score."""

from __future__ import annotations

from typing import Any

from api_shim.error_bodies import StaleVersion, StandardError
from api_shim.errors import ErrorStyle
from api_shim.object_operations import change, creation, existing, list_of, retrieval
from api_shim.operations import Call, Operation, Resource
from api_shim.pagination import Page, PageQuery, page_of
from api_shim.partial import sent_fields
from api_shim.schemas.score_definitions import (
    NewVersionRequest,
    ScoreDefinitionEdit,
    ScoreDefinitionListQuery,
    ScoreDefinitionRequest,
    ScoreDefinitionResponse,
    ScoreDefinitionVersionResponse,
)
from assay.contracts.lists import ListQuery
from assay.contracts.score_definitions import (
    ScoreDefinition,
    ScoreDefinitionChange,
    ScoreDefinitionQuery,
    ScoreDefinitionSpec,
)
from assay.domain.scores.config import normalized_config


async def list_score_definitions(
    call: Call[None, ScoreDefinitionListQuery],
) -> Page[ScoreDefinitionResponse]:
    """List all score definitions.

    Archived ones are left out unless they are asked for.
    """
    query = ScoreDefinitionQuery(
        archived=bool(call.query.archived),
        kind=call.query.kind,
        search=call.query.search,
        order_by=call.query.order_by,
        limit=call.query.limit,
        offset=call.query.offset,
    )
    count, found = await call.deps.registry.score_definitions.list(call.project.id, query)
    return page_of(call, count, list(map(ScoreDefinitionResponse.of, found)))


async def create_score_definition(call: Call[ScoreDefinitionRequest, None]) -> ScoreDefinitionResponse:
    """Create a score definition."""
    form = await call.body()
    spec = ScoreDefinitionSpec(
        name=form.name,
        description=form.description or "",
        kind=form.kind,
        config=normalized_config(form.kind, form.config),
    )
    created = await call.deps.registry.score_definitions.create(
        call.project.id, spec, created_by=call.principal.user.id
    )
    return ScoreDefinitionResponse.of(created)


async def retrieve_score_definition(call: Call[None, None]) -> ScoreDefinitionResponse:
    """Retrieve a score definition."""
    return ScoreDefinitionResponse.of(await _find(call))


async def change_score_definition(call: Call[ScoreDefinitionEdit, None]) -> ScoreDefinitionResponse:
    """Change a score definition.

    Its kind stays, and its config changes by new versions only.
    """
    await _find(call)
    changes = sent_fields(await call.body())
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    changed = await call.deps.registry.score_definitions.update(
        call.project.id, call.id, ScoreDefinitionChange(**changes)
    )
    return ScoreDefinitionResponse.of(existing(changed))


async def create_version(call: Call[NewVersionRequest, None]) -> ScoreDefinitionResponse:
    """Create a new version of a score definition.

    Earlier versions, and the scores that were given for them, stay as they are.
    """
    definition = await _find(call)
    form = await call.body()
    changed = await call.deps.registry.score_definitions.new_version(
        call.project.id,
        call.id,
        normalized_config(definition.kind, form.config),
        base_version=form.base_version,
        created_by=call.principal.user.id,
    )
    return ScoreDefinitionResponse.of(existing(changed))


async def list_versions(call: Call[None, PageQuery]) -> Page[ScoreDefinitionVersionResponse]:
    """List all versions of a score definition, newest first."""
    await _find(call)
    query = ListQuery(limit=call.query.limit, offset=call.query.offset)
    count, found = await call.deps.registry.score_definitions.versions(call.project.id, call.id, query)
    return page_of(call, count, list(map(ScoreDefinitionVersionResponse.of, found)))


async def _find(call: Call[Any, Any]) -> ScoreDefinition:
    return existing(await call.deps.registry.score_definitions.get(call.project.id, call.id))


RESOURCE = Resource(
    path="llm_analytics/score_definitions",
    scope="llm_analytics",
    operations=(
        list_of(ScoreDefinitionResponse, list_score_definitions, query=ScoreDefinitionListQuery),
        creation(ScoreDefinitionRequest, ScoreDefinitionResponse, create_score_definition),
        retrieval(ScoreDefinitionResponse, retrieve_score_definition),
        change(ScoreDefinitionEdit, ScoreDefinitionResponse, change_score_definition),
        Operation(
            "new_version",
            "POST",
            "{id}/new_version",
            create_version,
            body=NewVersionRequest,
            response=ScoreDefinitionResponse,
            errors=ErrorStyle(StandardError, StaleVersion, unknown=StandardError),
            also={409: "`base_version` is not the current version; nothing was written."},
        ),
        Operation(
            "versions",
            "GET",
            "{id}/versions",
            list_versions,
            query=PageQuery,
            response=Page[ScoreDefinitionVersionResponse],
            extension=True,
        ),
    ),
)
