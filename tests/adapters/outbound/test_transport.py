"""Real connections to loopback servers: where they go, what is refused, and that they are reused."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest

from assay.adapters.outbound import MAX_RESPONSE_BYTES, OutboundPolicy, outbound_client
from assay.adapters.outbound.addresses import Address
from assay.errors import OutboundRefused
from tests.adapters.outbound.servers import OK, Authority, RawServer, running, until

HOST = "api.example.test"
LOOPBACK = OutboundPolicy.parse("127.0.0.1")
SECRET = "sk-travels-nowhere"


class Names:
    """A name server: one list of addresses per question, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = [[ip_address(text) for text in answer] for answer in answers]
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return answer


def client_of(
    *answers: Sequence[str], policy: OutboundPolicy = LOOPBACK, **options: object
) -> httpx.AsyncClient:
    return outbound_client(policy, resolve=Names(*(answers or (["127.0.0.1"],))), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def test_tls_asks_for_the_name_and_connects_to_the_address(authority: Authority) -> None:
    seen: list[str | None] = []
    tls = authority.server_context(HOST, seen)
    async with running(RawServer(), tls=tls) as server, client_of(tls=authority.client_context()) as client:
        for _ in range(3):
            assert (await client.get(f"https://{HOST}:{server.port}/x")).text == "ok"
    assert seen == [HOST]
    assert server.connections == 1
    assert server.requests[0].startswith(b"GET /x HTTP/1.1\r\nHost: api.example.test:")


@pytest.mark.parametrize("extensions", [{}, {"sni_hostname": "other.example.test"}])
async def test_the_certificate_must_be_the_hosts(authority: Authority, extensions: dict[str, str]) -> None:
    tls = authority.server_context("other.example.test", [])
    async with running(RawServer(), tls=tls) as server, client_of(tls=authority.client_context()) as client:
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await client.get(f"https://{HOST}:{server.port}/", extensions=extensions)
    assert server.requests == []


async def test_by_default_a_throwaway_authority_is_not_trusted(authority: Authority) -> None:
    tls = authority.server_context(HOST, [])
    async with running(RawServer(), tls=tls) as server, client_of() as client:
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await client.get(f"https://{HOST}:{server.port}/")


async def test_large_bodies_both_ways_through_tls(authority: Authority) -> None:
    sent, received = b"s" * 3_000_000, b"r" * 3_000_000
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n" + received
    tls = authority.server_context(HOST, [])
    async with (
        running(RawServer(answer), tls=tls) as server,
        client_of(tls=authority.client_context()) as client,
    ):
        assert (await client.post(f"https://{HOST}:{server.port}/", content=sent)).content == received
    assert server.requests[0].endswith(sent)


async def test_a_name_server_that_changes_its_mind_changes_nothing() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with (
        running(RawServer(close=True)) as checked,
        running(RawServer(), address="127.0.0.2", port=checked.port) as other,
        outbound_client(LOOPBACK, resolve=names) as client,
    ):
        url = f"http://{HOST}:{checked.port}/"
        await client.get(url)
        assert (names.asked, checked.connections) == (1, 1)
        with pytest.raises(OutboundRefused):
            await client.get(url)
        assert names.asked == 2
    assert other.connections == 0


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.2"], ["127.0.0.1", "127.0.0.2"], ["169.254.169.254"], ["::ffff:127.0.0.2"], ["fd00:ec2::254"]],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_every_address_has_to_pass(answer: list[str], scheme: str) -> None:
    async with running(RawServer()) as server, client_of(answer) as client:
        with pytest.raises(OutboundRefused) as caught:
            await client.get(f"{scheme}://{HOST}:{server.port}/", headers={"authorization": SECRET})
    assert server.connections == 0
    assert HOST in caught.value.detail
    assert not any(address in caught.value.detail for address in answer)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
)
async def test_no_spelling_of_loopback_passes(host: str) -> None:
    async with running(RawServer()) as server, outbound_client(OutboundPolicy()) as client:
        for scheme in ("http", "https"):
            with pytest.raises(OutboundRefused):
                await client.get(f"{scheme}://{host}:{server.port}/")
    assert server.connections == 0


async def test_without_tls_even_the_internet_is_refused() -> None:
    async with client_of(["8.8.8.8"]) as client:
        with pytest.raises(OutboundRefused):
            await client.get(f"http://{HOST}/")


