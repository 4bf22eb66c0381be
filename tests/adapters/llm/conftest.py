from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from assay.adapters.llm import LITELLM_ENVIRONMENT, HouseAccess, LiteLLM
from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import Provider

SECRET = "sk-test-5ecret5ecret5ecret5ecret"


PATHS = {
    Provider.OPENAI: "/v1",
    Provider.ANTHROPIC: "",
    Provider.GEMINI: "/v1beta",
    Provider.OPENROUTER: "/api/v1",
    Provider.FIREWORKS: "/inference/v1",
    Provider.AZURE_OPENAI: "",
    Provider.TOGETHER_AI: "/v1",
}
"""Where the scripted endpoint stands in for each provider."""


@pytest.fixture(scope="session")
def server() -> Iterator[ScriptedModelServer]:
    with ScriptedModelServer() as running:
        yield running


@pytest.fixture
def endpoint(server: ScriptedModelServer) -> ScriptedModelServer:
    """The shared server, with nothing queued and nothing recorded."""
    server.reset()
    return server


@pytest.fixture(scope="session")
def model(server: ScriptedModelServer) -> Iterator[LiteLLM]:
    """litellm itself, every provider pointed at the scripted endpoint; importing it takes seconds."""
    key = SecretStr(SECRET)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in LITELLM_ENVIRONMENT.items():
            environment.setenv(name, value)
        # what an adapter that asked the environment would pick up
        environment.setenv("OPENAI_API_KEY", "sk-from-the-environment")
        environment.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/from-the-environment")
        adapter = LiteLLM(
            {provider: HouseAccess(key, server.origin + path) for provider, path in PATHS.items()}
        )
        adapter.warm_up()
        yield adapter
