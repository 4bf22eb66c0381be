from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse.server import open_server
from assay.contracts.access import Project
from assay.contracts.evaluation_reports import EvaluationReportSpec
from assay.contracts.report_runs import (
    Citation,
    RateChange,
    ReportContent,
    ReportMetrics,
    ReportRun,
    ReportSection,
    ReportTrigger,
)
from assay.domain.signed_links import LINK_LIFETIME, Page, PageLinks
from assay.errors import StoreUnavailable
from assay.ports.report_data import Bucket, Window
from tests.api.conftest import Make
from tests.harness.api import SECRETS, ApiWorld
from tests.harness.clickhouse_http import clickhouse_server
from tests.stores.events.support import Backend

START, END = datetime(2026, 11, 9, 8, tzinfo=UTC), datetime(2026, 11, 16, 8, tzinfo=UTC)
GENERATION = "6a1de6a5-4a1f-4be1-a3c5-14f6a2f5d1c7"
NUMBERS = ReportMetrics(
    output_type="boolean",
    total_runs=1_204,
    result_counts={"pass": 960, "fail": 240, "na": 4},
    result_rates={"pass": 79.73, "fail": 19.93, "na": 0.33},
    pass_count=960,
    fail_count=240,
    na_count=4,
    pass_rate=80.0,
    pass_rate_interval=(77.64, 82.17),
    period_start=START,
    period_end=END,
    previous_total_runs=1_001,
    previous_result_counts={"pass": 851, "fail": 150},
    previous_result_rates={"pass": 85.01, "fail": 14.99},
    previous_pass_rate=85.01,
    previous_pass_rate_interval=(82.67, 87.09),
    change=RateChange(percentage_points=-5.01, p_value=0.0022, is_significant=True),
)
CONTENT = ReportContent(
    title="Refunds are refused too often",
    sections=(
        ReportSection(
            title="What went wrong",
            content="## What went wrong\nThe assistant refuses **refunds** that the policy allows, as in "
            f"`{GENERATION}`.",
        ),
        ReportSection(title="What to do", content="1. Quote the policy in the prompt.\n2. Watch it."),
    ),
    citations=(
        Citation(
            generation_id=GENERATION,
            trace_id="trace-1",
            session_id="session-1",
            reason="A refund within 30 days was refused.",
        ),
    ),
    metrics=NUMBERS,
)

MakeRun = Callable[..., Awaitable[ReportRun]]


class Results:
    """Results over time that were worked out before: what is asked of the event store, and its answer.

    Args:
        buckets: the answer; None: the event store is away.
        after: what it waits for first.
    """

    def __init__(self, buckets: list[Bucket] | None = None, *, after: threading.Event | None = None) -> None:
        self.asked: list[tuple[Window, str, bool]] = []
        self._buckets = buckets
        self._after = after

    def buckets(self, window: Window, *, by: str, true_is_failure: bool) -> list[Bucket]:
        self.asked.append((window, by, true_is_failure))
        if self._after is not None:
            self._after.wait()
        if self._buckets is None:
            raise StoreUnavailable("The event store did not answer (refused).")
        return self._buckets


def fortnight() -> list[Bucket]:
    """Two weeks by day, of which the second passes less often."""
    first = (END - timedelta(days=14)).replace(hour=0)
    worse = [3 * max(day - 6, 0) for day in range(15)]
    return [
        Bucket(start=first + timedelta(days=day), counts={"pass": 85 - more, "fail": 15 + more, "na": 1})
        for day, more in enumerate(worse)
    ]


def signed(run: ReportRun, expires: datetime | None = None) -> str:
    """The link to a run, with the secrets that the API has."""
    ends = expires or datetime.now(UTC) + LINK_LIFETIME
    return PageLinks(SECRETS).sign(Page.REPORT, run.id, ends)


@pytest.fixture
def make_run(world: ApiWorld, project: Project, make: Make) -> MakeRun:
    """Store a run of a new report in the test's own project; `report` and `evaluation` go into those."""

    async def make_run(
        *,
        report: dict[str, Any] | None = None,
        evaluation: dict[str, Any] | None = None,
        **fields: Any,
    ) -> ReportRun:
        judged = await make(**(evaluation or {}))
        spec = EvaluationReportSpec(evaluation_id=UUID(judged["id"]), **(report or {}))
        stored = await world.registry.evaluation_reports.create(project.id, spec, created_by=None)
        defaults: dict[str, Any] = {
            "id": uuid4(),
            "project_id": project.id,
            "report_id": stored.id,
            "evaluation_id": UUID(judged["id"]),
            "trigger": ReportTrigger.SCHEDULED,
            "content": CONTENT,
            "period_start": START,
            "period_end": END,
            "model": "gpt-5-mini",
            "cost_usd": 0.0123,
            "created_at": END + timedelta(minutes=1),
        }
        return await world.registry.report_runs.create(ReportRun(**(defaults | fields)))

    return make_run


@pytest.fixture(scope="session")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """An event store in a process of its own: one process has one engine, and other tests may have it."""
    with clickhouse_server(tmp_path_factory.mktemp("page-events")) as url:
        backend = Backend(open_server(f"{url}/assay"))
        backend.store.migrate()
        yield backend
        backend.store.close()
