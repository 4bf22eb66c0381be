"""How values are kept: the same on SQLite and on PostgreSQL, whatever the zone, alphabet or locale."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.adapters.sql.tables import TrialEvaluationRow
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationQuery,
    EvaluationSpec,
    EvaluationStatus,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.ports import Registry
from tests.stores.registry.support import execute, spec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MICROSECONDS = st.integers(-(70 * 365 * 86_400 * 10**6), 200 * 365 * 86_400 * 10**6)
INSTANTS = st.builds(
    lambda microseconds, zone: (EPOCH + timedelta(microseconds=microseconds)).astimezone(zone),
    MICROSECONDS,
    OFFSETS,
)


async def kept(registry: SqlRegistry, instant: datetime) -> datetime:
    """`instant` after a round trip through a column."""
    verdict = uuid4()
    async with registry.database.write() as session:
        await session.execute(
            insert(TrialEvaluationRow).values(
                project_id=1, verdict_event_id=verdict, reserved_at=instant, confirmed=False
            )
        )
    async with registry.database.read() as session:
        statement = select(TrialEvaluationRow.reserved_at)
        found = await session.scalar(statement.where(TrialEvaluationRow.verdict_event_id == verdict))
        assert found is not None
        return found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INSTANTS)
async def test_an_instant_comes_back_in_utc(
    blank: SqlRegistry, start: BootstrapResult, instant: datetime
) -> None:
    found = await kept(blank, instant)

    assert (found, found.tzinfo) == (instant, UTC)


async def test_a_naive_datetime_is_refused(blank: SqlRegistry, start: BootstrapResult) -> None:
    with pytest.raises(StatementError, match="UTC offset"):
        await kept(blank, datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001 - the mistake itself


@pytest.mark.parametrize(
    "value",
    [0, -1, 2**53, 2**63, 1.5, -0.0, 1e-300, 1e15 + 0.5, True, None, "", "é🙂", [], {}, [[1], {"a": []}]],
)
async def test_json_keeps_values_and_their_types(registry: Registry, value: Any) -> None:
    created = await registry.evaluations.create(1, spec(evaluation_config={"x": value}), created_by=None)

    found = created.evaluation_config["x"]
    assert (found, type(found)) == (value, type(value))


async def test_values_that_python_takes_for_equal_are_told_apart(registry: Registry) -> None:
    created = await registry.evaluations.create(1, spec(output_config={"x": 1}), created_by=None)

    changed = await registry.evaluations.update(1, created.id, lambda _: spec(output_config={"x": True}))

    assert changed is not None
    assert changed.output_config["x"] is True


async def test_documents_come_back_to_the_letter(registry: Registry) -> None:
    created = await registry.evaluations.create(1, spec(), created_by=None)
    keys = {"longer": 1, "b": 1e16, "a": 3.0}

    changed = await registry.evaluations.update(1, created.id, lambda _: spec(evaluation_config=keys))

    stored = await registry.evaluations.get(1, created.id)
    assert changed is not None
    assert stored is not None
    assert repr(changed.evaluation_config) == repr(stored.evaluation_config) == repr(keys)


def test_folding_keeps_the_longest_name_within_an_index_entry() -> None:
    """A b-tree entry of PostgreSQL holds 2,704 bytes; id, project and headers take less than 100 of them."""
    growth = max(
        len(chr(code).casefold().encode())
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code <= 0xDFFF
    )

    assert 400 * growth <= 2_600


async def test_the_longest_name_in_the_widest_letters_is_stored(registry: Registry) -> None:
    wide = "".join(chr(0x1F50 + 2 * (number % 4)) + chr(0x10400 + number % 40) for number in range(200))

    created = await registry.evaluations.create(1, spec(name=wide), created_by=None)

    count, [found] = await registry.evaluations.list(
        1, EvaluationQuery(search=wide.casefold(), order_by=("name",))
    )
    assert (count, found) == (1, created)


async def test_names_sort_by_folded_code_points_in_every_locale(registry: Registry) -> None:
    for name in ("b", "Ä", "a", "_", "Z", "éclair", "1"):
        await registry.evaluations.create(1, spec(name=name), created_by=None)

    _, found = await registry.evaluations.list(1, EvaluationQuery(order_by=("name",)))

    assert [evaluation.name for evaluation in found] == ["1", "_", "a", "b", "Z", "Ä", "éclair"]


async def test_a_search_longer_than_anything_stored(registry: Registry) -> None:
    """SQLite refuses LIKE patterns of this length."""
    await registry.evaluations.create(1, spec(), created_by=None)

    assert await registry.evaluations.list(1, EvaluationQuery(search="%" * 100_000)) == (0, [])


async def test_pages_are_stable_when_everything_is_of_the_same_moment(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    made = {(await blank.evaluations.create(1, spec(), created_by=None)).id for _ in range(7)}
    await execute(blank, "UPDATE evaluations SET created_at = '2026-01-01 00:00:00+00:00'")

    pages: list[UUID] = []
    for offset in range(0, 9, 3):
        _, page = await blank.evaluations.list(1, EvaluationQuery(limit=3, offset=offset))
        pages += [evaluation.id for evaluation in page]

    assert pages == sorted(made)


async def test_ids_and_change_times_grow_even_if_the_clock_is_set_back(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    first, second = [await blank.evaluations.create(1, spec(enabled=True), created_by=None) for _ in "ab"]
    assert first.id < second.id
    # As if the clock had been 100 years ahead when the evaluation was changed last.
    await execute(blank, "UPDATE evaluations SET updated_at = '2126-01-01 00:00:00+00:00'")

    changed = await blank.evaluations.update(1, first.id, lambda current: current)
    await blank.evaluations.fail(1, second.id, StatusReason.HOG_ERROR)
    failed = await blank.evaluations.get(1, second.id)

    assert changed is not None
    assert failed is not None
    assert changed.updated_at == failed.updated_at == datetime(2126, 1, 1, 0, 0, 0, 1, UTC)


async def test_status_and_version_follow_the_rules_of_the_domain(registry: Registry) -> None:
    created = await registry.evaluations.create(1, spec(enabled=True), created_by=None)
    assert (created.status, created.version) == (EvaluationStatus.ACTIVE, 1)

    async def change(**fields: Any) -> Evaluation:
        def to(current: Evaluation) -> EvaluationSpec:
            return current.model_copy(update=fields)

        changed = await registry.evaluations.update(1, created.id, to)
        assert changed is not None
        assert changed == await registry.evaluations.get(1, created.id)
        return changed

    assert (await change(name="Another name")).version == 1
    judge = ModelConfiguration(provider=Provider.OPENAI, model="gpt")
    assert (await change(model_configuration=judge)).model_configuration == judge
    named = judge.model_copy(update={"provider_key_name": "the name is the key's, not ours"})
    assert (await change(model_configuration=named)).version == 2
    assert (await change(model_configuration=None)).version == 3
    assert (await change(enabled=False)).status is EvaluationStatus.PAUSED
    await change(enabled=True)
    await registry.evaluations.fail(1, created.id, StatusReason.HOG_ERROR)
    in_error = await change(enabled=False)
    assert (in_error.status, in_error.status_reason) == (EvaluationStatus.ERROR, StatusReason.HOG_ERROR)
    again = await change(enabled=True)
    assert (again.status, again.status_reason, again.version) == (EvaluationStatus.ACTIVE, None, 3)
