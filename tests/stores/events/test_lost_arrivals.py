"""Verdicts whose arrival got lost with the process that inserted them: a sweep finds them, and they count once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest

from assay.adapters.clickhouse import verdict_arrivals
from assay.adapters.clickhouse.verdict_arrivals import LOST
from assay.contracts.events import EVALUATION, Event
from tests.stores.events.support import Backend, after, event
from tests.stores.events.test_reads_are_narrow import indexes_used
from tests.stores.events.verdicts import (
    HOUR,
    MICROSECOND,
    NOT_APPLICABLE,
    OTHER,
    SKIPPED,
    sentiment,
    verdict,
    window,
)

_hours = count()

DAY = 86_400


@pytest.fixture
def hour() -> datetime:
    """An hour of its own: sweeps look at all projects."""
    return datetime(2025, 1, 1, tzinfo=UTC) + 2 * HOUR * next(_hours)


def lose(backend: Backend, *events: Event) -> None:
    """What a process does that dies between its verdicts and their arrivals."""
    uuids = ", ".join(f"'{one.uuid}'" for one in events)
    backend.connection.command(
        f"ALTER TABLE verdict_arrivals DELETE WHERE uuid IN ({uuids}) SETTINGS mutations_sync = 2"
    )


def sweep(backend: Backend, since: datetime) -> int:
    return sum(backend.report_data.restore(*span) for span in backend.report_data.spans(since, since + HOUR))


def arrivals(backend: Backend, project: int) -> list[dict[str, Any]]:
    """All that is known of the arrivals of a project but their time."""
    return backend.connection.query(
        "SELECT * EXCEPT ingested_at, outcome FROM verdict_arrivals "
        "WHERE project_id = {project:UInt64} ORDER BY uuid",
        project=project,
    )


def test_a_lost_verdict_counts_once_from_now_on(backend: Backend, project: int, hour: datetime) -> None:
    lost, kept = verdict(project, False), [verdict(project) for _ in range(3)]
    backend.take(hour, lost, *kept)
    lose(backend, lost)
    closed = window(project, since=hour, until=hour + HOUR)
    assert backend.report_data.count(closed) == 3
    before = datetime.now(UTC)

    assert sweep(backend, hour) == 1
    assert sweep(backend, hour) == 0

    assert backend.report_data.count(closed) == 3  # what was said of it once stays true
    of = window(project, since=before - timedelta(seconds=1), until=datetime.now(UTC) + HOUR)
    assert backend.report_data.outcome_counts(of, true_is_failure=False) == {"fail": 1}
    assert len(arrivals(backend, project)) == 4


def test_it_arrives_as_it_would_have(backend: Backend, project: int, hour: datetime) -> None:
    links = {"$ai_target_event_id": "the target", "$ai_trace_id": "a trace", "$session_id": "a session"}
    sent = [
        verdict(project, False, properties={"$ai_evaluation_reasoning": "“Nein”, 5 % \n off.", **links}),
        verdict(project, None, properties=NOT_APPLICABLE, evaluation=OTHER, timestamp=after(-400 * DAY)),
        verdict(project, None, properties={"$ai_evaluation_reasoning": None, "$ai_target_event_id": None}),
        verdict(project, properties={"$ai_evaluation_id": str(OTHER).upper()}),
        verdict(project, properties={"$ai_evaluation_skipped": False}),
        sentiment(project, "negative", 0.25),
        sentiment(project, "ecstatic", None),
    ]
    backend.take(hour, *sent)
    expected = arrivals(backend, project)
    assert len(expected) == len(sent)
    lose(backend, *sent)
    assert arrivals(backend, project) == []

    assert sweep(backend, hour) == len(sent)
    assert arrivals(backend, project) == expected


def test_what_is_to_have_no_arrival_gets_none(backend: Backend, project: int, hour: datetime) -> None:
    mine = verdict(project)
    backend.take(
        hour,
        mine,
        verdict(project, None, properties=SKIPPED),
        verdict(project, True, properties={"$ai_evaluation_skipped": "true"}),
        *(verdict(project, properties={"$ai_evaluation_id": name}) for name in (None, "", "nonsense", 5)),
        event(project, {**mine.properties}, event="$ai_generation"),
    )
    lose(backend, mine)

    assert sweep(backend, hour) == 1
    assert [row["uuid"] for row in arrivals(backend, project)] == [mine.uuid]


def test_only_the_time_that_is_swept_is_looked_at(backend: Backend, project: int, hour: datetime) -> None:
    edges = {hour - MICROSECOND: 0, hour: 1, hour + HOUR - MICROSECOND: 1, hour + HOUR: 0}
    sent = {at: verdict(project) for at in edges}
    for at, one in sent.items():
        backend.take(at, one)
    lose(backend, *sent.values())

    assert sweep(backend, hour) == 2
    found = {row["uuid"] for row in arrivals(backend, project)}
    assert found == {sent[at].uuid for at, is_inside in edges.items() if is_inside}


def test_a_verdict_that_arrived_at_another_time_is_not_missing(
    backend: Backend, project: int, hour: datetime
) -> None:
    again, rewritten, gone = (verdict(project) for _ in range(3))
    backend.take(hour, again)
    lose(backend, again)
    backend.take(hour + HOUR, again)
    backend.take(hour - HOUR / 2, rewritten)
    backend.connection.command("DETACH TABLE verdict_arrivals_of_events")
    try:
        backend.take(hour, rewritten, gone)
        backend.take(hour + HOUR / 2, gone)
    finally:
        backend.connection.command("ATTACH TABLE verdict_arrivals_of_events")

    assert sweep(backend, hour) == 1
    assert sorted(row["uuid"] for row in arrivals(backend, project)) == sorted(
        one.uuid for one in (again, rewritten, gone)
    )


def test_of_copies_that_were_lost_the_first_one_arrives(
    backend: Backend, project: int, hour: datetime
) -> None:
    first = verdict(project, False)
    backend.connection.command("SYSTEM STOP MERGES events")
    try:
        backend.take(hour, first)
        backend.take(hour + HOUR / 2, verdict(project, True, uuid=first.uuid))
        lose(backend, first)
        assert sweep(backend, hour) == 1
    finally:
        backend.connection.command("SYSTEM START MERGES events")
    assert [row["result"] for row in arrivals(backend, project)] == [False]


def test_another_project_with_the_same_uuid_hides_nothing(
    backend: Backend, project: int, hour: datetime
) -> None:
    mine = verdict(project)
    backend.take(hour, mine)
    lose(backend, mine)
    backend.take(hour, mine.model_copy(update={"project_id": project + 10_000}))

    assert sweep(backend, hour) == 1
    assert len(arrivals(backend, project)) == 1


def test_a_long_time_is_swept_in_pieces(
    backend: Backend, project: int, hour: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict_arrivals, "ARRIVALS_AT_ONCE", 5)
    sent = [verdict(project) for _ in range(24)]
    for minute, some in enumerate(zip(*[iter(sent)] * 3, strict=True)):
        backend.take(hour + minute * HOUR / 12, *some)
    lose(backend, *sent[::6])

    spans = list(backend.report_data.spans(hour, hour + HOUR))
    assert len(spans) > 3
    assert (spans[0][0], spans[-1][1]) == (hour, hour + HOUR)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert [sweep(backend, hour) for _ in range(2)] == [4, 0]
    assert list(backend.report_data.spans(hour + HOUR, hour + HOUR)) == []


def test_sweeps_beside_writers_and_each_other_let_nothing_count_twice(backend: Backend, project: int) -> None:
    """Even of a time that is still being written, which no sweep is asked to look at."""
    sent = [verdict(project) for _ in range(60)]
    begin = datetime.now(UTC) - timedelta(minutes=1)
    written = threading.Event()

    def write(some: list[Event]) -> None:
        for one in some:
            backend.store.insert([one])

    def sweep_on() -> Iterator[int]:
        while not written.is_set():
            yield backend.report_data.restore(begin, begin + HOUR)

    lost = verdict(project)
    backend.store.insert([lost])
    lose(backend, lost)
    with ThreadPoolExecutor(4) as threads:
        sweeps = [threads.submit(lambda: sum(sweep_on())) for _ in range(2)]
        writers = [threads.submit(write, sent[half::2]) for half in range(2)]
        try:
            for writer in writers:
                writer.result()
        finally:
            written.set()
        assert sum(sweep.result() for sweep in sweeps) >= 1

    of = window(project, since=begin, until=begin + HOUR)
    assert backend.report_data.count(of) == len(sent) + 1
    found = backend.report_data.results(of, true_is_failure=False, limit=1_000)
    assert {one.verdict_id for one in found} == {one.uuid for one in (lost, *sent)}
    assert len(found) == len(sent) + 1


def test_days_that_were_ingested_at_other_times_are_not_read(
    backend: Backend, project: int, hour: datetime
) -> None:
    """By the engine's own account; what is read of the others are columns of a few bytes."""
    backend.connection.command(f"""
        INSERT INTO events (project_id, event, uuid, distinct_id, timestamp, ingested_at, properties)
        SELECT {project}, '{EVALUATION}', generateUUIDv4(), '', at, at, '{{}}'
        FROM (SELECT toDateTime64('{hour:%Y-%m-%d %H:%M:%S}', 6, 'UTC') - number * 60 AS at FROM numbers(100000))
    """)
    backend.connection.command("OPTIMIZE TABLE events FINAL")
    asked = {"event": EVALUATION, "since": hour, "until": hour + HOUR}

    used = indexes_used(backend, LOST, **asked)
    assert used[0]["Initial Granules"] > 10
    assert used[-1]["Selected Granules"] <= used[0]["Initial Granules"] / 3
