"""Numbers of clusters: what their items cost, how long they took, what went wrong, how they were judged.

They are of the placements that a run has stored, so no list of items travels. A group of rows per item is
held in memory for as long as a statement runs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from math import isnan
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse.clustering_artefacts import PLACED
from assay.adapters.clickhouse.clustering_draws import NOT_SKIPPED
from assay.adapters.clickhouse.clustering_texts import OUTCOME
from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.rows import held_day
from assay.adapters.clickhouse.window_candidates import SENT
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusterMetrics
from assay.contracts.event_names import EVALUATION, GENERATION

_LOOK_BACK: Final = timedelta(days=7)
"""A trace may have begun, and the target of a verdict may have happened, so long before the item's time."""

_LOOK_AHEAD: Final = timedelta(days=2)
"""A verdict of another sender may be of so much later than its target."""

_OF_RUN: Final = "project_id = {project_id:UInt64} AND run = {run:UUID}"
_IN_DAYS: Final = "toDate(timestamp) BETWEEN {first_day:Date} AND {last_day:Date}"
_OF_KIND: Final = f"project_id = {{project_id:UInt64}} AND event = '%s' AND {_IN_DAYS}"
_NEWEST_COPIES: Final = "ORDER BY ingested_at DESC LIMIT 1 BY event, toDate(timestamp), uuid"

DAYS: Final = f"""
SELECT min(toDate(timestamp)) AS first_day, max(toDate(timestamp)) AS last_day
FROM clustering_items
WHERE {_OF_RUN}
"""  # noqa: S608  (column names, no values)

# `key` is what the numbers of an item are found by; it is empty where there is nothing to find.
_BY_ITEM: Final = f"SELECT cluster, item_id AS key FROM ({PLACED})"  # noqa: S608
_BY_GENERATION: Final = f"""
SELECT cluster, generation_id AS key FROM ({PLACED}) AS placed
INNER JOIN (
    SELECT item_id, generation_id FROM clustering_items
    WHERE {_OF_RUN}
    ORDER BY stored_at DESC
    LIMIT 1 BY item_id
) AS item USING (item_id)
"""  # noqa: S608  (column names, no values)


def _amount(value: str) -> str:
    """What an event cost, took or used: only positive numbers mean anything, and none is beyond a billion.

    One absurd number must not be all that is known of a cluster, nor make its sum infinite.
    """
    return f"if(ifNull({value} BETWEEN 0 AND 1e9, false), assumeNotNull({value}), 0)"


def _count(name: str) -> str:
    """A number of tokens, which was sent as text or as a number."""
    return _amount(f"toFloat64OrNull(toString(properties.`{name}`))")


_TOKENS: Final = f"{_count('$ai_input_tokens')} + {_count('$ai_output_tokens')}"

# As in the text of a trace: either property, if it says anything. An object is under its own paths only.
_IS_ERROR: Final = """(lower(ifNull(toString(properties.`$ai_is_error`), '')) IN ('true', '1')
        OR ifNull(toString(properties.`$ai_error`), '') NOT IN ('', 'false', '0', '[]')
        OR toString(properties.^`$ai_error`) != '{}')"""

_OF_EVENT: Final = f"""
        trace_id,
        uuid,
        timestamp,
        toString(event) AS name,
        parent_id,
        {_amount("cost")} AS event_usd,
        {_amount("latency")} AS event_seconds,
        {_TOKENS} AS event_tokens,
        {_IS_ERROR} AS event_failed"""

# A trace takes as long as it says itself, else as what is on top of it, else as its generations; the time of
# what is nested is in there already. Only models cost something.
_OF_TRACES: Final = f"""
    SELECT
        trace_id AS key,
        sumIf(event_usd, name IN ('{GENERATION}', '$ai_embedding')) AS usd,
        sumIf(event_tokens, name IN ('{GENERATION}', '$ai_embedding')) AS tokens,
        maxIf(event_seconds, name = '$ai_trace') AS own,
        sumIf(event_seconds, name != '$ai_trace' AND parent_id IN ('', trace_id)) AS outermost,
        sumIf(event_seconds, name = '{GENERATION}') AS of_generations,
        multiIf(own > 0, own, outermost > 0, outermost, of_generations) AS seconds,
        max(event_failed) AS failed
    FROM (
        SELECT {_OF_EVENT} FROM events
        WHERE {SENT} AND {_IN_DAYS} AND trace_id IN (SELECT key FROM ({_BY_ITEM}))
        {_NEWEST_COPIES}
    )
    GROUP BY trace_id
"""  # noqa: S608  (column names, no values)


def _of_generations(keys: str) -> str:
    return f"""
    SELECT
        toString(uuid) AS key,
        event_usd AS usd,
        event_tokens AS tokens,
        event_seconds AS seconds,
        event_failed AS failed
    FROM (
        SELECT {_OF_EVENT} FROM events
        WHERE {_OF_KIND % GENERATION} AND uuid IN (SELECT toUUIDOrZero(key) FROM ({keys}))
        {_NEWEST_COPIES}
    )
    ORDER BY timestamp DESC
    LIMIT 1 BY uuid
"""  # noqa: S608  (column names, no values)


def _operations(keys: str, numbers: str) -> str:
    return f"""
SELECT
    cluster,
    count() AS item_count,
    avgIf(numbers.usd, numbers.usd > 0) AS avg_cost,
    sum(numbers.usd) AS total_cost,
    avgIf(numbers.seconds, numbers.seconds > 0) AS avg_latency,
    avgIf(numbers.tokens, numbers.tokens > 0) AS avg_tokens,
    countIf(numbers.failed) AS error_count
FROM ({keys}) AS placed
LEFT JOIN ({numbers}) AS numbers ON numbers.key = placed.key
GROUP BY cluster
"""  # noqa: S608  (column names, no values)


