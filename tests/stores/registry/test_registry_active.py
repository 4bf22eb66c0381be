"""Which evaluations judge live traffic, since when, and what stops them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationStatus,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.contracts.provider_keys import KeyCheck, KeyState
from assay.ports import Registry
from tests.stores.registry.provider_keys import REFUSED, judge, judging_with, seen, store
from tests.stores.registry.support import execute, spec

MOMENT = timedelta(microseconds=1)


async def create(registry: Registry, project: int = 1, **changes: Any) -> Evaluation:
    return await registry.evaluations.create(project, spec(**changes), created_by=None)


async def change(registry: Registry, evaluation: Evaluation, **fields: Any) -> Evaluation:
    def to(current: Evaluation) -> EvaluationSpec:
        return current.model_copy(update=fields)

    changed = await registry.evaluations.update(evaluation.project_id, evaluation.id, to)
    assert changed is not None
    return changed


# Since when


async def test_what_is_created_enabled_is_active_since_then(registry: Registry) -> None:
    before = datetime.now(UTC)
    active, paused = await create(registry, enabled=True), await create(registry)

    assert active.active_since is not None
    assert before <= active.active_since <= datetime.now(UTC)
    assert active.active_since == active.created_at
    assert paused.active_since is None
    assert await seen(registry, active) == active


async def test_it_stays_while_the_evaluation_is_active_and_begins_anew_with_it(registry: Registry) -> None:
    created = await create(registry, enabled=True)

    renamed = await change(registry, created, name="Another name", conditions=())
    paused = await change(registry, created, enabled=False)
    again = await change(registry, created, enabled=True)

    assert renamed.active_since == created.active_since
    assert paused.active_since is None
    assert created.active_since is not None
    assert again.active_since is not None
    assert again.active_since == again.updated_at > paused.updated_at > created.active_since


async def test_what_is_restored_has_been_active_since_then(registry: Registry) -> None:
    created = await create(registry, enabled=True)
    deleted = await change(registry, created, deleted=True)
    assert deleted.active_since == created.active_since

    restored = await change(registry, created, deleted=False)

    assert restored.active_since == restored.updated_at


async def test_what_fails_is_active_no_more(registry: Registry) -> None:
    created = await create(registry, enabled=True)
    assert await registry.evaluations.fail(1, created.id, StatusReason.HOG_ERROR)

    assert (await seen(registry, created)).active_since is None
    assert (await change(registry, created, enabled=True)).active_since is not None


async def test_assigning_a_key_can_begin_it(registry: Registry) -> None:
    key = await store(registry)
    model = ModelConfiguration(provider=key.provider, model="m")
    active, paused, broken = [
        await create(registry, enabled=enabled, model_configuration=model) for enabled in (True, False, True)
    ]
    await registry.evaluations.fail(1, broken.id, StatusReason.TRIAL_LIMIT_REACHED)
    ids = [active.id, paused.id, broken.id]

    await registry.provider_keys.assign(1, key.id, ids, enable=False)
    assert [(await seen(registry, each)).active_since for each in (paused, broken)] == [None, None]
    await registry.provider_keys.assign(1, key.id, ids, enable=True)

    assert (await seen(registry, active)).active_since == active.active_since
    for each in (paused, broken):
        now = await seen(registry, each)
        assert now.active_since is not None
        assert now.active_since > each.created_at


async def test_it_grows_even_if_the_clock_is_set_back(blank: SqlRegistry, start: BootstrapResult) -> None:
    key = await store(blank)
    created = await create(blank, model_configuration=ModelConfiguration(provider=key.provider, model="m"))
    await execute(blank, "UPDATE evaluations SET updated_at = '2126-01-01 00:00:00+00:00'")

    await blank.provider_keys.assign(1, key.id, [created.id], enable=True)

    assigned = await seen(blank, created)
    assert assigned.active_since == assigned.updated_at
    assert assigned.updated_at > datetime(2126, 1, 1, tzinfo=UTC)


# Which


async def test_the_active_ones_of_a_project_oldest_first(registry: Registry) -> None:
    assert await registry.evaluations.projects_with_active() == []
    other = (await registry.access.create_project("Other")).id
    made = [await create(registry, enabled=True, name=name) for name in ("c", "a", "b")]
    await create(registry)
    await create(registry, enabled=True, deleted=True)
    broken = await create(registry, enabled=True)
    await registry.evaluations.fail(1, broken.id, StatusReason.HOG_ERROR)

    assert await registry.evaluations.active(1) == made
    assert await registry.evaluations.active(other) == []
    assert await registry.evaluations.projects_with_active() == [1]

    await create(registry, other, enabled=True, deleted=True)
    assert await registry.evaluations.projects_with_active() == [1]
    theirs = await create(registry, other, enabled=True)
    assert await registry.evaluations.active(other) == [theirs]
    assert await registry.evaluations.projects_with_active() == [1, other]


async def test_asking_reads_an_index_and_not_the_table(blank: SqlRegistry, start: BootstrapResult) -> None:
    """Also among the evaluations of many years, of which few are active."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    async with blank.database.read() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    await blank.evaluations.active(1)
    await blank.evaluations.projects_with_active()
    event.remove(engine, "before_cursor_execute", note)

    assert len(asked) == 2
    for statement, parameters in asked:
        assert "ix_evaluations_active" in await plan(blank, statement, parameters)


