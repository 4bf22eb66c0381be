"""What people read about a summary in the Temporal UI."""

from __future__ import annotations

from dataclasses import dataclass

from assay.contracts.summarization import AnswerStep, SummarizationInput
from assay.domain.run_details import cell, short


@dataclass(frozen=True, slots=True)
class SummaryProgress:
    """How far a summary is.

    Attributes:
        doing: in words.
        pieces, read: in which the text is read, and how many are; no pieces: it is read at once.
        cost_usd: None when a price is unknown.
        is_new: whether no answer was there already.
    """

    doing: str = "Asks for the summary"
    questions: int = 0
    repairs: int = 0
    pieces: int = 0
    read: int = 0
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    is_new: bool = True


def counted(progress: SummaryProgress, step: AnswerStep, *, mends: bool) -> dict[str, object]:
    """What changes with the answer to a question."""
    known = progress.cost_usd is not None and step.cost_usd is not None
    return {
        "questions": progress.questions + 1,
        "repairs": progress.repairs + mends,
        "is_new": progress.is_new and not step.found,
        "model": step.model or progress.model,
        "input_tokens": progress.input_tokens + step.input_tokens,
        "output_tokens": progress.output_tokens + step.output_tokens,
        "cost_usd": (progress.cost_usd or 0.0) + (step.cost_usd or 0.0) if known else None,
    }


def summary_line(work: SummarizationInput) -> str:
    """One line for the list of workflows."""
    return f"Summary ({work.mode}) of {work.kind} {short(work.subject)}"


def summary_facts(work: SummarizationInput) -> str:
    """What was asked for, as Markdown; fixed for the life of the run."""
    return (
        f"| | |\n|---|---|\n"
        f"| {work.kind.capitalize()} | {cell(short(work.subject))} |\n"
        f"| Mode | {work.mode} |\n"
        f"| Text | {work.text_length:,} characters |\n"
        f"| Model | {cell(short(work.model)) if work.model else 'the usual one'} |\n"
        f"| Made anew | {'yes' if work.refresh else 'no'} |\n"
        f"| Project | {work.project_id} |\n"
    )


def question_line(what: str, *, mends: bool) -> str:
    """One line for an activity that asks."""
    return f"{what}, again with what was wrong" if mends else what


def progress_details(progress: SummaryProgress) -> str:
    """How far it is and what it took, as Markdown."""
    lines = [f"## {progress.doing}"]
    if progress.pieces:
        lines.append(f"The text is read in pieces: {progress.read} of {progress.pieces} are read.")
    if progress.questions:
        cost = "price unknown" if progress.cost_usd is None else f"${progress.cost_usd:.6f}"
        mended = f", {progress.repairs} of them to mend an answer" if progress.repairs else ""
        lines.append(
            f"Questions: {progress.questions}{mended}, to `{cell(progress.model) or 'a model'}` "
            f"({progress.input_tokens} in, {progress.output_tokens} out, {cost})."
        )
    return "\n\n".join(lines)
