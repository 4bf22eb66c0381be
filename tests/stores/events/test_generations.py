"""Reading generations in bulk: history, what was ingested, properties, whole events, the ledger."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse.addresses import ADDRESSES_PER_QUERY
from assay.adapters.clickhouse.generations import RECORDED
from assay.contracts.evaluation_batches import Arrival, Place
from assay.contracts.events import EVALUATION, Event, EventRef
from tests.stores.events.support import NOON, Backend, after, as_sent, event, uuids
from tests.stores.events.test_reads_are_narrow import indexes_used

DAY = 86_400
WEEK = timedelta(days=7)
MICROSECOND = timedelta(microseconds=1)
INGESTED = datetime(2026, 4, 1, tzinfo=UTC)


def history(backend: Backend, project: int, **changes: Any) -> list[Arrival]:
    window: dict[str, Any] = {"since": NOON - WEEK, "until": NOON, "before": None, "limit": 100}
    return backend.targets.history(project, **(window | changes))


def stored(backend: Backend, project: int, **changes: Any) -> list[Arrival]:
    span: dict[str, Any] = {
        "after": Place(ingested_at=INGESTED),
        "until": INGESTED + timedelta(days=1),
        "limit": 100,
    }
    return backend.targets.stored(project, **(span | changes))


def arrivals_of(*events: Event) -> list[Arrival]:
    return [Arrival(uuid=it.uuid, timestamp=it.timestamp, ingested_at=NOON, size=0) for it in events]


def test_history_has_the_newest_first_whatever_day_they_are_of(backend: Backend, project: int) -> None:
    ages = [1, 2, DAY // 2 + 1, DAY, 3 * DAY, 6 * DAY]
    events = [event(project, {"age": age}, timestamp=after(-age)) for age in ages]
    backend.store.insert(random.Random(1).sample(events, len(events)))

    found = history(backend, project)

    assert uuids(found) == [one.uuid for one in events]
    assert [one.timestamp for one in found] == [one.timestamp for one in events]
    assert uuids(history(backend, project, limit=4)) == [one.uuid for one in events[:4]]
    assert backend.targets.count_history(project, since=NOON - WEEK, until=NOON) == len(ages)


def test_history_holds_to_the_microsecond(backend: Backend, project: int) -> None:
    outside = [NOON - WEEK - MICROSECOND, NOON, NOON + timedelta(days=30)]
    inside = [NOON - MICROSECOND, NOON - WEEK]
    events = [event(project, timestamp=instant) for instant in inside]
    others = [
        event(project, event="$ai_span", timestamp=inside[0]),
        event(project + 10_000, timestamp=inside[0]),
    ]
    backend.store.insert([*events, *others, *(event(project, timestamp=instant) for instant in outside)])

    assert uuids(history(backend, project)) == [one.uuid for one in events]
    assert backend.targets.count_history(project, since=NOON - WEEK, until=NOON) == 2
    assert backend.targets.count_history(project, since=NOON, until=NOON) == 0


def test_a_window_may_end_at_midnight(backend: Backend, project: int) -> None:
    midnight = datetime(2026, 3, 29, tzinfo=UTC)
    last = event(project, timestamp=midnight - MICROSECOND)
    backend.store.insert([last, event(project, timestamp=midnight)])

    assert uuids(history(backend, project, until=midnight)) == [last.uuid]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_history_are_all_of_it(backend: Backend, project: int, size: int) -> None:
    """Events of one instant are in the order of their uuids as Python compares them."""
    numbers = [1, 2**63, 2**64, 2**65 + 1, 2**127, 2**127 + 2**63]
    events = [
        event(project, timestamp=after(-age), uuid=UUID(int=number))
        for number in numbers
        for age in (1, 2 * DAY)
    ]
    backend.store.insert(random.Random(2).sample(events, len(events)))

    before, seen = None, list[tuple[datetime, UUID]]()
    while page := history(backend, project, before=before, limit=size):
        seen += [(one.timestamp, one.uuid) for one in page]
        before = seen[-1]

    assert seen == sorted(((one.timestamp, one.uuid) for one in events), reverse=True)


def test_a_page_may_not_leave_the_window(backend: Backend, project: int) -> None:
    events = [event(project, timestamp=after(-age)) for age in (0, 1, 2)]
    backend.store.insert(events)

    later = (NOON + timedelta(days=1), uuid4())
    assert uuids(history(backend, project, before=later)) == [one.uuid for one in events[1:]]


def test_an_empty_window_costs_two_reads(
    backend: Backend, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days without generations are passed by, not read one after the other."""
    old = event(project, timestamp=after(-3_000 * DAY))
    backend.store.insert([old])
    statements: list[str] = []
    query = backend.connection.query

    def counted(sql: str, **parameters: Any) -> list[dict[str, Any]]:
        statements.append(sql)
        return query(sql, **parameters)

    monkeypatch.setattr(backend.connection, "query", counted)

    assert history(backend, project, since=NOON - timedelta(days=2_999)) == []
    assert len(statements) == 2
    assert uuids(history(backend, project, since=NOON - timedelta(days=3_001))) == [old.uuid]
    assert len(statements) == 2 + 4


