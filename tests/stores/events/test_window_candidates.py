"""Candidates of a window: who belongs to it, what size they have, and in which order they are drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from assay.adapters.clickhouse.window_candidates import ClickHouseWindowCandidates
from assay.contracts.event_names import OWN
from assay.contracts.events import Event
from assay.contracts.summarization_windows import Candidate, Draw
from assay.domain.filters.parsing import parse_filters
from tests.stores.events.support import NOON, Backend, after, event

HOUR = timedelta(hours=1)
SINCE = NOON.replace(minute=0, second=0, microsecond=0)
UNTIL = SINCE + HOUR
FILTERS = parse_filters([{"key": "$ai_model", "value": "gpt-5"}])


def of_trace(project: int, trace: str, at: datetime = NOON, /, kind: str = "$ai_span", **more: Any) -> Event:
    return event(project, {"$ai_trace_id": trace, **more}, event=kind, timestamp=at)


class Drawn:
    """What is drawn in a project."""

    def __init__(self, backend: Backend, project: int) -> None:
        self._reads = ClickHouseWindowCandidates(backend.connection)
        self._project = project

    def traces(self, *, filtered: bool = False, lot: str = "job", per_stratum: int = 15) -> list[Candidate]:
        return self._reads.traces(self._project, FILTERS if filtered else (), _draw(lot, per_stratum))

    def generations(self, *, filtered: bool = False) -> list[Candidate]:
        return self._reads.generations(self._project, FILTERS if filtered else (), _draw("job", 20))


def _draw(lot: str, per_stratum: int) -> Draw:
    return Draw(since=SINCE, until=UNTIL, lot=lot, per_stratum=per_stratum)


@pytest.fixture
def drawn(backend: Backend, project: int) -> Drawn:
    return Drawn(backend, project)


def ids(found: list[Candidate]) -> set[str]:
    return {each.id for each in found}


def test_a_trace_belongs_to_the_hour_of_its_last_event(backend: Backend, drawn: Drawn, project: int) -> None:
    backend.store.insert(
        [
            of_trace(project, "inside"),
            of_trace(project, "began before", SINCE - HOUR),
            of_trace(project, "began before"),
            of_trace(project, "goes on"),
            of_trace(project, "goes on", UNTIL),
            of_trace(project, "goes on tomorrow"),
            of_trace(project, "goes on tomorrow", NOON + timedelta(days=1)),
            of_trace(project, "over before", SINCE - timedelta(microseconds=1)),
            of_trace(project, "first instant", SINCE),
            of_trace(project, "x" * 1_001),
            event(project, {}, timestamp=NOON),
            of_trace(project + 1_000_000, "of another project"),
        ]
    )
    found = drawn.traces()
    assert ids(found) == {"inside", "began before", "first instant"}
    assert {each.id: each.timestamp for each in found}["began before"] == NOON
    assert {each.id: (each.stratum, each.of_stratum) for each in found} == {
        "inside": (0, 2),
        "first instant": (0, 2),
        "began before": (1, 1),
    }


def test_what_assay_wrote_about_a_trace_moves_it_nowhere(
    backend: Backend, drawn: Drawn, project: int
) -> None:
    about = [of_trace(project, "told", UNTIL + HOUR, kind) for kind in OWN]
    backend.store.insert([of_trace(project, "told"), *about])
    backend.store.insert([of_trace(project, "only told", NOON, "$ai_evaluation")])
    backend.store.insert([of_trace(project, "not ours", NOON, "$pageview")])
    [found] = drawn.traces()
    assert (found.id, found.stratum) == ("told", 0)


def test_one_event_that_passes_the_filters_is_enough(backend: Backend, drawn: Drawn, project: int) -> None:
    backend.store.insert(
        [
            of_trace(project, "passes", SINCE - HOUR, **{"$ai_model": "gpt-5"}),
            of_trace(project, "passes", **{"$ai_model": "other"}),
            of_trace(project, "fails", **{"$ai_model": "other"}),
        ]
    )
    [found] = drawn.traces(filtered=True)
    assert (found.id, found.stratum) == ("passes", 1)


def test_copies_count_once_and_the_last_one_counts(backend: Backend, drawn: Drawn, project: int) -> None:
    first = of_trace(project, "sent again", **{"$ai_model": "gpt-5"})
    for second, sent in enumerate((first, first, first)):
        backend.take(after(second), sent)
    changed = first.model_copy(update={"properties": first.properties | {"$ai_model": "other"}})
    late = of_trace(project, "moved")
    backend.take(after(4), late)
    [one, _] = sorted(drawn.traces(), key=lambda each: each.id, reverse=True)
    assert (one.id, one.stratum) == ("sent again", 0)
    assert ids(drawn.traces(filtered=True)) == {"sent again"}

    backend.take(after(5), changed, late.model_copy(update={"timestamp": UNTIL}))
    assert ids(drawn.traces(filtered=True)) == set()
    assert ids(drawn.traces()) == {"sent again"}


def test_sizes_are_strata_and_of_each_some_come_back(backend: Backend, drawn: Drawn, project: int) -> None:
    for size, traces in ((1, 9), (2, 5), (3, 4), (8, 1)):
        for number in range(traces):
            backend.store.insert([of_trace(project, f"{size}-{number}") for _ in range(size)])
    found = drawn.traces(per_stratum=3)
    assert [(each.stratum, each.of_stratum) for each in found] == [(0, 9)] * 3 + [(1, 9)] * 3 + [(3, 1)]


def test_the_order_is_by_lot_and_stays(backend: Backend, drawn: Drawn, project: int) -> None:
    backend.store.insert([of_trace(project, f"trace-{number}") for number in range(30)])
    before = [each.id for each in drawn.traces()]
    assert [each.id for each in drawn.traces()] == before
    assert [each.id for each in drawn.traces(lot="another job")] != before

    backend.store.insert([of_trace(project, f"late-{number}") for number in range(5)])
    now = [each.id for each in drawn.traces(per_stratum=100)]
    assert [each for each in now if each in before] == before


def test_of_each_trace_the_last_matching_generation(backend: Backend, drawn: Drawn, project: int) -> None:
    model = {"$ai_model": "gpt-5"}
    generation = "$ai_generation"
    early = of_trace(project, "one", NOON, generation, **model)
    last = of_trace(project, "one", NOON + timedelta(minutes=1), generation, **model)
    other = of_trace(project, "one", NOON + timedelta(minutes=2), generation)
    outside = of_trace(project, "one", UNTIL, generation, **model)
    alone = [event(project, model, timestamp=NOON) for _ in range(2)]
    span = of_trace(project, "two", NOON, **model)
    backend.store.insert([early, last, other, outside, *alone, span])

    assert ids(drawn.generations(filtered=True)) == {str(each.uuid) for each in (last, *alone)}
    assert ids(drawn.generations()) == {str(each.uuid) for each in (other, *alone)}


@pytest.mark.parametrize(
    ("tokens", "stratum"),
    [
        (1, 0), (1_000, 9), ("1024", 10), (None, 0), ("many", 0), (-5, 0), (0, 0), (True, 0), ("inf", 0),
        ("nan", 0), ([7], 0), (1e300, 59),
    ],
    ids=repr,
)  # fmt: skip
def test_the_size_of_a_generation_is_its_input(
    backend: Backend, drawn: Drawn, project: int, tokens: Any, stratum: int
) -> None:
    backend.store.insert([event(project, {"$ai_input_tokens": tokens})])
    [found] = drawn.generations()
    assert found.stratum == stratum


def test_nothing_is_drawn_where_there_is_nothing(drawn: Drawn) -> None:
    assert drawn.traces() == []
    assert drawn.generations(filtered=True) == []
