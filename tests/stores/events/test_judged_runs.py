"""The runs of an evaluation as they stand, newest first."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse import ClickHouseJudgedRuns
from assay.contracts.evaluation_summaries import JudgedRun, RunFilter, RunResult
from assay.contracts.events import Event
from tests.stores.events.support import Backend, after
from tests.stores.events.verdicts import NOT_APPLICABLE, ONE, OTHER, SKIPPED, sentiment, verdict


def newest(
    backend: Backend,
    project: int,
    which: RunFilter = RunFilter.ALL,
    *,
    generation_ids: tuple[UUID, ...] = (),
    limit: int = 250,
) -> list[JudgedRun]:
    return ClickHouseJudgedRuns(backend.connection).newest(
        project, ONE, which=which, generation_ids=generation_ids, limit=limit
    )


def ids(runs: list[JudgedRun]) -> list[UUID]:
    return [run.verdict_id for run in runs]


def rewritten(event: Event, **properties: object) -> Event:
    return event.model_copy(update={"properties": event.properties | properties})


def test_runs_come_by_their_own_time(backend: Backend, project: int) -> None:
    runs = [verdict(project, n % 2 == 0, timestamp=after(n)) for n in range(6)]
    backend.store.insert([runs[n] for n in (3, 0, 5, 1, 4, 2)])
    backend.store.insert([verdict(project, evaluation=OTHER), verdict(project + 100_000)])

    found = newest(backend, project)

    assert ids(found) == [run.uuid for run in reversed(runs)]
    assert [run.generation_id for run in found] == [
        run.properties["$ai_target_event_id"] for run in reversed(runs)
    ]
    assert ids(newest(backend, project, limit=2)) == [runs[5].uuid, runs[4].uuid]


@pytest.mark.parametrize(
    ("which", "results"),
    [
        (RunFilter.ALL, ["na", "na", "fail", "pass", "pass"]),
        (RunFilter.PASS, ["pass", "pass"]),
        (RunFilter.FAIL, ["fail"]),
        (RunFilter.NA, ["na", "na"]),
    ],
)
def test_results(backend: Backend, project: int, which: RunFilter, results: list[str]) -> None:
    backend.store.insert(
        [
            verdict(project, True, timestamp=after(1)),
            verdict(project, True, timestamp=after(2), properties={"$ai_evaluation_applicable": True}),
            verdict(project, False, timestamp=after(3)),
            verdict(project, True, timestamp=after(4), properties=NOT_APPLICABLE),
            verdict(project, None, timestamp=after(5), properties=NOT_APPLICABLE),
            verdict(project, None, timestamp=after(6), properties=SKIPPED),
            verdict(project, None, timestamp=after(7)),
            sentiment(project, "positive", 0.9, timestamp=after(8)),
        ]
    )
    assert [run.result for run in newest(backend, project, which)] == results


def test_generations(backend: Backend, project: int) -> None:
    runs = [verdict(project, timestamp=after(n)) for n in range(5)]
    shouted = verdict(
        project, timestamp=after(9), properties={"$ai_target_event_id": str(UUID(int=171)).upper()}
    )
    backend.store.insert([*runs, shouted])
    wanted = (
        UUID(runs[1].properties["$ai_target_event_id"]),
        UUID(runs[3].properties["$ai_target_event_id"]),
        UUID(int=171),
        uuid4(),
    )
    found = newest(backend, project, generation_ids=wanted)
    assert ids(found) == [shouted.uuid, runs[3].uuid, runs[1].uuid]


def test_a_verdict_counts_once_as_it_was_written_last(backend: Backend, project: int) -> None:
    run, other = verdict(project, True, timestamp=after(2)), verdict(project, True, timestamp=after(1))
    backend.take(after(10), run, other)
    backend.take(after(20), rewritten(run, **{"$ai_evaluation_result": False}))

    found = newest(backend, project)

    assert [(each.verdict_id, each.result) for each in found] == [
        (run.uuid, RunResult.FAIL),
        (other.uuid, RunResult.PASS),
    ]
    assert ids(newest(backend, project, RunFilter.PASS)) == [other.uuid]
    assert ids(newest(backend, project, RunFilter.FAIL)) == [run.uuid]


def test_copies_do_not_crowd_out_runs(backend: Backend, project: int) -> None:
    runs = [verdict(project, timestamp=after(n)) for n in range(6)]
    backend.take(after(100), *runs)
    for n in range(12):
        backend.take(after(101 + n), runs[5])
    assert ids(newest(backend, project, limit=4)) == [run.uuid for run in reversed(runs[2:])]


@pytest.mark.parametrize("characters", [0, 1_999, 2_000, 2_001, 50_000])
def test_the_middle_of_a_long_reasoning_stays(backend: Backend, project: int, characters: int) -> None:
    text = ("ä" * characters)[: characters - 1] + "." * bool(characters)
    backend.store.insert([verdict(project, properties={"$ai_evaluation_reasoning": text})])
    [run] = newest(backend, project)
    if characters <= 2_000:
        assert run.reasoning == text
    else:
        assert len(run.reasoning) < 2_050
        assert f"[…{characters - 2_000} characters…]" in run.reasoning
        assert (run.reasoning[:1_500], run.reasoning[-500:]) == (text[:1_500], text[-500:])


def test_the_digest_is_of_the_whole_reasoning(backend: Backend, project: int) -> None:
    texts = ["a" * 5_000, "a" * 2_500 + "b" + "a" * 2_499]
    backend.store.insert([verdict(project, properties={"$ai_evaluation_reasoning": text}) for text in texts])
    first, second = newest(backend, project)
    assert first.reasoning == second.reasoning
    assert first.reasoning_digest != second.reasoning_digest
