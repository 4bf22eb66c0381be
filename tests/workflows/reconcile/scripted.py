"""Activities of `reconcile` with the real names and types whose outcomes a test scripts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from temporalio import activity

from assay.contracts.reconcile import (
    Findings,
    ListProjectsInput,
    ProjectList,
    ReconcileTotals,
    RepairInput,
    Repairs,
    Survey,
    SurveyInput,
)
from assay.contracts.summarization_windows import SchedulesKept
from assay.domain.reconcile.marks import JUDGING, SETTLED
from assay.errors import WorkError


class ScriptedReconcile:
    """Every project is as `found` says, else clean; every repair does all that it is asked for.

    Args:
        found: project id → attributes of its findings.
        failures: activity name → what its first attempts raise.
        broken: projects whose repair fails for good.
    """

    def __init__(
        self,
        projects: Iterable[int] = (1,),
        found: dict[int, dict[str, Any]] | None = None,
        *,
        failures: dict[str, list[WorkError]] | None = None,
        broken: dict[int, WorkError] | None = None,
    ) -> None:
        self._projects = tuple(projects)
        self._found = found or {}
        self._failures = failures or {}
        self._broken = broken or {}
        self.listed: list[ListProjectsInput] = []
        self.surveyed: list[SurveyInput] = []
        self.repaired: list[RepairInput] = []
        self.reported: list[ReconcileTotals] = []
        self.kept = SchedulesKept(schedules=1)

    @activity.defn(name="list-projects-to-reconcile")
    async def list_projects(self, given: ListProjectsInput) -> ProjectList:
        self._fail("list")
        self.listed.append(given)
        return ProjectList(projects=self._projects)

    @activity.defn(name="survey-projects")
    async def survey(self, given: SurveyInput) -> Survey:
        self._fail("survey")
        self.surveyed.append(given)
        return Survey(findings=tuple(self._findings(given, project_id) for project_id in given.marks))

    @activity.defn(name="repair-project")
    async def repair(self, given: RepairInput) -> Repairs:
        if given.project_id in self._broken:
            raise self._broken[given.project_id]
        self.repaired.append(given)
        return Repairs(redriven=len(given.gaps), released=len(given.lost), woken=int(given.wake))

    @activity.defn(name="report-reconcile")
    async def report(self, totals: ReconcileTotals) -> None:
        self.reported.append(totals)

    @activity.defn(name="keep-job-schedules")
    async def keep(self) -> SchedulesKept:
        self._fail("keep")
        return self.kept

    @property
    def all(self) -> list[Any]:
        return [self.list_projects, self.survey, self.repair, self.report, self.keep]

    def _findings(self, given: SurveyInput, project_id: int) -> Findings:
        found, mark = self._found.get(project_id, {}), given.marks[project_id]
        if "failure" not in found:
            done = {"compared": given.now - JUDGING, "swept": given.now - SETTLED}
            mark = mark.model_copy(update=done)
        return Findings.model_validate({"project_id": project_id, "mark": mark, **found})

    def _fail(self, name: str) -> None:
        if self._failures.get(name):
            raise self._failures[name].pop(0)
