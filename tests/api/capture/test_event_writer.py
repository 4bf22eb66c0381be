"""Scheduling of the event writer: what is inserted together, who is told what, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.adapters.event_writer import BlockEventWriter
from assay.contracts.events import Event, WriteResult
from assay.errors import EventsRejected, StoreUnavailable
from tests.api.capture.memory_store import MemoryStore

WHEN = datetime(2026, 5, 17, tzinfo=UTC)


def made(count: int, name: str = "ok") -> list[Event]:
    return [
        Event(project_id=1, event=name, uuid=uuid4(), distinct_id="d", timestamp=WHEN, properties={})
        for _ in range(count)
    ]


def rejects_bad(events: Sequence[Event]) -> Exception | None:
    return EventsRejected("bad value") if any(event.event == "bad" for event in events) else None


@asynccontextmanager
async def writer_on(store: MemoryStore, **limits: Any) -> AsyncIterator[BlockEventWriter]:
    writer = BlockEventWriter(store, **limits)
    try:
        yield writer
    finally:
        store.free.set()
        await writer.aclose()


@asynccontextmanager
async def held(store: MemoryStore, writer: BlockEventWriter) -> AsyncIterator[asyncio.Task[WriteResult]]:
    """An insert that is under way for the length of the block."""
    store.free.clear()
    task = asyncio.create_task(writer.write(made(1, "held"), size=1))
    assert await asyncio.to_thread(store.entered.acquire, timeout=40)
    yield task
    store.free.set()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_nothing_is_acknowledged_before_its_insert_returned() -> None:
    store = MemoryStore()
    async with writer_on(store) as writer:
        async with held(store, writer) as task:
            await settle()
            assert not task.done()
            assert store.blocks == []
        assert await task == WriteResult({})
        assert len(store.blocks) == 1


async def test_what_arrives_during_an_insert_goes_together() -> None:
    store = MemoryStore()
    async with writer_on(store) as writer:
        async with held(store, writer):
            writes = [asyncio.create_task(writer.write(made(2), size=10)) for _ in range(50)]
            await settle()
        await asyncio.gather(*writes)
    assert [len(block) for block in store.blocks] == [1, 100]


async def test_an_empty_write_is_no_insert() -> None:
    store = MemoryStore()
    async with writer_on(store) as writer:
        assert await writer.write([], size=2) == WriteResult({})
    assert store.blocks == []


@pytest.mark.parametrize(
    ("limits", "blocks"),
    [
        ({"block_events": 4}, [1, 4, 4, 2]),
        ({"block_bytes": 20}, [1, 4, 4, 2]),
        ({"block_events": 1}, [1, 2, 2, 2, 2, 2]),
        ({"block_bytes": 1}, [1, 2, 2, 2, 2, 2]),
    ],
)
async def test_blocks_are_bounded_and_no_write_is_cut(limits: dict[str, int], blocks: list[int]) -> None:
    store = MemoryStore()
    async with writer_on(store, **limits) as writer:
        async with held(store, writer):
            writes = [asyncio.create_task(writer.write(made(2), size=10)) for _ in range(5)]
            await settle()
        await asyncio.gather(*writes)
    assert [len(block) for block in store.blocks] == blocks


async def test_a_full_queue_makes_callers_wait() -> None:
    store = MemoryStore()
    writer = BlockEventWriter(store, queue_bytes=20)
    async with held(store, writer):
        queued = [asyncio.create_task(writer.write(made(1), size=10)) for _ in range(2)]
        waiting = [asyncio.create_task(writer.write(made(1), size=10)) for _ in range(3)]
        await settle()
        closing = asyncio.create_task(writer.aclose())
        await settle()
        assert [task.done() for task in queued] == [False, False]
        # Those that were waiting for a place were not accepted, so closing refuses them at once.
        for task in waiting:
            with pytest.raises(StoreUnavailable, match="shutting down"):
                await task
    await closing
    assert [task.result() for task in queued] == [WriteResult({})] * 2


async def test_waiting_callers_get_their_turn() -> None:
    store = MemoryStore()
    async with writer_on(store, queue_bytes=20) as writer:
        async with held(store, writer):
            writes = [asyncio.create_task(writer.write(made(1), size=10)) for _ in range(20)]
            oversized = asyncio.create_task(writer.write(made(1), size=1_000))
            await settle()
        async with asyncio.timeout(40):
            await asyncio.gather(*writes, oversized)
    assert len(store.stored) == 22


class TestFaults:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(st.sampled_from(["ok", "ok", "bad"]), max_size=9), min_size=1, max_size=8))
    def test_exactly_the_bad_events_are_refused(self, batches: list[list[str]]) -> None:
        async def scenario() -> None:
            store = MemoryStore()
            store.fault = rejects_bad
            writes = [[made(1, name)[0] for name in names] for names in batches]
            async with writer_on(store) as writer:
                async with held(store, writer):
                    tasks = [asyncio.create_task(writer.write(events, size=1)) for events in writes]
                    await settle()
                results = await asyncio.gather(*tasks)
            for names, result in zip(batches, results, strict=True):
                bad = [position for position, name in enumerate(names) if name == "bad"]
                assert result.refused == dict.fromkeys(bad, "bad value")
            good = {event.uuid for events in writes for event in events if event.event == "ok"}
            held_event = store.blocks[0][0].uuid
            assert store.stored == good | {held_event}

        asyncio.run(scenario())

    async def test_everybody_hears_that_the_store_is_down(self) -> None:
        store = MemoryStore()
        async with writer_on(store) as writer:
            async with held(store, writer) as task:
                writes = [asyncio.create_task(writer.write(made(1), size=1)) for _ in range(3)]
                await settle()
                store.fault = lambda _: StoreUnavailable("down", retry_after=7)
            outcomes = await asyncio.gather(task, *writes, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 4
            assert [getattr(outcome, "retry_after", None) for outcome in outcomes] == [7] * 4
            store.fault = lambda _: None
            assert await writer.write(made(1), size=1) == WriteResult({})

    async def test_a_failure_that_nobody_foresaw_hits_its_cause_alone(self) -> None:
        store = MemoryStore()
        async with writer_on(store) as writer:
            async with held(store, writer):
                good = [asyncio.create_task(writer.write(made(2), size=1)) for _ in range(3)]
                poison = asyncio.create_task(writer.write(made(1, "poison"), size=1))
                await settle()
                store.fault = lambda events: (
                    KeyError("?") if any(event.event == "poison" for event in events) else None
                )
            with pytest.raises(KeyError):
                await poison
            assert await asyncio.gather(*good) == [WriteResult({})] * 3

    async def test_a_store_that_goes_down_while_bad_events_are_searched(self) -> None:
        store = MemoryStore()
        calls = 0

        def fault(_: Sequence[Event]) -> Exception:
            nonlocal calls
            calls += 1
            return EventsRejected("bad value") if calls == 1 else StoreUnavailable("down")

        store.fault = fault
        async with writer_on(store) as writer:
            with pytest.raises(StoreUnavailable):
                await writer.write(made(4), size=1)


class TestCancellation:
    async def test_of_a_caller_whose_insert_is_under_way(self) -> None:
        store = MemoryStore()
        async with writer_on(store) as writer:
            async with held(store, writer) as task:
                other = asyncio.create_task(writer.write(made(1), size=1))
                await settle()
                task.cancel()
                await settle()
                assert task.cancelled()
            assert await other == WriteResult({})
            assert len(store.stored) == 2

    async def test_of_callers_that_wait(self) -> None:
        store = MemoryStore()
        async with writer_on(store, queue_bytes=20) as writer:
            async with held(store, writer):
                writes = [asyncio.create_task(writer.write(made(1), size=10)) for _ in range(6)]
                await settle()
                for task in writes[1::2]:  # one has a place in the queue, two wait for one
                    task.cancel()
                await settle()
            assert await asyncio.gather(*writes[::2]) == [WriteResult({})] * 3
            async with asyncio.timeout(40):
                assert await writer.write(made(1), size=20) == WriteResult({})


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest() -> None:
    store = MemoryStore()
    writer = BlockEventWriter(store)
    async with held(store, writer) as task:
        queued = asyncio.create_task(writer.write(made(3), size=1))
        await settle()
        closing = asyncio.create_task(writer.aclose())
        await settle()
        assert not closing.done()
    await closing
    assert task.result() == queued.result() == WriteResult({})
    assert len(store.stored) == 4
    with pytest.raises(StoreUnavailable):
        await writer.write(made(1), size=1)
    await writer.aclose()
