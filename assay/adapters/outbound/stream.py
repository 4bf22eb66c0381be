"""A TCP connection for httpcore on asyncio alone.

httpcore's own goes through anyio and asks the kernel about every idle connection before every request,
which cost a fifth of the model calls per second that one process can make. This one remembers what arrived.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Self

import httpcore

_BUFFER_BYTES = 64 * 1024


class _Reader(asyncio.StreamReader):
    """A reader that knows whether anything waits in it."""

    def __init__(self) -> None:
        super().__init__(limit=_BUFFER_BYTES)
        self._unread = 0
        self._ended = False

    @property
    def has_news(self) -> bool:
        """Whether there are bytes, the end or an error to be read."""
        return self._unread > 0 or self._ended or self.exception() is not None

    def feed_data(self, data: Any) -> None:
        self._unread += len(data)
        super().feed_data(data)

    def feed_eof(self) -> None:
        self._ended = True
        super().feed_eof()

    async def read(self, n: int = -1) -> bytes:
        data = await super().read(n)
        self._unread -= len(data)
        return data


class TcpStream(httpcore.AsyncNetworkStream):
    """One connection, with TLS after `start_tls`."""

    def __init__(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, address: str, port: int, *, seconds: float) -> Self:
        """Connect to an IP address.

        Raises:
            httpcore.ConnectError: nobody listens there, or the network fails.
            httpcore.ConnectTimeout: there was no answer in time.
        """
        loop = asyncio.get_running_loop()
        reader = _Reader()
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            async with asyncio.timeout(seconds):
                transport, _ = await loop.create_connection(lambda: protocol, address, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's interface)
    ) -> Self:
        """Protect the connection; the certificate must be that of `server_hostname`."""
        try:
            async with asyncio.timeout(timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except TimeoutError as error:
            await self.aclose()
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            await self.aclose()
            raise httpcore.ConnectError(str(error)) from error
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  (the same)
        """What has arrived; empty at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  (the same)
        """Send."""
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        """Close at once: by now both sides have said what they had to say, or nobody waits for it."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for: whether an idle connection is broken, and the TLS session."""
        if info == "is_readable":
            return self._reader.has_news
        return self._writer.get_extra_info(info)
