"""The numbers of one report: from verdicts in the order of their arrival, and from the events themselves.

The store holds two periods of the verdicts of three evaluations, as a judge writes them, and one verdict in a
hundred of the reported evaluation is written twice. Both ways have to give the same numbers.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse import ClickHouseEventStore, ClickHouseReportData
from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.embedded import open_embedded
from assay.adapters.clickhouse.rows import INSERT_TYPES, to_block
from assay.contracts.evaluations import EvaluationType, Judgement
from assay.contracts.events import EVALUATION, GENERATION, Event, EventRef, utc_day
from assay.contracts.report_data import Bucket, Window
from assay.contracts.report_runs import ReportMetrics
from assay.domain.report_statistics import report_metrics
from assay.domain.verdicts import Occasion, verdict_event
from assay.runtime.bench.measure import percentile

SEED: Final = 7
_PROJECT: Final = 1
_EVALUATION: Final = UUID(int=1)
_NEIGHBOURS: Final = [UUID(int=number) for number in (2, 3)]
"""Other evaluations of the project, with as many verdicts."""
_START: Final = datetime(2026, 3, 1, tzinfo=UTC)
_PERIOD: Final = timedelta(days=1)
_DELAY: Final = timedelta(minutes=1)
"""From a generation to the arrival of its verdict."""
_BLOCK: Final = 2_000
_WRITTEN_TWICE: Final = 100
"""One verdict in so many."""
_WORDS: Final = (
    "the",
    "answer",
    "names",
    "every",
    "source",
    "but",
    "leaves",
    "out",
    "its",
    "date",
    "and",
    "place",
)

_COPY_FOR_NEIGHBOUR: Final = """
INSERT INTO events (project_id, event, uuid, distinct_id, timestamp, ingested_at, properties, properties_text)
SELECT
    project_id, event, generateUUIDv4(), distinct_id, timestamp, ingested_at,
    CAST(text, 'JSON(max_dynamic_paths = 0)'), text
FROM (
    SELECT *, replaceOne(properties_text, '{}', '{}') AS text FROM events
    WHERE evaluation_id = '{}' AND event = '$ai_evaluation'
)
SETTINGS max_execution_time = 0
"""

_Numbers = tuple[ReportMetrics, list[Bucket]]

_OUTCOME: Final = "multiIf(applicable = false, 'na', result = true, 'pass', result = false, 'fail', '')"

_FROM_EVENTS: Final = f"""
SELECT %s{_OUTCOME} AS outcome, count() AS results FROM events FINAL
WHERE project_id = {{project_id:UInt64}} AND event = {{event:String}}
  AND evaluation_id = toString({{evaluation_id:UUID}})
  AND ingested_at >= {{since:DateTime64(6, 'UTC')}} AND ingested_at < {{until:DateTime64(6, 'UTC')}}
