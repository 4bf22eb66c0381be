"""How the settings become model providers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess
from assay.errors import SetupError
from assay.runtime.model import model_providers, provider_directory
from assay.runtime.settings import Settings, load_settings

ACCESS = ProviderAccess(provider=Provider.OPENAI, api_key=SecretStr("sk-own"))


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):  # noqa: TID251  (what the developer has set must not matter)
        if name.endswith(("_API_KEY", "_BASE_URL", "_API_BASE")) or name.startswith("ASSAY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


async def test_a_base_url_serves_projects_keys_without_a_house_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedModelServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        async with model_providers(Settings(), {}) as providers:
            assert providers.starting is None
            assert not providers.model.offers(Provider.OPENAI)
            assert await providers.directory.check(ACCESS) == KeyCheck(state=KeyState.OK)
        async with provider_directory(Settings()) as directory:
            assert await directory.check(ACCESS) == KeyCheck(state=KeyState.OK)
    assert [sent.headers["authorization"] for sent in server.requests] == ["Bearer sk-own"] * 2


async def test_the_list_allows_azure_endpoints_and_base_urls_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedModelServer() as server:
        access = ProviderAccess(
            provider=Provider.AZURE_OPENAI, api_key=SecretStr("key"), azure_endpoint=server.origin
        )
        async with provider_directory(Settings(outbound_allow="127.0.0.1")) as directory:
            assert (await directory.check(access)).state is KeyState.OK
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        async with provider_directory(Settings()) as directory:
            assert (await directory.check(access)).error_field == "azure_endpoint"
    assert len(server.requests) == 1


async def test_settings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_OUTBOUND_ALLOW", "fine.internal,http://not.a.host")
    with pytest.raises(SetupError, match=r"ASSAY_OUTBOUND_ALLOW.*http://not\.a\.host"):
        load_settings()
    monkeypatch.delenv("ASSAY_OUTBOUND_ALLOW")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway:port/v1")
    with pytest.raises(SetupError, match="base URL"):
        async with provider_directory(Settings()):
            pass


def test_the_directory_does_not_import_litellm() -> None:
    code = "import sys, assay.runtime.model; sys.exit('litellm' in sys.modules or 'openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
