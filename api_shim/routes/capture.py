"""Ingestion: what PostHog SDKs send, unmodified.

| path | sent by |
| --- | --- |
| `/batch`, `/i/v0/ai/batch` | server SDKs (capture v0), the second for AI events |
| `/e`, `/capture`, `/i/v0/e` | browser SDKs and plain HTTP clients |
| `/i/v1/analytics/events` | capture v1: token in the `Authorization` header, one result per event |
| `/flags`, `/decide` | SDKs that look for feature flags; Assay has none and says so |

An event is answered for after it is stored. One that cannot be stored is refused by itself, with its reason,
and the rest of its batch is stored. SDKs do not send a 4xx again but report it to their user, and they report
nothing else; so v0 answers 400 when *every* event of a request is refused, and 200 when any was stored. While
the store is down the answer is 503 with `Retry-After`, which SDKs obey: nothing is lost, and the uuids of the
events make a second arrival harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from prometheus_client import Counter
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api_shim.bodies import read_bounded
from api_shim.capture_body import CaptureBatch, instant_or_none, read_batch
from api_shim.context import Deps, deps_of
from api_shim.error_bodies import StandardError
from api_shim.known_projects import KnownProjects
from api_shim.responses import JsonResponse
from assay.contracts.access import Project
from assay.contracts.capture import Refusal, RefusalCode
from assay.contracts.events import Event
from assay.domain.capture import from_v1, normalise, refusal
from assay.domain.json_values import well_formed
from assay.errors import AuthenticationFailed, MalformedRequest, NotAuthenticated

ACCEPTED = Counter("assay_events_accepted", "Captured events that were stored.")
REFUSED = Counter("assay_events_refused", "Captured events that were refused.", ("reason",))

_Endpoint = Callable[[Request], Awaitable[Response]]

_GZIP_MAGIC = b"\x1f\x8b"
"""Browser SDKs send gzip without saying so."""

_INLINE_BYTES = 32 * 1024
"""Bodies up to here are taken apart on the event loop; a thread would cost more than it frees."""

_NO_FLAGS: Mapping[str, Any] = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
    "quotaLimited": [],
    "sessionRecording": False,
    "supportedCompression": ["gzip", "gzip-js"],
}

_BROWSERS = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["GET", "POST"],
    allow_headers=["*"],
    max_age=86_400,
)


def routes() -> list[Route]:
    """The routes, each with and without a trailing slash."""
    endpoints: dict[str, tuple[_Endpoint, list[str]]] = {
        "/batch": (capture_v0, ["POST"]),
        "/i/v0/ai/batch": (capture_v0, ["POST"]),
        "/capture": (capture_v0, ["POST"]),
        "/e": (capture_v0, ["GET", "POST"]),
        "/i/v0/e": (capture_v0, ["GET", "POST"]),
        "/i/v1/analytics/events": (capture_v1, ["POST"]),
        "/flags": (no_flags, ["POST"]),
        "/decide": (no_flags, ["POST"]),
    }
    return [
        Route(path + slash, _or_options(endpoint), methods=[*methods, "OPTIONS"], middleware=[_BROWSERS])
        for path, (endpoint, methods) in endpoints.items()
        for slash in ("", "/")
    ]


async def capture_v0(request: Request) -> Response:
    """Capture v0: `{"api_key", "batch": [event, …], "sent_at"}`, a list of events, or one event."""
    batch = await _read(request, await _v0_body(request))
    project = await _project(request, batch.token)
    refusals = await _store(deps_of(request), project, batch)
    told = {"refused": [refused.model_dump(mode="json") for refused in refusals]} if refusals else {}
    if len(refusals) < len(batch.events):
        return JsonResponse({"status": "Ok"} | told)
    first = refusals[0]
    error = StandardError(type="validation_error", code=first.code, detail=first.reason, attr=None)
    return JsonResponse(error.model_dump() | told, 400)


async def capture_v1(request: Request) -> Response:
    """Capture v1: `{"created_at", "batch": [event, …]}`; answers `{"results": {uuid: {"result"}}}`."""
    project = await _project(request, _bearer(request))
    batch = await _read(request, await read_bounded(request), token=project.token)
    sdk = request.headers.get("posthog-sdk-info", "")
    batch = replace(
        batch,
        events=[from_v1(event, sdk=sdk) for event in batch.events],
        sent_at=instant_or_none(request.headers.get("posthog-request-timestamp")),
    )
    refusals = await _store(deps_of(request), project, batch)
    results = {_result_key(index, event): {"result": "ok"} for index, event in enumerate(batch.events)}
    for refused in refusals:
        key = _result_key(refused.index, batch.events[refused.index])
        results[key] = {"result": "drop", "details": refused.reason}
    return JsonResponse({"results": results})


async def _project(request: Request, token: str | None) -> Project:
    if not token:
        raise NotAuthenticated(
            "No project token: send it as `api_key` in the body (capture v1: as a bearer token)."
        )
    known: KnownProjects = request.app.state.known_projects
    project = await known.by_token(token, deps_of(request).registry.access)
    if project is None:
        raise AuthenticationFailed("The project token in `api_key` is not valid.")
    return project


async def no_flags(_: Request) -> Response:
    """The feature flags of a project: none."""
    return JsonResponse(_NO_FLAGS)


def _or_options(endpoint: _Endpoint) -> _Endpoint:
    """The endpoint, with an answer to the OPTIONS requests that are no preflight."""

    async def serve(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        return await endpoint(request)

    return serve


async def _v0_body(request: Request) -> bytes:
    if request.method != "GET":
        return await read_bounded(request)
    if "data" not in request.query_params:
        raise MalformedRequest("The query parameter `data` is missing.")
    return urlencode({"data": request.query_params["data"]}).encode()


async def _read(request: Request, body: bytes, *, token: str | None = None) -> CaptureBatch:
    encoding = request.headers.get("content-encoding", "")
    read = partial(read_batch, body, encoding=encoding, query=request.query_params, token=token)
    # A small compressed body can be a large one, or one of a million tiny values.
    small = len(body) <= _INLINE_BYTES and not encoding and not body.startswith(_GZIP_MAGIC)
    return read() if small else await asyncio.to_thread(read)


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def _store(deps: Deps, project: Project, batch: CaptureBatch) -> list[Refusal]:
    """Store what can be stored; returns the rest, in the order of the request."""
    work = partial(_normalised, batch, project.id, datetime.now(UTC))
    outcomes = work() if batch.size <= _INLINE_BYTES else await asyncio.to_thread(work)
    accepted = [(index, outcome) for index, outcome in enumerate(outcomes) if isinstance(outcome, Event)]
    result = await deps.writer.write([event for _, event in accepted], size=batch.size)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    for position, reason in result.refused.items():
        index = accepted[position][0]
        code = RefusalCode.REFUSED_BY_STORE
        refusals.append(refusal(batch.events[index], index=index, code=code, reason=reason))
    ACCEPTED.inc(len(outcomes) - len(refusals))
    for refused in refusals:
        REFUSED.labels(refused.code).inc()
    return sorted(refusals, key=lambda refused: refused.index)


def _normalised(batch: CaptureBatch, project_id: int, received_at: datetime) -> list[Event | Refusal]:
    return [
        normalise(event, project_id=project_id, received_at=received_at, sent_at=batch.sent_at, index=index)
        for index, event in enumerate(batch.events)
    ]


def _result_key(index: int, event: Any) -> str:
    """The uuid as it was sent, by which the client looks for its result; without one, the position."""
    uuid = event.get("uuid") if isinstance(event, dict) else None
    return well_formed(uuid) if isinstance(uuid, str) else f"[{index}]"
