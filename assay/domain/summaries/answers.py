"""Answers of models: the summary that was asked for, and what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from assay.contracts.summarization import Summary, SummaryMode, SummaryPoint
from assay.domain.json_values import well_formed
from assay.domain.summaries.flowchart import LONGEST, flowchart_problem
from assay.domain.summaries.line_refs import KnownLines, resolves, resolving, spans_of
from assay.domain.summaries.rules import BULLETS, MAX_TITLE_WORDS

LONGEST_TITLE: Final = 200
LONGEST_POINT: Final = 2_000
MOST_NOTES: Final = 10

_NAMED_PROBLEMS: Final = 12
_FENCE: Final = re.compile(r"```\w*\n?(.*?)\n?```", re.DOTALL)


class UnreadableAnswer(ValueError):
    """An answer that is not of the schema; the message says how, as a sentence that quotes nothing of it."""


class _Point(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    text: str
    line_refs: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    title: str
    flow_diagram: str
    summary_bullets: list[_Point]
    interesting_notes: list[_Point]


class Reading(NamedTuple):
    """A summary as it was answered, and what is wrong with it, as sentences.

    They quote nothing of it: they are told to the model as its task, and to people who may not read traces.
    """

    summary: Summary
    problems: tuple[str, ...]


def read_summary(answer: str, *, mode: SummaryMode, known: KnownLines) -> Reading:
    """What a model answered.

    Args:
        answer: JSON of the schema; a Markdown fence around it, or around the diagram, is overlooked.
        known: lines that may be referred to.

    Raises:
        UnreadableAnswer: it is no JSON of the schema, or says nothing.
    """
    try:
        parsed = _Answer.model_validate(json_object(answer))
    except ValidationError as error:
        raise UnreadableAnswer(schema_problem(error)) from None
    summary = Summary(
        title=_one_line(parsed.title)[:LONGEST_TITLE].strip(),
        flow_diagram=unfenced(well_formed(parsed.flow_diagram)).strip()[: LONGEST + 1],
        summary_bullets=_points(parsed.summary_bullets),
        interesting_notes=_points(parsed.interesting_notes),
    )
    if not summary.title or not summary.summary_bullets:
        raise UnreadableAnswer("It has no title, or no bullets.")
    return Reading(summary, tuple(_problems(summary, mode, known))[:_NAMED_PROBLEMS])


def tidied(summary: Summary, *, mode: SummaryMode, known: KnownLines) -> Summary:
    """The summary without what is wrong with it; its references are spelled in one way."""
    return Summary(
        title=" ".join(summary.title.split()[:MAX_TITLE_WORDS]),
        flow_diagram="" if _diagram_problem(summary) else summary.flow_diagram,
        summary_bullets=_resolving(summary.summary_bullets, known)[: BULLETS[mode].most],
        interesting_notes=_resolving(summary.interesting_notes, known)[:MOST_NOTES],
    )


def json_object(answer: str) -> dict[str, Any]:
    """The object that an answer is.

    Raises:
        UnreadableAnswer: it is none.
    """
    try:
        found = json.loads(unfenced(answer.strip()))
    except (ValueError, RecursionError):
        raise UnreadableAnswer("It is not JSON.") from None
    if not isinstance(found, dict):
        raise UnreadableAnswer("It is not a JSON object.")
    return found


def unfenced(text: str) -> str:
    """A text without the Markdown fence around it, if there is one."""
    match = _FENCE.fullmatch(text.strip())
    return match[1] if match else text


def schema_problem(error: ValidationError) -> str:
    """Where an answer leaves its schema first; names that it made up itself are left out."""
    [first, *_] = error.errors(include_url=False, include_context=False, include_input=False)
    is_of_its_own = first["type"] == "extra_forbidden"
    place = ".".join(map(str, (*first["loc"][:-1], "…") if is_of_its_own else first["loc"]))
    return f"It does not fit the schema at `{place}`: {first['msg']}."


def _points(points: list[_Point]) -> tuple[SummaryPoint, ...]:
    """Those that say something."""
    texts = (
        (_one_line(point.text)[:LONGEST_POINT], well_formed(point.line_refs).strip()) for point in points
    )
    return tuple(SummaryPoint(text=text, line_refs=refs) for text, refs in texts if text)


def _one_line(text: str) -> str:
    return " ".join(well_formed(text).split())


def _resolving(points: tuple[SummaryPoint, ...], known: KnownLines) -> tuple[SummaryPoint, ...]:
    return tuple(
        SummaryPoint(text=point.text, line_refs=resolving(point.line_refs, known)) for point in points
    )


def _problems(summary: Summary, mode: SummaryMode, known: KnownLines) -> list[str]:
    problems = []
    if (words := len(summary.title.split())) > MAX_TITLE_WORDS:
        problems.append(f"The title has {words} words; it may have {MAX_TITLE_WORDS}.")
    least, most = BULLETS[mode]
    if not least <= (count := len(summary.summary_bullets)) <= most:
        problems.append(f"There are {count} summary_bullets; there must be {least} to {most}.")
    if diagram := _diagram_problem(summary):
        problems.append(f"The flow_diagram is no Mermaid flowchart. {diagram}")
    for name in ("summary_bullets", "interesting_notes"):
        for number, point in enumerate(getattr(summary, name), 1):
            if problem := _reference_problem(point, known, needed=name == "summary_bullets"):
                problems.append(f"{name} number {number}: {problem}")
    return problems


def _diagram_problem(summary: Summary) -> str | None:
    return flowchart_problem(summary.flow_diagram) if summary.flow_diagram else None


def _reference_problem(point: SummaryPoint, known: KnownLines, *, needed: bool) -> str | None:
    if spans_of(point.line_refs) == []:
        return "it has no line_refs." if needed else None
    if resolves(point.line_refs, known):
        return None
    return "its line_refs do not name lines that you were shown."
