"""What people read about a summary in the Temporal UI."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from assay.contracts.evaluation_summaries import AskAboutRuns, RunFilter, SummaryMaterial
from assay.domain.counts import counted
from assay.domain.evaluation_summaries.material import statistics_of
from assay.domain.run_details import cell, short


@dataclass(frozen=True, slots=True)
class SummaryProgress:
    """How far a summary is.

    Attributes:
        doing: what happens at the moment.
        parts, read: parts there are, and those that are read.
        questions, repairs: that were answered; among them, those about a faulty answer.
        cost_usd: None as soon as a price is unknown.
    """

    doing: str = "Asks the model"
    parts: int = 0
    read: int = 0
    questions: int = 0
    repairs: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    model: str = ""


def summary_line(material: SummaryMaterial) -> str:
    """One line for the list of workflows."""
    return f"“{short(material.name)}”: {counted(len(material.runs), 'run')}"


def summary_facts(
    project_id: int, evaluation_id: UUID, material: SummaryMaterial, which: RunFilter, parts: int
) -> str:
    """What was asked for, as Markdown; fixed for the life of the workflow."""
    counts = statistics_of(material.runs)
    return (
        f"| | |\n|---|---|\n"
        f"| Evaluation | **{cell(material.name)}** `{evaluation_id}` |\n"
        f"| Runs | {counts.total_analyzed}: {counts.pass_count} pass, {counts.fail_count} fail, "
        f"{counts.na_count} not applicable |\n"
        f"| Filter | {which} |\n"
        f"| Parts | {parts or 'none: one question'} |\n"
        f"| Project | {project_id} |\n"
    )


def question_line(asked: AskAboutRuns) -> str:
    """One line for the activity that asks."""
    mended = ", mend the answer" if asked.faulty else ""
    if asked.about == "part":
        return f"Read runs {asked.start + 1} to {asked.end} of {asked.work.runs}{mended}"
    what = "Read all runs" if asked.about == "runs" else f"Bring {len(asked.notes)} parts together"
    return f"{what}{mended}"


def progress_details(progress: SummaryProgress) -> str:
    """How far it is, and what it took, as Markdown."""
    lines = [f"## {progress.doing}"]
    if progress.parts:
        lines.append(f"Read: {progress.read} of {counted(progress.parts, 'part')}.")
    if progress.questions:
        cost = "price unknown" if progress.cost_usd is None else f"${progress.cost_usd:.6f}"
        mended = f", {progress.repairs} to mend an answer" if progress.repairs else ""
        lines.append(
            f"{counted(progress.questions, 'question')}{mended} to `{progress.model or 'a model'}` "
            f"({progress.input_tokens} in, {progress.output_tokens} out, {cost})."
        )
    return "\n\n".join(lines)
