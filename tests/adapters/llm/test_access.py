"""With which key, where, and through what: projects' own keys and the outbound policy, for every provider."""

from __future__ import annotations

import asyncio
import traceback

import pytest
from pydantic import SecretStr

from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import ProviderAccess
from assay.domain.judging import DEFAULT_MODELS
from assay.errors import OutboundRefused, ProviderKeyRequired, ProviderUnavailable, WorkError
from tests.adapters.llm.conftest import PATHS, SECRET
from tests.adapters.llm.test_litellm import VERDICT, WIRES, a_request
from tests.adapters.outbound.servers import RawServer, running, until

OWN_KEY = "sk-own-0wn0wn0wn0wn0wn0wn"


def an_access(provider: Provider, azure_endpoint: str | None = None) -> ProviderAccess:
    return ProviderAccess(provider=provider, api_key=SecretStr(OWN_KEY), azure_endpoint=azure_endpoint)


def a_model(origin: str, policy: str = "127.0.0.1") -> LiteLLM:
    """No house keys, the operator's addresses, and a policy that does not know them by itself."""
    urls = {provider: origin + path for provider, path in PATHS.items()}
    return LiteLLM({}, base_urls=urls, client=outbound_client(OutboundPolicy.parse(policy)))


async def refused(model: LiteLLM, provider: Provider) -> WorkError:
    request = a_request(provider=provider, model=DEFAULT_MODELS[provider], timeout_seconds=5)
    with pytest.raises(WorkError) as caught:
        await model.complete(request, an_access(provider))
    error = caught.value
    assert provider in error.detail
    assert OWN_KEY not in "".join(traceback.format_exception(error))
    assert (error.__cause__, error.__context__) == (None, None)
    return error


@pytest.mark.parametrize("provider", list(Provider))
async def test_a_projects_key_at_the_operators_address(
    model: LiteLLM, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    wire = WIRES[provider]
    endpoint.enqueue(Reply(content=VERDICT, body=wire.answer))
    request = a_request(provider=provider, model=DEFAULT_MODELS[provider])
    assert (await model.complete(request, an_access(provider))).text == VERDICT
    (sent,) = endpoint.requests
    assert sent.path == wire.path
    assert sent.headers[wire.key_header].endswith(OWN_KEY)
    assert SECRET not in str(sent)


async def test_an_azure_key_brings_its_own_endpoint(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    access = an_access(Provider.AZURE_OPENAI, azure_endpoint=f"{endpoint.origin}/own/")
    request = a_request(provider=Provider.AZURE_OPENAI)
    await model.complete(request, access.model_copy(update={"api_version": "2025-01-01"}))
    await model.complete(request, access.model_copy(update={"api_version": "v1"}))
    dated, undated = endpoint.requests
    assert dated.path == "/own/openai/deployments/gpt-5-mini/chat/completions"
    assert dated.query == "api-version=2025-01-01"
    assert undated.path == "/own/openai/v1/chat/completions"
    assert dated.headers["api-key"] == OWN_KEY


async def test_a_projects_key_needs_no_house_key() -> None:
    with ScriptedModelServer() as server:
        model = LiteLLM({}, base_urls={Provider.OPENAI: server.base_url})
        assert not model.offers(Provider.OPENAI)
        await model.complete(a_request(), an_access(Provider.OPENAI))
        with pytest.raises(ProviderKeyRequired):
            await model.complete(a_request())


async def test_keys_ask_their_own_provider_only(model: LiteLLM) -> None:
    with pytest.raises(ValueError, match="cannot ask openai"):
        await model.complete(a_request(), an_access(Provider.GEMINI))
    with pytest.raises(ProviderKeyRequired):
        await LiteLLM({}).complete(
            a_request(provider=Provider.AZURE_OPENAI), an_access(Provider.AZURE_OPENAI)
        )


@pytest.mark.parametrize("provider", list(Provider))
async def test_redirects_are_not_followed(provider: Provider) -> None:
    async with running(RawServer()) as target, running(RawServer()) as server:
        place = f"http://127.0.0.1:{target.port}/"
        server.answer = f"HTTP/1.1 307 See\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode()
        error = await refused(a_model(f"http://127.0.0.1:{server.port}"), provider)
    assert isinstance(error, OutboundRefused)
    assert (len(server.requests), target.connections) == (1, 0)


@pytest.mark.parametrize("provider", list(Provider))
async def test_what_the_policy_does_not_permit(provider: Provider) -> None:
    async with running(RawServer()) as server:
        error = await refused(a_model(f"http://127.0.0.1:{server.port}", policy="127.0.0.2"), provider)
    assert isinstance(error, OutboundRefused)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        (Provider.OPENAI, "gpt-5-pro"),
        (Provider.OPENAI, "o1-pro"),
        (Provider.OPENAI, "responses/gpt-5"),
        (Provider.AZURE_OPENAI, "gpt-5-pro"),
        (Provider.AZURE_OPENAI, "o1-pro"),
    ],
)
async def test_models_of_openais_other_api_go_the_same_way(provider: Provider, name: str) -> None:
    """litellm would turn to that API with a client of its own."""
    async with running(RawServer()) as server:
        model = a_model(f"http://127.0.0.1:{server.port}", policy="")
        with pytest.raises(OutboundRefused):
            await model.complete(a_request(provider=provider, model=name), an_access(provider))
    assert server.connections == 0


