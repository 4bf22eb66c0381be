"""What every event store does, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from assay.contracts.events import EventRef
from assay.errors import EventsRejected
from tests.stores.events.support import NOON, Backend, after, as_sent, event


def test_an_event_is_found_by_its_full_address(backend: Backend, project: int) -> None:
    sent = event(project, {"$ai_model": "m", "nested": {"a": [1, None]}, "$ai_input": [{"role": "user"}]})
    backend.store.insert([event(project), sent, event(project)])

    assert as_sent(backend.store.find_event(EventRef.of(sent))) == sent


@pytest.mark.parametrize("part", ["project_id", "event", "uuid", "day"])
def test_every_part_of_the_address_counts(backend: Backend, project: int, part: str) -> None:
    sent = event(project)
    backend.store.insert([sent])
    other = {
        "project_id": project + 1_000_000,
        "event": "$ai_span",
        "uuid": uuid4(),
        "day": NOON.date() + timedelta(days=1),
    }

    assert backend.store.find_event(EventRef.of(sent).model_copy(update={part: other[part]})) is None


def test_a_given_distinct_id_must_match(backend: Backend, project: int) -> None:
    sent = event(project, distinct_id="ann")
    backend.store.insert([sent])

    assert backend.store.find_event(EventRef.of(sent), distinct_id="bob") is None
    assert as_sent(backend.store.find_event(EventRef.of(sent), distinct_id="ann")) == sent


def test_instants_are_aware_utc_to_the_microsecond(backend: Backend, project: int) -> None:
    before = datetime.now(UTC)
    sent = event(project, timestamp=datetime(2026, 1, 1, 1, 30, 0, 1, timezone(timedelta(hours=5))))
    backend.store.insert([sent])

    found = backend.store.find_event(EventRef.of(sent))

    assert found is not None
    assert found.timestamp == datetime(2025, 12, 31, 20, 30, 0, 1, UTC)
    assert found.timestamp.utcoffset() == timedelta(0)
    assert found.ingested_at is not None
    assert found.ingested_at.utcoffset() == timedelta(0)
    assert before <= found.ingested_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2149, 6, 6, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    ],
)
def test_the_ends_of_days_and_of_the_calendar(backend: Backend, project: int, instant: datetime) -> None:
    sent = event(project, timestamp=instant)
    backend.store.insert([sent])

    assert as_sent(backend.store.find_event(EventRef.of(sent))) == sent


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2149, 6, 7, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
def test_an_instant_outside_the_calendar_is_refused(
    backend: Backend, project: int, instant: datetime
) -> None:
    good, bad = event(project), event(project, timestamp=instant)

    with pytest.raises(EventsRejected, match=str(bad.uuid)):
        backend.store.insert([good, bad])

    assert backend.store.find_event(EventRef.of(good)) is None


def test_a_trace_comes_oldest_first(backend: Backend, project: int) -> None:
    events = [event(project, {"$ai_trace_id": "t", "n": n}, timestamp=after(n)) for n in (3, 1, 2)]
    others = [event(project, {"$ai_trace_id": "other"}), event(project)]
    backend.store.insert([*events, *others])
    span = event(project, {"$ai_trace_id": "t", "n": 0}, event="$ai_span", timestamp=after(-90_000))
    backend.store.insert([span])

    assert [found.properties["n"] for found in backend.store.trace(project, "t")] == [0, 1, 2, 3]
    assert [found.properties["n"] for found in backend.store.trace(project, "t", limit=2)] == [0, 1]


def test_events_of_one_instant_have_an_order(backend: Backend, project: int) -> None:
    events = [event(project, {"$ai_trace_id": "t"}, uuid=UUID(int=n)) for n in range(20)]
    for one in reversed(events):
        backend.store.insert([one])

    assert [as_sent(found) for found in backend.store.trace(project, "t")] == events


def test_a_trace_belongs_to_one_project(backend: Backend, project: int) -> None:
    backend.store.insert([event(project, {"$ai_trace_id": "t"})])

    assert backend.store.trace(project + 1_000_000, "t") == []


def test_events_without_a_trace_are_no_trace(backend: Backend, project: int) -> None:
    backend.store.insert([event(project), event(project, {"$ai_trace_id": ""})])

    assert backend.store.trace(project, "") == []


@pytest.mark.parametrize("apart", [False, True], ids=["one block", "two parts"])
@pytest.mark.parametrize("later", [0, 3600], ids=["same instant", "later that day"])
def test_a_doubled_event_is_one_event(backend: Backend, project: int, apart: bool, later: float) -> None:
    first = event(project, {"$ai_trace_id": "t", "n": 1})
    second = event(project, {"$ai_trace_id": "t", "n": 2}, timestamp=after(60))
    again = first.model_copy(update={"timestamp": after(later)})
    if apart:
        backend.store.insert([first, second])
        backend.store.insert([again])
    else:
        backend.store.insert([first, second, again])

    assert {found.uuid for found in backend.store.trace(project, "t")} == {first.uuid, second.uuid}
    assert len(backend.store.trace(project, "t")) == 2
    assert as_sent(backend.store.find_event(EventRef.of(first))) == again


def test_the_latest_copy_counts_also_for_indexes(backend: Backend, project: int) -> None:
    """An index that skips the newer copy must not bring the older one back."""
    sent = event(project, {"$ai_trace_id": "old"})
    backend.store.insert([sent])
    backend.store.insert([sent.model_copy(update={"properties": {"$ai_trace_id": "new"}})])

    assert backend.store.trace(project, "old") == []
    assert len(backend.store.trace(project, "new")) == 1


def test_the_same_uuid_on_another_day_is_another_event(backend: Backend, project: int) -> None:
    sent = event(project, {"$ai_trace_id": "t"})
    backend.store.insert([sent, sent.model_copy(update={"timestamp": after(86_400)})])

    assert len(backend.store.trace(project, "t")) == 2


HOSTILE_TEXT = [
    "'; DROP TABLE events --",
    "\\",
    "\\'",
    "a\tb\nc",
    "\x00",
    "{x:String}",
    "%",
    "💥",
    '"`',
    "\r",
]


@pytest.mark.parametrize("text", HOSTILE_TEXT)
def test_text_is_never_read_as_sql(backend: Backend, project: int, text: str) -> None:
    sent = event(project, {"$ai_trace_id": text}, event=text, distinct_id=text)
    backend.store.insert([sent, event(project, {"$ai_trace_id": "t"})])

    assert as_sent(backend.store.find_event(EventRef.of(sent), distinct_id=text)) == sent
    assert [as_sent(found) for found in backend.store.trace(project, text)] == [sent]


def test_a_long_trace_id(backend: Backend, project: int) -> None:
    sent = event(project, {"$ai_trace_id": "x" * 100_000})
    backend.store.insert([sent])

    assert [as_sent(found) for found in backend.store.trace(project, "x" * 100_000)] == [sent]


def test_a_batch_may_span_any_number_of_months(backend: Backend, project: int) -> None:
    months = [datetime(2010 + n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in range(150)]
    backend.store.insert([event(project, {"$ai_trace_id": "t"}, timestamp=month) for month in months])

    assert [found.timestamp for found in backend.store.trace(project, "t")] == months


def test_a_large_insert_is_whole(backend: Backend, project: int) -> None:
    """The driver cuts a block into pieces; all of them arrive."""
    sent = [event(project, {"$ai_input": "x" * 3_000}, timestamp=after(n)) for n in range(4_000)]
    backend.store.insert(sent)

    assert len(backend.select("uuid", project)) == 4_000
    assert as_sent(backend.store.find_event(EventRef.of(sent[-1]))) == sent[-1]


def test_nothing_to_insert(backend: Backend) -> None:
    backend.store.insert([])


def test_ping(backend: Backend) -> None:
    backend.store.ping()
