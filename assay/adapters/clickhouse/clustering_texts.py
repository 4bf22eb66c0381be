"""What the items of a clustering run say: of their summaries, generations and verdicts.

Inputs can be 8 MiB long, and what is wanted of them is at their end. A long one is cut in the store, to the
last messages of its user; so a block of items takes 150 MB at most, and hardly ever more than some.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import batched
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.properties import SHARED_COLUMN
from assay.adapters.clickhouse.rows import held_day
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringItem
from assay.contracts.event_names import EVALUATION, GENERATION, GENERATION_SUMMARY, TRACE_SUMMARY
from assay.contracts.events import utc_day
from assay.domain.clustering_texts import (
    LONGEST_TEXT,
    conversation_text,
    said_text,
    summary_text,
    summary_title,
    verdict_text,
)

_AT_ONCE: Final = 200
"""Items in a block."""

_BYTES_OF_IDS: Final = 60_000
"""A server takes no parameter of more than 128 KiB, and an id may have to be escaped."""

LONGEST_INPUT: Final = 256 * 1024
LONGEST_OUTPUT: Final = 128 * 1024
LONGEST_SUMMARY: Final = 128 * 1024
"""Bytes of JSON. A longer output or summary counts as none, a longer input is cut."""

LONGEST_MESSAGE: Final = LONGEST_INPUT // 8
"""Bytes of a message in an input that is cut: longer ones are left out."""

_LOOK_BACK: Final = timedelta(days=7)
"""A trace may have had its last generation, and a verdict its target, so long before."""

_OF_KIND: Final = """project_id = {project_id:UInt64} AND event = {event:String}
    AND toDate(timestamp) >= {first_day:Date}"""

# A text may be the JSON of messages itself.
_MESSAGES: Final = """JSONExtractArrayRaw(
        if(JSONType(ai_input) = 'String', JSONExtractString(ai_input), ai_input))"""
_SHORT_ENOUGH: Final = f"arrayFilter(message -> length(message) <= {LONGEST_MESSAGE}, {_MESSAGES})"
_OF_USER: Final = f"arrayFilter(message -> JSONExtractString(message, 'role') = 'user', {_SHORT_ENOUGH})"
_LAST: Final = f"arraySlice(if(empty({_OF_USER}), {_SHORT_ENOUGH}, {_OF_USER}), -8)"
_INPUT: Final = f"""multiIf(
        length(ai_input) <= {LONGEST_INPUT}, ai_input,
        notEmpty({_LAST}), concat('[', arrayStringConcat({_LAST}, ','), ']'),
        JSONType(ai_input) = 'String',
            toJSONString(substringUTF8(JSONExtractString(ai_input), -{LONGEST_TEXT})),
        '')"""


def _cut(column: str) -> str:
    return f"if(length({column}) <= {LONGEST_OUTPUT}, {column}, '')"


_BODY: Final = f"""
    {_INPUT} AS input,
    {_cut("ai_input_state")} AS input_state,
    {_cut("ai_output_choices")} AS output_choices,
    {_cut("ai_output")} AS output,
    {_cut("ai_output_state")} AS output_state"""

# Of copies the last one counts, and of events with one id the newest. Read without FINAL, which would read
# the long values of whole granules.
GENERATIONS: Final = f"""
SELECT toString(uuid) AS id, {_BODY} FROM events
WHERE {_OF_KIND} AND toDate(timestamp) <= {{last_day:Date}} AND uuid IN {{ids:Array(UUID)}}
ORDER BY timestamp DESC, ingested_at DESC
LIMIT 1 BY id
"""  # noqa: S608  (column names, no values)

TRACES: Final = f"""
SELECT trace_id AS id, {_BODY} FROM events
WHERE {_OF_KIND} AND toDate(timestamp) <= {{last_day:Date}} AND trace_id IN {{ids:Array(String)}}
ORDER BY timestamp DESC, ingested_at DESC
LIMIT 1 BY id
"""  # noqa: S608  (column names, no values)

# A summary is of the end of its window: after what it is about, nobody knows how long.
_SUMMARIES: Final = f"""
SELECT %s AS id, {SHARED_COLUMN} FROM events
WHERE {_OF_KIND} AND id IN {{ids:Array(String)}} AND length({SHARED_COLUMN}) <= {LONGEST_SUMMARY}
ORDER BY timestamp DESC, ingested_at DESC
LIMIT 1 BY id
"""  # noqa: S608  (column names, no values)

SUMMARIES: Final = {
    AnalysisLevel.TRACE: (TRACE_SUMMARY, _SUMMARIES % "trace_id"),
    AnalysisLevel.GENERATION: (
        GENERATION_SUMMARY,
        _SUMMARIES % "lower(toString(properties.`$ai_generation_id`))",
    ),
}

OUTCOME: Final = """multiIf(
        applicable = false, 'n/a',
        isNotNull(result), if(result != has({true_is_failure:Array(String)}, evaluation_id), 'pass', 'fail'),
        '')"""
"""What a verdict means; empty if it says neither."""

VERDICTS: Final = f"""
SELECT
    toString(uuid) AS id,
    ifNull(toString(properties.`$ai_evaluation_name`), '') AS evaluator,
    {OUTCOME} AS verdict,
    if(verdict = '', ifNull(toString(properties.`$ai_sentiment_label`), ''), verdict) AS outcome,
    substringUTF8(ifNull(toString(properties.`$ai_evaluation_reasoning`), ''), 1, {LONGEST_TEXT}) AS reasoning
