"""No name of a model takes a key anywhere but below the configured base URL."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import pytest
from pydantic import SecretStr

from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.errors import ModelNotFound, OutboundRefused, WorkError
from tests.adapters.llm.conftest import PATHS, SECRET
from tests.adapters.llm.test_litellm import WIRES, a_request

HOSTILE = [
    "../../../admin/keys?x=",
    "../../../../../../admin/keys#",
    "a/../../../../../admin/keys",
    "..%2f..%2f..%2fadmin",
    "%2e%2e/%2e%2e/admin",
    "..\\..\\admin",
    "x?api-version=1",
    "//other.example/x",
    "https://other.example/x",
    "a b",
    "",
]
ODD = ["a.b_c-d:e@f+g", "...", "x:streamGenerateContent", "a/b/c", "responses", "models/x"]
"""Names that pass the rule, though no model has them."""


@pytest.fixture
def gateway(model: LiteLLM, endpoint: ScriptedModelServer) -> LiteLLM:
    """All providers behind an operator's gateway, in a folder of it."""
    return LiteLLM(
        {
            provider: HouseAccess(SecretStr(SECRET), f"{endpoint.origin}/gateway{path}")
            for provider, path in PATHS.items()
        }
    )


@pytest.mark.parametrize("provider", list(Provider))
async def test_hostile_names_are_not_sent(
    gateway: LiteLLM, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    for name in HOSTILE:
        with pytest.raises(ModelNotFound) as caught:
            await gateway.complete(a_request(provider=provider, model=name))
        assert not caught.value.retryable
    assert endpoint.requests == ()


@pytest.mark.parametrize("provider", list(Provider))
@pytest.mark.parametrize("name", ODD)
async def test_odd_names_stay_below_the_base(
    gateway: LiteLLM, endpoint: ScriptedModelServer, provider: Provider, name: str
) -> None:
    if provider is Provider.AZURE_OPENAI and "/" in name:
        with pytest.raises(ModelNotFound):
            await gateway.complete(a_request(provider=provider, model=name))
        assert endpoint.requests == ()
        return
    endpoint.enqueue(Reply(body=WIRES[provider].answer))
    await gateway.complete(a_request(provider=provider, model=name))
    (sent,) = endpoint.requests
    assert sent.path.startswith(f"/gateway{PATHS[provider]}/")


@pytest.mark.parametrize("provider", [Provider.GEMINI, Provider.AZURE_OPENAI])
async def test_the_second_wall(
    gateway: LiteLLM,
    endpoint: ScriptedModelServer,
    monkeypatch: pytest.MonkeyPatch,
    provider: Provider,
) -> None:
    """Should the rule miss a name, the client of the call does not leave the base URL."""
    monkeypatch.setattr("assay.adapters.llm.client.model_name_problem", lambda *_: None)
    for name in ("../../../admin/keys?x=", "../../../../../../admin/keys?x="):
        with pytest.raises(OutboundRefused) as caught:
            await gateway.complete(a_request(provider=provider, model=name))
        assert SECRET not in caught.value.detail
    assert endpoint.requests == ()


MISROUTED = [
    "acme/replicate-13b",
    "clarifai/x",
    "huggingface/x",
    "ft:babbage-002:acme",
    "replit/replit-code-v1-3b:b84f4c074b807211cd75e3e8b1589b6399052125b4c27106e43d47189e8415ad",
    "petals-team/StableBeluga2",
    "snowflake/mistral-large",
    "ovhcloud/Llama-3.1-8B-Instruct",
]
"""Names that make litellm forget which provider it was told."""


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that anything tries to reach, our own endpoint left out."""
    found: list[str] = []
    resolve = socket.getaddrinfo

    def record(host: Any, *more: Any, **options: Any) -> Any:
        if host not in {"127.0.0.1", "localhost"}:
            found.append(str(host))
        return resolve(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", record)
    return found


@pytest.fixture(params=["by rule", "by what litellm does"])
def is_ruled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names are refused; or, should the rule miss one, litellm has no client that sends."""
    if request.param != "by rule":
        monkeypatch.setattr("assay.adapters.llm.client._ROUTED_ELSEWHERE", ())


@pytest.mark.parametrize("provider", [each for each in Provider if each is not Provider.AZURE_OPENAI])
@pytest.mark.usefixtures("is_ruled")
async def test_no_name_turns_to_another_service(
    gateway: LiteLLM, endpoint: ScriptedModelServer, looked_up: list[str], provider: Provider
) -> None:
    for name in MISROUTED:
        endpoint.enqueue(Reply(body=WIRES[provider].answer))
        with suppress(WorkError):
            await gateway.complete(a_request(provider=provider, model=name))
        assert all(sent.path.startswith(f"/gateway{PATHS[provider]}/") for sent in endpoint.requests)
        endpoint.reset()
    assert looked_up == []