GROUP BY ALL
ORDER BY ALL
"""  # noqa: S608  (column names, no values)


def run(verdicts: int, rounds: int) -> dict[str, Any]:
    """Measure the embedded engine in a folder of its own.

    Args:
        verdicts: of each of the two periods.
        rounds: how often the numbers of a report are read, both ways in turn.

    Returns:
        Milliseconds of all queries of one report (counts of its period and of the one before, and an hourly
        chart), the same from the events, and how many times longer those take.
    """
    with tempfile.TemporaryDirectory() as folder:
        connection = open_embedded(Path(folder))
        try:
            ClickHouseEventStore(connection).migrate()
            _write(connection, verdicts)
            return {"seed": SEED, "verdicts_of_a_period": verdicts, **_compare(connection, rounds)}
        finally:
            connection.close()


def _compare(connection: Connection, rounds: int) -> dict[str, Any]:
    data = ClickHouseReportData(connection)
    ways: dict[str, Callable[[], _Numbers]] = {
        "arrivals": lambda: _from_arrivals(data),
        "events": lambda: _from_events(connection),
    }
    if ways["arrivals"]() != ways["events"]():  # warms up, too
        raise RuntimeError("The two ways give different numbers.")
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, numbers in ways.items():
            began = time.perf_counter()
            numbers()
            took[name].append((time.perf_counter() - began) * 1000)
    ratio = percentile(took["events"], 50) / percentile(took["arrivals"], 50)
    return {
        "rounds": rounds,
        **{f"from_{name}_ms": _percentiles(times) for name, times in took.items()},
        "ratio_p50": round(ratio, 2),
    }


def _percentiles(milliseconds: list[float]) -> dict[str, float]:
    return {f"p{at}": round(percentile(milliseconds, at), 1) for at in (50, 95)}


def _windows() -> tuple[Window, Window]:
    """The period of the report and the one before."""
    middle = _START + _PERIOD + _DELAY
    before, current = ((middle - _PERIOD, middle), (middle, middle + _PERIOD))
    made = [
        Window(project_id=_PROJECT, evaluation_id=_EVALUATION, since=since, until=until)
        for since, until in (current, before)
    ]
    return made[0], made[1]


def _from_arrivals(data: ClickHouseReportData) -> _Numbers:
    current, before = _windows()
    counts = [data.outcome_counts(of, true_is_failure=False) for of in (current, before)]
    return _metrics(*counts), data.buckets(current, by="hour", true_is_failure=False)


def _from_events(connection: Connection) -> _Numbers:
    def rows(of: Window, start: str = "") -> list[dict[str, Any]]:
        return connection.query(_FROM_EVENTS % start, event=EVALUATION, **dict(of))

    current, before = _windows()
    counts = [{row["outcome"]: row["results"] for row in rows(of)} for of in (current, before)]
    hours: dict[datetime, dict[str, int]] = {}
    for row in rows(current, "toStartOfHour(ingested_at) AS start, "):
        hours.setdefault(row["start"], {})[row["outcome"]] = row["results"]
    return _metrics(*counts), [Bucket(start=start, counts=found) for start, found in hours.items()]


def _metrics(current: dict[str, int], before: dict[str, int]) -> ReportMetrics:
    period, _ = _windows()
    return report_metrics("boolean", current, before, period_start=period.since, period_end=period.until)


def _write(connection: Connection, verdicts: int) -> None:
    """Both periods, block by block; then the neighbours'."""
    types = INSERT_TYPES | {"ingested_at": "DateTime64(6, 'UTC')"}
    for block in batched(_verdicts(verdicts), _BLOCK):
        for events in (block, block[::_WRITTEN_TWICE]):
            arrived = [event.timestamp + _DELAY for event in events]
            connection.insert("events", types, [*to_block(events), arrived])
    for neighbour in _NEIGHBOURS:
        connection.command(_COPY_FOR_NEIGHBOUR.format(_EVALUATION, neighbour, _EVALUATION))


def _verdicts(count: int) -> Iterator[Event]:
    draw = random.Random(SEED)
    for number in range(2 * count):
        yield _verdict(draw, number, _START + number * _PERIOD / count)


def _verdict(draw: random.Random, number: int, at: datetime) -> Event:
    target = EventRef(
        project_id=_PROJECT, event=GENERATION, uuid=UUID(int=draw.getrandbits(128)), day=utc_day(at)
    )
    occasion = Occasion(
        project_id=_PROJECT,
        evaluation_id=_EVALUATION,
        evaluation_name="Names its sources",
        evaluation_type=EvaluationType.LLM_JUDGE,
        target=target,
        timestamp=at,
        started_at=at,
        trigger="live",
    )
    applies = draw.random() > 0.05
    judgement = Judgement(
        evaluation_version=1,
        verdict_event_id=UUID(int=draw.getrandbits(128)),
        verdict=draw.random() < 0.8 if applies else None,
        applicable=applies,
        allows_na=True,
        reasoning=" ".join(draw.choices(_WORDS, k=25)),
        provider="openai",
        model="gpt-5-mini",
        input_tokens=draw.randint(100, 5_000),
        output_tokens=draw.randint(20, 100),
    )
    source = Event(
        project_id=_PROJECT,
        event=GENERATION,
        uuid=target.uuid,
        distinct_id=f"user-{number % 1000}",
        timestamp=at,
        properties={"$ai_trace_id": f"trace-{number // 5}", "$session_id": f"session-{number // 50}"},
    )
    return verdict_event(occasion, judgement, source=source)