@pytest.mark.parametrize("provider", list(Provider))
async def test_one_connection_serves_all_calls(provider: Provider) -> None:
    body = b'{"error": {"message": "no"}}'
    async with running(RawServer()) as server:
        server.answer = b"HTTP/1.1 422 No\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        model = a_model(f"http://127.0.0.1:{server.port}")
        for _ in range(4):
            await refused(model, provider)
    assert (server.connections, len(server.requests)) == (1, 4)


@pytest.mark.parametrize("provider", list(Provider))
async def test_a_connection_that_breaks_is_not_tried_again(provider: Provider) -> None:
    """The provider may have charged for the call: whether to ask again is Temporal's decision."""
    async with running(RawServer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", close=True)) as server:
        error = await refused(a_model(f"http://127.0.0.1:{server.port}"), provider)
    assert isinstance(error, ProviderUnavailable)
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", list(Provider))
async def test_cancelled_and_late_calls_close_their_connection(provider: Provider) -> None:
    async with running(RawServer(answer=b"")) as mute:
        model = a_model(f"http://127.0.0.1:{mute.port}")
        request = a_request(provider=provider, model=DEFAULT_MODELS[provider])
        asking = asyncio.create_task(model.complete(request, an_access(provider)))
        await until(lambda: bool(mute.requests))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(lambda: not mute.open)
        with pytest.raises(ProviderUnavailable, match="in time"):
            await model.complete(request.model_copy(update={"timeout_seconds": 0.2}), an_access(provider))
        await until(lambda: not mute.open)


ENVIRONMENT = {
    "OPENAI_ORG_ID": "org-environment",
    "OPENAI_ORGANIZATION": "org-environment",
    "OPENAI_PROJECT_ID": "project-environment",
    "OPENAI_CUSTOM_HEADERS": "X-Gateway: environment",
    "AZURE_OPENAI_AD_TOKEN": "token-environment",
    "AZURE_AD_TOKEN": "token-environment",
}


@pytest.mark.parametrize("provider", list(Provider))
async def test_a_projects_key_takes_nothing_along_from_the_environment(
    model: LiteLLM, endpoint: ScriptedModelServer, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    endpoint.enqueue(Reply(content=VERDICT, body=WIRES[provider].answer))
    request = a_request(provider=provider, model=DEFAULT_MODELS[provider])
    await model.complete(request, an_access(provider))
    (sent,) = endpoint.requests
    assert "environment" not in str(sent)


async def test_house_addresses_are_permitted_by_themselves() -> None:
    with ScriptedModelServer() as server:
        model = LiteLLM({Provider.OPENAI: HouseAccess(SecretStr(SECRET), server.base_url)})
        assert (await model.complete(a_request())).text
        elsewhere = an_access(Provider.AZURE_OPENAI, azure_endpoint="http://127.0.0.1:9")
        with pytest.raises(OutboundRefused):
            await model.complete(a_request(provider=Provider.AZURE_OPENAI), elsewhere)
