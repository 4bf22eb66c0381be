"""Summaries of traces and events, and the workflow that makes them.

Histories carry digests, ids, numbers and problems in our own words; texts and answers are artifacts.
"""

from __future__ import annotations

from enum import StrEnum

from assay.contracts.base import Contract, HistoryContract


class SummaryKind(StrEnum):
    """What is summarised."""

    TRACE = "trace"
    EVENT = "event"


class SummaryMode(StrEnum):
    """How much is said about it."""

    MINIMAL = "minimal"
    DETAILED = "detailed"


class SummaryPoint(Contract):
    """One thing that is said.

    Attributes:
        line_refs: lines of the text that show it (`L45`, `L3-L7, L12`); may be empty.
    """

    text: str
    line_refs: str


class Summary(Contract):
    """What a text says, in short.

    Attributes:
        flow_diagram: a Mermaid flowchart; may be empty.
    """

    title: str
    flow_diagram: str
    summary_bullets: tuple[SummaryPoint, ...]
    interesting_notes: tuple[SummaryPoint, ...]


class StoredSummary(Contract):
    """A summary as it is kept.

    Attributes:
        model: that wrote it.
        made_by: run id of the workflow that made it: its own retries find it, also where it makes anew.
    """

    summary: Summary
    model: str
    made_by: str


class SummarizationInput(HistoryContract):
    """What is summarised, and how.

    Attributes:
        digest: of all that the summary depends on; it is kept under it.
        text_digest: of the text, with line numbers, which is kept as an artifact of kind TEXT.
        text_length: in characters.
        subject, variant, source: see `Artifact`.
        model: that somebody asked for; None: the usual one.
        refresh: make it although it is there.
    """

    project_id: int
    kind: SummaryKind
    mode: SummaryMode
    digest: str
    text_digest: str
    text_length: int
    subject: str
    variant: str
    source: str = ""
    model: str | None = None
    refresh: bool = False


class SummarizationResult(HistoryContract):
    """How it went.

    Attributes:
        model: that wrote the summary.
        questions: that were put to models in this run or an earlier one of the same work.
        pieces: in which the text was read; 1 if it was read at once.
        cost_usd: None when a price is unknown.
        is_new: whether models were asked for all of it in this run.
    """

    model: str
    questions: int
    pieces: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    is_new: bool = True


class TextRef(HistoryContract):
    """A text that is kept as an artifact; `characters` is its length."""

    digest: str
    characters: int


class SplitText(HistoryContract):
    """Cut a text into pieces of `room` characters at most."""

    project_id: int
    text: TextRef
    room: int


class SplitResult(HistoryContract):
    """The pieces, in their order."""

    pieces: tuple[TextRef, ...]


class AskSummary(HistoryContract):
    """A question for the summary.

    Attributes:
        notes: on the pieces of the text, if it is too long to be read at once.
        mends: whether it is the second one, which names what was wrong with the first answer.
    """

    work: SummarizationInput
    notes: tuple[TextRef, ...] = ()
    mends: bool = False


class AskNotes(HistoryContract):
    """A question for notes on a piece of the text, or for fewer notes instead of many.

    Attributes:
        piece: of the text; None: `notes` are to be condensed.
        longest: characters that the notes may have.
        mends: see `AskSummary`.
    """

    work: SummarizationInput
    piece: TextRef | None = None
    notes: tuple[TextRef, ...] = ()
    longest: int
    mends: bool = False


class AnswerStep(HistoryContract):
    """What came of a question.

    Attributes:
        room: set if what was to be read is too long for the model: characters that it may have.
        problems: what is wrong with the answer, which they do not quote; the next question names them.
        kept: the notes that were taken, if it was about notes.
        found: whether the answer was there already.
    """

    room: int | None = None
    problems: tuple[str, ...] = ()
    kept: TextRef | None = None
    found: bool = False
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
