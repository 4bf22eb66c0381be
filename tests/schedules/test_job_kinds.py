"""Which Schedules a project has for its clustering jobs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from assay.contracts.clustering import AnalysisLevel, JobRef
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.contracts.summarization_windows import SummarizationWindowInput, WindowRef
from assay.temporal.ids import clustering_schedule_id, summarization_window_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.search_attributes import JOB, PROJECT, TRIGGER
from schedules.job_kinds import OFF, JobCrons, possible, wanted

SUMMARIES = JobCrons(clustering=OFF)
CLUSTERS = JobCrons(summarization=OFF)


def a_job(level: str = "trace", *, enabled: bool = True, name: str = "Checkout") -> JobRef:
    return JobRef(id=uuid4(), project_id=1, name=name, analysis_level=AnalysisLevel(level), enabled=enabled)


def window_of(job_id: UUID) -> str:
    return summarization_window_id(WindowRef(project_id=1, job_id=job_id))


def test_each_enabled_job_of_a_level_that_is_summarised_has_one() -> None:
    jobs = [a_job("trace"), a_job("generation"), a_job("evaluation"), a_job("trace", enabled=False)]
    schedules = wanted(1, jobs, crons=SUMMARIES)
    assert [schedule.id for schedule in schedules] == [window_of(job.id) for job in jobs[:2]]
    for job, schedule in zip(jobs, schedules, strict=False):
        assert schedule.argument == SummarizationWindowInput(ref=WindowRef(project_id=1, job_id=job.id))
        assert (schedule.workflow, schedule.cron) == ("summarization-window", "0 * * * *")
        assert {pair.key: pair.value for pair in schedule.attributes} == {PROJECT: "1", JOB: str(job.id)}
        assert schedule.priority == fair(Rank.SUMMARIES, 1)


def test_each_enabled_job_is_clustered_once_a_day() -> None:
    jobs = [a_job("trace"), a_job("generation"), a_job("evaluation"), a_job("trace", enabled=False)]
    schedules = wanted(1, jobs, crons=CLUSTERS)
    assert [schedule.id for schedule in schedules] == [f"clustering-run-{job.id}" for job in jobs[:3]]
    for job, schedule in zip(jobs, schedules, strict=False):
        assert schedule.argument == ClusteringRunInput(project_id=1, job_id=job.id)
        assert (schedule.workflow, schedule.cron) == ("clustering-run", "15 0 * * *")
        attributes = {pair.key: pair.value for pair in schedule.attributes}
        assert attributes == {PROJECT: "1", JOB: str(job.id), TRIGGER: "scheduled"}
        assert (schedule.jitter, schedule.catchup) == (timedelta(minutes=15), timedelta(days=1))
    assert [schedule.summary for schedule in schedules] == [
        f"Clusters of the {items} of 7 days for “Checkout”" for items in ("traces", "generations", "verdicts")
    ]


def test_a_project_without_jobs_has_those_of_its_own() -> None:
    windows, clusters = wanted(7, [], crons=JobCrons())
    assert (windows.id, clusters.id) == ("summarization-window-project-7", "clustering-run-project-7")
    assert windows.argument == SummarizationWindowInput(ref=WindowRef(project_id=7))
    assert clusters.argument == ClusteringRunInput(project_id=7)
    assert clusters.summary == "Clusters of the traces of 7 days for project 7"
    assert wanted(7, [a_job(enabled=False)], crons=JobCrons()) == ()


def test_off_is_off() -> None:
    off = JobCrons(summarization=OFF, clustering=OFF)
    assert wanted(7, [], crons=off) == wanted(1, [a_job()], crons=off) == ()


@pytest.mark.parametrize("job", [None, a_job()], ids=["without a job", "of a job"])
def test_whatever_is_wanted_is_possible(job: JobRef | None) -> None:
    schedules = wanted(1, [] if job is None else [job], crons=JobCrons())
    assert tuple(schedule.id for schedule in schedules) == possible(1, job and job.id)
    assert schedules[1].id == clustering_schedule_id(1, job and job.id)


def test_a_summary_fits_however_long_the_name() -> None:
    for schedule in wanted(1, [a_job(name="名" * 100)], crons=JobCrons()):
        assert len(schedule.summary.encode()) <= 400