def _verdicts(key: str, belongs: str) -> str:
    """The query for the verdicts on the items, by what made them.

    Args:
        key: expression for the item that a verdict is about.
        belongs: condition that it is one of them.
    """
    return f"""
SELECT
    cluster,
    evaluator,
    runtime,
    count() AS judged,
    countIf(outcome = 'pass') AS passes,
    countIf(outcome = 'fail') AS fails,
    countIf(outcome = 'n/a') AS unjudged,
    countIf(usd > 0) AS priced,
    sum(usd) AS total_usd
FROM ({_BY_ITEM}) AS placed
INNER JOIN (
    SELECT
        {key} AS key,
        ifNull(toString(properties.`$ai_evaluation_name`), '') AS evaluator,
        ifNull(toString(properties.`$ai_evaluation_runtime`), '') AS runtime,
        {_amount("cost")} AS usd,
        {OUTCOME} AS outcome
    FROM events
    WHERE {_OF_KIND % EVALUATION} AND {belongs} AND {NOT_SKIPPED}
    {_NEWEST_COPIES}
) AS verdict ON verdict.key = placed.key
GROUP BY cluster, evaluator, runtime
"""  # noqa: S608  (column names, no values)


_ITEMS: Final = f"(SELECT key FROM ({_BY_ITEM}))"  # noqa: S608
_UUIDS: Final = f"(SELECT toUUIDOrZero(key) FROM ({_BY_ITEM}))"  # noqa: S608

OPERATIONS: Final = {
    AnalysisLevel.TRACE: _operations(_BY_ITEM, _OF_TRACES),
    AnalysisLevel.GENERATION: _operations(_BY_ITEM, _of_generations(_BY_ITEM)),
    AnalysisLevel.EVALUATION: _operations(_BY_GENERATION, _of_generations(_BY_GENERATION)),
}
VERDICTS: Final = {
    AnalysisLevel.TRACE: _verdicts("trace_id", f"trace_id IN {_ITEMS}"),
    AnalysisLevel.GENERATION: _verdicts("lower(target_id)", f"lower(target_id) IN {_ITEMS}"),
    AnalysisLevel.EVALUATION: _verdicts("toString(uuid)", f"uuid IN {_UUIDS}"),
}


class ClusteringNumbers:
    """The part of `assay.ports.ClusteringSources` that measures clusters."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def metrics(
        self, project_id: int, level: AnalysisLevel, run: UUID, *, true_is_failure: Collection[UUID] = ()
    ) -> Mapping[int, ClusterMetrics]:
        """Numbers of the clusters of a run, by what is stored of its items and placements.

        Means are over positive values, and None where there are none. Verdicts that are neither a pass nor a
        fail nor not applicable do not count.

        Args:
            true_is_failure: evaluations whose verdict `true` is the bad one.
        """
        place = {"project_id": project_id, "run": run}
        [days] = self._connection.query(DAYS, **place)
        span = {
            "first_day": held_day(days["first_day"] - _LOOK_BACK),
            "last_day": held_day(days["last_day"] + _LOOK_AHEAD),
        }
        bad = [str(evaluation) for evaluation in true_is_failure]
        verdicts: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self._connection.query(VERDICTS[level], true_is_failure=bad, **place, **span):
            verdicts[row["cluster"]].append(row)
        is_judge = level is AnalysisLevel.EVALUATION
        return {
            row["cluster"]: ClusterMetrics(
                **_operations_of(row),
                **_verdicts_of(verdicts[row["cluster"]]),
                **(_judges_of(verdicts[row["cluster"]]) if is_judge else {}),
            )
            for row in self._connection.query(OPERATIONS[level], **place, **span)
        }


def _operations_of(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item_count": row["item_count"],
        "avg_cost": _known(row["avg_cost"]),
        "total_cost": row["total_cost"] or None,
        "avg_latency": _known(row["avg_latency"]),
        "avg_tokens": _known(row["avg_tokens"]),
        "error_count": row["error_count"],
        "error_rate": row["error_count"] / row["item_count"],
    }


def _verdicts_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for row in rows:
        total.update({name: row[name] for name in ("passes", "fails", "unjudged")})
    applicable = total["passes"] + total["fails"]
    verdicts = applicable + total["unjudged"]
    return {
        "verdicts": verdicts,
        "pass_rate": total["passes"] / applicable if applicable else None,
        "na_rate": total["unjudged"] / verdicts if verdicts else None,
    }


def _judges_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    names: Counter[str] = Counter()
    runtimes: Counter[str] = Counter()
    priced, usd = 0, 0.0
    for row in rows:
        names[row["evaluator"]] += row["judged"]
        runtimes[row["runtime"]] += row["judged"]
        priced += row["priced"]
        usd += row["total_usd"]
    return {
        "dominant_evaluation_name": _most_frequent(names),
        "dominant_runtime": _most_frequent(runtimes),
        "avg_judge_cost": usd / priced if priced else None,
    }


def _most_frequent(counts: Counter[str]) -> str | None:
    """The text that comes most often, of equals the first in order; empty ones do not count."""
    named = [(-count, text) for text, count in counts.items() if text]
    return min(named)[1] if named else None


def _known(mean: float | None) -> float | None:
    """A mean; of no values the store gives NaN."""
    return None if mean is None or isnan(mean) else mean
