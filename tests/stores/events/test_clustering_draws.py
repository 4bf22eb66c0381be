"""Samples of clustering runs: who is in the window, who passes, and that the same ones are drawn again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from assay.adapters.clickhouse import ClickHouseClusteringSources
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringItem, ItemsDrawn
from assay.contracts.events import Event
from assay.domain.filters.parsing import parse_filters
from tests.stores.events.support import NOON, Backend, after, event

DAY = timedelta(days=1)
UNTIL = NOON + DAY
SINCE = UNTIL - 7 * DAY
MODEL = {"$ai_model": "gpt-5"}
FILTERS = parse_filters([{"key": "$ai_model", "value": "gpt-5"}])
TRACE, GENERATION, EVALUATION = AnalysisLevel


def of_trace(project: int, trace: str, at: int | float = 0, /, kind: str = "$ai_span", **more: Any) -> Event:
    """An event of a trace, so many seconds after noon."""
    return event(project, {"$ai_trace_id": trace, **more}, event=kind, timestamp=after(at))


def verdict(project: int, /, target: str = "", at: float = 0, **more: Any) -> Event:
    properties = {"$ai_target_event_id": target, "$ai_trace_id": "t", **more}
    return event(project, properties, event="$ai_evaluation", timestamp=after(at))


class Drawn:
    """What is drawn in a project."""

    def __init__(self, backend: Backend, project: int) -> None:
        self._sources = ClickHouseClusteringSources(backend.connection)
        self._project = project

    def __call__(
        self,
        level: AnalysisLevel = TRACE,
        *,
        filtered: bool = False,
        lot: str = "job",
        limit: int = 1_000,
        later: timedelta = timedelta(),
    ) -> tuple[int, list[ClusteringItem]]:
        window = ItemsDrawn(since=SINCE + later, until=UNTIL + later, lot=lot, limit=limit)
        return self._sources.draw(self._project, level, FILTERS if filtered else (), window)


@pytest.fixture
def drawn(backend: Backend, project: int) -> Drawn:
    return Drawn(backend, project)


def ids(found: tuple[int, list[ClusteringItem]]) -> set[str]:
    return {item.id for item in found[1]}


def test_a_trace_with_an_event_in_the_window_is_there(backend: Backend, drawn: Drawn, project: int) -> None:
    week = 7 * 86_400
    generations = [of_trace(project, "talks", second, "$ai_generation") for second in (5, 9, 7)]
    backend.store.insert(
        [
            *generations,
            of_trace(project, "talks", 20),
            of_trace(project, "talks", 20, "$ai_evaluation"),
            of_trace(project, "began before", -week),
            of_trace(project, "began before", 1),
            of_trace(project, "goes on", 2),
            of_trace(project, "goes on", week, "$ai_generation"),
            of_trace(project, "over before", -6 * 86_400 - 1),
            of_trace(project, "first instant", -6 * 86_400),
            of_trace(project, "after", 86_400),
            of_trace(project, "only judged", 1, "$ai_evaluation"),
            of_trace(project, "not ours", 1, "$pageview"),
            of_trace(project, "x" * 1_001),
            event(project),
            of_trace(project + 1_000_000, "of another project"),
        ]
    )
    found, items = drawn()
    assert found == 4
    assert {item.id: (item.trace_id, item.generation_id, item.timestamp) for item in items} == {
        "talks": ("talks", str(generations[1].uuid), after(20)),
        "began before": ("began before", "", after(1)),
        "goes on": ("goes on", "", after(2)),
        "first instant": ("first instant", "", after(-6 * 86_400)),
    }


def test_one_event_of_a_trace_that_passes_is_enough(backend: Backend, drawn: Drawn, project: int) -> None:
    last = of_trace(project, "passes", 3, "$ai_generation", **{"$ai_model": "other"})
    backend.store.insert(
        [
            of_trace(project, "passes", **MODEL),
            last,
            of_trace(project, "fails", **{"$ai_model": "other"}),
            of_trace(project, "passed before", -8 * 86_400, **MODEL),
            of_trace(project, "passed before"),
        ]
    )
    found, [item] = drawn(filtered=True)
    assert (found, item.id, item.generation_id, item.timestamp) == (1, "passes", str(last.uuid), after(3))


def test_generations_need_no_trace(backend: Backend, drawn: Drawn, project: int) -> None:
    alone, other = event(project, MODEL), event(project)
    pair = [of_trace(project, "one", second, "$ai_generation", **MODEL) for second in range(2)]
    outside = of_trace(project, "one", 86_400, "$ai_generation", **MODEL)
    backend.store.insert([alone, other, *pair, outside, of_trace(project, "two", **MODEL)])

    found, items = drawn(GENERATION, filtered=True)
    assert found == 3
    assert {(item.id, item.generation_id, item.trace_id) for item in items} == {
        (str(alone.uuid), str(alone.uuid), ""),
        *((str(each.uuid), str(each.uuid), "one") for each in pair),
    }
    assert {item.timestamp for item in items} == {NOON, after(1)}
    assert ids(drawn(GENERATION)) - ids(drawn(GENERATION, filtered=True)) == {str(other.uuid)}


def test_verdicts_that_say_something(backend: Backend, drawn: Drawn, project: int) -> None:
    target = UUID(int=10)
    on_generation = verdict(project, str(target).upper(), **MODEL, **{"$ai_evaluation_result": True})
    on_trace = verdict(project, "a trace", **MODEL)
    na = verdict(project, **{"$ai_evaluation_applicable": False})
    skipped = [verdict(project, **MODEL, **{"$ai_evaluation_skipped": each}) for each in (True, "true")]
    outside = verdict(project, at=86_400, **MODEL)
    backend.store.insert([on_generation, on_trace, na, *skipped, outside, event(project, MODEL)])

    found, items = drawn(EVALUATION)
    assert found == 3
    assert {item.id: item.generation_id for item in items} == {
        str(on_generation.uuid): str(target),
        str(on_trace.uuid): "",
        str(na.uuid): "",
    }
    assert {(item.trace_id, item.timestamp) for item in items} == {("t", NOON)}
    assert ids(drawn(EVALUATION, filtered=True)) == {str(on_generation.uuid), str(on_trace.uuid)}


@pytest.mark.parametrize("level", list(AnalysisLevel), ids=str)
def test_a_doubled_insert_changes_nothing(
    backend: Backend, drawn: Drawn, project: int, level: AnalysisLevel
) -> None:
    kinds = {TRACE: "$ai_span", GENERATION: "$ai_generation", EVALUATION: "$ai_evaluation"}
    events = [of_trace(project, f"trace-{number}", number, kinds[level], **MODEL) for number in range(20)]
    backend.take(after(1), *events)
    before = drawn(level, filtered=True, limit=9)
    assert (before[0], len(before[1])) == (20, 9)

    backend.take(after(2), *events)
    assert drawn(level, filtered=True, limit=9) == before


@pytest.mark.parametrize("level", [TRACE, GENERATION], ids=str)
def test_the_last_copy_counts(backend: Backend, drawn: Drawn, project: int, level: AnalysisLevel) -> None:
    sent = of_trace(project, "trace", 0, "$ai_generation", **MODEL)
    backend.take(after(1), sent)
    assert len(ids(drawn(level, filtered=True))) == 1

    backend.take(after(2), sent.model_copy(update={"properties": {"$ai_trace_id": "trace"}}))
    assert ids(drawn(level, filtered=True)) == set()
    assert len(ids(drawn(level))) == 1


@pytest.mark.parametrize("level", list(AnalysisLevel), ids=str)
def test_newcomers_take_few_places(
    backend: Backend, drawn: Drawn, project: int, level: AnalysisLevel
) -> None:
    kinds = {TRACE: "$ai_span", GENERATION: "$ai_generation", EVALUATION: "$ai_evaluation"}

    def events(numbers: range) -> list[Event]:
        return [
            of_trace(project, f"trace-{number}", 0, kinds[level]).model_copy(
                update={"uuid": UUID(int=number + 1)}
            )
            for number in numbers
        ]

    backend.store.insert(events(range(1_000)))
    found, before = drawn(level, limit=400)
    assert (found, len(before)) == (1_000, 400)
    assert [item.id for item in drawn(level, limit=100)[1]] == [item.id for item in before[:100]]

    backend.store.insert(events(range(1_000, 1_100)))
    found, now = drawn(level, limit=400)
    assert (found, len(now)) == (1_100, 400)
    kept = {item.id for item in now} & {item.id for item in before}
    assert 0.87 < len(kept) / 400 < 0.95  # 10/11 of the hashes, and chance
    assert [item.id for item in now if item.id in kept] == [item.id for item in before if item.id in kept]
    assert ids(drawn(level, limit=400, lot="another job")) != {item.id for item in now}


def test_the_next_day_draws_those_that_are_still_there(backend: Backend, drawn: Drawn, project: int) -> None:
    backend.store.insert(
        [of_trace(project, f"trace-{number}", (number % 7 - 5.5) * 86_400) for number in range(700)]
    )
    found, before = drawn(limit=300)
    assert found == 700
    found, now = drawn(limit=300, later=DAY)
    assert found == 600
    still_there = {item.id for item in before if item.timestamp >= SINCE + DAY}
    assert still_there < {item.id for item in now}


def test_nothing_is_drawn_where_there_is_nothing(drawn: Drawn) -> None:
    for level in AnalysisLevel:
        assert drawn(level, filtered=True) == (0, [])
