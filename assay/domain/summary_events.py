"""The `$ai_trace_summary` and `$ai_generation_summary` events, and the text that stands for a summary.

Names and presence of the properties follow PostHog. `$ai_summary_model` is Assay's own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.event_names import GENERATION_SUMMARY, TRACE_SUMMARY
from assay.contracts.events import Event
from assay.contracts.summarization import StoredSummary, Summary, SummaryPoint
from assay.contracts.summarization_windows import ItemOfWindow, RecordSummary, WindowRef

_NAMESPACE: Final = UUID("8c2e9f54-5d2b-4f0c-9d0e-6d6a3a2f9b71")
"""Of the uuids of these events."""


def drawer(ref: WindowRef) -> str:
    """For whom a sample is drawn, in a word: another one draws another sample."""
    return f"project-{ref.project_id}" if ref.job_id is None else str(ref.job_id)


def batch_run_id(ref: WindowRef, until: datetime) -> str:
    """What the summaries of one window have in common."""
    start = f"{ref.project_id}_{until.isoformat()}"
    return start if ref.job_id is None else f"{start}_{ref.job_id}"


def summary_event_id(of: ItemOfWindow) -> UUID:
    """Identity of the event: whoever writes it again writes the same."""
    named = f"{of.ref.project_id}/{drawer(of.ref)}/{of.level}/{of.until.isoformat()}/{of.item.id}"
    # Ids of traces are any text that the store holds, which is valid UTF-8.
    return uuid5(_NAMESPACE, named)


def summary_event(given: RecordSummary, stored: StoredSummary) -> Event:
    """The event of a summary.

    Its timestamp is the end of the window, and not the moment of writing: like its uuid it is part of what
    makes it the same.
    """
    of, summary = given.of, stored.summary
    is_trace = of.level is AnalysisLevel.TRACE
    properties: dict[str, Any] = {
        "$ai_trace_id": given.trace_id or None,
        "$ai_generation_id": None if is_trace else of.item.id,
        "$ai_batch_run_id": batch_run_id(of.ref, of.until),
        "$ai_clustering_job_id": None if of.ref.job_id is None else str(of.ref.job_id),
        "$ai_clustering_job_name": of.job_name or None,
        "$ai_summary_mode": given.work.mode.value,
        "$ai_summary_model": stored.model or None,
        "$ai_summary_title": summary.title,
        "$ai_summary_flow_diagram": summary.flow_diagram,
        "$ai_summary_bullets": [point.model_dump() for point in summary.summary_bullets],
        "$ai_summary_interesting_notes": [point.model_dump() for point in summary.interesting_notes],
        "$ai_text_repr_length": given.work.text_length,
        "$ai_event_count": given.events if is_trace else None,
        "trace_timestamp": of.item.timestamp.isoformat(),
    }
    return Event(
        project_id=of.ref.project_id,
        event=TRACE_SUMMARY if is_trace else GENERATION_SUMMARY,
        uuid=summary_event_id(of),
        distinct_id=f"{of.level}_summary_{of.ref.project_id}",
        timestamp=of.until,
        properties={name: value for name, value in properties.items() if value is not None},
    )


def embedded_text(summary: Summary) -> str:
    """What a summary's vector is made from: title, diagram, bullets and notes."""
    parts = (
        summary.title,
        summary.flow_diagram,
        _texts(summary.summary_bullets),
        _texts(summary.interesting_notes),
    )
    return "\n\n".join(part for part in parts if part)


def _texts(points: tuple[SummaryPoint, ...]) -> str:
    return "\n".join(point.text for point in points)
