"""What people read about a backfill in the Temporal UI."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from assay.contracts.evaluation_backfills import BackfillProgress, BackfillRequest, BackfillStatus
from assay.domain.counts import counted
from assay.domain.run_details import cell, short

_STATUS_WORDS: Final = {
    BackfillStatus.RUNNING: "▶️ running",
    BackfillStatus.PAUSED: "⏸️ paused",
    BackfillStatus.CANCELLING: "⏹️ being cancelled: what is claimed is judged to the end",
    BackfillStatus.CANCELLED: "⏹️ cancelled",
    BackfillStatus.COMPLETED: "✅ completed",
    BackfillStatus.STOPPED: "🛑 stopped",
}
_BAR_CELLS: Final = 20


def backfill_summary(backfill: BackfillRequest) -> str:
    """One line for the list of workflows."""
    return f"“{short(backfill.evaluation_name)}” on {_instant(backfill.since)} – {_instant(backfill.until)}"


def backfill_facts(backfill: BackfillRequest) -> str:
    """What was asked for, as Markdown; fixed for the life of the backfill."""
    return (
        f"| | |\n|---|---|\n"
        f"| Evaluation | **{cell(backfill.evaluation_name)}** `{backfill.evaluation_id}` |\n"
        f"| Type | {backfill.evaluation_type} |\n"
        f"| From | {_instant(backfill.since)} |\n"
        f"| Until | {_instant(backfill.until)} (exclusive) |\n"
        f"| Project | {backfill.project_id} |\n"
        f"| Requested by | {cell(backfill.requested_by)} |\n"
    )


def count_summary(backfill: BackfillRequest) -> str:
    """One line for the activity that counts the window."""
    return f"Count generations of {_instant(backfill.since)} – {_instant(backfill.until)}"


def page_summary(page: int, before: datetime | None) -> str:
    """One line for the activity that claims a page."""
    return f"Claim page {page}: " + ("the newest" if before is None else f"before {_instant(before)}")


def batches_check_summary(batches: int) -> str:
    """One line for the activity that looks whether batches are running."""
    return f"Look whether {counted(batches, 'batch', 'batches')} of long ago still run"


def progress_details(progress: BackfillProgress) -> str:
    """How far the backfill is, as Markdown."""
    lines = [f"## {_STATUS_WORDS[progress.status]}{_because(progress)}"]
    if progress.last_error:
        lines.append(f"> {cell(progress.last_error)}")
    lines.append(_bar(progress))
    rows = "\n".join(f"| {name} | {value} |" for name, value in _rows(progress))
    lines.append(f"| | |\n|---|---|\n{rows}")
    return "\n\n".join(lines)


def _because(progress: BackfillProgress) -> str:
    return f": `{progress.reason}`" if progress.reason else ""


def _bar(progress: BackfillProgress) -> str:
    """A bar of the share that is through, with what is known of the rest."""
    if progress.done is None:
        return f"{progress.seen:,} generations looked at; the window could not be counted."
    full = int(progress.done * _BAR_CELLS)
    # Rounded down: 100 % means that nothing is left.
    parts = [f"`{'█' * full}{'░' * (_BAR_CELLS - full)}` {int(progress.done * 100)} %"]
    if progress.remaining_seconds and progress.status is BackfillStatus.RUNNING:
        parts.append(f"about {_duration(progress.remaining_seconds)} left")
    if progress.remaining_cost_usd:
        parts.append(f"about {_usd(progress.remaining_cost_usd)} to come")
    return ", ".join(parts)


def _rows(progress: BackfillProgress) -> list[tuple[str, str]]:
    total = "" if progress.total is None else f" of {progress.total:,}"
    tokens = f"{progress.input_tokens:,} in, {progress.output_tokens:,} out"
    unpriced = f", and {progress.unpriced:,} of unknown price" if progress.unpriced else ""
    rows = [
        ("Looked at", f"{progress.seen:,}{total}"),
        ("Not admitted by the conditions", f"{progress.filtered:,}"),
        ("Judged or claimed before", f"{progress.known + progress.recorded_before:,}"),
        ("Judged", f"**{progress.judged:,}** {_listed(progress.outcomes)}"),
        ("Skipped because of", _listed(progress.skip_reasons)),
        (
            "Outstanding",
            f"{progress.outstanding:,} in {counted(progress.batches_in_flight, 'batch', 'batches')}",
        ),
        ("Ended without a report", f"{progress.unreported:,}" if progress.unreported else ""),
        ("Tokens", tokens if progress.input_tokens or progress.output_tokens else ""),
        ("Cost", f"{_usd(progress.cost_usd)}{unpriced}" if progress.cost_usd or progress.unpriced else ""),
    ]
    return [(name, value) for name, value in rows if value]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {cell(name)}" for name, count in sorted(counts.items()))


def _usd(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant.second else f"{instant:%Y-%m-%d %H:%M} UTC"
