"""Verdicts in an event store whose trend has a shape that nobody mistakes, with what must not count in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from assay.adapters.clickhouse.rows import INSERT_TYPES, to_block
from assay.contracts.report_runs import ReportRun
from tests.api.report_pages.conftest import END
from tests.stores.events.support import Backend
from tests.stores.events.verdicts import NOT_APPLICABLE, OTHER, SKIPPED, verdict

DAY = timedelta(days=1)
FIRST_DAY = (END - 14 * DAY).replace(hour=0)
"""With which the chart of a week begins."""

PASSED: tuple[int | None, ...] = (4, 4, 4, None, 1, 1, 1, 3, 3, 3, 0, 0, 0, 2, 2)
"""Of the four results of each day; None: nothing passed or failed on it."""


def rates(*, true_is_failure: bool = False) -> list[tuple[datetime, float]]:
    """What the chart has to show: days and the parts that passed."""
    shown = [
        (FIRST_DAY + place * DAY, passed / 4) for place, passed in enumerate(PASSED) if passed is not None
    ]
    return [(day, 1 - rate if true_is_failure else rate) for day, rate in shown]


def store(backend: Backend, run: ReportRun) -> None:
    """Have the verdicts arrive, each day an hour before that at which the run's period ends."""
    project, ours = run.project_id, {"evaluation": run.evaluation_id}
    arrivals = [
        (FIRST_DAY - timedelta(microseconds=1), verdict(project, False, **ours)),
        (END, verdict(project, False, **ours)),
    ]
    for place, passed in enumerate(PASSED):
        at = (FIRST_DAY + place * DAY).replace(hour=END.hour - 1)
        results = [] if passed is None else [number < passed for number in range(4)]
        verdicts = [verdict(project, result, **ours, timestamp=at - DAY) for result in results]
        beside = [
            verdict(project, None, **ours, properties=NOT_APPLICABLE),
            verdict(project, None, **ours, properties=SKIPPED),
            verdict(project, False, evaluation=OTHER),
        ]
        arrivals += [(at, each) for each in (*verdicts, *beside)]
        arrivals += [(at + DAY, each) for each in verdicts]  # again; each counts when it came first
    types = INSERT_TYPES | {"ingested_at": "DateTime64(6, 'UTC')"}
    moments, events = zip(*arrivals, strict=True)
    backend.connection.insert("events", types, [*to_block(events), list(moments)])
