"""What callers see when the database is not there, is busy or says no; no driver error gets through."""

from __future__ import annotations

import traceback
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from assay.adapters.sql import SqlRegistry, bootstrap, database, migrate, open_registry
from assay.adapters.sql.database import connect
from assay.errors import FieldError, SetupError, StoreRejected, StoreUnavailable
from tests.harness.postgres import PostgresServer
from tests.stores.registry.support import SECRETS, execute, spec

SOME_ID = UUID("018f2b60-0000-7000-8000-000000000001")


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/missing/registry.sqlite"

    with pytest.raises(SetupError, match="missing"):
        open_registry(url, secrets=SECRETS)
    with pytest.raises(SetupError, match="missing"):
        await migrate(url)


async def test_a_file_that_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are not the bytes of a database. " * 100)
    registry = open_registry(f"sqlite:///{tmp_path}/notes.txt", secrets=SECRETS)

    with pytest.raises(StoreUnavailable):
        await registry.ping()
    await registry.close()


async def test_a_database_that_is_not_there(postgres: PostgresServer) -> None:
    registry = open_registry(postgres.url("nowhere"), secrets=SECRETS)

    with pytest.raises(StoreUnavailable):
        await registry.ping()
    await registry.close()


async def test_a_database_without_a_schema(empty_url: str) -> None:
    registry = open_registry(empty_url, secrets=SECRETS)

    with pytest.raises(StoreUnavailable):
        await registry.access.authenticate("phx_anything")
    await registry.close()


async def test_a_server_that_drops_its_clients_is_found_again(postgres: PostgresServer) -> None:
    async with postgres.database() as url:
        registry = open_registry(url, secrets=SECRETS)
        await registry.ping()
        await postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'assay'"
        )

        await registry.ping()
        await registry.close()


async def test_a_writer_that_is_held_up_for_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_LOCK_WAIT_SECONDS", 0.2)
    url = f"sqlite+aiosqlite:///{tmp_path}/registry.sqlite"
    await migrate(url)
    holder, waiter = (open_registry(url, secrets=SECRETS) for _ in range(2))

    async with holder.database.write() as session:
        await session.execute(text("SELECT 1"))  # the first statement takes the lock, even a read
        with pytest.raises(StoreUnavailable):
            await waiter.trial.release(1, SOME_ID)
        await waiter.ping()  # readers do not wait for a writer
    await waiter.trial.release(1, SOME_ID)
    await holder.close()
    await waiter.close()


async def test_a_refusal_says_neither_what_was_sent_nor_what_is_stored(blank: SqlRegistry) -> None:
    start = await bootstrap(
        blank, api_key=None, project_token="phc_private", user_email="a@example.com", ai_consent=True
    )
    organization = start.project.organization_id.hex

    with pytest.raises(StoreRejected) as refused:
        await execute(
            blank,
            "INSERT INTO projects (id, organization_id, name, token)"
            f" VALUES (7, '{organization}', 'n', :token)",
            token="phc_private",
        )
    shown = "".join(traceback.format_exception(refused.value))
    assert "phc_private" not in shown


async def test_an_evaluation_needs_its_project(blank: SqlRegistry) -> None:
    with pytest.raises(StoreRejected):
        await blank.evaluations.create(1, spec(), created_by=None)
    with pytest.raises(StoreRejected):
        await blank.trial.reserve(1, SOME_ID, limit=1)


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite://", "sqlite:///:memory:", "mysql://localhost/assay", "no url, s3cret"]
)
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(SetupError) as refused:
        open_registry(url, secrets=SECRETS)
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///registry.sqlite", "sqlite+aiosqlite"),
        ("postgres://assay@db/assay", "postgresql+asyncpg"),
        ("postgresql+asyncpg://assay@db/assay", "postgresql+asyncpg"),
    ],
)
async def test_the_name_of_the_driver_may_be_left_out(url: str, driver: str) -> None:
    engine = connect(url)

    assert engine.url.drivername == driver
    await engine.dispose()


@pytest.mark.parametrize("secrets", [(), ("",), ("good", "")])
def test_secrets_that_cannot_be_used(secrets: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        open_registry(f"sqlite:///{tmp_path}/registry.sqlite", secrets=secrets)


async def test_sqlite_runs_as_it_must(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite", secrets=SECRETS)
    async with registry.database.read() as session:
        settings = [
            await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    await registry.close()

    assert settings == ["wal", 1, 15_000]


@pytest.mark.parametrize(
    ("changes", "attr"),
    [
        ({"description": "a\x00"}, "description"),
        ({"evaluation_config": {"prompt": ["deep", {"in\x00": 1}]}}, "evaluation_config"),
        ({"evaluation_config": {"prompt": "\ud800"}}, "evaluation_config"),
        ({"output_config": {"x": float("nan")}}, "output_config"),
        ({"conditions": ({"id": "\x00"},)}, "conditions"),
        ({"model_configuration": {"provider": "openai", "model": "\x00"}}, "model_configuration__model"),
    ],
)
async def test_both_databases_refuse_what_one_cannot_hold(
    blank: SqlRegistry, start: object, changes: dict[str, object], attr: str
) -> None:
    created = await blank.evaluations.create(1, spec(), created_by=None)

    for write in (
        blank.evaluations.create(1, spec(**changes), created_by=None),
        blank.evaluations.update(1, created.id, lambda _: spec(**changes)),
    ):
        with pytest.raises(FieldError) as refused:
            await write
        assert refused.value.attr == attr
    assert await blank.evaluations.get(1, created.id) == created
