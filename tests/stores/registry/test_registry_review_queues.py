"""Review queues and their items in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.review_queues import (
    ReviewQueue,
    ReviewQueueItem,
    ReviewQueueItemQuery,
    ReviewQueueQuery,
)
from assay.contracts.trace_reviews import TraceReview, TraceReviewQuery, TraceReviewSpec
from assay.errors import FieldError, StoreRejected
from assay.ports import Registry
from tests.stores.registry.support import execute

PROJECT = 1


async def queue(registry: Registry, name: str = "q") -> ReviewQueue:
    return await registry.review_queues.create(PROJECT, name, created_by=None)


async def put(registry: Registry, into: ReviewQueue, trace_id: str = "t") -> ReviewQueueItem:
    return await registry.review_queue_items.create(PROJECT, into.id, trace_id, created_by=None)


async def review(registry: Registry, trace_id: str = "t") -> TraceReview:
    spec = TraceReviewSpec(trace_id=trace_id)
    return await registry.trace_reviews.create(PROJECT, spec, created_by=None)


async def counts(registry: Registry, **query: Any) -> list[tuple[str, int]]:
    _, found = await registry.review_queues.list(PROJECT, ReviewQueueQuery(**query))
    return [(each.name, each.pending_item_count) for each in found]


async def traces(registry: Registry, **query: Any) -> list[str]:
    _, found = await registry.review_queue_items.list(PROJECT, ReviewQueueItemQuery(**query))
    return [each.trace_id for each in found]


async def refusal_of(call: Any) -> tuple[str | None, str]:
    with pytest.raises(FieldError) as refused:
        await call
    return refused.value.attr, refused.value.detail


async def test_what_is_stored_comes_back(registry: Registry) -> None:
    author = await registry.access.first_user()
    made = await registry.review_queues.create(PROJECT, "q", created_by=author.id)
    assert await registry.review_queues.get(PROJECT, made.id) == made
    assert (made.name, made.pending_item_count) == ("q", 0)
    assert made.created_by is not None

    item = await registry.review_queue_items.create(PROJECT, made.id, "t", created_by=author.id)
    assert await registry.review_queue_items.get(PROJECT, item.id) == item
    assert (item.queue_id, item.queue_name, item.trace_id) == (made.id, "q", "t")
    assert item.created_by == made.created_by
    assert await counts(registry) == [("q", 1)]


async def test_names_are_unique_among_live_queues(registry: Registry) -> None:
    made, other = await queue(registry), await queue(registry, "other")
    assert (await refusal_of(queue(registry)))[0] == "name"
    assert (await refusal_of(registry.review_queues.rename(PROJECT, other.id, "q")))[0] == "name"
    await queue(registry, "Q")

    kept = await registry.review_queues.rename(PROJECT, made.id, "q")
    assert kept is not None
    assert kept.updated_at > made.updated_at
    assert await registry.review_queues.delete(PROJECT, made.id) is True
    moved = await registry.review_queues.rename(PROJECT, other.id, "q")
    assert moved is not None
    assert sorted(await counts(registry)) == [("Q", 0), ("q", 0)]


async def test_of_many_queues_of_a_name_one_is_made(registry: Registry, second: Registry) -> None:
    renamed = [await queue(registry, f"old {number}") for number in range(4)]
    outcomes = await asyncio.gather(
        *(queue(each, "new") for _ in range(4) for each in (registry, second)),
        *(second.review_queues.rename(PROJECT, each.id, "new") for each in renamed),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ReviewQueue) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, FieldError) for outcome in outcomes) == 11
    assert len(await counts(registry, name="new")) == 1


async def test_the_three_reasons_why_a_trace_cannot_be_queued(registry: Registry) -> None:
    here, there = await queue(registry, "here"), await queue(registry, "there")
    await put(registry, here, "waits")
    await review(registry, "reviewed")
    reasons = [
        await refusal_of(put(registry, here, "waits")),
        await refusal_of(put(registry, there, "waits")),
        await refusal_of(put(registry, there, "reviewed")),
    ]
    assert [attr for attr, _ in reasons] == ["trace_id"] * 3
    assert len({detail for _, detail in reasons}) == 3
    for unknown in (here.model_copy(update={"id": uuid4()}),):
        assert (await refusal_of(put(registry, unknown, "waits")))[0] == "queue_id"


async def test_a_trace_that_is_done_can_be_queued_again(registry: Registry) -> None:
    made = await queue(registry)
    item = await put(registry, made)
    assert await registry.review_queue_items.delete(PROJECT, item.id) is True
    assert await registry.review_queue_items.delete(PROJECT, item.id) is False
    again = await put(registry, made)
    assert again.id != item.id
    reviewed = await review(registry)
    assert await traces(registry) == []
    await registry.trace_reviews.delete(PROJECT, reviewed.id)
    await put(registry, made)
    assert await counts(registry) == [("q", 1)]


async def test_of_many_items_of_a_trace_one_is_made(registry: Registry, second: Registry) -> None:
    queues = [await queue(registry, name) for name in "ab"]
    outcomes = await asyncio.gather(
        *(put(each, into) for _ in range(3) for into in queues for each in (registry, second)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ReviewQueueItem) for outcome in outcomes) == 1
    assert [outcome.attr for outcome in outcomes if isinstance(outcome, FieldError)] == ["trace_id"] * 11
    assert await traces(registry) == ["t"]


async def test_a_trace_is_never_reviewed_and_waiting(registry: Registry, second: Registry) -> None:
    made = await queue(registry)
    for number in range(8):
        trace_id = str(number)
        await asyncio.gather(put(registry, made, trace_id), review(second, trace_id), return_exceptions=True)
    _, reviews = await registry.trace_reviews.list(PROJECT, TraceReviewQuery())
    assert len(reviews) == 8
    assert await traces(registry) == []


async def test_a_deleted_queue_has_no_items(registry: Registry, second: Registry) -> None:
    for _ in range(4):
        made, other = await queue(registry), await queue(registry, "other")
        item = await put(registry, other, "moved")
        waiting = await put(registry, made, "waiting")
        await asyncio.gather(
            registry.review_queues.delete(PROJECT, made.id),
            second.review_queue_items.move(PROJECT, item.id, made.id),
            second.review_queue_items.move(PROJECT, waiting.id, made.id),
            *(put(second, made, str(number)) for number in range(3)),
            return_exceptions=True,
        )
        assert await traces(registry, queue_id=made.id) == []
        assert await registry.review_queues.get(PROJECT, made.id) is None
        await registry.review_queues.delete(PROJECT, other.id)
    assert await traces(registry) == []


async def test_items_move(registry: Registry) -> None:
    here, there = await queue(registry, "here"), await queue(registry, "there")
    item = await put(registry, here)
    moved = await registry.review_queue_items.move(PROJECT, item.id, there.id)
    assert moved is not None
    assert moved == item.model_copy(
        update={"queue_id": there.id, "queue_name": "there", "updated_at": moved.updated_at}
    )
    assert moved.updated_at > item.updated_at
    assert await counts(registry) == [("here", 0), ("there", 1)]
    await registry.review_queues.delete(PROJECT, here.id)
    attr, _ = await refusal_of(registry.review_queue_items.move(PROJECT, item.id, here.id))
    assert attr == "queue_id"
    assert await registry.review_queue_items.move(PROJECT, uuid4(), there.id) is None


async def test_no_project_sees_another_ones(registry: Registry) -> None:
    made = await queue(registry)
    item = await put(registry, made)
    other = (await registry.access.create_project("Other")).id
    queues, items = registry.review_queues, registry.review_queue_items

    assert await queues.get(other, made.id) is None
    assert await queues.rename(other, made.id, "x") is None
    assert await queues.delete(other, made.id) is False
    assert await queues.list(other, ReviewQueueQuery()) == (0, [])
    assert await items.get(other, item.id) is None
    assert await items.delete(other, item.id) is False
    assert await items.list(other, ReviewQueueItemQuery()) == (0, [])
    assert (await refusal_of(items.create(other, made.id, "u", created_by=None)))[0] == "queue_id"
    assert (await refusal_of(items.move(other, item.id, made.id)))[0] == "queue_id"
    namesake = await queues.create(other, "q", created_by=None)
    assert (await refusal_of(items.move(PROJECT, item.id, namesake.id)))[0] == "queue_id"
    await items.create(other, namesake.id, "t", created_by=None)
    assert await items.get(PROJECT, item.id) == item


async def test_filters_and_orders(registry: Registry) -> None:
    first, other = await queue(registry, "Beta 2"), await queue(registry, "alpha")
    for into, trace_id in ((first, "Zeta"), (other, "eta"), (first, "Theta")):
        item = await put(registry, into, trace_id)
    await registry.review_queue_items.move(PROJECT, item.id, first.id)

    assert [name for name, _ in await counts(registry)] == ["alpha", "Beta 2"]
    assert await counts(registry, order_by=("-created_at",)) == [("alpha", 1), ("Beta 2", 2)]
    assert await counts(registry, name="Beta 2") == [("Beta 2", 2)]
    assert await counts(registry, name="beta 2") == []
    assert await counts(registry, name="\0") == []
    assert await counts(registry, search="BETA") == [("Beta 2", 2)]
    assert await traces(registry) == ["Zeta", "eta", "Theta"]
    assert await traces(registry, order_by=("-updated_at",)) == ["Theta", "eta", "Zeta"]
    assert await traces(registry, queue_id=first.id) == ["Zeta", "Theta"]
    assert await traces(registry, trace_id="eta") == ["eta"]
    assert await traces(registry, trace_ids=("eta", "Zeta", "x")) == ["Zeta", "eta"]
    assert await traces(registry, search="ETA") == ["Zeta", "eta", "Theta"]
    assert await traces(registry, search="th") == ["Theta"]
    assert await traces(registry, limit=1, offset=1) == ["eta"]


async def test_the_counts_of_all_queues_come_in_one_statement(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    for name in "abc":
        await put(blank, await queue(blank, name), name)
    statements: list[str] = []
    engine = blank.database._engine.sync_engine

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    assert await counts(blank) == [("a", 1), ("b", 1), ("c", 1)]
    event.remove(engine, "before_cursor_execute", note)
    assert sum(statement.startswith("SELECT") for statement in statements) == 2  # the number, and the page


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_queues SET name = 'same'",
        "UPDATE review_queues SET name = ''",
        "UPDATE review_queue_items SET trace_id = 'same'",
        "UPDATE review_queue_items SET trace_id = ''",
        "DELETE FROM review_queues",
    ],
    ids=["two names", "no name", "two items", "no trace", "no queue"],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, start: BootstrapResult, statement: str
) -> None:
    for name in "ab":
        await put(blank, await queue(blank, name), name)
    with pytest.raises(StoreRejected):
        await execute(blank, statement)


async def test_texts_that_cannot_be_stored_are_field_errors(registry: Registry) -> None:
    made = await queue(registry)
    assert (await refusal_of(queue(registry, "\0")))[0] == "name"
    assert (await refusal_of(registry.review_queues.rename(PROJECT, made.id, "\ud800")))[0] == "name"
    assert (await refusal_of(put(registry, made, "\0")))[0] == "trace_id"
