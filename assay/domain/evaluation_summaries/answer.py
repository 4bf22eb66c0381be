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
from assay.domain.fences import unfenced
from assay.domain.json_values import well_formed

_SHOWN_IDS: Final = 5
_ID_CHARS: Final = 64
_TITLE_CHARS: Final = 200
_TEXT_CHARS: Final = 2_000
_ASSESSMENT_CHARS: Final = 4_000

_ASSESSMENT_FAULTS: Final = 100
"""What a missing assessment counts for: more than any examples, as readers begin with it."""

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


class Problem(NamedTuple):
    """Something that is wrong with an answer.

    Attributes:
        words: a sentence of ours, which can be shown anywhere.
        faults: in how many places.
        quoted: what the answer says there: only for the model that wrote it.
    """

    words: str
    faults: int = 1
    quoted: str = ""

    def told(self) -> str:
        """For the model that wrote the answer."""
        return f"{self.words} These: {self.quoted}." if self.quoted else self.words


class CheckedAnswer(NamedTuple):
    """An answer that was held against the data.

    Attributes:
        findings: what is left of it; None if there is nothing in it.
        problems: what is wrong with it; there is something if nothing is left.
    """

    findings: Findings | None
    problems: tuple[Problem, ...]

    @property
    def faults(self) -> int:
        """How much is wrong, to compare answers to the same question by."""
        return sum(problem.faults for problem in self.problems)


def check_answer(text: str, evidence: Evidence, *, of_part: bool) -> CheckedAnswer:
    """Read an answer and hold it against the data.

    What is wrong is not in the findings: patterns of results that no run has or of no known frequency, those
    without a title, ids of generations that no run of that result is about, and patterns that cite only such
    ids though they could cite others. There is no more of anything than was asked for.

    Args:
        of_part: whether the question was about a part of the runs.
    """
    answer = _read(text)
    if answer is None:
        return CheckedAnswer(None, (Problem(_NOT_JSON),))
    problems: list[Problem] = []
    assessment = _tidy(answer.overall_assessment, _ASSESSMENT_CHARS)
    if not of_part and not assessment:
        problems.append(Problem('The "overall_assessment" is missing.', _ASSESSMENT_FAULTS))
    found = {}
    for result in RunResult:
        sent = answer.patterns(result)
        problems += _problems(result, sent, evidence)
        found[result] = _patterns(sent, evidence.generations.get(result))
    if not of_part and not assessment and not any(found.values()):
        return CheckedAnswer(None, tuple(problems))
    findings = Findings(
        overall_assessment=assessment,
        patterns=found,
        recommendations=tuple(
            filter(None, (_tidy(text, _TEXT_CHARS) for text in answer.recommendations[:MAX_RECOMMENDATIONS]))
        ),
    )
    return CheckedAnswer(findings, tuple(problems))


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
    try:
        return _Answer.model_validate(json.loads(unfenced(text)))
    except (ValueError, RecursionError, ValidationError):
        return None


def _problems(result: RunResult, sent: Sequence[_Pattern], evidence: Evidence) -> list[Problem]:
    if sent and not evidence.counts.get(result):
        return [Problem(f'"{result}_patterns" must be empty: no run has that result.', len(sent))]
    known = evidence.generations.get(result, frozenset())
    problems = []
    foreign = [
        each for pattern in sent for each in pattern.example_generation_ids if each.strip() not in known
    ]
    if foreign:
        shown = ", ".join(repr(each[:_ID_CHARS]) for each in foreign[:_SHOWN_IDS])
        words = f'"{result}_patterns" cites ids that belong to no run with that result.'
        problems.append(Problem(words, len(foreign), shown))
    if strange := sum(_frequency(pattern) is None for pattern in sent):
        words = f'A "frequency" in "{result}_patterns" is not one of common, occasional and rare.'
        problems.append(Problem(words, strange))
    if nameless := sum(not pattern.title.strip() for pattern in sent):
        problems.append(Problem(f'A "title" in "{result}_patterns" is missing.', nameless))
    return problems


def _patterns(sent: Sequence[_Pattern], known: frozenset[str] | None) -> tuple[Pattern, ...]:
    if known is None:
        return ()
    found = []
    for pattern in sent:
        frequency, title = _frequency(pattern), _tidy(pattern.title, _TITLE_CHARS)
        cited = dict.fromkeys(each.strip() for each in pattern.example_generation_ids)
        examples = tuple(each for each in cited if each in known)
        is_made_up = bool(known and cited and not examples)
        if frequency is not None and title and not is_made_up:
            found.append(
                Pattern(
                    title=title,
                    description=_tidy(pattern.description, _TEXT_CHARS),
                    frequency=frequency,
                    example_generation_ids=examples,
                )
            )
    return tuple(found[:MAX_PATTERNS])


def _frequency(pattern: _Pattern) -> Frequency | None:
    word = pattern.frequency.strip().lower()
    return Frequency(word) if word in set(Frequency) else None


def _tidy(text: str, most: int) -> str:
    return well_formed(text).strip()[:most].rstrip()
