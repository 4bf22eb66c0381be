"""Trace reviews in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.review_queues import ReviewQueueItemQuery
from assay.contracts.score_definitions import (
    ScoreDefinition,
    ScoreDefinitionChange,
    ScoreDefinitionSpec,
    ScoreKind,
)
from assay.contracts.trace_reviews import (
    CheckedScore,
    TraceReview,
    TraceReviewChange,
    TraceReviewQuery,
    TraceReviewSpec,
)
from assay.errors import FieldError, StoreRejected
from assay.ports import Registry
from tests.stores.registry.support import count, execute

PROJECT = 1


async def define(registry: Registry, name: str = "Quality", project: int = PROJECT) -> ScoreDefinition:
    spec = ScoreDefinitionSpec(name=name, kind=ScoreKind.NUMERIC, config={"max": 5.0})
    return await registry.score_definitions.create(project, spec, created_by=None)


def score(definition: ScoreDefinition, **value: Any) -> CheckedScore:
    return CheckedScore(
        definition_id=definition.id,
        definition_version_id=definition.current_version_id,
        **(value or {"numeric_value": Decimal("4.5")}),
    )


async def review(registry: Registry, trace_id: str = "t", **fields: Any) -> TraceReview:
    spec = TraceReviewSpec(trace_id=trace_id, **fields)
    return await registry.trace_reviews.create(PROJECT, spec, created_by=None)


async def change(registry: Registry, review_id: UUID, **fields: Any) -> TraceReview | None:
    return await registry.trace_reviews.update(
        PROJECT, review_id, TraceReviewChange(**fields), reviewed_by=None
    )


async def traces(registry: Registry, **query: Any) -> list[str]:
    total, found = await registry.trace_reviews.list(PROJECT, TraceReviewQuery(**query))
    assert total == len(found) or "limit" in query
    return [each.trace_id for each in found]


async def queued(registry: Registry) -> list[str]:
    _, items = await registry.review_queue_items.list(PROJECT, ReviewQueueItemQuery())
    return [item.trace_id for item in items]


async def test_what_is_stored_comes_back(registry: Registry) -> None:
    author = await registry.access.first_user()
    definitions = [await define(registry, name) for name in ("c", "B", "a")]
    values: list[dict[str, Any]] = [
        {"categorical_values": ("x", "y")},
        {"numeric_value": Decimal("-0.000001")},
        {"boolean_value": False},
    ]
    spec = TraceReviewSpec(
        trace_id="t",
        comment="c",
        scores=tuple(score(each, **value) for each, value in zip(definitions, values, strict=True)),
    )
    created = await registry.trace_reviews.create(PROJECT, spec, created_by=author.id)

    assert await registry.trace_reviews.get(PROJECT, created.id) == created
    assert (created.trace_id, created.comment) == ("t", "c")
    assert created.created_by == created.reviewed_by
    assert created.reviewed_by is not None
    assert created.reviewed_by.role_at_organization == "owner"
    assert [each.definition_name for each in created.scores] == ["a", "B", "c"]
    assert [each.boolean_value for each in created.scores] == [False, None, None]
    assert [str(each.numeric_value) for each in created.scores] == ["None", "-0.000001", "None"]
    assert [each.categorical_values for each in created.scores] == [None, None, ("x", "y")]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.decimals("-999999.999999", "999999.999999", places=6))
async def test_numbers_are_kept_exactly(registry: Registry, number: Decimal) -> None:
    definition = await define(registry)
    created = await review(registry, str(uuid4()), scores=(score(definition, numeric_value=number),))
    stored = await registry.trace_reviews.get(PROJECT, created.id)
    assert stored is not None
    assert stored.scores[0].numeric_value == number
    assert str(stored.scores[0].numeric_value).partition(".")[2][6:] == ""


async def test_the_config_that_was_scored_against_stays_while_the_rest_is_live(registry: Registry) -> None:
    definition = await define(registry)
    created = await review(registry, scores=(score(definition),))
    await registry.score_definitions.new_version(
        PROJECT, definition.id, {"min": 1.0}, base_version=None, created_by=None
    )
    await registry.score_definitions.update(
        PROJECT, definition.id, ScoreDefinitionChange(name="Renamed", archived=True)
    )
    stored = await registry.trace_reviews.get(PROJECT, created.id)
    assert stored is not None
    (kept,) = stored.scores
    assert (kept.definition_version, kept.definition_config) == (1, {"max": 5.0})
    assert kept.definition_version_id == definition.current_version_id
    assert (kept.definition_name, kept.definition_archived) == ("Renamed", True)


async def test_a_trace_has_one_review_until_it_is_deleted(registry: Registry) -> None:
    created = await review(registry)
    with pytest.raises(FieldError) as refused:
        await review(registry)
    assert refused.value.attr == "trace_id"
    await review(registry, "T")  # another trace

    assert await registry.trace_reviews.delete(PROJECT, created.id) is True
    assert await registry.trace_reviews.delete(PROJECT, created.id) is False
    assert await registry.trace_reviews.get(PROJECT, created.id) is None
    assert await change(registry, created.id, comment="x") is None
    again = await review(registry)
    assert again.id != created.id
    assert sorted(await traces(registry)) == ["T", "t"]


async def test_of_many_reviews_of_a_trace_one_is_made(
    blank: SqlRegistry, registry: Registry, second: Registry
) -> None:
    definition = await define(registry)
    outcomes = await asyncio.gather(
        *(
            review(each, comment=str(number), scores=(score(definition),))
            for number in range(6)
            for each in (registry, second)
        ),
        return_exceptions=True,
    )
    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, TraceReview))
    assert [outcome.attr for outcome in outcomes if isinstance(outcome, FieldError)] == ["trace_id"] * 11
    assert await registry.trace_reviews.get(PROJECT, winner.id) == winner
    assert await count(blank, "trace_review_scores") == 1


async def test_concurrent_changes_leave_one_whole_set_of_scores(registry: Registry, second: Registry) -> None:
    definitions = [await define(registry, name) for name in "ab"]
    created = await review(registry)
    await asyncio.gather(
        *(
            change(
                each,
                created.id,
                scores=tuple(score(one, numeric_value=Decimal(number)) for one in definitions),
            )
            for number in range(5)
            for each in (registry, second)
        ),
        *(change(each, created.id, comment="kept") for each in (registry, second)),
    )
    stored = await registry.trace_reviews.get(PROJECT, created.id)
    assert stored is not None
    assert len(stored.scores) == 2
    assert len({each.numeric_value for each in stored.scores}) == 1
    assert stored.comment == "kept"


async def test_a_change_replaces_keeps_or_clears(registry: Registry) -> None:
    author = await registry.access.first_user()
    first, other = await define(registry, "a"), await define(registry, "b")
    created = await review(registry, comment="c", scores=(score(first),))

    empty = await registry.trace_reviews.update(
        PROJECT, created.id, TraceReviewChange(), reviewed_by=author.id
    )
    assert empty is not None
    assert (empty.comment, empty.scores) == ("c", created.scores)
    assert empty.updated_at > created.updated_at
    assert (created.reviewed_by, empty.created_by) == (None, None)
    assert empty.reviewed_by is not None
    assert empty.reviewed_by.id == author.id

    replaced = await change(registry, created.id, scores=(score(first), score(other)))
    assert replaced is not None
    assert created.scores[0].id not in {each.id for each in replaced.scores}
    assert [each.definition_name for each in replaced.scores] == ["a", "b"]
    cleared = await change(registry, created.id, comment=None, scores=())
    assert cleared is not None
    assert (cleared.comment, cleared.scores) == (None, ())


async def test_saving_settles_what_waits(registry: Registry) -> None:
    queue = await registry.review_queues.create(PROJECT, "q", created_by=None)
    elsewhere = await registry.review_queues.create(PROJECT, "e", created_by=None)
    for trace_id in ("t1", "t2", "t3", "t4"):
        await registry.review_queue_items.create(PROJECT, queue.id, trace_id, created_by=None)

    await review(registry, "t1")
    await review(registry, "t2", queue_id=queue.id)
    third = await review(registry, "t3", queue_id=elsewhere.id)
    assert await queued(registry) == ["t3", "t4"]
    await change(registry, third.id, queue_id=uuid4())
    assert await queued(registry) == ["t3", "t4"]
    await change(registry, third.id)
    assert await queued(registry) == ["t4"]


async def test_a_review_that_fails_settles_nothing(registry: Registry) -> None:
    queue = await registry.review_queues.create(PROJECT, "q", created_by=None)
    await registry.review_queue_items.create(PROJECT, queue.id, "t", created_by=None)
    definition = await define(registry)
    with pytest.raises(StoreRejected):
        await review(registry, "t", scores=(score(definition), score(definition)))
    assert (await queued(registry), await traces(registry)) == (["t"], [])


async def test_no_project_sees_another_ones(registry: Registry) -> None:
    created = await review(registry)
    other = (await registry.access.create_project("Other")).id
    reviews = registry.trace_reviews
    assert await reviews.get(other, created.id) is None
    assert await reviews.update(other, created.id, TraceReviewChange(), reviewed_by=None) is None
    assert await reviews.delete(other, created.id) is False
    assert await reviews.list(other, TraceReviewQuery()) == (0, [])
    await reviews.create(other, TraceReviewSpec(trace_id="t"), created_by=None)
    assert await reviews.get(PROJECT, created.id) == created


async def test_filters_and_orders(registry: Registry) -> None:
    first, other = await define(registry, "a"), await define(registry, "b")
    one = await review(registry, "One", comment="The FIRST", scores=(score(first), score(other)))
    await review(registry, "Two", scores=(score(other),))
    await review(registry, "Three")
    await change(registry, one.id)

    assert await traces(registry) == ["One", "Three", "Two"]
    assert await traces(registry, order_by=("created_at",)) == ["One", "Two", "Three"]
    assert await traces(registry, trace_id="Two") == ["Two"]
    assert await traces(registry, trace_id="two") == []
    assert await traces(registry, trace_ids=("One", "Two", "\0")) == ["One", "Two"]
    assert await traces(registry, definition_id=first.id) == ["One"]
    assert await traces(registry, definition_ids=(first.id, other.id)) == ["One", "Two"]
    assert await traces(registry, definition_ids=(uuid4(),)) == []
    assert await traces(registry, search="first") == ["One"]
    assert await traces(registry, search="T") == ["One", "Three", "Two"]
    assert await traces(registry, search="tw") == ["Two"]
    assert await traces(registry, limit=1, offset=1) == ["Three"]


async def test_a_list_takes_as_many_statements_for_many_reviews_as_for_one(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    definition = await define(blank)
    statements: list[str] = []
    engine = blank.database._engine.sync_engine

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    async def statements_of_a_list() -> int:
        statements.clear()
        event.listen(engine, "before_cursor_execute", note)
        await traces(blank)
        event.remove(engine, "before_cursor_execute", note)
        return sum(statement.startswith("SELECT") for statement in statements)

    await review(blank, "0", scores=(score(definition),))
    for_one = await statements_of_a_list()
    for number in range(1, 8):
        await review(blank, str(number), scores=(score(definition),))
    assert await statements_of_a_list() == for_one == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trace_review_scores SET boolean_value = true",
        "UPDATE trace_review_scores SET numeric_micros = NULL",
        "UPDATE trace_review_scores SET numeric_micros = 1000000000000",
        "UPDATE trace_review_scores SET definition_id ="
        " (SELECT id FROM score_definitions WHERE name = 'other')",
        "UPDATE trace_reviews SET trace_id = ''",
        "UPDATE trace_reviews SET trace_id = 'same'",
        "DELETE FROM score_definition_versions WHERE id IN"
        " (SELECT definition_version_id FROM trace_review_scores)",
    ],
    ids=["two values", "no value", "digits", "foreign version", "no trace", "two reviews", "version in use"],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, start: BootstrapResult, statement: str
) -> None:
    definition = await define(blank)
    await define(blank, "other")
    await review(blank, "t", scores=(score(definition),))
    await review(blank, "u")
    with pytest.raises(StoreRejected):
        await execute(blank, statement)


async def test_people_who_are_gone_are_null(blank: SqlRegistry, start: BootstrapResult) -> None:
    author = await blank.access.first_user()
    created = await blank.trace_reviews.create(PROJECT, TraceReviewSpec(trace_id="t"), created_by=author.id)
    await execute(blank, "DELETE FROM users")
    stored = await blank.trace_reviews.get(PROJECT, created.id)
    assert stored is not None
    assert (stored.created_by, stored.reviewed_by) == (None, None)


async def test_texts_that_cannot_be_stored_are_field_errors(registry: Registry) -> None:
    for fields, attr in (({"trace_id": "\0"}, "trace_id"), ({"comment": "\ud800"}, "comment")):
        with pytest.raises(FieldError) as refused:
            await review(registry, **fields)
        assert refused.value.attr == attr
