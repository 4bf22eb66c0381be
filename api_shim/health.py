"""Is the process up, are its dependencies?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api_shim.context import deps_of
from api_shim.responses import JsonResponse
from assay.errors import AssayError

_CHECK_SECONDS = 2.0


async def healthz(_: Request) -> Response:
    """`GET /healthz`: the process serves requests."""
    return JsonResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """`GET /readyz`: 200 if every dependency answers, else 503; each one is named."""
    checks = deps_of(request).ready_checks
    reports = await asyncio.gather(*map(_report, checks.values()))
    ready = all(report == "ok" for report in reports)
    body = {"status": "ok" if ready else "unavailable", "checks": dict(zip(checks, reports, strict=True))}
    return JsonResponse(body, 200 if ready else 503)


async def _report(check: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except TimeoutError:
        return f"no answer within {_CHECK_SECONDS:g} s"
    except AssayError as error:
        return error.detail
    except Exception as error:
        # The text of a driver's error can hold an address with credentials; its type cannot.
        return type(error).__name__
    return "ok"