async def plan(registry: SqlRegistry, statement: str, parameters: Any) -> str:
    """How the database answers a statement; PostgreSQL would rather read a table as small as ours."""
    async with registry.database.read() as session:
        connection = await session.connection()
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name == "postgresql":
            explain = "EXPLAIN"
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return str((await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all())


# What stops them


async def test_what_was_switched_on_after_the_failure_looked_goes_on(registry: Registry) -> None:
    created = await create(registry, enabled=True)
    await change(registry, created, enabled=False)
    again = await change(registry, created, enabled=True)
    assert created.active_since is not None
    assert again.active_since is not None
    fail, reason = registry.evaluations.fail, StatusReason.TRIAL_LIMIT_REACHED

    for looked in (created.active_since, again.active_since - MOMENT):
        assert not await fail(1, created.id, reason, version=again.version, active_since=looked)
    assert await seen(registry, created) == again
    assert await fail(1, created.id, reason, version=again.version, active_since=again.active_since)
    assert not await fail(1, created.id, reason, version=again.version, active_since=again.active_since)


async def test_a_key_answers_what_the_lack_of_one_would_stop(registry: Registry) -> None:
    """Attaching a key makes no version, and no activation of what is active already."""
    key = await store(registry)
    configured = ModelConfiguration(provider=key.provider, model="m")
    lacking = (
        StatusReason.TRIAL_LIMIT_REACHED,
        StatusReason.MODEL_NOT_ALLOWED,
        StatusReason.PROVIDER_KEY_REQUIRED,
        StatusReason.PROVIDER_KEY_DELETED,
    )
    for reason in lacking:
        created = await create(registry, enabled=True, model_configuration=configured)
        failure = {"version": created.version, "active_since": created.active_since}
        attached = await change(registry, created, model_configuration=judging_with(key).model_configuration)
        assert not await registry.evaluations.fail(1, created.id, reason, **failure)  # type: ignore[arg-type]
        assert await seen(registry, created) == attached
        await change(registry, created, model_configuration=configured)
        assert await registry.evaluations.fail(1, created.id, reason, **failure)  # type: ignore[arg-type]


async def test_so_does_the_active_key_of_the_project(registry: Registry) -> None:
    key = await store(registry, active=True)
    fail, reason = registry.evaluations.fail, StatusReason.TRIAL_LIMIT_REACHED
    fitting, other, blank = [
        await create(
            registry,
            enabled=True,
            model_configuration=provider and ModelConfiguration(provider=provider, model="m"),
        )
        for provider in (key.provider, Provider.GEMINI, None)
    ]
    for state in (KeyState.OK, KeyState.ERROR):  # the latter comes back by itself
        await registry.provider_keys.report(1, key.id, KeyCheck(state=state), version=1)
        assert [await fail(1, each.id, reason) for each in (fitting, blank)] == [False, False]
    assert await fail(1, other.id, reason) is True

    await registry.provider_keys.report(1, key.id, REFUSED, version=1)
    enabled = [await change(registry, each, enabled=True) for each in (fitting, blank)]

    assert [await fail(1, each.id, reason) for each in enabled] == [True, True]


async def test_a_faulty_program_stops_whatever_the_keys_are(registry: Registry) -> None:
    created = await judge(
        registry, await store(registry), evaluation_type="hog", evaluation_config={"source": "return 1"}
    )
    assert await registry.evaluations.fail(1, created.id, StatusReason.HOG_ERROR) is True


async def test_a_heir_answers_the_deletion_of_a_key(registry: Registry) -> None:
    key, heir = await store(registry), await store(registry)
    created = await judge(registry, key)
    await registry.provider_keys.delete(1, key.id, replacement_id=heir.id)

    reason = StatusReason.PROVIDER_KEY_DELETED
    assert not await registry.evaluations.fail(1, created.id, reason, active_since=created.active_since)
    assert (await seen(registry, created)).status is EvaluationStatus.ACTIVE


async def test_only_a_key_that_is_still_refused_stops_who_was_enabled_with_it(registry: Registry) -> None:
    key = await store(registry)
    await registry.provider_keys.report(1, key.id, REFUSED, version=1)
    created = await judge(registry, key)
    fail, reason = registry.evaluations.fail, StatusReason.PROVIDER_KEY_INVALID

    checked = await registry.provider_keys.recheck(1, key.id, KeyCheck(state=KeyState.OK), version=1)
    assert checked is not None
    assert await fail(1, created.id, reason, active_since=created.active_since) is False
    await registry.provider_keys.recheck(1, key.id, KeyCheck(state=KeyState.ERROR), version=2)
    assert await fail(1, created.id, reason, active_since=created.active_since) is False

    # Refused again while nothing was active: nothing was stopped with it.
    await change(registry, created, enabled=False)
    await registry.provider_keys.report(1, key.id, REFUSED, version=3)
    again = await change(registry, created, enabled=True)
    assert await fail(1, created.id, reason, active_since=again.active_since) is True
