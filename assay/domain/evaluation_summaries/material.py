"""What a summary is made from, what makes two of them the same work, and in how many parts it is read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from assay.contracts.evaluation_summaries import (
    JudgedRun,
    RunFilter,
    RunResult,
    SummaryMaterial,
    SummaryStatistics,
)
from assay.contracts.evaluations import Evaluation
from assay.domain.digests import digest_of

_PROMPT_VERSION: Final = "1"
"""Grows when questions are put, or answers are read, in another way."""

MAX_PART_RUNS: Final = 20


class Evidence(NamedTuple):
    """What an answer may be about.

    Attributes:
        counts: how many runs came to each result; only results that occur.
        generations: which generations an answer may cite for each of them.
    """

    counts: Mapping[RunResult, int]
    generations: Mapping[RunResult, frozenset[str]]


def material_of(evaluation: Evaluation, runs: Sequence[JudgedRun]) -> SummaryMaterial:
    """An evaluation and some of its runs."""
    return SummaryMaterial(
        name=evaluation.name,
        description=evaluation.description,
        criteria=str(evaluation.evaluation_config.get("prompt", "")),
        true_is_failure=bool(evaluation.output_config.get("true_is_failure")),
        runs=tuple(runs),
    )


def summary_digest(
    project_id: int, evaluation_id: UUID, which: RunFilter, runs: Sequence[JudgedRun], model: str
) -> str:
    """What makes two summaries the same work: the runs with their verdicts, which were asked for, the model.

    What the evaluation is called or asks for at the moment is not part of it: the verdicts are what they are.

    Args:
        model: see `assay.domain.evaluation_summaries.prompt.asked_model`.
    """
    told = (
        text
        for run in runs
        for text in (str(run.verdict_id), run.generation_id, run.result.value, run.reasoning_digest)
    )
    return digest_of(
        "evaluation-summary", _PROMPT_VERSION, str(project_id), str(evaluation_id), which.value, model, *told
    )


def statistics_of(runs: Sequence[JudgedRun]) -> SummaryStatistics:
    """How many runs there are of each result."""
    counts = Counter(run.result for run in runs)
    return SummaryStatistics(
        total_analyzed=len(runs),
        pass_count=counts[RunResult.PASS],
        fail_count=counts[RunResult.FAIL],
        na_count=counts[RunResult.NA],
    )


def evidence_of(runs: Sequence[JudgedRun]) -> Evidence:
    """What may be said about runs; a run that names no generation cannot be cited."""
    counts = Counter(run.result for run in runs)
    return Evidence(
        counts=counts,
        generations={
            result: frozenset(run.generation_id for run in runs if run.result is result and run.generation_id)
            for result in counts
        },
    )


def part_sizes(runs: int) -> tuple[int, ...]:
    """How runs are divided into parts: as few as possible, of at most `MAX_PART_RUNS`, and even."""
    parts = math.ceil(runs / MAX_PART_RUNS)
    return tuple(runs * (number + 1) // parts - runs * number // parts for number in range(parts))
