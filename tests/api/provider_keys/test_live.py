"""Provider keys against the real directory, over a real socket to a scripted provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from assay.adapters.llm import RestProviderDirectory
from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.testing import SCRIPTED_MODEL, ScriptedModelServer
from assay.contracts.access import Project
from assay.contracts.evaluations import Provider
from tests.api.llm_analytics import AZURE, NEW_SECRET, SECRET, Api, key_body
from tests.harness.api import ApiWorld


@pytest.fixture
def server() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer() as server:
        yield server


@pytest.fixture
async def live(world: ApiWorld, project: Project, server: ScriptedModelServer) -> AsyncIterator[Api]:
    """The API whose providers are all at the scripted server."""
    urls = {Provider.OPENAI: server.base_url}
    async with outbound_client(OutboundPolicy().including(urls.values())) as outbound:
        directory = RestProviderDirectory(outbound, allowed=OutboundPolicy(), base_urls=urls)
        async with world.client(providers=directory) as client:
            yield Api(client, project)


async def test_a_key_is_shown_to_the_provider_before_it_is_stored(
    live: Api, server: ScriptedModelServer
) -> None:
    server.rejected_keys = {NEW_SECRET}
    refused = await live.client.post(live.keys, json=key_body(api_key=NEW_SECRET))
    assert (refused.status_code, refused.json()["attr"]) == (400, "api_key")
    assert NEW_SECRET not in refused.text
    assert (await live.client.get(live.keys)).json()["count"] == 0

    key = await live.new_key(set_as_active=True)

    assert (key["state"], await live.active_key()) == ("ok", key["id"])
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [f"Bearer {NEW_SECRET}", f"Bearer {SECRET}"]


async def test_a_key_that_is_revoked_later_is_found_out_by_validating(
    live: Api, server: ScriptedModelServer
) -> None:
    key = await live.new_key()
    server.rejected_keys = {SECRET}

    response = await live.client.post(f"{live.keys}{key['id']}/validate/")

    assert (response.status_code, response.json()["state"]) == (200, "invalid")
    tried = await live.client.post(live.validations, json={"api_key": SECRET})
    assert tried.json()["state"] == "invalid"


async def test_models_come_from_the_provider(live: Api, server: ScriptedModelServer) -> None:
    key = await live.new_key()

    response = await live.client.get(live.models, params={"provider": "openai", "key_id": key["id"]})

    assert response.json() == {"models": [{"id": SCRIPTED_MODEL, "posthog_available": False}]}


async def test_an_endpoint_inside_the_network_is_not_called(live: Api, server: ScriptedModelServer) -> None:
    body = key_body(provider="azure_openai", api_key="an-azure-key", azure_endpoint=server.origin)

    response = await live.client.post(live.keys, json=body)

    assert (response.status_code, response.json()["attr"]) == (400, "azure_endpoint")
    assert not server.requests


async def test_a_stored_key_is_not_sent_to_another_host_that_the_operator_allows(
    world: ApiWorld, project: Project, server: ScriptedModelServer
) -> None:
    policy = OutboundPolicy.parse("127.0.0.1")
    with ScriptedModelServer() as gatherer:
        async with (
            outbound_client(policy) as outbound,
            world.client(providers=RestProviderDirectory(outbound, allowed=policy, base_urls={})) as client,
        ):
            api = Api(client, project)
            key = await api.new_key(**AZURE | {"azure_endpoint": server.origin})
            item = f"{api.keys}{key['id']}/"

            refused = await client.patch(item, json={"azure_endpoint": gatherer.origin})
            checked = await client.post(f"{item}validate/")

    assert (refused.status_code, refused.json()["attr"]) == (400, "azure_endpoint")
    assert (checked.status_code, checked.json()) == (200, key)
    assert not gatherer.requests
