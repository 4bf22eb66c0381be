"""What wraps every request: its id, the empty body of HEAD, and the last line of defence."""

from __future__ import annotations

import re
import traceback
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_shim.errors import server_error_response

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

log = structlog.get_logger(__name__)


class RequestIdMiddleware:
    """Gives every request an id, taken over from `X-Request-Id` if that is sane, for logs and answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if _SANE_ID.fullmatch(sent) else uuid4().hex

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, mark)


class HeadMiddleware:
    """Sends no body in answer to HEAD; the headers stay those of GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def strip(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        await self._app(scope, receive, strip if is_head else send)


class FailureMiddleware:
    """Answers failures that nobody foresaw with the standard 500 and logs where they happened.

    The text of an error is not logged: drivers and validators put values into it, and a value may be a
    customer's prompt or a key.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            log.info("client_disconnected", method=scope["method"])
        except Exception as error:
            _log_failure(scope, error)
            if started:
                raise  # too late for an answer of ours; the server cuts the connection
            await server_error_response()(scope, receive, send)


def _log_failure(scope: Scope, error: Exception) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "request_failed",
        method=scope["method"],
        route=getattr(scope.get("route"), "path", None),
        error=type(error).__qualname__,
        cause=type(error.__cause__).__qualname__ if error.__cause__ else None,
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
