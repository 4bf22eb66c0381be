"""Inputs of generations: which ones are read, and that a copy changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse import ClickHouseGenerationInputs, generation_inputs
from assay.adapters.clickhouse.generation_inputs import CANDIDATES, OF_GENERATIONS, OF_TRACES
from assay.contracts.events import Event
from assay.contracts.sentiment import GenerationInput, LatestGeneration
from assay.domain.filters.parsing import parse_filters
from tests.stores.events.support import NOON, Backend, after, event
from tests.stores.events.test_reads_are_narrow import indexes_used

DAY = timedelta(days=1)
SINCE, UNTIL = NOON - 7 * DAY, NOON + DAY


def asked(project: int, trace: str, said: Any = "Hi", at: datetime = NOON, /, **more: Any) -> Event:
    return event(project, {"$ai_trace_id": trace, "$ai_input": said, **more}, timestamp=at)


class Reads:
    """What is read in a project."""

    def __init__(self, backend: Backend, project: int) -> None:
        self._reads = ClickHouseGenerationInputs(backend.connection)
        self._project = project

    def of_traces(
        self, *trace_ids: str, limit: int = 10, longest: int = 300_000, **span: datetime
    ) -> dict[str, Sequence[GenerationInput]]:
        when = {"since": SINCE, "until": UNTIL} | span
        return dict(self._reads.of_traces(self._project, trace_ids, limit=limit, longest=longest, **when))

    def of_generations(self, *uuids: UUID, longest: int = 1_000_000, **span: datetime) -> dict[UUID, str]:
        when = {"since": SINCE, "until": UNTIL} | span
        found = self._reads.of_generations(self._project, uuids, longest=longest, **when)
        assert all(uuid == each.uuid for uuid, each in found.items())
        return {uuid: each.input for uuid, each in found.items()}

    def latest(self, *properties: Any, limit: int = 200, **span: datetime) -> list[LatestGeneration]:
        when: dict[str, Any] = {"since": None, "until": None} | span
        filters = parse_filters(list(properties))
        return list(self._reads.latest(self._project, filters, now=NOON, limit=limit, **when))


@pytest.fixture
def reads(backend: Backend, project: int) -> Reads:
    return Reads(backend, project)


def test_the_newest_generations_of_each_trace(backend: Backend, reads: Reads, project: int) -> None:
    many = [asked(project, "long", f"{n}", after(n)) for n in range(15)]
    backend.store.insert(
        [
            *many,
            asked(project, "short", [{"role": "user", "content": "é"}]),
            event(project, {"$ai_trace_id": "short"}, timestamp=after(1)),
            event(project, {"$ai_trace_id": "short", "$ai_input": "x"}, event="$ai_span"),
            asked(project, "other"),
            asked(project + 1_000_000, "long", "of another project"),
            asked(project, "", "of no trace"),
        ]
    )
    found = reads.of_traces("long", "short", "unknown", "", limit=10)
    assert set(found) == {"long", "short"}
    assert [each.uuid for each in found["long"]] == [each.uuid for each in reversed(many[5:])]
    assert [each.input for each in found["long"]] == [f'"{n}"' for n in range(14, 4, -1)]
    assert [each.input for each in found["short"]] == ["", '[{"role":"user","content":"é"}]']
    assert reads.of_traces() == {}


def test_a_generation_with_a_long_input_leaves_its_place_to_an_older_one(
    backend: Backend, reads: Reads, project: int
) -> None:
    fits, too_long = asked(project, "t", "é" * 18), asked(project, "t", "é" * 19, after(1))
    backend.store.insert([fits, too_long])
    assert [each.uuid for each in reads.of_traces("t", limit=1, longest=20)["t"]] == [fits.uuid]
    assert set(reads.of_generations(fits.uuid, too_long.uuid, longest=20)) == {fits.uuid}


def test_the_span_of_time_is_half_open(backend: Backend, reads: Reads, project: int) -> None:
    first, last = asked(project, "t", "first", NOON), asked(project, "t", "last", after(1))
    backend.store.insert([first, last])
    span = {"since": NOON, "until": after(1)}
    assert [each.uuid for each in reads.of_traces("t", **span)["t"]] == [first.uuid]
    assert set(reads.of_generations(first.uuid, last.uuid, **span)) == {first.uuid}
    everything = {
        "since": datetime.min.replace(tzinfo=UTC),
        "until": datetime.max.replace(tzinfo=UTC),
    }
    assert len(reads.of_traces("t", **everything)["t"]) == 2
    assert len(reads.of_generations(first.uuid, last.uuid, **everything)) == 2


def test_generations_by_their_uuids(backend: Backend, reads: Reads, project: int) -> None:
    one, span = asked(project, "", "Hi"), event(project, {"$ai_input": "x"}, event="$ai_span")
    elsewhere = asked(project + 1_000_000, "t")
    backend.store.insert([one, span, elsewhere])
    assert reads.of_generations(one.uuid, span.uuid, elsewhere.uuid, uuid4()) == {one.uuid: '"Hi"'}
    assert reads.of_generations() == {}


def test_of_copies_the_last_one_counts(backend: Backend, reads: Reads, project: int) -> None:
    first = asked(project, "t", "first", **{"$ai_model": "old"})
    second = first.model_copy(update={"properties": first.properties | {"$ai_input": "second"}})
    other = asked(project, "t", "other", after(-1))
    for seconds, sent in enumerate((first, first, other, other)):
        backend.take(after(seconds), sent)
    before = reads.latest()
    assert [each.input for each in reads.of_traces("t")["t"]] == ['"first"', '"other"']
    assert len(before) == 1

    backend.take(after(9), second, other)

    assert [each.input for each in reads.of_traces("t")["t"]] == ['"second"', '"other"']
    assert reads.of_generations(first.uuid) == {first.uuid: '"second"'}
    assert reads.latest() == [before[0]._replace(input='"second"')]


def test_a_generation_is_in_the_trace_that_its_last_copy_names(
    backend: Backend, reads: Reads, project: int
) -> None:
    first = asked(project, "old", "first")
    moved = first.model_copy(
        update={"properties": first.properties | {"$ai_trace_id": "new", "$ai_input": "second"}}
    )
    backend.connection.command("SYSTEM STOP MERGES events")
    try:
        backend.take(after(0), first, asked(project, "old", "other", after(-1)))
        backend.take(after(1), moved)
        found = [reads.of_traces("old"), reads.of_traces("new"), reads.of_traces("old", "new")]
    finally:
        backend.connection.command("SYSTEM START MERGES events")
    told = [{trace: [each.input for each in inputs] for trace, inputs in one.items()} for one in found]
    old, new = {"old": ['"other"']}, {"new": ['"second"']}
    assert told == [old, new, old | new]


def test_the_newest_generation_of_each_trace(backend: Backend, reads: Reads, project: int) -> None:
    old = asked(project, "two", "old", after(-9 * 86_400), **{"$ai_model": "old"})
    new = asked(project, "two", [{"role": "user", "content": "new"}], NOON, **{"$ai_model": "gpt-5"})
    bare = event(project, {"$ai_trace_id": "bare"}, timestamp=after(-1), distinct_id="bob")
    same = [asked(project, name, "same", after(-2)) for name in ("a", "b")]
    backend.store.insert(
        [
            old,
            new,
            bare,
            *same,
            asked(project, "", "of no trace"),
            asked(project, "x" * 1_001, "long id"),
            event(project, {"$ai_trace_id": "span"}, event="$ai_span"),
            asked(project + 1_000_000, "elsewhere"),
        ]
    )

    found = reads.latest()

    assert [each.trace_id for each in found] == ["two", "bare", "b", "a"]
    assert found[0] == LatestGeneration(
        uuid=new.uuid,
        trace_id="two",
        input='[{"role":"user","content":"new"}]',
        model="gpt-5",
        distinct_id="user",
        last_at=NOON,
        first_at=old.timestamp,
    )
    assert (found[1].input, found[1].model, found[1].distinct_id) == (None, None, "bob")
    assert [each.trace_id for each in reads.latest(limit=2)] == ["two", "bare"]
    [earlier] = reads.latest(until=NOON - DAY)
    assert (earlier.uuid, earlier.first_at) == (old.uuid, old.timestamp)
    [since] = reads.latest(since=NOON)
    assert (since.uuid, since.first_at) == (new.uuid, NOON)


def test_a_trace_is_told_by_what_passes_the_filters(backend: Backend, reads: Reads, project: int) -> None:
    models = ("gpt-5", "gpt-5", "other")
    sent = [
        asked(project, "mixed", f"{n}", after(n), **{"$ai_model": model}) for n, model in enumerate(models)
    ]
    backend.store.insert([*sent, asked(project, "none", "x", after(9), **{"$ai_model": "other"})])
    [found] = reads.latest({"key": "$ai_model", "value": "gpt-5"})
    assert (found.uuid, found.last_at, found.first_at) == (sent[1].uuid, after(1), after(0))


def test_traces_are_found_however_long_ago_they_were(backend: Backend, reads: Reads, project: int) -> None:
    """Also where the newest days hold many generations of traces that are known by then."""
    busy = [asked(project, f"busy {n}", "x", after(n - day * 86_400)) for n in range(4) for day in range(3)]
    quiet = [asked(project, f"quiet {days}", "x", NOON - days * DAY) for days in (10, 11, 40, 400, 4_000)]
    backend.store.insert([*busy, *quiet])

    names = [each.trace_id for each in reads.latest(limit=8)]

    assert names == [
        *(f"busy {n}" for n in (3, 2, 1, 0)),
        *(f"quiet {days}" for days in (10, 11, 40, 400)),
    ]
    assert len(reads.latest(limit=100)) == 9
    assert [each.first_at for each in reads.latest(limit=1)] == [after(3 - 2 * 86_400)]


def test_inputs_are_told_as_far_as_there_is_room(
    backend: Backend, reads: Reads, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_inputs, "MOST_CHARACTERS", 20)
    monkeypatch.setattr(generation_inputs, "MOST_BYTES", 30)
    said = ("é" * 19, "new", "b" * 18, "old")
    backend.store.insert([asked(project, str(n), text, after(-n)) for n, text in enumerate(said)])
    assert [each.input for each in reads.latest()] == [None, '"new"', f'"{"b" * 18}"', '"old"']
    monkeypatch.setattr(generation_inputs, "MOST_BYTES", 24)
    assert [each.input for each in reads.latest()] == [None, '"new"', None, '"old"']


def test_a_lookup_reads_few_granules(backend: Backend, project: int) -> None:
    events = [asked(project, f"t{n // 5}", uuid4().hex * 300, after(n % 3 * 86_400)) for n in range(3_000)]
    backend.store.insert(events)
    span = {
        "since": NOON,
        "until": NOON + 3 * DAY,
        "first_day": NOON.date(),
        "last_day": (NOON + 3 * DAY).date(),
    }
    common = {"project_id": project, "event": "$ai_generation", "longest": 10_000}

    used = indexes_used(backend, OF_GENERATIONS, uuids=[events[7].uuid], **span, **common)
    [by_key] = [index for index in used if index["Type"] == "PrimaryKey"]
    assert by_key["Initial Granules"] > 20
    assert by_key["Selected Granules"] <= 6 * by_key["Selected Parts"]  # at a border: two a day

    used = indexes_used(backend, CANDIDATES, trace_ids=["t7"], **span, **common)
    [by_trace] = [index for index in used if index.get("Name") == "by_trace_id"]
    assert by_trace["Selected Granules"] <= 5

    used = indexes_used(backend, OF_TRACES, trace_ids=["t7"], limit=10, **span, **common)
    [by_key] = [index for index in used if index["Type"] == "PrimaryKey"]
    assert by_key["Selected Granules"] <= 10 * by_key["Selected Parts"]
