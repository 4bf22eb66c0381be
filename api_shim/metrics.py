"""Prometheus metrics of the API: how many requests, how fast.

Labels name the route's template, never a path, so their number stays small.
"""

from __future__ import annotations

import time

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("assay_http_requests", "HTTP requests answered.", ("route", "method", "status"))
LATENCY = Histogram(
    "assay_http_request_seconds",
    "Time from a request's head to the end of its answer.",
    ("route", "method"),
)

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_CLIENT_GONE = "499"


class MetricsMiddleware:
    """Counts and times each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = _CLIENT_GONE

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        start = time.perf_counter()
        try:
            await self._app(scope, receive, watch)
        finally:
            seconds = time.perf_counter() - start
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            REQUESTS.labels(route, method, status).inc()
            LATENCY.labels(route, method).observe(seconds)


async def metrics(_: Request) -> Response:
    """`GET /metrics`: this process's API, background work, memory and CPU."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
