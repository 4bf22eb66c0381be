"""Clients that stay below one base URL."""

from __future__ import annotations

import httpx
import pytest

from assay.adapters.outbound import ConfinedClient, OutboundPolicy, outbound_client
from assay.adapters.outbound.confined import is_below
from assay.errors import OutboundRefused
from tests.adapters.outbound.servers import RawServer, running

LOOPBACK = OutboundPolicy.parse("127.0.0.1")


@pytest.mark.parametrize(
    ("url", "base", "below"),
    [
        ("https://a.example/v1/models", "https://a.example/v1", True),
        ("https://a.example/v1/models", "https://a.example/v1/", True),
        ("https://A.example:443/v1", "https://a.example/v1", True),
        ("https://a.example/anything?q=1", "https://a.example", True),
        ("https://a.example/v1/a%20b:c@d", "https://a.example/v1", True),
        ("https://a.example/v1/.../x", "https://a.example/v1", True),
        ("https://a.example/v11/models", "https://a.example/v1", False),
        ("https://a.example/", "https://a.example/v1", False),
        ("https://a.example/v1/../admin", "https://a.example/v1", False),
        ("https://a.example/v1/%2e%2e/admin", "https://a.example/v1", False),
        ("https://a.example/v1/%2E%2E%2Fadmin", "https://a.example/v1", False),
        ("https://a.example/v1/x/..%5Cadmin", "https://a.example/v1", False),
        ("https://a.example/%2e%2e/admin", "https://a.example", False),
        ("http://a.example/v1/models", "https://a.example/v1", False),
        ("https://a.example:8443/v1/models", "https://a.example/v1", False),
        ("https://b.example/v1/models", "https://a.example/v1", False),
        ("https://a.example@b.example/v1/models", "https://a.example/v1", False),
    ],
)
def test_what_is_below(url: str, base: str, below: bool) -> None:
    assert is_below(httpx.URL(url), httpx.URL(base)) is below


async def test_it_sends_below_its_base_and_nowhere_else() -> None:
    async with running(RawServer()) as server, outbound_client(LOOPBACK) as client:
        origin = f"http://127.0.0.1:{server.port}"
        for _ in range(2):
            confined = ConfinedClient(client, f"{origin}/v1")
            assert (await confined.get(f"{origin}/v1/models")).text == "ok"
            for place in ("/admin", "/v1/../admin", "/v1/%2e%2e/admin"):
                with pytest.raises(OutboundRefused, match="leaves the configured address"):
                    await confined.get(origin + place)
            await confined.aclose()
        assert (server.connections, len(server.requests)) == (1, 2)
        assert (await client.get(f"{origin}/else")).text == "ok"


async def test_the_policy_still_counts() -> None:
    async with running(RawServer()) as server, outbound_client(OutboundPolicy()) as client:
        origin = f"http://127.0.0.1:{server.port}"
        with pytest.raises(OutboundRefused, match="may not be called"):
            await ConfinedClient(client, origin).get(f"{origin}/x")
    assert server.connections == 0
