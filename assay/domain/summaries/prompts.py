"""The questions that summaries are made by.

What is summarised was written by other people's users and models, and may try to say what is to be answered.
It is fenced (`assay.domain.fences`), no tools are offered, and the answer is taken through its schema only:
an instruction in it reaches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assay.contracts.models import ModelMessage
from assay.contracts.summarization import SummaryKind, SummaryMode
from assay.domain.fences import fence_rule, fenced
from assay.domain.summaries.rules import BULLETS, MAX_TITLE_WORDS

PROMPT_VERSION: Final = "1"
"""Part of what summaries are kept under: another one makes all of them anew. Raise it with every change."""

USUAL_MODEL: Final = "gpt-4.1-mini"

LONGEST_DRAFT: Final = 30_000
"""Characters of an answer that is sent back to be mended."""

_ABOUT: Final = {
    SummaryKind.TRACE: "one trace of an AI application: the steps that it took, its model calls with what "
    "they were given and what they answered, and errors",
    SummaryKind.EVENT: "one step of an AI application, mostly a model call: what it was given and what it "
    "answered",
}
_NUMBERED: Final = 'Each line of the text begins with its number, like "L012: ".'
_REFERENCES: Final = """\
"line_refs" names the lines that show what you say, by their numbers: "L45", "L12-L18" or "L3, L12-L18". \
Name only lines that you were shown."""
_SUMMARY: Final = """\
You summarise {about}, for the people who build that application.

The user message holds {material}.

{data}

# How to answer
Answer with one JSON object and nothing else:
- "title": what happened, in {words} words or fewer.
- "flow_diagram": the steps as a Mermaid flowchart, without a code fence. The first line is "flowchart TD"; \
each other line is one edge between nodes whose ids are letters and digits and whose labels stand in \
quotation marks, like A["Asks for the weather"] --> B["Calls get_weather"]. An empty text if there are no \
steps to show.
- "summary_bullets": {least} to {most} objects {{"text", "line_refs"}}, in the order of events{depth}. Every \
bullet has line_refs.
- "interesting_notes": objects {{"text", "line_refs"}} about what is unusual: errors, retries, \
contradictions, wasted work{notes}.
{references}"""
_DEPTH: Final = {
    SummaryMode.MINIMAL: ": one short sentence each, only what one must know",
    SummaryMode.DETAILED: ": what was asked, what was done, with which data and tools, and what came of it",
}
_NOTES: Final = {
    SummaryMode.MINIMAL: "; usually none",
    SummaryMode.DETAILED: "; at most 10, none if nothing is",
}
_WHOLE: Final = 'the text of it, each line of which begins with its number, like "L012: "'
_FROM_NOTES: Final = """\
notes on it in the order of its lines, as the text itself is too long: each begins with the lines that it is \
about, like "[L45, L60-L62]"; refer to those"""
_TAKE_NOTES: Final = """\
You take notes on a part of a longer text, from which somebody else, who will not see the text, writes a \
summary. The text is {about}.

The user message holds the part. {numbered}

{data}

# How to answer
Answer with one JSON object and nothing else:
- "notes": objects {{"text", "line_refs"}}, in the order of the lines: what happens, with names, numbers and \
results that matter, and whatever is unusual. Be thorough and brief: together they have at most {longest} \
characters.
{references}"""
_CONDENSE: Final = """\
You condense notes on a text, from which somebody else writes a summary. The text is {about}.

The user message holds the notes; each begins with the lines of the text that it is about.

{data}

# How to answer
Answer with one JSON object and nothing else:
- "notes": objects {{"text", "line_refs"}}, in the order of the lines. Join notes that belong together, \
leave out what matters least, and keep errors and whatever is unusual. Together they have at most {longest} \
characters.
{references}"""
_MEND: Final = """\


# Your last answer was not right
{problems}
Answer again, with all of it. Your last answer follows the text, between lines with the name ANSWER."""


def summary_question(
    text: str, *, kind: SummaryKind, mode: SummaryMode, from_notes: bool, boundary: str
) -> tuple[ModelMessage, ModelMessage]:
    """Ask for the summary.

    Args:
        text: what is summarised, its lines numbered; or the notes on it (`from_notes`). Untrusted.
        boundary: 16 to 64 letters and digits, random and new for each question.
    """
    name = "NOTES" if from_notes else "TEXT"
    least, most = BULLETS[mode]
    system = _SUMMARY.format(
        about=_ABOUT[kind],
        material=_FROM_NOTES if from_notes else _WHOLE,
        data=fence_rule(boundary),
        words=MAX_TITLE_WORDS,
        least=least,
        most=most,
        depth=_DEPTH[mode],
        notes=_NOTES[mode],
        references=_REFERENCES,
    )
    return _question(system, name, text, boundary)


def notes_question(
    text: str, *, kind: SummaryKind, longest: int, condense: bool, boundary: str
) -> tuple[ModelMessage, ModelMessage]:
    """Ask for notes on a piece of a text, or for fewer notes instead of many.

    Args:
        text: the piece, or the notes (`condense`). Untrusted.
        longest: characters that the notes may have together.
        boundary: see `summary_question`.
    """
    name = "NOTES" if condense else "TEXT"
    system = (_CONDENSE if condense else _TAKE_NOTES).format(
        about=_ABOUT[kind],
        numbered=_NUMBERED,
        data=fence_rule(boundary),
        longest=longest,
        references=_REFERENCES,
    )
    return _question(system, name, text, boundary)


def mending(
    question: tuple[ModelMessage, ModelMessage], *, problems: Sequence[str], answer: str, boundary: str
) -> tuple[ModelMessage, ModelMessage]:
    """The same question again, with what was wrong with the answer to it.

    Args:
        boundary: that of the question.
    """
    system, user = question
    listed = "\n".join(f"- {problem}" for problem in problems)
    return (
        ModelMessage(role="system", content=system.content + _MEND.format(problems=listed)),
        ModelMessage(
            role="user",
            content=f"{user.content}\n\n{fenced('ANSWER', answer[:LONGEST_DRAFT], boundary)}",
        ),
    )


def _question(system: str, name: str, text: str, boundary: str) -> tuple[ModelMessage, ModelMessage]:
    return (
        ModelMessage(role="system", content=system),
        ModelMessage(role="user", content=fenced(name, text, boundary)),
    )
