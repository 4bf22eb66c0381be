"""Who may read the page of a run, and how everybody else is told so.

Two ways lead in: a signed link, as messages hold it, and an API key of the project. Whoever has neither
learns nothing about which runs there are: the checks that need no run come first, and a run of a project
that the key does not reach is answered like one that does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api_shim.access import accessible_project, authenticate, require_scope
from api_shim.bodies import Payload
from api_shim.context import Deps, deps_of
from api_shim.errors import RETRY_AFTER_SECONDS
from api_shim.known_projects import KnownProjects
from api_shim.pages import page_response
from api_shim.throttle import DEFAULT_LIMITS, Limits, Throttle
from assay.contracts.wire import parse_uuid
from assay.domain.signed_links import LinkCheck, Page
from assay.errors import (
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RequestError,
    StoreUnavailable,
    Throttled,
)
from assay.ports import Registry

SCOPE = "llm_analytics:read"
"""What an API key must grant, as for the runs over the API."""

_EXPIRED = "The time of this link is over. Ask for a newer one, or use an API key of the project."
_FORGED = "This link is not one of ours, or not all of it was copied."
_TITLES = {
    401: "Please identify yourself",
    403: "This page stays closed",
    404: "Page not found",
    429: "Too many requests",
    503: "Not available right now",
}
_NO_CREDENTIALS = (
    "Open this page by a link that was made for it, or send an API key of the project "
    f"with the scope {SCOPE} in the header “Authorization: Bearer …”."
)


class ProjectRun(Protocol):
    """A run of some kind, of a project."""

    @property
    def project_id(self) -> int:
        """Whose it is."""


class Admitted[Run: ProjectRun](NamedTuple):
    """A run that the caller may read, and when the link ends by which it came; None: by an API key."""

    run: Run
    link_ends: datetime | None


@dataclass(frozen=True, slots=True)
class RunPages[Run: ProjectRun]:
    """The pages of the runs of one kind.

    Attributes:
        page: that links are signed for; its value is the first part of the path.
        find: a run of whatever project.
        render: the page of a run; raises NotFound(unknown) where there is none any more.
        link_limits: of requests for one run by signed links, whoever holds them.
        unknown: what somebody is told who asks for a run that does not exist.
    """

    page: Page
    find: Callable[[Registry, UUID], Awaitable[Run | None]]
    render: Callable[[Deps, Admitted[Run]], Awaitable[Response]]
    link_limits: Limits
    unknown: str

    def route(self) -> Route:
        """Where the pages are."""
        return Route(f"/{self.page}/{{run_id}}", self._answer)

    async def _answer(self, request: Request) -> Response:
        """One run as a page; refusals are pages too."""
        try:
            return await self.render(deps_of(request), await self._admitted(request))
        except RequestError as error:
            return _refusal(error)
        except StoreUnavailable as error:
            wait = math.ceil(error.retry_after or RETRY_AFTER_SECONDS)
            words = "A store does not answer. Try again in a moment."
            return _message(503, words, {"Retry-After": str(wait)})

    async def _admitted(self, request: Request) -> Admitted[Run]:
        """The run, if the caller may read it.

        Raises:
            NotAuthenticated, AuthenticationFailed: there are no credentials, or the key is nobody's.
            PermissionDenied: the link is wrong or its time is over; the key does not have the scope.
            NotFound: there is no such run for this caller.
            Throttled: too many requests.
        """
        run_id = parse_uuid(request.path_params["run_id"])
        if "signature" in request.query_params:
            return await self._by_link(request, run_id)
        return Admitted(await self._by_key(request, run_id), None)

    async def _by_link(self, request: Request, run_id: UUID | None) -> Admitted[Run]:
        deps, query = deps_of(request), request.query_params
        if run_id is None:
            raise PermissionDenied(_FORGED)
        expires = query.get("expires", "")
        worth = deps.page_links.check(
            self.page, run_id, expires=expires, signature=query["signature"], now=datetime.now(UTC)
        )
        if worth is not LinkCheck.VALID:
            raise PermissionDenied(_EXPIRED if worth is LinkCheck.EXPIRED else _FORGED)
        _throttle(request, run_id, self.link_limits)
        run = await self.find(deps.registry, run_id)
        if run is None:
            raise NotFound(self.unknown)
        return Admitted(run, datetime.fromtimestamp(int(expires), UTC))

    async def _by_key(self, request: Request, run_id: UUID | None) -> Run:
        registry = deps_of(request).registry
        try:
            principal = await authenticate(request, Payload(request), registry.access)
        except NotAuthenticated:
            raise NotAuthenticated(_NO_CREDENTIALS) from None
        require_scope(principal, SCOPE)
        _throttle(request, principal.key_id, DEFAULT_LIMITS)
        run = None if run_id is None else await self.find(registry, run_id)
        if run is None:
            raise NotFound(self.unknown)
        known: KnownProjects = request.app.state.known_projects
        try:
            await accessible_project(str(run.project_id), principal, known, registry.access)
        except (NotFound, PermissionDenied):
            raise NotFound(self.unknown) from None
        return run


def _throttle(request: Request, counter: UUID, limits: Limits) -> None:
    if deps_of(request).throttle:
        throttle: Throttle = request.app.state.throttle
        throttle.admit(counter, limits)


def _refusal(error: RequestError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, Throttled):
        headers = {"Retry-After": str(error.wait_seconds)}
    return _message(error.status, error.detail, headers)


def _message(status: int, words: str, headers: dict[str, str]) -> Response:
    title = _TITLES.get(status, "This did not work")
    return page_response("message.html", {"title": title, "words": words}, status=status, headers=headers)
