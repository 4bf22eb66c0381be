"""Changes of reports by rule at bad moments: what people do, and which reports have to come all the same.

A report is changed as the API changes it: its workflow is told once the change is stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from temporalio.testing import WorkflowEnvironment

from api_shim.evaluation_report_changes import changed_spec
from api_shim.schemas.evaluation_reports import EvaluationReportRequest
from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportSpec, ReportFrequency
from schedules.evaluation_reports import next_delivery_date
from tests.harness.temporal import time_skipping_server
from tests.workflows.report_world import World
from tests.workflows.report_years import BEGIN, Case, reported

MOMENT = timedelta(seconds=3)
"""How near to a moment at which a report is due it is changed; a machine that is busy still meets that."""

_SHIFTS = (-MOMENT, MOMENT, timedelta(hours=-7))
_BETWEEN = timedelta(seconds=7)
"""The server that skips time stands still when an update meets a timer: no change is at the very instant."""

_FAR = timedelta(days=400)
_RULES = (
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3;BYHOUR=0,23;BYMINUTE=30",
    "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9;BYMINUTE=0",
    "FREQ=MONTHLY;BYMONTHDAY=-1,29,30;BYHOUR=2;BYMINUTE=30",
)
_ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Santiago",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
)


@asynccontextmanager
async def years() -> AsyncIterator[WorkflowEnvironment]:
    """A server whose time is `BEGIN`."""
    async with time_skipping_server() as skipping:
        await reach(skipping, BEGIN)
        yield skipping


async def reach(skipping: WorkflowEnvironment, moment: datetime) -> None:
    """Have time pass until a moment."""
    await skipping.sleep(max(moment - await skipping.get_current_time(), timedelta()))


def scheduled(world: World, case: Case, now: datetime = BEGIN, **changes: object) -> EvaluationReport:
    """A report as the API stores it when somebody makes it now."""
    fields = case._asdict() | {"frequency": ReportFrequency.SCHEDULED, "daily_run_cap": 24} | changes
    report = world.report(now, **fields)
    return world.edit(report.id, next_delivery_date=next_delivery_date(report, now))


def change(world: World, report_id: UUID, now: datetime, changes: Mapping[str, object]) -> None:
    """Store a change as the API does."""
    form = EvaluationReportRequest.model_construct(_fields_set=set(changes), **dict(changes))
    spec = changed_spec(world.reports[report_id], form, now=now)
    world.edit(report_id, **{name: getattr(spec, name) for name in EvaluationReportSpec.model_fields})


@dataclass
class Course:
    """What becomes of one report.

    Attributes:
        begins: as it is made at `BEGIN`.
        changes: (when, what), in order; a change of nothing only tells the workflow to look.
        expected: when its reports have to come.
    """

    begins: Case
    changes: list[tuple[datetime, dict[str, object]]] = field(default_factory=list)
    expected: list[datetime] = field(default_factory=list)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """A report that is changed some times around the moments at which it is due, and paused in the end."""
    start, zone = BEGIN - timedelta(days=draw(st.integers(0, 9))), draw(st.sampled_from(_ZONES))
    case, is_live, now = Case(draw(st.sampled_from(_RULES)), start, zone), True, BEGIN
    course, dues = Course(case), reported(case, until=BEGIN + _FAR)
    kinds = draw(st.lists(st.sampled_from(["look", "rule", "zone", "switch"]), min_size=1, max_size=3))
    for kind in [*kinds, "pause"]:
        due = dues[draw(st.integers(0, 1))]
        now = max(now + _BETWEEN, due + draw(st.sampled_from(_SHIFTS)))
        if is_live:
            course.expected += [each for each in dues if each <= now]
        changes = _changes(draw, kind, case, is_live)
        course.changes.append((now, changes))
        is_live = bool(changes.get("enabled", is_live))
        rule = {name: str(value) for name, value in changes.items() if name != "enabled"}
        case = case._replace(**rule)  # type: ignore[arg-type]  # texts, both
        dues = [each for each in dues if each > now]
        if changes:  # then it is planned anew
            dues = reported(case, made=now, until=now + _FAR)
    return course


def _changes(draw: st.DrawFn, kind: str, before: Case, is_live: bool) -> dict[str, object]:
    match kind:
        case "rule":
            return {"rrule": draw(_others(_RULES, before.rrule))}
        case "zone":
            return {"timezone_name": draw(_others(_ZONES, before.timezone_name))}
        case "switch":
            return {"enabled": not is_live}
        case "pause":
            return {"enabled": False}
    return {}


def _others(values: tuple[str, ...], before: str) -> st.SearchStrategy[str]:
    return st.sampled_from([value for value in values if value != before])
