"""What a model answered: how it is read, what is wrong with it, and what is left without that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from assay.contracts.evaluation_summaries import (
    EvaluationSummary,
    Findings,
    Frequency,
    JudgedRun,
    Pattern,
    RunResult,
    SummaryPattern,
)
from assay.domain.evaluation_summaries.material import Evidence, statistics_of
from assay.domain.evaluation_summaries.prompt import MAX_PATTERNS, MAX_RECOMMENDATIONS, shown_examples
from assay.domain.json_values import well_formed

_MAX_PROBLEMS: Final = 10
_SHOWN_IDS: Final = 5
_ID_CHARS: Final = 64
_TITLE_CHARS: Final = 200
_TEXT_CHARS: Final = 2_000
_ASSESSMENT_CHARS: Final = 4_000

_NOT_JSON: Final = "It is not the JSON object that was asked for."


class _Pattern(BaseModel):
    """As a model may spell it; further keys are ignored."""

    model_config = ConfigDict(strict=True)

    title: str
    description: str
    frequency: str
    example_generation_ids: list[str]


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    overall_assessment: str = ""
    pass_patterns: list[_Pattern]
    fail_patterns: list[_Pattern]
    na_patterns: list[_Pattern]
    recommendations: list[str] = []

    def patterns(self, result: RunResult) -> list[_Pattern]:
        found: list[_Pattern] = getattr(self, f"{result}_patterns")
        return found


class CheckedAnswer(NamedTuple):
    """An answer that was held against the data.

    Attributes:
        findings: what is left of it; None if it cannot be read at all.
        problems: what is wrong with it, for the model that wrote it.
    """

    findings: Findings | None
    problems: tuple[str, ...]


def check_answer(text: str, evidence: Evidence, *, of_part: bool) -> CheckedAnswer:
    """Read an answer and hold it against the data.

    What is wrong is not in the findings: patterns of results that no run has or of no known frequency, and
    ids of generations that no run of that result is about. There is no more of anything than was asked for.

    Args:
        of_part: whether the question was about a part of the runs.
    """
    answer = _read(text)
    if answer is None:
        return CheckedAnswer(None, (_NOT_JSON,))
    problems: list[str] = []
    if not of_part and not answer.overall_assessment.strip():
        problems.append('The "overall_assessment" is missing.')
    found = {}
    for result in RunResult:
        sent = answer.patterns(result)
        problems += _problems(result, sent, evidence)
        found[result] = _patterns(sent, evidence.generations.get(result))
    findings = Findings(
        overall_assessment=_tidy(answer.overall_assessment, _ASSESSMENT_CHARS),
        patterns=found,
        recommendations=tuple(
            filter(None, (_tidy(text, _TEXT_CHARS) for text in answer.recommendations[:MAX_RECOMMENDATIONS]))
        ),
    )
    return CheckedAnswer(findings, tuple(problems[:_MAX_PROBLEMS]))


def evidence_of_notes(evidence: Evidence, notes: Sequence[Findings]) -> Evidence:
    """What may be said about the notes: only examples that they show can be cited."""
    return Evidence(
        counts=evidence.counts,
        generations={
            result: frozenset(
                shown
                for note in notes
                for pattern in note.patterns.get(result, ())
                for shown in shown_examples(pattern)
            )
            for result in evidence.counts
        },
    )


def summary_of(findings: Findings, runs: Sequence[JudgedRun]) -> EvaluationSummary:
    """The summary as readers get it: counts and reasonings come from the data, whatever the model says."""
    reasonings: dict[tuple[RunResult, str], str] = {}
    for run in runs:  # the newest first
        reasonings.setdefault((run.result, run.generation_id), run.reasoning)

    def shown(result: RunResult) -> tuple[SummaryPattern, ...]:
        return tuple(
            SummaryPattern(
                **pattern.model_dump(),
                example_reasoning=next(
                    (reasonings.get((result, each), "") for each in pattern.example_generation_ids), ""
                ),
            )
            for pattern in findings.patterns.get(result, ())
        )

    return EvaluationSummary(
        overall_assessment=findings.overall_assessment,
        pass_patterns=shown(RunResult.PASS),
        fail_patterns=shown(RunResult.FAIL),
        na_patterns=shown(RunResult.NA),
        recommendations=findings.recommendations,
        statistics=statistics_of(runs),
    )


def _read(text: str) -> _Answer | None:
    text = text.strip()
    if text.startswith("```"):
        text = text.removeprefix("```json").strip("`")
    try:
        return _Answer.model_validate(json.loads(text))
    except (ValueError, RecursionError, ValidationError):
        return None


def _problems(result: RunResult, sent: Sequence[_Pattern], evidence: Evidence) -> list[str]:
    if sent and not evidence.counts.get(result):
        return [f'"{result}_patterns" must be empty: no run has that result.']
    known = evidence.generations.get(result, frozenset())
    problems = []
    foreign = [
        each for pattern in sent for each in pattern.example_generation_ids if each.strip() not in known
    ]
    if foreign:
        shown = ", ".join(repr(each[:_ID_CHARS]) for each in foreign[:_SHOWN_IDS])
        problems.append(f'"{result}_patterns" cites ids that belong to no run with that result: {shown}.')
    if any(_frequency(pattern) is None for pattern in sent):
        problems.append(f'A "frequency" in "{result}_patterns" is not one of common, occasional and rare.')
    return problems


def _patterns(sent: Sequence[_Pattern], known: frozenset[str] | None) -> tuple[Pattern, ...]:
    if known is None:
        return ()
    found = []
    for pattern in sent:
        frequency = _frequency(pattern)
        if frequency is not None:
            examples = dict.fromkeys(each.strip() for each in pattern.example_generation_ids)
            found.append(
                Pattern(
                    title=_tidy(pattern.title, _TITLE_CHARS),
                    description=_tidy(pattern.description, _TEXT_CHARS),
                    frequency=frequency,
                    example_generation_ids=tuple(each for each in examples if each in known),
                )
            )
    return tuple(found[:MAX_PATTERNS])


def _frequency(pattern: _Pattern) -> Frequency | None:
    word = pattern.frequency.strip().lower()
    return Frequency(word) if word in set(Frequency) else None


def _tidy(text: str, most: int) -> str:
    return well_formed(text).strip()[:most].rstrip()
