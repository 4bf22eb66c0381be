"""An httpx client that calls what the policy permits, and nothing else.

Redirects are errors, so no credential travels to an address that was not asked for. Answers are bounded,
and never compressed: a compressed one could unfold to any size.
"""

from __future__ import annotations

import functools
import math
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from assay.adapters.outbound.network import CheckedNetwork, Resolver, system_resolver
from assay.adapters.outbound.policy import OutboundPolicy
from assay.errors import OutboundRefused

_MAX_RESPONSE_BYTES = 16 * 1024 * 1024
MAX_RESPONSE_BYTES = "max_response_bytes"
"""Extension of a request: the size of the largest answer to it, if that is less than the client's."""

_TIMEOUT_SECONDS = 10.0
_KEEPALIVE_SECONDS = 60.0
_KEEPALIVE_CONNECTIONS = 100

_POOLS = 16
_REQUESTS_PER_POOL = 8
"""A pool looks at all of its connections for every request, so many small ones are quicker than one."""


def outbound_client(
    policy: OutboundPolicy,
    *,
    timeout: float = _TIMEOUT_SECONDS,
    max_response_bytes: int = _MAX_RESPONSE_BYTES,
    resolve: Resolver = system_resolver,
    tls: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """A client for calls to others; the caller closes it.

    It takes no proxies or credentials from the environment, follows no redirects and keeps no cookies, so
    calls with different credentials can share its connections. What the policy does not permit, a redirect
    and an answer that is too large raise `OutboundRefused`; all else is httpx's.

    Args:
        timeout: seconds of each wait (to connect, for bytes), unless a request brings its own.
        max_response_bytes: size of the largest answer; a request can ask for less (`MAX_RESPONSE_BYTES`).
        resolve: how names become addresses.
        tls: how certificates are verified; None trusts certifi's and the system's authorities.
    """
    return httpx.AsyncClient(
        transport=OutboundTransport(policy, max_response_bytes=max_response_bytes, resolve=resolve, tls=tls),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
    )


class OutboundTransport(httpx.AsyncBaseTransport):
    """The transport of `outbound_client`, which describes the arguments."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        max_response_bytes: int = _MAX_RESPONSE_BYTES,
        resolve: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._max_response_bytes = max_response_bytes
        self._pools = {
            # Pools by scheme, so that whoever opens a connection knows whether TLS is going to protect it.
            scheme: [
                _Pool(
                    httpcore.AsyncConnectionPool(
                        ssl_context=tls or _default_tls(),
                        max_connections=None,  # the callers bound their concurrency
                        max_keepalive_connections=_KEEPALIVE_CONNECTIONS,
                        keepalive_expiry=_KEEPALIVE_SECONDS,
                        network_backend=CheckedNetwork(policy, resolve, tls=scheme == "https"),
                    )
                )
                for _ in range(_POOLS)
            ]
            for scheme in ("http", "https")
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            OutboundRefused: the policy does not permit it, or the answer is none that may be used.
            httpx.TransportError: the connection failed.
        """
        pools = self._pools.get(request.url.scheme)
        if pools is None:
            raise OutboundRefused("Only http and https addresses can be called.")
        request.headers["accept-encoding"] = "identity"
        pool = _with_room(pools)
        with _httpx_errors():
            received = await pool.send(_for_httpcore(request))
        largest = min(self._max_response_bytes, request.extensions.get(MAX_RESPONSE_BYTES, math.inf))
        body = _BoundedBody(received, largest, host=request.url.host, done=pool.done)
        response = httpx.Response(
            received.status, headers=received.headers, stream=body, extensions=received.extensions
        )
        problem = _problem(response)
        if problem is not None:
            await body.aclose()
            raise OutboundRefused(f"{request.url.host} {problem}")
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        for pools in self._pools.values():
            for pool in pools:
                await pool.connections.aclose()


class _Pool:
    """Some of the connections, and how many requests are under way on them."""

    def __init__(self, connections: httpcore.AsyncConnectionPool) -> None:
        self.connections = connections
        self.under_way = 0

    async def send(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request; call `done` when its answer is closed."""
        self.under_way += 1
        try:
            return await self.connections.handle_async_request(request)
        except BaseException:
            self.under_way -= 1
            raise

    def done(self) -> None:
        """An answer was closed."""
        self.under_way -= 1


def _with_room(pools: Sequence[_Pool]) -> _Pool:
    """The first pool with few requests, so that its connections are used again; else the one with fewest."""
    free = next((pool for pool in pools if pool.under_way < _REQUESTS_PER_POOL), None)
    return free or min(pools, key=lambda pool: pool.under_way)


class _BoundedBody(httpx.AsyncByteStream):
    """The body of an answer, up to a size."""

    def __init__(
        self, received: httpcore.Response, max_bytes: float, *, host: str, done: Callable[[], None]
    ) -> None:
        self._received = received
        self._done: Callable[[], None] | None = done
        self._max_bytes = max_bytes
        self._host = host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        with _httpx_errors():
            async for chunk in self._received.aiter_stream():
                size += len(chunk)
                if size > self._max_bytes:
                    raise OutboundRefused(f"{self._host} answered more than {self._max_bytes} bytes.")
                yield chunk

    async def aclose(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done()
        with _httpx_errors():
            await self._received.aclose()


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    """The request, without extensions that could name another host to TLS."""
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={"timeout": request.extensions.get("timeout", {})},
    )


def _problem(response: httpx.Response) -> str | None:
    """Why an answer may not be used."""
    if 300 <= response.status_code < 400:
        return "answered with a redirect, which is never followed."
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return "answered in a content encoding that was not asked for."
    return None


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Failures as httpx names them: as httpcore does."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        named: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise named(str(error)) from error


@functools.cache
def _default_tls() -> ssl.SSLContext:
    """One context for all: making it takes tens of milliseconds."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()  # besides certifi's: an authority that the operator added to the system
    return context
