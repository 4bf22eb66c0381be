"""What people read about automatic evaluation in the Temporal UI."""

from __future__ import annotations

from collections.abc import Mapping

from assay.contracts.evaluation_batches import BatchTally, ClaimedBatch, EvaluationBatchInput
from assay.contracts.evaluations import EvaluationType
from assay.domain.counts import counted
from assay.domain.run_details import OUTCOME_WORDS, cell, short


def batch_summary(batch: ClaimedBatch) -> str:
    """One line for the list of workflows and for the activity."""
    what = "Run Hog on" if batch.evaluation_type is EvaluationType.HOG else "Judge"
    return f"“{short(batch.evaluation_name)}”: {what.lower()} {batch.size} generations"


def batch_facts(given: EvaluationBatchInput) -> str:
    """What the batch is, as Markdown; fixed for its life."""
    batch = given.batch
    return (
        f"| | |\n|---|---|\n"
        f"| Evaluation | **{cell(batch.evaluation_name)}** `{batch.ref.evaluation_id}` |\n"
        f"| Type | {batch.evaluation_type} |\n"
        f"| Targets | {counted(batch.size, 'generation')} |\n"
        f"| Project | {batch.ref.project_id} |\n"
        f"| Trigger | {given.origin} |\n"
        f"| Dispatch | `{batch.ref.dispatch_id}`, batch {batch.ref.number} |\n"
    )


def tally_details(tally: BatchTally) -> str:
    """How far a batch is, or what became of it, as Markdown."""
    done = tally.judged + tally.recorded_before
    lines = [f"## {done:,} of {counted(tally.size, 'target')} judged"]
    if tally.outcomes:
        rows = "".join(
            f"| {OUTCOME_WORDS[name]} | {count} |\n" for name, count in sorted(tally.outcomes.items())
        )
        lines.append(f"| outcome | targets |\n|---|---|\n{rows}")
    if tally.skip_reasons:
        lines.append("Skipped because of " + _counts(tally.skip_reasons) + ".")
    if tally.recorded_before:
        lines.append(f"In the ledger already: {counted(tally.recorded_before, 'verdict')}.")
    if tally.input_tokens or tally.output_tokens:
        unpriced = f", {counted(tally.unpriced, 'call')} without a known price" if tally.unpriced else ""
        tokens = f"{tally.input_tokens:,} tokens in, {tally.output_tokens:,} out"
        lines.append(f"{tokens}; ${tally.cost_usd:.6f}{unpriced}.")
    if tally.stopped:
        lines.append(
            f"Stopped: `{tally.stopped}`. What has no verdict is taken up again when the evaluation goes on."
        )
    if tally.stopped_because:
        lines.append(f"> {cell(tally.stopped_because)}")
    return "\n\n".join(lines)


def stream_summary(project_id: int) -> str:
    """One line for the list of workflows."""
    return f"Evaluates what arrives in project {project_id}"


def stream_details(*, sequence: int, in_flight: int, targets: int, blocked: int, claimed: int) -> str:
    """What the stream of a project does, as Markdown.

    Args:
        in_flight: batches that have not finished.
        targets: of those batches.
        blocked: evaluations that wait for a batch to finish.
        claimed: targets claimed since the workflow last began anew.
    """
    waiting = f"\n\nWaiting for room: {counted(blocked, 'evaluation')}." if blocked else ""
    return (
        f"## {counted(in_flight, 'batch', 'batches')} in flight ({counted(targets, 'target')})\n\n"
        f"{counted(claimed, 'target')} claimed since this run began; dispatch {sequence}.{waiting}"
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"`{name}` ({count})" for name, count in sorted(counts.items()))
