"""Case `idle`: what reports that wait for their time cost, and how punctual they are."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import uvloop
from temporalio.client import Client

from assay.adapters.sql import SqlRegistry, open_registry
from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportSpec, ReportFrequency
from assay.runtime.bench.measure import percentile, resident_megabytes
from assay.runtime.engine_process import EngineProcess, engine_process
from assay.temporal.plugin import AssayPlugin
from assay.temporal.reports import configure_report
from assay.temporal.search_attributes import REPORT

REPORTS: Final = 2_000
_FIRST: Final = 100
"""Reports that are there before: the first ones fill caches that are no larger for more."""

_PROJECT: Final = 1
_AT_A_TIME: Final = 16
_SETTLE_SECONDS: Final = 20.0
"""Long enough for what was used to make the workflows to be given back."""

_DUE: Final = 50
_LEAD: Final = timedelta(seconds=30)
_APART: Final = timedelta(milliseconds=200)
_ALONE: Final = timedelta(seconds=5)
"""Long enough for the last of them to have begun."""

_EVALUATION: Final = {
    "name": "Idle",
    "enabled": True,
    "evaluation_type": "hog",
    "evaluation_config": {"source": "return true"},
    "output_type": "boolean",
    "output_config": {"allows_na": False},
}


def run(*_: int) -> dict[str, Any]:
    """Two thousand reports with a weekly rule, of which fifty become due within ten seconds.

    Returns:
        Megabytes that each process has more with the reports than before, and milliseconds from the moment in
        which a report was due to the start of its run.
    """
    return asyncio.run(_run(), loop_factory=uvloop.new_event_loop)


async def _run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, engine_process(Path(folder)) as engine:
        client = await Client.connect(engine.temporal_address, plugins=[AssayPlugin()])
        registry = _registry(engine)
        try:
            evaluation_id = await _evaluation(engine)
            await _configured(client, await _reports(registry, evaluation_id, _FIRST))
            await asyncio.sleep(_SETTLE_SECONDS)
            before = resident_megabytes(engine.process.pid)
            reports = await _reports(registry, evaluation_id, REPORTS)
            await _configured(client, reports)
            await asyncio.sleep(_SETTLE_SECONDS)
            after = resident_megabytes(engine.process.pid)
            late = await _late(client, registry, reports[:: REPORTS // _DUE])
        finally:
            await registry.close()
    added = {name: round(after[name] - before.get(name, 0)) for name in after}
    return {
        "reports": REPORTS,
        "megabytes_added": added,
        "megabytes_added_in_all": sum(added.values()),
        "due": len(late),
        "late_ms": {f"p{at}": round(percentile(late, at) * 1000) for at in (50, 95)}
        | {"max": round(max(late) * 1000)},
    }


def _registry(engine: EngineProcess) -> SqlRegistry:
    secret = (engine.data_dir / "secret").read_text().strip()
    return open_registry(f"sqlite+aiosqlite:///{engine.data_dir / 'registry.sqlite'}", secrets=[secret])


async def _evaluation(engine: EngineProcess) -> UUID:
    headers = {"Authorization": f"Bearer {engine.api_key}"}
    async with httpx.AsyncClient(base_url=engine.api_url, headers=headers) as http:
        made = await http.post(f"/api/environments/{_PROJECT}/evaluations/", json=_EVALUATION)
        made.raise_for_status()
        return UUID(made.json()["id"])


async def _reports(registry: SqlRegistry, evaluation_id: UUID, count: int) -> list[EvaluationReport]:
    now = datetime.now(UTC)
    spec = EvaluationReportSpec(
        evaluation_id=evaluation_id,
        frequency=ReportFrequency.SCHEDULED,
        rrule="FREQ=WEEKLY",
        starts_at=now,
        next_delivery_date=now + timedelta(weeks=1),
    )
    return [await registry.evaluation_reports.create(_PROJECT, spec, created_by=None) for _ in range(count)]


async def _configured(client: Client, reports: Sequence[EvaluationReport]) -> None:
    left = iter(reports)

    async def configure() -> None:
        for report in left:
            await configure_report(client, _PROJECT, report.id)

    await asyncio.gather(*(configure() for _ in range(_AT_A_TIME)))


async def _late(client: Client, registry: SqlRegistry, reports: Sequence[EvaluationReport]) -> list[float]:
    """Make reports due one after the other; seconds by which the run of each was late."""
    first = datetime.now(UTC) + _LEAD
    due = {report.id: first + number * _APART for number, report in enumerate(reports)}
    for report in reports:
        await registry.evaluation_reports.update(
            _PROJECT,
            report.id,
            lambda stored: EvaluationReportSpec.model_validate(
                {name: getattr(stored, name) for name in EvaluationReportSpec.model_fields}
                | {"next_delivery_date": due[stored.id]}
            ),
        )
    await _configured(client, reports)
    last = max(due.values())
    await asyncio.sleep((last - datetime.now(UTC) + _ALONE).total_seconds())
    late: list[float] = []
    async for run in client.list_workflows("WorkflowType = 'evaluation-report-run'"):
        if (found := run.typed_search_attributes.get(REPORT)) is not None:
            late.append((run.start_time - due[UUID(found)]).total_seconds())
    if len(late) != len(reports):
        raise RuntimeError(f"{len(reports)} reports were due, and {len(late)} runs began.")
    return late
