"""The operations that most kinds of objects have, as `Operation`s.

They differ in handler and models only; method, path, name and status are the same for every kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypedDict, Unpack

from pydantic import BaseModel

from api_shim.errors import ErrorStyle
from api_shim.operations import Call, Operation, Result
from api_shim.pagination import Page, PageQuery
from api_shim.partial import patch_of
from assay.contracts.wire import RequestModel
from assay.errors import NotFound

type _Handler = Callable[[Call[Any, Any]], Awaitable[Result]]


class Options(TypedDict, total=False):
    """What an operation may declare besides; see `Operation`."""

    query: type[RequestModel]
    errors: ErrorStyle
    also: Mapping[int, str]
    max_body_bytes: int


def existing[Found](found: Found | None) -> Found:
    """What was looked for.

    Raises:
        NotFound: there is no such object.
    """
    if found is None:
        raise NotFound("Not found.")
    return found


def list_of(item: type[BaseModel], handler: _Handler, *, query: type[PageQuery]) -> Operation[Any, Any]:
    """GET of all objects, page by page."""
    return Operation("list", "GET", "", handler, query=query, response=Page[item])  # type: ignore[valid-type]


def creation(
    body: type[RequestModel], response: type[BaseModel], handler: _Handler, **more: Unpack[Options]
) -> Operation[Any, Any]:
    """POST of a new object, answered with 201."""
    return Operation("create", "POST", "", handler, body=body, response=response, status=201, **more)


def retrieval(response: type[BaseModel], handler: _Handler, **more: Unpack[Options]) -> Operation[Any, Any]:
    """GET of one object."""
    return Operation("retrieve", "GET", "{id}", handler, response=response, **more)


def changes(
    body: type[RequestModel], response: type[BaseModel], handler: _Handler, **more: Unpack[Options]
) -> tuple[Operation[Any, Any], Operation[Any, Any]]:
    """PUT, which needs every required field, and PATCH, which needs none, with one handler for both."""
    put: Operation[Any, Any] = Operation(
        "update", "PUT", "{id}", handler, body=body, response=response, **more
    )
    return put, change(body, response, handler, **more)


def change(
    body: type[RequestModel], response: type[BaseModel], handler: _Handler, **more: Unpack[Options]
) -> Operation[Any, Any]:
    """PATCH of one object; every field of `body` may be left out."""
    patch = patch_of(body)
    return Operation("partial_update", "PATCH", "{id}", handler, body=patch, response=response, **more)


def deletion(handler: _Handler, **more: Unpack[Options]) -> Operation[Any, Any]:
    """DELETE of one object, answered with 204."""
    return Operation("destroy", "DELETE", "{id}", handler, status=204, **more)
