"""Settings, secrets and the data folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from assay.contracts.evaluations import Provider
from assay.errors import SetupError
from assay.runtime.data_dir import owned, prepare
from assay.runtime.house import house_access
from assay.runtime.secrets import load_secrets
from assay.runtime.settings import HouseSettings, Settings, external_temporal, load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):  # noqa: TID251  (what the developer has set must not matter)
        if name.startswith(("ASSAY_", "TEMPORAL_", "OPENAI_", "ANTHROPIC_", "GEMINI_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ASSAY_PORT=9001\nASSAY_HOST=::1\nTEMPORAL_ADDRESS=temporal:7233\n")
    monkeypatch.setenv("ASSAY_PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.host) == (9002, "::1")
    external = external_temporal()
    assert external is not None
    assert external["target_host"] == "temporal:7233"


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_DATABASE_URL", "")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "")
    assert load_settings().database_url is None
    assert external_temporal() is None


@pytest.mark.parametrize(("text", "value"), [("off", False), ("on", True), ("false", False)])
def test_switches_read_words(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("ASSAY_THROTTLE", text)
    assert load_settings().throttle is value


def test_secrets_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEYS", "INIT_API_KEY", "DATABASE_URL", "CLICKHOUSE_URL", "INIT_PROJECT_TOKEN"):
        monkeypatch.setenv(f"ASSAY_{name}", f"hidden-{name}")
    assert "hidden" not in repr(load_settings())


def test_a_generated_secret_is_private_and_stays(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = load_secrets(settings)
    assert load_secrets(settings) == first
    assert len(first[0]) >= 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_given_secrets_keep_their_order() -> None:
    settings = Settings(secret_keys=SecretStr(" new-secret-of-length , old-secret-of-length,"))
    assert load_secrets(settings) == ("new-secret-of-length", "old-secret-of-length")


def test_a_shared_registry_needs_a_shared_secret() -> None:
    with pytest.raises(SetupError, match="ASSAY_SECRET_KEYS"):
        load_secrets(Settings(database_url=SecretStr("postgresql+asyncpg://db/assay")))


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "data")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with owned(folder), pytest.raises(SetupError, match="ASSAY_DATA_DIR"), owned(folder):
        pass
    with owned(folder):
        pass


def test_house_access_follows_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-x")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    access = house_access(HouseSettings())
    assert set(access) == {Provider.OPENAI, Provider.ANTHROPIC}
    assert access[Provider.OPENAI].base_url == "http://127.0.0.1:1/v1"
    assert access[Provider.ANTHROPIC].base_url is None
