"""From declared operations to routes: the checks of a request, in their order, and the answer.

Order: JSON acceptable → API key → scope → project → request limit → method → query → handler (which
looks up objects and then validates the body).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api_shim.access import accessible_project, authenticate, require_scope
from api_shim.bodies import MAX_BODY_BYTES, PARSED_TYPES, Payload
from api_shim.context import deps_of
from api_shim.errors import error_response, method_not_allowed
from api_shim.known_projects import KnownProjects
from api_shim.negotiation import require_json
from api_shim.operations import Call, Operation, Resource
from api_shim.problems import InvalidInput, validated
from api_shim.responses import JsonResponse
from api_shim.throttle import DEFAULT_LIMITS, Throttle
from assay.contracts.access import Principal, Project
from assay.contracts.wire import RequestModel
from assay.errors import RequestError

PREFIX = "/api/environments/{project_id}/"
"""Where the API description shows resources; `/api/projects/…` leads to the same handlers."""

_PREFIX_PATTERN = r"^/api/(?:environments|projects)/(?P<project_id>[^/]+)/"
_PARAMETER = re.compile(r"\{(\w+)\}")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ACCESS_WITHOUT_OPERATION = {"OPTIONS": "read"}
"""What the key must grant for methods that no operation serves; those that are refused need nothing."""


class Endpoint:
    """The ASGI application of one path: all operations of a resource that share it."""

    def __init__(self, resource: Resource, path: str, operations: Iterable[Operation[Any, Any]]) -> None:
        self.path = "/".join(filter(None, (resource.path, path)))
        self._resource = resource
        self._operations: dict[str, Operation[Any, Any]] = {
            operation.method: operation for operation in operations
        }
        methods = [method for method in _METHODS if method in self._operations]
        head = ["HEAD"] if "GET" in methods else []
        self._allow = {"Allow": ", ".join([*methods, *head, "OPTIONS"])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        require_json(request)
        operation = self._operations.get("GET" if request.method == "HEAD" else request.method)
        payload = Payload(request, operation.max_body_bytes if operation else MAX_BODY_BYTES)
        principal, project = await self._admit(request, payload, operation)
        if operation is not None:
            return await _run(operation, request, payload, (principal, project))
        if request.method == "OPTIONS":
            return self._describe()
        return error_response(method_not_allowed(request.method), self._allow)

    async def _admit(
        self, request: Request, payload: Payload, operation: Operation[Any, Any] | None
    ) -> tuple[Principal, Project]:
        deps = deps_of(request)
        principal = await authenticate(request, payload, deps.registry.access)
        access = operation.needed_access if operation else _ACCESS_WITHOUT_OPERATION.get(request.method)
        if access is not None:
            require_scope(principal, f"{self._resource.scope}:{access}")
        reference = request.path_params["project_id"]
        known: KnownProjects = request.app.state.known_projects
        project = await accessible_project(reference, principal, known, deps.registry.access)
        if deps.throttle:
            throttle: Throttle = request.app.state.throttle
            throttle.admit(principal.key_id, operation.limits if operation else DEFAULT_LIMITS)
        return principal, project

    def _describe(self) -> Response:
        body = {"name": self._resource.name, "renders": ["application/json"], "parses": PARSED_TYPES}
        return JsonResponse(body, headers=self._allow)


async def _run(
    operation: Operation[Any, Any], request: Request, payload: Payload, caller: tuple[Principal, Project]
) -> Response:
    parse = partial(validated, operation.body or RequestModel)
    try:
        query = validated(operation.query, dict(request.query_params)) if operation.query else None
        call: Call[Any, Any] = Call(request, deps_of(request), *caller, query, payload, parse)
        result = await operation.handler(call)
    except (InvalidInput, RequestError) as error:
        return operation.errors.response(error)
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status_code=operation.status)
    return JsonResponse(result, operation.status)


class EndpointRoute(Route):
    """A route that serves both prefixes, with and without a trailing slash, for every method."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(f"{PREFIX}{endpoint.path}/", endpoint)
        pattern = _PARAMETER.sub(r"(?P<\1>[^/]+)", endpoint.path)
        self.path_regex = re.compile(rf"{_PREFIX_PATTERN}{pattern}/?\Z")


def endpoint_routes(resources: Iterable[Resource]) -> list[EndpointRoute]:
    """One route per path; fixed words win over parameters (`things/export` over `things/{id}`)."""
    endpoints = [
        Endpoint(resource, path, operations)
        for resource in resources
        for path, operations in groupby(
            sorted(resource.operations, key=attrgetter("path")), key=attrgetter("path")
        )
    ]
    endpoints.sort(key=lambda endpoint: endpoint.path.count("{"))
    return [EndpointRoute(endpoint) for endpoint in endpoints]
