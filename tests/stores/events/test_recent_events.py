"""The newest events of one kind, on both engines."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from assay.adapters.clickhouse.store import NEWEST_OF_A_DAY
from assay.contracts.events import GENERATION, Event
from assay.domain.filters.matching import matches, person_properties
from assay.domain.filters.parsing import parse_filters
from assay.domain.filters.predicates import Filters
from tests.stores.events.support import NOON, Backend, after, as_sent, event
from tests.stores.events.test_reads_are_narrow import indexes_used

DAY = 86_400
WEEK = timedelta(days=7)


def newest(backend: Backend, project: int, **changes: Any) -> list[Event | None]:
    span: dict[str, Any] = {"since": NOON - WEEK, "until": NOON, "limit": 10}
    refs = backend.store.recent_refs(project, GENERATION, **(span | changes))
    return [as_sent(backend.store.find_event(ref)) for ref in refs]


def is_a(**properties: str) -> Filters:
    return parse_filters([{"key": key, "value": value} for key, value in properties.items()])


def test_the_newest_come_first_whatever_day_they_are_of(backend: Backend, project: int) -> None:
    ages = [1, 2, DAY // 2 + 1, DAY, 3 * DAY, 6 * DAY]
    events = [event(project, {"age": age}, timestamp=after(-age)) for age in ages]
    backend.store.insert(random.Random(1).sample(events, len(events)))

    assert newest(backend, project) == events
    assert newest(backend, project, limit=4) == events[:4]
    assert newest(backend, project, limit=1) == events[:1]


def test_the_span_holds_to_the_microsecond(backend: Backend, project: int) -> None:
    microsecond = timedelta(microseconds=1)
    outside = [NOON - WEEK - microsecond, NOON, NOON + timedelta(days=30)]
    inside = [NOON - microsecond, NOON - WEEK]
    events = [event(project, timestamp=instant) for instant in inside]
    backend.store.insert([*events, *(event(project, timestamp=instant) for instant in outside)])

    assert newest(backend, project) == events


def test_other_kinds_and_other_projects_are_not_among_them(backend: Backend, project: int) -> None:
    mine = event(project, timestamp=after(-1))
    others = [
        event(project, event="$ai_span", timestamp=after(-1)),
        event(project + 10_000, timestamp=after(-1)),
    ]
    backend.store.insert([mine, *others])

    assert newest(backend, project) == [mine]


def test_an_event_that_was_sent_twice_counts_once_and_as_it_was_sent_last(
    backend: Backend, project: int
) -> None:
    first, second = (event(project, {"n": 1}, timestamp=after(-age)) for age in (1, 2))
    again = first.model_copy(update={"properties": {"n": 2}})
    backend.store.insert([first, second])
    backend.store.insert([again, second])

    assert newest(backend, project, limit=2) == [again, second]
    assert newest(backend, project, any_of=[is_a(n="1")]) == [second]


def test_events_of_one_instant_have_an_order(backend: Backend, project: int) -> None:
    events = [event(project, timestamp=after(-1), uuid=UUID(int=number)) for number in range(20)]
    backend.store.insert(random.Random(2).sample(events, len(events)))

    assert newest(backend, project, limit=20) == events[::-1]
    assert newest(backend, project, limit=3) == events[:-4:-1]


def test_one_of_several_conditions_must_hold_and_all_filters_of_it(backend: Backend, project: int) -> None:
    events = [
        event(project, {"env": env, "$ai_model": model, "$ai_input": text}, timestamp=after(-age))
        for age, (env, model, text) in enumerate(
            [("prod", "a", "hi"), ("prod", "b", "hi"), ("test", "a", "hi"), ("test", "b", "urgent!")], start=1
        )
    ]
    backend.store.insert(events)
    urgent = parse_filters([{"key": "$ai_input", "value": "URGENT", "operator": "icontains"}])

    assert newest(backend, project, any_of=[is_a(env="prod", **{"$ai_model": "a"})]) == events[:1]
    assert newest(backend, project, any_of=[is_a(env="prod"), urgent]) == [events[0], events[1], events[3]]
    assert newest(backend, project, any_of=[is_a(env="prod"), urgent], limit=2) == events[:2]
    assert newest(backend, project, any_of=[is_a(env="nowhere")]) == []


def test_it_agrees_with_the_filters_in_python(backend: Backend, project: int) -> None:
    chance = random.Random(3)
    events = [
        event(
            project, {"a": chance.randrange(3), "b": chance.choice(["x", "y", None])}, timestamp=after(-age)
        )
        for age in range(1, 60)
    ]
    backend.store.insert(events)
    for _ in range(20):
        any_of = [
            is_a(a=str(chance.randrange(4)), b=chance.choice("xyz")) for _ in range(chance.randrange(4))
        ]
        expected = [
            it
            for it in events
            if not any_of
            or any(
                matches(filters, it.properties, person_properties(it.properties), now=NOON)
                for filters in any_of
            )
        ]
        assert newest(backend, project, any_of=any_of, limit=5) == expected[:5]


def test_relative_dates_count_from_the_end_of_the_span(backend: Backend, project: int) -> None:
    old, new = (
        event(project, {"signed_up": (NOON - timedelta(days=days)).isoformat()}, timestamp=after(-1))
        for days in (40, 2)
    )
    backend.store.insert([old, new])
    lately = parse_filters([{"key": "signed_up", "value": "-7d", "operator": "is_date_after"}])

    assert newest(backend, project, any_of=[lately]) == [new]


@pytest.mark.parametrize("instant", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2149, 6, 6, tzinfo=UTC)])
def test_the_ends_of_the_calendar(backend: Backend, project: int, instant: datetime) -> None:
    one = event(project, timestamp=instant)
    backend.store.insert([one])

    span = {"since": instant, "until": instant + timedelta(seconds=1)}
    assert newest(backend, project, **span) == [one]


def test_only_one_day_is_read_at_a_time(backend: Backend, project: int) -> None:
    chance = random.Random(4)
    text = chance.randbytes(1_000).hex()
    backend.store.insert(
        [event(project, {"$ai_input": text}, timestamp=after(-number % 7 * DAY)) for number in range(7_000)]
    )

    used = indexes_used(
        backend,
        NEWEST_OF_A_DAY % "true",
        project_id=project,
        event=GENERATION,
        day=NOON.date(),
        since=NOON - WEEK,
        until=NOON,
        limit=5,
    )
    by_key = [index for index in used if index["Type"] == "PrimaryKey"]
    assert by_key
    for index in by_key:
        assert index["Selected Granules"] <= index["Initial Granules"] / 3
