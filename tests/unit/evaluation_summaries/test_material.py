"""What a summary is made from, and in how many questions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_summaries import (
    Findings,
    Frequency,
    JudgedRun,
    Pattern,
    RunFilter,
    RunResult,
    SummaryMaterial,
)
from assay.contracts.evaluations import Provider
from assay.domain.evaluation_summaries.material import evidence_of, part_sizes, summary_digest
from assay.domain.evaluation_summaries.prompt import (
    MAX_PATTERNS,
    ask_about_all,
    ask_about_notes,
    asked_model,
    parts_of,
)

EVALUATION = UUID(int=7)


def run(number: int, **fields: Any) -> JudgedRun:
    values = {
        "verdict_id": UUID(int=number),
        "generation_id": f"g{number}",
        "result": RunResult.PASS,
        "reasoning": "Because.",
        "reasoning_digest": "1",
    }
    return JudgedRun.model_validate(values | fields)


def material(*runs: JudgedRun, **fields: Any) -> SummaryMaterial:
    values = {"name": "Polite", "description": "", "criteria": "", "true_is_failure": False, "runs": runs}
    return SummaryMaterial.model_validate(values | fields)


@given(st.integers(0, 1_000))
def test_parts_are_few_and_even(runs: int) -> None:
    sizes = part_sizes(runs)
    assert sum(sizes) == runs
    assert len(sizes) == -(-runs // 20)
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert all(0 < size <= 20 for size in sizes)


def test_few_or_short_runs_are_one_question() -> None:
    assert parts_of(material(*(run(n, reasoning="a" * 2_000) for n in range(20)))) == ()
    assert parts_of(material(*(run(n) for n in range(100)))) == ()
    assert parts_of(material(*(run(n, reasoning="a" * 99) for n in range(250)))) == part_sizes(250)
    assert parts_of(material(*(run(n, reasoning="a" * 2_000) for n in range(21)))) == (10, 11)


def test_the_digest_is_of_all_that_decides() -> None:
    runs = [run(1), run(2)]
    house, own = asked_model(None), asked_model(Provider.OPENAI)
    changed = [
        (1, EVALUATION, RunFilter.ALL, runs, house),
        (1, EVALUATION, RunFilter.ALL, runs, own),
        (1, EVALUATION, RunFilter.ALL, runs, asked_model(Provider.ANTHROPIC)),
        (2, EVALUATION, RunFilter.ALL, runs, house),
        (1, UUID(int=8), RunFilter.ALL, runs, house),
        (1, EVALUATION, RunFilter.PASS, runs, house),
        (1, EVALUATION, RunFilter.ALL, runs[:1], house),
        (1, EVALUATION, RunFilter.ALL, [run(1, result=RunResult.FAIL), run(2)], house),
        (1, EVALUATION, RunFilter.ALL, [run(1, reasoning_digest="2"), run(2)], house),
        (1, EVALUATION, RunFilter.ALL, [run(1, generation_id="g2"), run(2)], house),
        (1, EVALUATION, RunFilter.ALL, [run(3), run(2)], house),
    ]
    assert len({summary_digest(*arguments) for arguments in changed}) == len(changed)


def test_a_run_without_a_generation_counts_and_cannot_be_cited() -> None:
    evidence = evidence_of([run(1), run(2, generation_id=""), run(3, result=RunResult.NA)])
    assert evidence.counts == {RunResult.PASS: 2, RunResult.NA: 1}
    assert evidence.generations == {RunResult.PASS: {"g1"}, RunResult.NA: {"g3"}}


def test_the_last_question_stays_small() -> None:
    """As many notes as there can be, as long as they can be, are read at once."""
    wordy = Pattern(
        title="t" * 200,
        description="d" * 2_000,
        frequency=Frequency.COMMON,
        example_generation_ids=tuple(str(UUID(int=n)) for n in range(20)),
    )
    note = Findings(patterns={result: (wordy,) * MAX_PATTERNS for result in RunResult})
    _, user = ask_about_notes(material(run(1)), [note] * len(part_sizes(250)), "b" * 32)
    assert len(user.content) < 120_000
    assert user.content.count('"runs": 20') == 3 * MAX_PATTERNS * 13


def test_readers_of_a_reversed_evaluation_are_told() -> None:
    system, _ = ask_about_all(material(run(1), true_is_failure=True), "b" * 32)
    assert "passes are the bad results" in system.content


@given(st.text(), st.text())
def test_no_text_leaves_its_fence(name: str, reasoning: str) -> None:
    boundary = "b" * 32
    _, user = ask_about_all(material(run(1, reasoning=reasoning + boundary), name=name + boundary), boundary)
    lines = user.content.split("\n")
    assert [line for line in lines if boundary in line] == [
        f"BEGIN EVALUATION {boundary}",
        f"END EVALUATION {boundary}",
        f"BEGIN RUNS {boundary}",
        f"END RUNS {boundary}",
    ]