def test_a_resend_counts_once_and_as_it_was_sent_last(backend: Backend, project: int) -> None:
    sent = event(project, {"n": 1}, timestamp=after(-60))
    again = sent.model_copy(update={"timestamp": after(-30), "properties": {"n": "a longer text"}})
    backend.take(INGESTED, sent, event(project))
    backend.take(INGESTED + timedelta(hours=1), again)

    [found] = history(backend, project)
    assert (found.timestamp, found.size) == (after(-30), len('{"n":"a longer text"}'))
    assert backend.targets.count_history(project, since=NOON - WEEK, until=NOON) == 1
    both = stored(backend, project)
    assert [one.ingested_at for one in both] == [INGESTED, INGESTED + timedelta(hours=1)]
    assert both[1].uuid == sent.uuid
    assert sent.uuid not in uuids(stored(backend, project, until=INGESTED + MICROSECOND))


def test_stored_is_by_the_time_of_ingestion(backend: Backend, project: int) -> None:
    old, new = (event(project, timestamp=after(age * DAY)) for age in (-400, 400))
    backend.take(INGESTED + MICROSECOND, old)
    backend.take(INGESTED, new)
    backend.take(INGESTED - MICROSECOND, event(project))
    backend.take(INGESTED + timedelta(days=1), event(project))
    backend.take(INGESTED, event(project + 10_000), event(project, event="$ai_span"))

    assert uuids(stored(backend, project)) == [new.uuid, old.uuid]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_what_is_stored(backend: Backend, project: int, size: int) -> None:
    """Events of one insert have one time, so pages go on by the uuid."""
    numbers = [1, 2**63, 2**64, 2**65 + 1, 2**127, 2**127 + 2**63]
    backend.take(INGESTED, *(event(project, uuid=UUID(int=number)) for number in reversed(numbers)))

    place, seen = Place(ingested_at=INGESTED), list[UUID]()
    while page := stored(backend, project, after=place, limit=size):
        seen += uuids(page)
        place = Place(ingested_at=page[-1].ingested_at, uuid=page[-1].uuid)

    assert seen == [UUID(int=number) for number in numbers]


def test_properties_with_the_long_ones_that_are_asked_for(backend: Backend, project: int) -> None:
    light = {"a": None, "b": {"c.d": [1, {}]}, "$ai_model": "m", "big": 2**70}
    long = {"$ai_input": [{"role": "user"}], "$ai_output_choices": [], "$ai_tools": None}
    sent = event(project, light | long)
    bare = event(project, timestamp=after(DAY))
    backend.store.insert([sent, bare, event(project)])
    targets = arrivals_of(sent, bare)

    read = backend.targets.properties
    assert read(project, targets, long_values=()) == {sent.uuid: light, bare.uuid: {}}
    assert read(project, targets, long_values=["$ai_input"])[sent.uuid] == light | {
        "$ai_input": [{"role": "user"}]
    }
    assert read(project, targets, long_values=[*long, "$ai_output", "a"])[sent.uuid] == light | long


