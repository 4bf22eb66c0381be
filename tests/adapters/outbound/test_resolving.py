"""Names are resolved in threads of their own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.outbound.network import system_resolver
from tests.adapters.outbound.servers import until


class SilentNameServer:
    """Answers nobody until it is told to; records who asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.speak = threading.Event()

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append((host, threading.current_thread().name))
        self.speak.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentNameServer]:
    names = SilentNameServer()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    yield names
    names.speak.set()


async def test_a_silent_name_server_holds_up_nobody_else(silent: SilentNameServer) -> None:
    asking = [asyncio.create_task(system_resolver(f"h{number}.test", 443)) for number in range(8)]
    await until(lambda: len(silent.asked) == 4)

    # neither the process's other threads
    assert await asyncio.to_thread(lambda: "done") == "done"
    assert all(thread.startswith("resolve") for _, thread in silent.asked)
    # nor a call beyond its time
    async with outbound_client(OutboundPolicy(), timeout=0.05) as client:
        with pytest.raises(httpx.ConnectTimeout, match="resolved in time"):
            await client.get("https://late.test/")
    # and who gave up is not asked for later
    for task in asking[4:]:
        task.cancel()
    await asyncio.wait(asking[4:])
    silent.speak.set()
    await asyncio.gather(*asking[:4])
    assert [str(address) for address in await system_resolver("last.test", 1)] == ["127.0.0.1"]
    assert {host for host, _ in silent.asked} == {"h0.test", "h1.test", "h2.test", "h3.test", "last.test"}
