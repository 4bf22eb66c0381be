"""What people read about a report run in the Temporal UI while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from assay.contracts.report_run_workflows import PreparedRun
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus
from assay.domain.counts import counted
from assay.domain.report_author.budget import MAX_MODEL_CALLS, Spent
from assay.domain.report_targets import told_errors
from assay.domain.report_words import number, percent, period
from assay.domain.run_details import cell, short

_STATUS_WORDS = {
    DeliveryStatus.PENDING: "There is nobody to deliver to.",
    DeliveryStatus.DELIVERED: "Delivered.",
    DeliveryStatus.PARTIAL_FAILURE: "Not everybody has it.",
    DeliveryStatus.FAILED: "Nobody has it.",
}


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    Attributes:
        doing: what it does, in words.
        prepared: None until it is.
        fallback_reason: why no model writes; None: one does, or that is not known yet.
        recipients, served: of the delivery: how many there are, and how many have an outcome.
        errors: of the delivery.
        delivery: what became of it; None while it goes on.
    """

    doing: str = "Begins"
    prepared: PreparedRun | None = None
    spent: Spent = field(default_factory=Spent)
    fallback_reason: str | None = None
    recipients: int | None = None
    served: int = 0
    errors: tuple[str, ...] = ()
    delivery: DeliveryStatus | None = None


def progress_details(progress: RunProgress) -> str:
    """How far a run is, as Markdown."""
    parts = [f"## {cell(progress.doing)}"]
    if progress.prepared is not None:
        parts.append(_numbers(progress.prepared))
        parts.append(_author(progress.prepared, progress))
    if progress.recipients:
        parts.append(f"{progress.served} of {counted(progress.recipients, 'recipient')} done.")
    if progress.errors:
        parts.append("\n".join(f"- ❌ {cell(error)}" for error in told_errors(progress.errors)))
    if progress.delivery is not None:
        parts.append(_STATUS_WORDS[progress.delivery])
    return "\n\n".join(parts)


def settle_summary(until: datetime) -> str:
    """One line for the timer before the numbers are taken."""
    return f"Until the results that arrived before {until:%Y-%m-%d %H:%M:%S} UTC can be read"


def ask_summary(call: int) -> str:
    """One line for the activity that asks the author."""
    return f"Ask the author, call {call} of at most {MAX_MODEL_CALLS}"


def tool_summary(name: str) -> str:
    """One line for the activity that uses a tool; the name is the model's."""
    return f"Tool: {short(name)}"


def finish_summary(fallback_reason: str | None) -> str:
    """One line for the activity that stores the report."""
    return "Store the author's report" if fallback_reason is None else "Store a report made of the numbers"


def made_words(generation: GenerationStatus, author: str | None) -> str:
    """How a report came about.

    Args:
        author: the model that wrote; None: none did.
    """
    if generation is GenerationStatus.METRICS_UNAVAILABLE:
        return "no numbers to be had"
    return f"written by {author}" if author is not None else "made of the numbers alone"


def closing_words(
    generation: GenerationStatus, author: str | None, delivery: DeliveryStatus, errors: Sequence[str]
) -> str:
    """One line about a run that is over.

    Args:
        author: the model that wrote; None: none did.
    """
    made = made_words(generation, author)
    failed = f" ({len(errors)} failed)" if errors else ""
    return f"{made}; {_STATUS_WORDS[delivery].removesuffix('.').lower()}{failed}"


def _numbers(prepared: PreparedRun) -> str:
    span = f"Period {period(prepared.period_start, prepared.period_end, UTC)}"
    if not prepared.has_numbers:
        return f"{span}: the event store gave no numbers."
    return f"{span}: {number(prepared.total_runs)} results, pass rate {percent(prepared.pass_rate)}."


def _author(prepared: PreparedRun, progress: RunProgress) -> str:
    reason = progress.fallback_reason or prepared.no_author_reason
    spent = progress.spent
    lines = []
    if prepared.author is not None:
        lines.append(
            f"Author `{prepared.author}`: {spent.model_calls} answers, {spent.tool_calls} tools used, "
            f"{number(spent.tokens)} tokens, ${spent.cost_usd:.4f}."
        )
    if reason is not None:
        lines.append(f"Made of the numbers alone: {cell(reason)}.")
    return " ".join(lines)