def test_events_in_full(backend: Backend, project: int) -> None:
    sent = [
        event(project, {"$ai_input": "x", "n": n}, timestamp=after(n * DAY), distinct_id=f"'{n}")
        for n in range(5)
    ]
    backend.store.insert(sent)
    backend.store.insert([sent[0].model_copy(update={"distinct_id": "again"})])

    found = backend.targets.events(project, [(one.uuid, one.timestamp.date()) for one in sent])

    assert {uuid: as_sent(one) for uuid, one in found.items()} == {one.uuid: one for one in sent} | {
        sent[0].uuid: sent[0].model_copy(update={"distinct_id": "again"})
    }
    assert found[sent[0].uuid].ingested_at is not None


def test_what_is_gone_is_missing(backend: Backend, project: int) -> None:
    here, elsewhere = event(project), event(project + 10_000)
    span = event(project, event="$ai_span")
    backend.store.insert([here, elsewhere, span])
    asked = [here, elsewhere, span, event(project)]

    assert set(backend.targets.properties(project, arrivals_of(*asked), long_values=())) == {here.uuid}
    addresses = [(one.uuid, NOON.date()) for one in asked] + [(here.uuid, date(2026, 3, 30))]
    assert set(backend.targets.events(project, addresses)) == {here.uuid}
    assert backend.targets.events(project, [(here.uuid, date(2026, 3, 30))]) == {}
    assert backend.targets.events(project, []) == {}
    assert backend.targets.properties(project, [], long_values=()) == {}


def test_which_verdicts_are_recorded(backend: Backend, project: int) -> None:
    verdicts = [event(project, event=EVALUATION, timestamp=after(n * DAY)) for n in range(3)]
    backend.store.insert([*verdicts, verdicts[0]])
    other_day = verdicts[0].model_copy(update={"timestamp": verdicts[1].timestamp})
    others = [event(project, event=EVALUATION), event(project, event=EVALUATION, uuid=verdicts[1].uuid)]

    refs = [EventRef.of(one) for one in [*verdicts[:2], *others]]
    assert backend.targets.recorded(refs) == {verdicts[0].uuid, verdicts[1].uuid}
    assert backend.targets.recorded([EventRef.of(one) for one in [other_day, *others]]) == set()
    assert backend.targets.recorded([EventRef.of(event(project, uuid=verdicts[0].uuid))]) == set()
    assert backend.targets.recorded([]) == set()


def test_a_list_of_references_is_of_one_project_and_name(backend: Backend, project: int) -> None:
    with pytest.raises(ValueError, match="too many values"):
        backend.targets.recorded([EventRef.of(event(project)), EventRef.of(event(project + 10_000))])


def test_lists_may_be_long(backend: Backend, project: int) -> None:
    events = [event(project, timestamp=after(n % 5 * DAY)) for n in range(ADDRESSES_PER_QUERY + 1)]
    backend.store.insert(events)
    missing = [event(project) for _ in range(100)]

    asked = random.Random(3).sample([*events, *missing], len(events) + 100)
    expected = {one.uuid for one in events}
    assert backend.targets.recorded([EventRef.of(one) for one in asked]) == expected
    assert set(backend.targets.properties(project, arrivals_of(*asked), long_values=())) == expected
    addresses = [(one.uuid, one.timestamp.date()) for one in asked]
    assert set(backend.targets.events(project, addresses)) == expected


def test_a_list_is_answered_from_the_sorting_key(backend: Backend, project: int) -> None:
    chance = random.Random(4)
    events = [
        event(project, {"$ai_input": chance.randbytes(1_000).hex()}, timestamp=after(n % 7 * DAY))
        for n in range(7_000)
    ]
    backend.store.insert(events)

    asked = [events[0], events[1]]
    used = indexes_used(
        backend,
        RECORDED,
        project_id=project,
        event=events[0].event,
        days=[one.timestamp.date() for one in asked],
        uuids=[one.uuid for one in asked],
    )
    by_key = [index for index in used if index["Type"] == "PrimaryKey"]
    assert sum(index["Initial Granules"] for index in by_key) > 10
    for index in by_key:
        assert index["Selected Granules"] <= 2 * index["Selected Parts"]
