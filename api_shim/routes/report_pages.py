"""`GET /reports/{run_id}`: one run of an evaluation report, for people.

Two ways lead in: a signed link, as messages hold it, and an API key of the project. Whoever has neither
learns nothing about which runs there are: the checks that need no run come first, and a run of a project
that the key does not reach is answered like one that does not exist.
"""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api_shim.access import accessible_project, authenticate, require_scope
from api_shim.bodies import Payload
from api_shim.context import Deps, deps_of
from api_shim.errors import RETRY_AFTER_SECONDS
from api_shim.known_projects import KnownProjects
from api_shim.pages import page_response
from api_shim.report_chart import trend
from api_shim.report_view import report_view
from api_shim.throttle import DEFAULT_LIMITS, Limits, Rate, Throttle
from assay.contracts.report_runs import ReportRun
from assay.contracts.wire import parse_uuid
from assay.domain.signed_links import LinkCheck
from assay.errors import (
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RequestError,
    StoreUnavailable,
    Throttled,
)

SCOPE = "llm_analytics:read"
"""What an API key must grant, as for the runs over the API."""

LINK_LIMITS = Limits("report page", (Rate(60, 60),))
"""Of one run by signed links, whoever holds them: a page costs a query of the event store."""

_EXPIRED = "The time of this link is over. Ask for a newer one, or use an API key of the project."
_FORGED = "This link is not one of ours, or not all of it was copied."
_UNKNOWN = "There is no such report, or it was deleted."
_TITLES = {
    401: "Please identify yourself",
    403: "This page stays closed",
    404: "Report not found",
    429: "Too many requests",
    503: "Not available right now",
}
_NO_CREDENTIALS = (
    "Open this page by the link of a message, or send an API key of the project "
    f"with the scope {SCOPE} in the header “Authorization: Bearer …”."
)


class _Admitted(NamedTuple):
    """A run that the caller may read, and when the link ends by which it came; None: by an API key."""

    run: ReportRun
    link_ends: datetime | None


async def report_page(request: Request) -> Response:
    """One run as a page; refusals are pages too."""
    try:
        return await _page(deps_of(request), await _admitted(request))
    except RequestError as error:
        return _refusal(error)
    except StoreUnavailable as error:
        wait = math.ceil(error.retry_after or RETRY_AFTER_SECONDS)
        return _message(503, "A store does not answer. Try again in a moment.", {"Retry-After": str(wait)})


def routes() -> list[BaseRoute]:
    """The pages of reports."""
    return [Route("/reports/{run_id}", report_page)]


async def _admitted(request: Request) -> _Admitted:
    """The run, if the caller may read it.

    Raises:
        NotAuthenticated, AuthenticationFailed: there are no credentials, or the key is nobody's.
        PermissionDenied: the link is wrong or its time is over; the key does not have the scope.
        NotFound: there is no such run for this caller.
        Throttled: too many requests.
    """
    run_id = parse_uuid(request.path_params["run_id"])
    if "signature" in request.query_params:
        return await _by_link(request, run_id)
    return _Admitted(await _by_key(request, run_id), None)


async def _by_link(request: Request, run_id: UUID | None) -> _Admitted:
    deps, query = deps_of(request), request.query_params
    if run_id is None:
        raise PermissionDenied(_FORGED)
    expires = query.get("expires", "")
    worth = deps.report_links.check(
        run_id, expires=expires, signature=query["signature"], now=datetime.now(UTC)
    )
    if worth is not LinkCheck.VALID:
        raise PermissionDenied(_EXPIRED if worth is LinkCheck.EXPIRED else _FORGED)
    _throttle(request, run_id, LINK_LIMITS)
    run = await deps.registry.report_runs.find(run_id)
    if run is None:
        raise NotFound(_UNKNOWN)
    return _Admitted(run, datetime.fromtimestamp(int(expires), UTC))


async def _by_key(request: Request, run_id: UUID | None) -> ReportRun:
    registry = deps_of(request).registry
    try:
        principal = await authenticate(request, Payload(request), registry.access)
    except NotAuthenticated:
        raise NotAuthenticated(_NO_CREDENTIALS) from None
    require_scope(principal, SCOPE)
    _throttle(request, principal.key_id, DEFAULT_LIMITS)
    run = None if run_id is None else await registry.report_runs.find(run_id)
    if run is None:
        raise NotFound(_UNKNOWN)
    known: KnownProjects = request.app.state.known_projects
    try:
        await accessible_project(str(run.project_id), principal, known, registry.access)
    except (NotFound, PermissionDenied):
        raise NotFound(_UNKNOWN) from None
    return run


def _throttle(request: Request, counter: UUID, limits: Limits) -> None:
    if deps_of(request).throttle:
        throttle: Throttle = request.app.state.throttle
        throttle.admit(counter, limits)


async def _page(deps: Deps, admitted: _Admitted) -> Response:
    """The page of a run. Deleting a report closes the pages of its runs, links or not."""
    run = admitted.run
    report = await deps.registry.evaluation_reports.get(run.project_id, run.report_id)
    evaluation = await deps.registry.evaluations.get(run.project_id, run.evaluation_id, include_deleted=True)
    if report is None or evaluation is None:
        raise NotFound(_UNKNOWN)
    swapped = evaluation.output_config.get("true_is_failure") is True
    chart = await trend(run, deps.report_data, true_is_failure=swapped)

    def render() -> Response:
        view = report_view(run, report, evaluation.name, chart, link_ends=admitted.link_ends)
        return page_response("report.html", {"report": view})

    return await asyncio.to_thread(render)  # a long text takes some tens of milliseconds


def _refusal(error: RequestError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, Throttled):
        headers = {"Retry-After": str(error.wait_seconds)}
    return _message(error.status, error.detail, headers)


def _message(status: int, words: str, headers: dict[str, str]) -> Response:
    title = _TITLES.get(status, "This did not work")
    return page_response("message.html", {"title": title, "words": words}, status=status, headers=headers)
