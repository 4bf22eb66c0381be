"""A run of a clustering job: its names, its row, and what people read before it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from assay.contracts.clustering import AnalysisLevel, ClusteringJob
from assay.contracts.clustering_runs import ClusteringRunStatus, ClusteringTrigger
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.clustering_rows import clustering_run_uuid, opened_run
from assay.domain.clustering_starts import clustering_facts, clustering_summary
from assay.temporal.ids import clustering_run_id, clustering_schedule_id

AT = datetime(2026, 11, 21, 0, 15, tzinfo=UTC)
JOB_ID = UUID("0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10")
JOB = ClusteringJob(
    id=JOB_ID,
    project_id=2,
    name="Checkout",
    analysis_level=AnalysisLevel.GENERATION,
    created_at=AT,
    updated_at=AT,
)


def asked(**changes: Any) -> ClusteringRunInput:
    return ClusteringRunInput(**{"project_id": 2, "job_id": JOB_ID} | changes)


def test_a_run_is_named_as_temporal_names_what_a_schedule_starts() -> None:
    assert clustering_run_id(2, JOB_ID, AT) == f"clustering-run-{JOB_ID}-2026-11-21T00:15:00Z"
    in_berlin = AT.astimezone(timezone(timedelta(hours=1))) + timedelta(milliseconds=900)
    assert clustering_run_id(2, None, in_berlin) == "clustering-run-project-2-2026-11-21T00:15:00Z"
    assert clustering_run_id(2, None, AT).startswith(clustering_schedule_id(2, None))


def test_the_row_of_a_run_says_what_was_asked_for() -> None:
    late = AT + timedelta(hours=9)
    run = opened_run(asked(days=3), JOB, workflow_id="clustering-run-x", at=AT, now=late)
    assert (run.project_id, run.job_id, run.job_name, run.level) == (2, JOB_ID, "Checkout", "generation")
    assert (run.window_start, run.window_end, run.started_at) == (AT - timedelta(days=3), AT, late)
    assert (run.trigger, run.status) == (ClusteringTrigger.SCHEDULED, ClusteringRunStatus.RUNNING)
    assert (run.id, run.workflow_id) == (clustering_run_uuid("clustering-run-x"), "clustering-run-x")


@pytest.mark.parametrize(
    ("job_id", "job", "label", "expected"),
    [
        (None, None, "", "2_trace_20261121_001500"),
        (None, None, "after_release", "2_trace_20261121_001500_after_release"),
        (JOB_ID, JOB, "", f"2_generation_20261121_001500_{JOB_ID}"),
        (JOB_ID, JOB, "try", f"2_generation_20261121_001500_{JOB_ID}_try"),
        (JOB_ID, None, "", f"2_trace_20261121_001500_{JOB_ID}"),
    ],
    ids=["no job", "label", "job", "both", "job is gone"],
)
def test_the_run_id_has_the_form_that_is_read_elsewhere(
    job_id: UUID | None, job: ClusteringJob | None, label: str, expected: str
) -> None:
    given = asked(job_id=job_id, run_label=label)
    assert opened_run(given, job, workflow_id="x", at=AT, now=AT).run_id == expected


def test_what_a_job_was_that_is_gone_its_newest_run_knows() -> None:
    before = opened_run(asked(), JOB, workflow_id="x", at=AT, now=AT)
    run = opened_run(asked(), None, workflow_id="y", at=AT, now=AT, before=before)
    assert (run.level, run.job_name) == (AnalysisLevel.GENERATION, "Checkout")
    assert run.run_id.startswith("2_generation_")
    changed = JOB.model_copy(update={"analysis_level": AnalysisLevel.EVALUATION})
    again = opened_run(asked(), changed, workflow_id="y", at=AT, now=AT, before=before)
    assert again.level is AnalysisLevel.EVALUATION


def test_what_has_ended() -> None:
    ended = [status for status in ClusteringRunStatus if status.has_ended]
    assert ended == ["completed", "skipped", "failed"]


def test_one_workflow_is_one_run() -> None:
    first = opened_run(asked(), JOB, workflow_id="x", at=AT, now=AT)
    again = opened_run(asked(), JOB, workflow_id="x", at=AT, now=AT + timedelta(minutes=1))
    other = opened_run(asked(), JOB, workflow_id="y", at=AT, now=AT)
    assert first.id == again.id != other.id
    assert first.id.version == 5


def test_what_people_read_before_it_begins() -> None:
    given = asked(days=1, max_items=5000, run_label="try", trigger=ClusteringTrigger.MANUAL)
    assert clustering_summary(given, AnalysisLevel.EVALUATION, "Checkout") == (
        "Clusters of the verdicts of a day for “Checkout”"
    )
    facts = clustering_facts(given, AnalysisLevel.EVALUATION, "A *bold* job")
    assert "**A \\*bold\\* job**" in facts
    assert "| What | verdicts of a day, 5,000 at most |" in facts
    assert "| Label | try |" in facts
    implicit = asked(job_id=None)
    assert clustering_summary(implicit, AnalysisLevel.TRACE, "").endswith("traces of 7 days for project 2")
    assert "none: the project's configuration" in clustering_facts(implicit, AnalysisLevel.TRACE, "")


@given_any(st.text(max_size=200))
def test_a_summary_fits_whatever_the_name(name: str) -> None:
    assert len(clustering_summary(asked(days=90), AnalysisLevel.GENERATION, name).encode()) <= 400
