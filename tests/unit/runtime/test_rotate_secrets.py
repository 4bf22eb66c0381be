"""`assay keys rotate-secrets`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from assay.adapters.sql import bootstrap, migrate, open_registry
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import ProviderAccess
from assay.runtime.cli import cli

OLD, NEW = "the old secret of the operator", "the new secret of the operator"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose registry holds two keys under the old secret."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path))

    async def fill() -> None:
        url = f"sqlite+aiosqlite:///{tmp_path / 'registry.sqlite'}"
        await migrate(url)
        registry = open_registry(url, secrets=[OLD])
        await bootstrap(registry, api_key=None, project_token=None, user_email="a@b", ai_consent=True)
        for _ in range(2):
            access = ProviderAccess(provider=Provider.OPENAI, api_key=SecretStr("sk-secret"))
            await registry.provider_keys.create(1, "Key", access, created_by=None)
        await registry.close()

    asyncio.run(fill())
    return tmp_path


def rotate(monkeypatch: pytest.MonkeyPatch, *secrets: str) -> Result:
    monkeypatch.setenv("ASSAY_SECRET_KEYS", ",".join(secrets))
    return CliRunner().invoke(cli, ["keys", "rotate-secrets"])


@pytest.mark.usefixtures("folder")
def test_it_says_what_was_done_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    first, again, without_the_old = (
        rotate(monkeypatch, NEW, OLD),
        rotate(monkeypatch, NEW, OLD),
        rotate(monkeypatch, NEW),
    )
    assert (first.exit_code, first.output) == (
        0,
        "Provider keys and integrations encrypted under the first secret: 2; left: 0.\n",
    )
    assert [result.exit_code for result in (again, without_the_old)] == [0, 0]
    assert "secret: 0; left: 0." in without_the_old.output


@pytest.mark.usefixtures("folder")
def test_it_refuses_while_a_secret_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = rotate(monkeypatch, NEW)
    assert result.exit_code == 1
    assert "2 provider keys are encrypted under a secret that is not in ASSAY_SECRET_KEYS" in result.output


def test_it_says_when_something_could_not_be_done(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def alter() -> None:
        registry = open_registry(f"sqlite+aiosqlite:///{folder / 'registry.sqlite'}", secrets=[OLD])
        async with registry.database.write() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("UPDATE provider_keys SET sealed = X'00'")
        await registry.close()

    asyncio.run(alter())
    result = rotate(monkeypatch, NEW, OLD)
    assert result.exit_code == 1
    assert "secret: 0; left: 2." in result.output
    assert "stored again" in result.output
