"""Limit/offset pages."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, override
from urllib.parse import quote, urlencode

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue
from starlette.requests import Request

from api_shim.operations import Call
from assay.contracts.wire import RequestModel, ResponseModel, Rule

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_MAX_OFFSET = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _PageNumber(Rule):
    """A whole number; too large ones are capped, everything else that does not fit means `default`."""

    default: int
    minimum: int
    maximum: int

    @override
    def read(self, value: Any, source: Any) -> int:
        try:
            number = int(value)
        except ValueError:
            return self.default
        return min(number, self.maximum) if number >= self.minimum else self.default

    @override
    def describe(self, schema: JsonSchemaValue) -> None:
        schema.update(minimum=self.minimum, maximum=self.maximum)


class PageQuery(RequestModel):
    """Which part of a list to send.

    Attributes:
        limit: objects per page.
        offset: objects to leave out before the page.
    """

    limit: Annotated[int, _PageNumber(DEFAULT_LIMIT, 1, MAX_LIMIT)] = DEFAULT_LIMIT
    offset: Annotated[int, _PageNumber(0, 0, _MAX_OFFSET)] = 0


class Page[Item: BaseModel](ResponseModel):
    """One page of a list.

    Attributes:
        count: objects in the whole list.
        next, previous: addresses of the neighbouring pages; None at the ends.
    """

    count: int
    next: str | None
    previous: str | None
    results: list[Item]


def page_of[Query: PageQuery, Item: BaseModel](
    call: Call[None, Query], count: int, results: list[Item]
) -> Page[Item]:
    """The answer to a list request.

    Args:
        call: the request; its query says which page this is.
        count: objects in the whole list.
        results: the objects of this page.
    """
    limit, offset = call.query.limit, call.query.offset
    following = offset + len(results)  # a page of large objects may hold fewer than its limit
    return Page(
        count=count,
        next=_page_url(call.request, limit, following) if results and following < count else None,
        previous=_page_url(call.request, limit, offset - limit) if offset > 0 else None,
        results=results,
    )


def _page_url(request: Request, limit: int, offset: int) -> str:
    """The address of another page: the query of this one with its keys sorted, no offset if it is 0."""
    query = [item for item in request.query_params.multi_items() if item[0] not in ("limit", "offset")]
    query.append(("limit", str(limit)))
    if offset > 0:
        query.append(("offset", str(offset)))
    url = request.base_url.replace(path=quote(request.scope["path"], safe="/@"))
    return f"{url}?{urlencode(sorted(query, key=itemgetter(0)))}"
