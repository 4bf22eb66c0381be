"""Notes on the pieces of a text: what a summary is made of where the text is too long to be read at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assay.contracts.summarization import SummaryPoint
from assay.domain.json_values import well_formed
from assay.domain.summaries.answers import LONGEST_POINT, UnreadableAnswer, json_object, schema_problem
from assay.domain.summaries.line_refs import KnownLines, resolving


class _Point(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    text: str
    line_refs: str


class _Notes(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    notes: list[_Point]


def read_notes(answer: str, *, known: KnownLines, longest: int) -> list[SummaryPoint]:
    """The notes of an answer, with those of their references that resolve.

    Args:
        known: lines that may be referred to.
        longest: characters that they may have together (`notes_text`); the last ones go where they have more.

    Raises:
        UnreadableAnswer: it is no JSON of the schema.
    """
    try:
        parsed = _Notes.model_validate(json_object(answer))
    except ValidationError as error:
        raise UnreadableAnswer(schema_problem(error)) from None
    found: list[SummaryPoint] = []
    room = longest
    for point in parsed.notes:
        text = " ".join(well_formed(point.text).split())[:LONGEST_POINT]
        note = SummaryPoint(text=text, line_refs=resolving(point.line_refs, known))
        room -= len(_line(note)) + 1
        if room < 0:
            break
        if text:
            found.append(note)
    return found


def notes_text(notes: Sequence[SummaryPoint]) -> str:
    """Notes as the next question shows them."""
    return "\n".join(map(_line, notes))


def to_body(notes: Sequence[SummaryPoint]) -> list[dict[str, Any]]:
    """Notes as they are stored."""
    return [note.model_dump() for note in notes]


def from_body(body: Any) -> list[SummaryPoint]:
    """Notes that were stored."""
    return [SummaryPoint.model_validate(note) for note in body]


def known_lines(notes: Sequence[SummaryPoint]) -> KnownLines:
    """The lines that the notes refer to: who reads only them can have seen no others."""
    return KnownLines.of_references(note.line_refs for note in notes)


def _line(note: SummaryPoint) -> str:
    return f"- [{note.line_refs}] {note.text}"
