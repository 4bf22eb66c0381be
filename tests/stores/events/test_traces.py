"""Reading traces and single events by what people know of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from assay.contracts.events import Event
from tests.stores.events.support import NOON, Backend, after, as_sent, event

DAY = 86_400
WINDOW: dict[str, Any] = {"since": NOON - timedelta(days=30), "until": NOON + timedelta(seconds=1)}
EVER: dict[str, Any] = {
    "since": datetime(1, 1, 1, tzinfo=UTC),
    "until": datetime(9999, 12, 31, tzinfo=UTC),
}
MICROSECOND = timedelta(microseconds=1)


def part(project: int, trace: str = "t", **fields: Any) -> Event:
    """An event of a trace."""
    properties = {"$ai_trace_id": trace, "$ai_input": "hi"} | fields.pop("properties", {})
    return event(project, properties, **fields)


def read(backend: Backend, project: int, trace: str = "t", **window: Any) -> list[Event | None]:
    found = backend.traces.events(project, trace, **(WINDOW | {"limit": 100} | window))
    return [as_sent(one) for one in found]


def test_a_trace_is_read_oldest_first_whole(backend: Backend, project: int) -> None:
    names = ["$ai_trace", "$ai_span", "$ai_generation", "$ai_feedback", "$ai_evaluation"]
    events = [
        part(project, event=name, timestamp=after(-DAY * age))
        for age, name in zip((4, 3, 2, 1, 0), names, strict=True)
    ]
    others = [
        part(project, "other"),
        part(project + 10_000),
        part(project, event="$pageview"),
        part(project, event="$ai_trace_summary"),
        part(project, event="$ai_generation_summary"),
    ]
    backend.store.insert([*reversed(events), *others])

    assert read(backend, project) == events
    assert read(backend, project, limit=2) == events[:2]
    assert read(backend, project, "missing") == []
    assert backend.traces.events(project, "", **WINDOW, limit=9) == []


def test_a_span_of_time_holds_to_the_microsecond(backend: Backend, project: int) -> None:
    inside = [part(project, timestamp=after(-60)), part(project, timestamp=NOON - MICROSECOND)]
    outside = [part(project, timestamp=after(-60) - MICROSECOND), part(project, timestamp=NOON)]
    backend.store.insert([*inside, *outside])

    window = {"since": after(-60), "until": NOON}
    assert read(backend, project, **window) == inside
    state = backend.traces.state(project, "t", **window)
    assert state is not None
    assert state.events == 2
    assert len(read(backend, project, **EVER)) == 4


def test_a_doubled_insert_changes_no_answer(backend: Backend, project: int) -> None:
    events = [part(project, timestamp=after(-age)) for age in range(5, 0, -1)]
    backend.store.insert(events)
    once = backend.traces.state(project, "t", **WINDOW)
    backend.store.insert(events)

    twice = backend.traces.state(project, "t", **WINDOW)
    assert once is not None
    assert twice is not None
    assert (twice.events, twice.size) == (once.events, once.size) == (5, once.size)
    assert read(backend, project) == events
    changed = events[0].model_copy(update={"properties": events[0].properties | {"$ai_input": "changed"}})
    backend.store.insert([changed])
    assert read(backend, project) == [changed, *events[1:]]


def test_marks_tell_every_change_of_a_trace(backend: Backend, project: int) -> None:
    def marks() -> dict[str, str]:
        return dict(backend.traces.marks(project, ["a", "b", "missing", ""]))

    first, second = part(project, "a"), part(project, "b", timestamp=after(-90 * DAY))
    backend.store.insert([first, second])
    before = marks()
    assert set(before) == {"a", "b"}
    for trace in before:
        state = backend.traces.state(project, trace, **WINDOW)
        assert state is not None
        assert state.mark == before[trace]

    backend.store.insert([part(project, "c"), part(project, "a", event="$ai_trace_summary")])
    assert marks() == before
    backend.store.insert([part(project, "b", timestamp=after(-200 * DAY))])
    added = marks()
    assert added["a"] == before["a"]
    assert added["b"] != before["b"]
    backend.store.insert([first])
    assert marks()["a"] != before["a"]
    assert marks()["b"] == added["b"]


def test_marks_do_not_change_when_copies_are_merged(backend: Backend, project: int) -> None:
    one = part(project)
    for _ in range(3):
        backend.store.insert([one])
    before = backend.traces.marks(project, ["t"])
    backend.connection.command("OPTIMIZE TABLE events FINAL")
    assert backend.traces.marks(project, ["t"]) == before


def test_there_is_no_state_of_what_there_is_not(backend: Backend, project: int) -> None:
    backend.store.insert([event(project), part(project, "old", timestamp=after(-40 * DAY))])
    assert backend.traces.state(project, "missing", **WINDOW) is None
    assert backend.traces.state(project, "", **WINDOW) is None
    old = backend.traces.state(project, "old", **WINDOW)
    assert old is not None
    assert (old.events, old.size) == (0, 0)
    assert backend.traces.marks(project, []) == {}


def test_an_event_is_found_without_its_day(backend: Backend, project: int) -> None:
    one = event(project, {"$ai_input": "x"}, timestamp=after(-29 * DAY))
    backend.store.insert([one, one, event(project)])

    def find(project: int = project, uuid: Any = one.uuid, **changes: Any) -> Event | None:
        given: dict[str, Any] = WINDOW | {"names": ["$ai_span", "$ai_generation"]} | changes
        return as_sent(backend.traces.find(project, uuid, **given))

    assert find() == one
    assert find(**EVER) == one
    assert find(since=one.timestamp, until=one.timestamp + MICROSECOND) == one
    assert find(until=one.timestamp) is None
    assert find(since=one.timestamp + MICROSECOND) is None
    assert find(names=["$ai_span"]) is None
    assert find(uuid=uuid4()) is None
    assert find(project + 10_000) is None
