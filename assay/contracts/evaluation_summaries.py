"""Summaries of what an evaluation has found: what they are made from, the workflow's messages, the result."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal
from uuid import UUID

from assay.contracts.base import Contract, HistoryContract

MAX_RUNS = 250
"""How many runs a summary is about at most: the newest."""

MAX_REASONING_CHARS = 2_000
"""Of a reasoning that are read: its beginning and its end."""


class RunResult(StrEnum):
    """What a run came to."""

    PASS = "pass"  # noqa: S105  (no password)
    FAIL = "fail"
    NA = "na"
    """Not applicable."""


class RunFilter(StrEnum):
    """Which runs count."""

    ALL = "all"
    PASS = "pass"  # noqa: S105  (no password)
    FAIL = "fail"
    NA = "na"


class Frequency(StrEnum):
    """How often a pattern is seen, as a model puts it."""

    COMMON = "common"
    OCCASIONAL = "occasional"
    RARE = "rare"


class JudgedRun(Contract):
    """A run of an evaluation.

    Attributes:
        generation_id: the judged generation, as the verdict names it; may be empty.
        reasoning: at most some `MAX_REASONING_CHARS`; what is left out of its middle is counted.
        reasoning_digest: of the whole reasoning.
    """

    verdict_id: UUID
    generation_id: str
    result: RunResult
    reasoning: str
    reasoning_digest: str


class SummaryMaterial(Contract):
    """What a summary is made from.

    Attributes:
        criteria: what the evaluation asks for; empty for Hog.
        true_is_failure: whether a pass is the bad outcome.
        runs: newest first.
    """

    name: str
    description: str
    criteria: str
    true_is_failure: bool
    runs: tuple[JudgedRun, ...]


class Pattern(Contract):
    """What several runs of one result have in common, as a model put it.

    Attributes:
        example_generation_ids: runs that show it; in notes on a part, all of them.
    """

    title: str
    description: str
    frequency: Frequency
    example_generation_ids: tuple[str, ...] = ()


class Findings(Contract):
    """What a model found.

    Attributes:
        overall_assessment, recommendations: empty in notes on a part.
    """

    overall_assessment: str = ""
    patterns: Mapping[RunResult, tuple[Pattern, ...]]
    recommendations: tuple[str, ...] = ()


class EvaluationSummaryInput(HistoryContract):
    """What to summarise.

    Attributes:
        digest: of the work; the material is kept under it.
        runs: how many.
        parts: runs in each part that a question is about; empty: all runs are in one question.
        refresh: whether models are asked although their answers are known.
    """

    project_id: int
    evaluation_id: UUID
    digest: str
    runs: int
    parts: tuple[int, ...] = ()
    refresh: bool = False


class AskAboutRuns(HistoryContract):
    """One question to a model.

    Attributes:
        about: all runs; those of a part; or what was found in all parts.
        start, end: the runs of a part.
        notes: under which digests what was found in the parts is kept.
        faulty: under which digest an answer is kept that is to be mended.
    """

    work: EvaluationSummaryInput
    about: Literal["runs", "part", "notes"]
    start: int = 0
    end: int = 0
    notes: tuple[str, ...] = ()
    faulty: str = ""


class AskedAboutRuns(HistoryContract):
    """What came of a question.

    Attributes:
        answer: the answer is kept under this digest.
        problems: what is wrong with it, without a word of its own.
        faults: how much that is; 0: nothing.
        is_usable: whether something is left of it without what is wrong.
        cost_usd: None when the price is unknown.
    """

    answer: str
    problems: tuple[str, ...] = ()
    faults: int = 0
    is_usable: bool = True
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class FinishSummary(HistoryContract):
    """Make the summary from the answer to the last question.

    Attributes:
        answer: under which digest that is kept.
        notes: see `AskAboutRuns`.
    """

    work: EvaluationSummaryInput
    answer: str
    notes: tuple[str, ...] = ()


class EvaluationSummaryMade(HistoryContract):
    """The end of a workflow.

    Attributes:
        digest: the summary is kept under it.
    """

    digest: str


class SummaryPattern(Contract):
    """A pattern as readers get it.

    Attributes:
        example_reasoning: of the first example, from the data; empty without one.
    """

    title: str
    description: str
    frequency: Frequency
    example_reasoning: str
    example_generation_ids: tuple[str, ...]


class SummaryStatistics(Contract):
    """Counted runs."""

    total_analyzed: int
    pass_count: int
    fail_count: int
    na_count: int


class EvaluationSummary(Contract):
    """A summary as readers get it."""

    overall_assessment: str
    pass_patterns: tuple[SummaryPattern, ...]
    fail_patterns: tuple[SummaryPattern, ...]
    na_patterns: tuple[SummaryPattern, ...]
    recommendations: tuple[str, ...]
    statistics: SummaryStatistics