async def test_other_schemes() -> None:
    async with client_of() as client:
        with pytest.raises(OutboundRefused):
            await client.get(f"ftp://{HOST}/")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_redirects_are_errors_and_carry_nothing_on(status: int) -> None:
    async with running(RawServer()) as target, running(RawServer()) as server:
        location = f"http://{HOST}:{target.port}/"
        server.answer = f"HTTP/1.1 {status} See\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode()
        async with client_of() as client:
            for follow in (False, True):
                with pytest.raises(OutboundRefused, match="redirect"):
                    await client.get(
                        f"http://{HOST}:{server.port}/",
                        headers={"authorization": SECRET},
                        follow_redirects=follow,
                    )
    assert target.connections == 0


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 1000, CHUNKED],
    ids=["plain", "chunked"],
)
async def test_answers_are_bounded(answer: bytes) -> None:
    async with running(RawServer(answer)) as server:
        async with client_of(max_response_bytes=1000) as client:
            assert len((await client.get(f"http://{HOST}:{server.port}/")).content) == 1000
        async with client_of(max_response_bytes=999) as client:
            with pytest.raises(OutboundRefused, match="more than 999 bytes"):
                await client.get(f"http://{HOST}:{server.port}/")


async def test_a_request_can_ask_for_a_smaller_answer_and_never_for_a_larger_one() -> None:
    async with running(RawServer(CHUNKED)) as server:
        url = f"http://{HOST}:{server.port}/"
        for allowed, asked in ((5000, 999), (999, 5000)):
            async with client_of(max_response_bytes=allowed) as client:
                with pytest.raises(OutboundRefused, match="more than 999 bytes"):
                    await client.get(url, extensions={MAX_RESPONSE_BYTES: asked})
        async with client_of(max_response_bytes=5000) as client:
            answer = await client.get(url, extensions={MAX_RESPONSE_BYTES: 1000})
            assert len(answer.content) == 1000


async def test_a_small_answer_that_would_unfold() -> None:
    body = gzip.compress(b"0" * 1_000_000)
    answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    async with running(RawServer(answer)) as server, client_of() as client:
        with pytest.raises(OutboundRefused, match="content encoding"):
            await client.get(f"http://{HOST}:{server.port}/")
    assert b"accept-encoding: identity" in server.requests[0].lower()


async def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    async with running(RawServer(close=True)) as server, client_of() as client:
        for _ in range(3):
            assert (await client.get(f"http://{HOST}:{server.port}/")).text == "ok"
            await until(lambda: not server.open)
            await asyncio.sleep(0.01)  # for the end to arrive here
    assert server.connections == 3


async def test_bytes_that_nobody_asked_for_end_a_connection() -> None:
    """A server may send an answer to a request that never was, such as 408 to an idle connection."""
    late = b"HTTP/1.1 408 Bored\r\ncontent-length: 0\r\n\r\n"
    async with running(RawServer(later=late)) as server, client_of() as client:
        for _ in range(3):
            assert (await client.get(f"http://{HOST}:{server.port}/")).status_code == 200
            await asyncio.sleep(0.05)


async def test_the_next_address_serves_when_one_does_not() -> None:
    policy = OutboundPolicy.parse("127.0.0.0/8")
    async with running(RawServer()) as server, client_of(["127.0.0.9", "127.0.0.1"], policy=policy) as client:
        assert (await client.get(f"http://{HOST}:{server.port}/")).text == "ok"


async def test_failures_are_those_of_httpx() -> None:
    async def nowhere(host: str, port: int) -> Sequence[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async def silence(host: str, port: int) -> Sequence[Address]:
        await asyncio.sleep(60)
        return []

    async with outbound_client(LOOPBACK, resolve=nowhere) as client:
        with pytest.raises(httpx.ConnectError, match=HOST):
            await client.get(f"https://{HOST}/")
    async with outbound_client(LOOPBACK, resolve=silence, timeout=0.05) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get(f"https://{HOST}/")
    async with client_of([]) as client:
        with pytest.raises(httpx.ConnectError, match="no address"):
            await client.get(f"https://{HOST}/")
    async with client_of() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{HOST}:1/")
    async with running(RawServer(answer=b"")) as mute, client_of(timeout=0.05) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"http://{HOST}:{mute.port}/")
    async with running(RawServer(answer=b"nonsense\r\n\r\n")) as odd, client_of() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://{HOST}:{odd.port}/")
    async with running(RawServer(OK[:-1], close=True)) as short, client_of() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://{HOST}:{short.port}/")


async def test_a_cancelled_call_gives_its_connection_back() -> None:
    async with running(RawServer(answer=b"")) as mute, client_of() as client:
        asking = asyncio.create_task(client.get(f"http://{HOST}:{mute.port}/"))
        await until(lambda: bool(mute.requests))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(lambda: not mute.open)


async def test_nothing_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login me password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with running(RawServer()) as proxy, running(RawServer()) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with client_of() as client:
            await client.get(f"http://{HOST}:{server.port}/")
    assert proxy.connections == 0
    assert b"authorization" not in server.requests[0].lower()


async def test_cookies_are_not_kept() -> None:
    answer = b"HTTP/1.1 200 OK\r\nset-cookie: a=b; path=/\r\ncontent-length: 0\r\n\r\n"
    async with running(RawServer(answer)) as server, client_of() as client:
        for _ in range(2):
            await client.get(f"http://{HOST}:{server.port}/")
    assert b"cookie" not in server.requests[1].lower()
