"""TCP connections to addresses that were checked, and to no others.

A host's name is resolved once per connection, every address of the answer is checked, and the connection
goes to one of exactly these addresses: a name server that changes its mind between the check and the call
changes nothing. TLS, which httpcore adds, still asks for and verifies the certificate of the host's name.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import httpcore

from assay.adapters.outbound.addresses import Address
from assay.adapters.outbound.policy import OutboundPolicy
from assay.adapters.outbound.stream import TcpStream
from assay.errors import OutboundRefused

type Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]
"""The addresses of a host, in the order to try them; raises OSError if it has none."""

_CONNECT_SECONDS = 10.0
"""How long resolving and connecting may take; a request's own timeout can only shorten it."""

_log = logging.getLogger(__name__)


_resolving = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")
"""Threads of its own: a name server that keeps silent takes none from the rest of the process."""


async def system_resolver(host: str, port: int) -> Sequence[Address]:
    """What the system's resolver says; whoever waits for it in vain leaves the queue when cancelled."""
    ask = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_resolving, ask)
    return [ip_address(socket_address[0]) for *_, socket_address in found]


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """The network as httpcore sees it, behind the policy.

    Args:
        tls: whether the connections are going to carry TLS; without it only the operator's list permits any.
    """

    def __init__(self, policy: OutboundPolicy, resolve: Resolver, *, tls: bool) -> None:
        self._policy = policy
        self._resolve = resolve
        self._tls = tls

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's interface)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host.

        Raises:
            OutboundRefused: the policy does not permit one of its addresses.
            httpcore.ConnectError: it has no address, or none answered.
            httpcore.ConnectTimeout: that took too long.
        """
        clock = asyncio.get_running_loop()
        deadline = clock.time() + min(_CONNECT_SECONDS if timeout is None else timeout, _CONNECT_SECONDS)
        addresses = await self._permitted(host, port, deadline)
        failure: Exception = httpcore.ConnectError(f"{host} has no address.")
        for number, address in enumerate(addresses):
            # A share of the time each, so that one address that swallows packets leaves some for the next.
            share = (deadline - clock.time()) / (len(addresses) - number)
            try:
                return await TcpStream.connect(str(address), port, seconds=max(share, 0.0))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _permitted(self, host: str, port: int, deadline: float) -> Sequence[Address]:
        """All addresses of a host, if all of them may be called."""
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} could not be resolved in time.") from error
        except (OSError, UnicodeError) as error:  # the latter: a name that DNS cannot carry
            raise httpcore.ConnectError(f"{host} could not be resolved.") from error
        for address in addresses:
            if not self._policy.permits(address, host=host, port=port, tls=self._tls):
                # The address is the operator's to know: it tells about their network.
                _log.warning("Refused to connect to %s port %d, which leads to %s.", host, port, address)
                raise OutboundRefused(
                    f"{host} may not be called: only https addresses of the public internet may, "
                    "and what the operator allows besides."
                )
        return addresses
