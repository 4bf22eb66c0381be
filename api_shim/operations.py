"""How endpoints are declared: a `Resource` is a table of `Operation`s.

The routes, every check before the handler and the API description follow from the table. A handler
gets a `Call` and returns a response model, a ready `Response`, or None for an empty body::

    async def rename(call: Call[RenameRequest, None]) -> ThingResponse:
        '''Rename a thing.'''
        thing = await find(call)  # may raise NotFound: unknown objects come before a bad body
        form = await call.body()
        ...

    RESOURCE = Resource(
        path="things",
        scope="thing",
        operations=(
            Operation("rename", "POST", "{id}/rename", rename, body=RenameRequest, response=ThingResponse),
        ),
    )
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api_shim.bodies import MAX_BODY_BYTES, Payload
from api_shim.context import Deps
from api_shim.errors import STANDARD, ErrorStyle
from api_shim.throttle import DEFAULT_LIMITS, Limits
from assay.contracts.access import Principal, Project
from assay.contracts.wire import parse_uuid
from assay.errors import NotFound

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Result = BaseModel | Response | None


@dataclass(frozen=True, slots=True)
class Call[Body, Query]:
    """One admitted request: the caller is known and may do this in this project.

    Attributes:
        query: the validated query parameters; None if the operation declares none.
        payload, parse: the body as sent, and what makes it the operation's body model; see `body`.
    """

    request: Request
    deps: Deps
    principal: Principal
    project: Project
    query: Query
    payload: Payload
    parse: Callable[[Any], Body]

    async def body(self) -> Body:
        """The validated body; the body is parsed when this is called, so checks that come first can.

        Raises:
            InvalidInput: it breaks the rules of the operation's body model.
            RequestError: it is too large, malformed or of a type that is not read.
        """
        return self.parse(await self.payload.data())

    @property
    def id(self) -> UUID:
        """The object that the path names.

        Raises:
            NotFound: the path has something else than a UUID there.
        """
        object_id = parse_uuid(self.request.path_params["id"])
        if object_id is None:
            raise NotFound("Not found.")
        return object_id


@dataclass(frozen=True, slots=True)
class Operation[Body, Query]:
    """One HTTP method on one path.

    The first line of the handler's docstring is the summary in the API description, the rest is the text.

    Attributes:
        name: with the resource's name, the operation id; unique within the resource.
        path: below the resource's path; empty, `{id}`, `{id}/action` or `action`.
        body: model of the request body; None if there is none.
        max_body_bytes: largest request body that is read.
        query: model of the query parameters.
        response: model of the answer; None for an empty one.
        status: status of success.
        access: what the API key must grant on the resource's scope object; by default `read` for GET
            and `write` for the rest.
        limits: requests per API key.
        errors: style of the errors that the handler raises and of an invalid body or query.
        also: further errors that the handler raises: status and when.
        extension: whether this is Assay's own, beyond the compatible API.
    """

    name: str
    method: Method
    path: str
    handler: Callable[[Call[Body, Query]], Awaitable[Result]]
    body: type[Body] | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    query: type[Query] | None = None
    response: type[BaseModel] | None = None
    status: int = 200
    access: Literal["read", "write"] | None = None
    limits: Limits = DEFAULT_LIMITS
    errors: ErrorStyle = STANDARD
    also: Mapping[int, str] = field(default_factory=dict)
    extension: bool = False

    @property
    def needed_access(self) -> Literal["read", "write"]:
        """What the API key must grant."""
        return self.access or ("read" if self.method == "GET" else "write")

    @property
    def summary(self) -> str:
        """One line for the API description."""
        return self._documentation.partition("\n")[0].removesuffix(".")

    @property
    def description(self) -> str:
        """The text of the API description; may be empty."""
        return self._documentation.partition("\n")[2].strip()

    @property
    def _documentation(self) -> str:
        return cleandoc(self.handler.__doc__ or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Operations on one kind of object of a project.

    Attributes:
        path: below `/api/environments/{project_id}/` and `/api/projects/{project_id}/`.
        scope: object of the scopes that guard it: `evaluation` for `evaluation:read` and `:write`.
    """

    path: str
    scope: str
    operations: tuple[Operation[Any, Any], ...]

    @property
    def name(self) -> str:
        """Name in the API description: the last part of the path."""
        return self.path.rpartition("/")[2]


def hard_delete_forbidden(path: str = "{id}") -> Operation[None, None]:
    """The DELETE of objects that are only ever marked as deleted: refused for every id, known or not."""
    return Operation("destroy", "DELETE", path, _refuse_hard_delete, status=405)


async def _refuse_hard_delete(_: Call[None, None]) -> Response:
    """Hard delete is not allowed.

    Use a PATCH to set "deleted" to true.
    """
    return Response(status_code=405, headers={"Allow": "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"})
