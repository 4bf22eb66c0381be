"""Numbers of clusters, compared with sums made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse import ClickHouseClusteringArtefacts, ClickHouseClusteringSources
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import NOISE, ClusteringItem, ClusterMetrics, Placement
from assay.contracts.events import Event
from tests.stores.events.support import NOON, Backend, after, event

TRACE, GENERATION, EVALUATION = AnalysisLevel
DAY = 86_400

type Measure = Callable[..., Mapping[int, ClusterMetrics]]


def of_trace(project: int, trace: str, kind: str, at: float = 0, /, **more: Any) -> Event:
    properties = {"$ai_trace_id": trace} | {f"$ai_{name}": value for name, value in more.items()}
    return event(project, properties, event=kind, timestamp=after(at))


def verdict(project: int, trace: str = "", target: str = "", at: float = 0, /, **more: Any) -> Event:
    evaluation = {f"evaluation_{name}": value for name, value in more.items() if name != "total_cost_usd"}
    cost = {name: value for name, value in more.items() if name == "total_cost_usd"}
    return of_trace(project, trace, "$ai_evaluation", at, target_event_id=target, **evaluation, **cost)


@pytest.fixture
def measure(backend: Backend, project: int) -> Measure:
    """Places items in clusters, and measures those."""
    artefacts = ClickHouseClusteringArtefacts(backend.connection)
    sources = ClickHouseClusteringSources(backend.connection)
    run = uuid4()

    def measured(
        level: AnalysisLevel, clusters: Mapping[int, Sequence[ClusteringItem]], **inverted: Any
    ) -> Mapping[int, ClusterMetrics]:
        artefacts.put_items(project, run, [item for items in clusters.values() for item in items])
        places = [
            Placement(item_id=item.id, cluster=cluster, distance=0, rank=rank, x=0, y=0)
            for cluster, items in clusters.items()
            for rank, item in enumerate(items)
        ]
        artefacts.put_placements(project, run, places)
        return sources.metrics(project, level, run, **inverted)

    return measured


def trace(name: str) -> ClusteringItem:
    return ClusteringItem(id=name, trace_id=name, timestamp=NOON)


def alone(of: Event, generation: Event | None = None) -> ClusteringItem:
    about = "" if generation is None else str(generation.uuid)
    return ClusteringItem(id=str(of.uuid), generation_id=about, timestamp=of.timestamp)


def rounded(metrics: Mapping[int, ClusterMetrics]) -> dict[int, dict[str, Any]]:
    return {
        cluster: {
            name: round(value, 9) if isinstance(value, float) else value
            for name, value in found.model_dump().items()
        }
        for cluster, found in metrics.items()
    }


def twice(backend: Backend, *events: Event) -> None:
    """Insert, and again: nothing may count double."""
    backend.take(after(1), *events)
    backend.take(after(2), *events)


def test_traces(backend: Backend, measure: Measure, project: int) -> None:
    generation, span = "$ai_generation", "$ai_span"
    twice(
        backend,
        # a: says itself how long it took; 0.30 USD, 150 tokens
        of_trace(project, "a", "$ai_trace", latency=4, total_cost_usd=99),
        of_trace(project, "a", span, latency=3),
        of_trace(project, "a", generation, -3 * DAY, total_cost_usd=0.1, input_tokens=100, output_tokens=20),
        of_trace(project, "a", generation, total_cost_usd="0.2", input_tokens="25", parent_id="x", latency=2),
        of_trace(project, "a", "$ai_embedding", input_tokens=5, total_cost_usd=-1, is_error=True),
        # b: as long as what is on top; nothing is known of its cost
        of_trace(project, "b", span, latency=1.5),
        of_trace(project, "b", span, latency=0.5, parent_id="b", error={"message": "No."}),
        of_trace(project, "b", generation, latency=7, parent_id="x", output_tokens=50, is_error="false"),
        # c: as long as its generations; 0.5 USD
        of_trace(project, "c", generation, latency=2, parent_id="x", total_cost_usd=0.5, is_error=False),
        of_trace(project, "c", generation, latency=3, parent_id="x", error=""),
        of_trace(project, "elsewhere", generation, latency=100, total_cost_usd=100),
        # verdicts: on a pass and n/a, on b fail
        verdict(project, "a", result=True, name="Tone"),
        verdict(project, "a", "", 2 * DAY, applicable=False, name="Tone"),
        verdict(project, "b", result=False, total_cost_usd=0.7),
        verdict(project, "b", result=True, skipped=True),
        verdict(project, "b", result_type="sentiment"),
    )
    found = measure(TRACE, {3: [trace("a"), trace("b")], NOISE: [trace("c"), trace("gone")]})
    expected = {
        3: ClusterMetrics(
            item_count=2,
            avg_cost=0.3,
            total_cost=0.3,
            avg_latency=(4 + 2) / 2,
            avg_tokens=(150 + 50) / 2,
            error_count=2,
            error_rate=1.0,
            verdicts=3,
            pass_rate=1 / 2,
            na_rate=1 / 3,
        ),
        NOISE: ClusterMetrics(
            item_count=2, avg_cost=0.5, total_cost=0.5, avg_latency=5, error_count=0, error_rate=0.0
        ),
    }
    assert rounded(found) == rounded(expected)


def test_absurd_numbers_do_not_count(backend: Backend, measure: Measure, project: int) -> None:
    kind = "$ai_generation"
    absurd = {"latency": 1e308, "total_cost_usd": 1e308, "input_tokens": 1e308}
    most = [of_trace(project, "t", kind, **absurd) for _ in range(3)]
    sound = of_trace(project, "t", kind, latency=2, total_cost_usd=0.5, input_tokens=10)
    twice(backend, *most, sound, verdict(project, "t", str(sound.uuid), result=True, total_cost_usd=1e308))

    found = measure(GENERATION, {0: [alone(each) for each in (*most, sound)]})

    assert (found[0].avg_cost, found[0].total_cost, found[0].avg_latency) == (0.5, 0.5, 2)
    assert (found[0].avg_tokens, found[0].verdicts) == (10, 1)


def test_generations(backend: Backend, measure: Measure, project: int) -> None:
    kind = "$ai_generation"
    good = of_trace(project, "t", kind, latency=1, total_cost_usd=0.25, input_tokens=10, output_tokens=10)
    free = of_trace(project, "t", kind, latency=0, total_cost_usd=0, input_tokens=30, is_error="true")
    other = of_trace(project, "t", kind, DAY, latency=3, total_cost_usd=0.75, error="Timeout")
    twice(
        backend,
        good,
        free,
        other,
        verdict(project, "t", str(good.uuid).upper(), result=True),
        verdict(project, "t", str(good.uuid), result=True),
        verdict(project, "t", str(free.uuid), result=False, applicable=True),
        verdict(project, "t", str(uuid4()), result=False),
    )
    found = measure(GENERATION, {0: [alone(good), alone(free)], 1: [alone(other)]})
    expected = {
        0: ClusterMetrics(
            item_count=2,
            avg_cost=0.25,
            total_cost=0.25,
            avg_latency=1,
            avg_tokens=25,
            error_count=1,
            error_rate=0.5,
            verdicts=3,
            pass_rate=2 / 3,
            na_rate=0.0,
        ),
        1: ClusterMetrics(
            item_count=1, avg_cost=0.75, total_cost=0.75, avg_latency=3, error_count=1, error_rate=1.0
        ),
    }
    assert rounded(found) == rounded(expected)


def test_verdicts(backend: Backend, measure: Measure, project: int) -> None:
    target = of_trace(
        project, "t", "$ai_generation", -2 * DAY, latency=2, total_cost_usd=0.5, input_tokens=8, is_error=True
    )
    llm, hog = {"name": "Tone", "runtime": "llm_judge"}, {"name": "Length", "runtime": "hog"}
    verdicts = [
        verdict(project, "t", str(target.uuid), result=True, total_cost_usd=0.01, **llm),
        verdict(project, "t", str(target.uuid), result=False, total_cost_usd=0.03, **llm),
        verdict(project, "t", str(target.uuid), applicable=False, **hog),
        verdict(project, "t", "a trace", result=True, total_cost_usd=0, **hog),
    ]
    twice(backend, target, *verdicts)
    first, second, third, lone = verdicts

    found = measure(
        EVALUATION, {0: [alone(each, target) for each in (first, second, third)], 1: [alone(lone)]}
    )
    expected = {
        0: ClusterMetrics(
            item_count=3,
            avg_cost=0.5,
            total_cost=1.5,
            avg_latency=2,
            avg_tokens=8,
            error_count=3,
            error_rate=1.0,
            verdicts=3,
            pass_rate=0.5,
            na_rate=1 / 3,
            dominant_evaluation_name="Tone",
            dominant_runtime="llm_judge",
            avg_judge_cost=0.02,
        ),
        1: ClusterMetrics(
            item_count=1,
            error_rate=0.0,
            verdicts=1,
            pass_rate=1.0,
            na_rate=0.0,
            dominant_evaluation_name="Length",
            dominant_runtime="hog",
        ),
    }
    assert rounded(found) == rounded(expected)


def test_where_true_is_the_bad_outcome(backend: Backend, measure: Measure, project: int) -> None:
    inverted = UUID(int=5)
    verdicts = [
        verdict(project, "t", result=True, id=str(inverted)),
        verdict(project, "t", result=True, id=str(uuid4())),
        verdict(project, "t", result=True),
    ]
    backend.store.insert([*verdicts, of_trace(project, "t", "$ai_span")])
    assert measure(TRACE, {0: [trace("t")]})[0].pass_rate == 1
    found = measure(TRACE, {0: [trace("t")]}, true_is_failure=[inverted])
    assert found[0].pass_rate == pytest.approx(2 / 3)


def test_the_last_copy_counts(backend: Backend, measure: Measure, project: int) -> None:
    sent = of_trace(project, "t", "$ai_generation", total_cost_usd=1, is_error=True)
    backend.take(after(1), sent)
    corrected = sent.model_copy(update={"properties": {"$ai_trace_id": "t", "$ai_total_cost_usd": 2}})
    backend.take(after(2), corrected)
    for level, item in ((TRACE, trace("t")), (GENERATION, alone(sent))):
        [found] = measure(level, {0: [item]}).values()
        assert (found.total_cost, found.error_count) == (2, 0)


@pytest.mark.parametrize(
    ("errors", "count"),
    [
        ({"is_error": True}, 1), ({"is_error": "True"}, 1), ({"is_error": 1}, 1), ({"is_error": False}, 0),
        ({"is_error": None}, 0), ({"error": "x"}, 1), ({"error": ["x"]}, 1), ({"error": {"code": 5}}, 1),
        ({"error": {}}, 0), ({"error": []}, 0), ({"error": ""}, 0), ({"error": None}, 0), ({"error": False}, 0),
        ({"error_type": "x"}, 0), ({}, 0),
    ],
    ids=repr,
)  # fmt: skip
def test_what_an_error_is(
    backend: Backend, measure: Measure, project: int, errors: dict[str, Any], count: int
) -> None:
    sent = of_trace(project, "t", "$ai_generation", **errors)
    backend.store.insert([sent])
    assert measure(GENERATION, {0: [alone(sent)]})[0].error_count == count


def test_a_run_without_placements_has_no_numbers(measure: Measure) -> None:
    for level in AnalysisLevel:
        assert measure(level, {}) == {}
