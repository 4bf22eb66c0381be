"""Workflow ids. They are API: people search for them and equal ids mean equal work."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from uuid import UUID

from assay.contracts.evaluation_batches import BatchRef
from assay.contracts.evaluations import EvaluationType
from assay.contracts.summarization_windows import WindowRef

_DIGEST_BYTES = 8

_PREFIX = {EvaluationType.LLM_JUDGE: "llma-llm-eval", EvaluationType.HOG: "llma-hog-eval"}


def epoch_milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970-01-01T00:00Z."""
    return round(instant.timestamp() * 1000)


def evaluation_run_id(
    evaluation_type: EvaluationType, evaluation_id: UUID, target: UUID, trigger: str
) -> str:
    """Id of a `run-evaluation` workflow."""
    return f"{_PREFIX[evaluation_type]}-{evaluation_id}-{target}-{trigger}"


def manual_trigger(requested_at: datetime) -> str:
    """The trigger of a run that a person or script asked for: each millisecond is a new request."""
    return f"manual-{epoch_milliseconds(requested_at)}"


def evaluation_stream_id(project_id: int) -> str:
    """Id of the `evaluation-stream` workflow of a project."""
    return f"evaluation-stream-{project_id}"


def evaluation_batch_id(batch: BatchRef) -> str:
    """Id of an `evaluation-batch` workflow."""
    named = f"{batch.project_id}/{batch.evaluation_id}/{batch.dispatch_id}/{batch.number}"
    digest = blake2b(named.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"evaluation-batch-{batch.evaluation_id}-{digest}"


def evaluation_backfill_id(backfill_id: UUID) -> str:
    """Id of an `evaluation-backfill` workflow."""
    return f"evaluation-backfill-{backfill_id}"


def evaluation_report_id(report_id: UUID) -> str:
    """Id of the `evaluation-report` workflow of a report."""
    return f"evaluation-report-{report_id}"


def evaluation_report_run_id(run_id: UUID) -> str:
    """Id of an `evaluation-report-run` workflow."""
    return f"evaluation-report-run-{run_id}"


SUMMARIZATION_WINDOW = "summarization-window-"
"""What the ids of all `summarization-window` workflows and their Schedules begin with."""


def summarization_window_id(ref: WindowRef) -> str:
    """Id of the Schedule of a job, or of a project without jobs; a run's id adds the time."""
    return f"{SUMMARIZATION_WINDOW}{_whose(ref.project_id, ref.job_id)}"


CLUSTERING_RUN = "clustering-run-"
"""What the ids of all `clustering-run` workflows and their Schedules begin with."""


def clustering_schedule_id(project_id: int, job_id: UUID | None) -> str:
    """Id of the Schedule of a job, or of a project without jobs, that puts items into clusters."""
    return f"{CLUSTERING_RUN}{_whose(project_id, job_id)}"


def clustering_run_id(project_id: int, job_id: UUID | None, at: datetime) -> str:
    """Id of a `clustering-run` workflow, as Temporal names those that a Schedule starts.

    Args:
        at: when it is due; whole seconds of it count.
    """
    return f"{clustering_schedule_id(project_id, job_id)}-{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def answer_id(workflow_type: str, digest: str) -> str:
    """Id of a workflow that makes an answer: who asks for the same work joins it.

    Args:
        digest: of all that the answer is made from, the project included.
    """
    return f"{workflow_type}-{digest[:32]}"


def sweep_dispatch_id(
    evaluation_id: UUID, since: datetime, until: datetime, before: tuple[datetime, UUID] | None
) -> str:
    """Id of the dispatch that claims a page of missed arrivals; the same page has the same id.

    Args:
        since, until: the window that is looked through, by the time of ingestion.
        before: where the page begins; None: at the beginning of the window.
    """
    window = f"{since.isoformat()}/{until.isoformat()}"
    page = "" if before is None else f"/{before[0].isoformat()}/{before[1]}"
    digest = blake2b(f"{window}{page}".encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"sweep-{evaluation_id}-{digest}"


def _whose(project_id: int, job_id: UUID | None) -> str:
    return f"project-{project_id}" if job_id is None else str(job_id)