FROM events
WHERE {_OF_KIND} AND toDate(timestamp) <= {{last_day:Date}} AND uuid IN {{ids:Array(UUID)}}
ORDER BY timestamp DESC, ingested_at DESC
LIMIT 1 BY id
"""  # noqa: S608  (column names, no values)

type _Rows = Mapping[str, Mapping[str, Any]]


class ClusteringTexts:
    """The part of `assay.ports.ClusteringSources` that reads what items say."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(
        self,
        project_id: int,
        level: AnalysisLevel,
        items: Sequence[ClusteringItem],
        *,
        true_is_failure: Collection[UUID] = (),
    ) -> Iterator[ClusteringItem]:
        """The items with their texts, in an order of its own: that in which their events are stored.

        Args:
            true_is_failure: evaluations whose verdict `true` is the bad one.
        """
        in_order = sorted(items, key=lambda item: (utc_day(item.timestamp), item.generation_id))
        for some in batched(in_order, _AT_ONCE):
            reads = _BlockReads(self._connection, project_id, some)
            spoken = reads.bodies()
            if level is AnalysisLevel.EVALUATION:
                verdicts = reads.verdicts(true_is_failure)
                yield from (_judged(item, verdicts.get(item.id), spoken) for item in some)
            else:
                summaries = reads.summaries(level)
                yield from (_told(item, summaries.get(item.id), spoken) for item in some)


class _BlockReads:
    """Reads about a few items, by their ids."""

    def __init__(self, connection: Connection, project_id: int, items: Sequence[ClusteringItem]) -> None:
        self._connection = connection
        self._items = items
        days = [utc_day(item.timestamp) for item in items]
        self._parameters = {
            "project_id": project_id,
            "first_day": held_day(min(days) - _LOOK_BACK),
            "last_day": max(days),
        }

    def bodies(self) -> _Rows:
        """Inputs and outputs of generations, and of traces that have none, by their ids."""
        generations = [item.generation_id for item in self._items if item.generation_id]
        traces = [item.trace_id for item in self._items if item.trace_id and not item.generation_id]
        found = self._rows(GENERATIONS, generations, event=GENERATION)
        return {**found, **self._rows(TRACES, traces, event="$ai_trace")}

    def summaries(self, level: AnalysisLevel) -> _Rows:
        """The newest summary of each, by id."""
        event, sql = SUMMARIES[level]
        return self._rows(sql, [item.id for item in self._items], event=event)

    def verdicts(self, true_is_failure: Collection[UUID]) -> _Rows:
        """What verdicts say, by id."""
        ids = [item.id for item in self._items]
        bad = [str(evaluation) for evaluation in true_is_failure]
        return self._rows(VERDICTS, ids, event=EVALUATION, true_is_failure=bad)

    def _rows(self, sql: str, ids: Sequence[str], **parameters: Any) -> _Rows:
        return {
            row["id"]: row
            for some in fitting(ids)
            for row in self._connection.query(sql, ids=some, **self._parameters, **parameters)
        }


def fitting(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids in lists that fit into a parameter."""
    some: list[str] = []
    room = _BYTES_OF_IDS
    for each in dict.fromkeys(ids):
        size = len(each.encode()) + 4
        if some and size > room:
            yield some
            some, room = [], _BYTES_OF_IDS
        some.append(each)
        room -= size
    if some:
        yield some


def _told(item: ClusteringItem, summary: Mapping[str, Any] | None, spoken: _Rows) -> ClusteringItem:
    body = spoken.get(item.generation_id or item.trace_id)
    told = {} if summary is None else json.loads(summary[SHARED_COLUMN])
    return item.model_copy(
        update={
            "title": summary_title(told),
            "text": summary_text(told) or ("" if body is None else _conversation(body)),
            "said": "" if body is None else said_text(body["input"]),
        }
    )


def _judged(item: ClusteringItem, verdict: Mapping[str, Any] | None, spoken: _Rows) -> ClusteringItem:
    body = spoken.get(item.generation_id)
    text = (
        ""
        if verdict is None
        else verdict_text(
            evaluator=verdict["evaluator"], outcome=verdict["outcome"], reasoning=verdict["reasoning"]
        )
    )
    return item.model_copy(update={"text": text, "said": "" if body is None else said_text(body["input"])})


def _conversation(body: Mapping[str, Any]) -> str:
    outputs = (body[name] for name in ("output_choices", "output", "output_state"))
    answered = next((value for text in outputs if text and (value := json.loads(text))), None)
    return conversation_text(body["input"] or body["input_state"], answered)
