"""What the queries of a conversation have returned: the only ids that the author may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assay.domain.report_author.tools import ToolMisuse

GENERATION_ID = "generation_id"
TRACE_ID = "trace_id"
SESSION_ID = "session_id"
RUN_ID = "run_id"
TIMESTAMP = "timestamp"
RESULT_ID = "result_id"
"""Keys of results whose values are ids. What users and models said stands in the values of other keys, so it
cannot pass for an id."""

_UNKNOWN = "no earlier query of this conversation returned it"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a generation belongs, as the first query said that returned it.

    Attributes:
        timestamp: of the generation, or of a result about it; None if that was not said.
    """

    trace_id: str
    session_id: str
    timestamp: datetime | None


@dataclass(slots=True)
class Evidence:
    """Ids that were returned.

    Attributes:
        results: of the results that the author has looked at.
    """

    generations: dict[str, Sighting] = field(default_factory=dict)
    traces: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    results: set[str] = field(default_factory=set)

    def learn(self, result: object) -> None:
        """Take in the decoded result of a query."""
        for row in _objects(result):
            trace_id, session_id = _text(row, TRACE_ID), _text(row, SESSION_ID)
            if generation_id := _text(row, GENERATION_ID):
                sighting = Sighting(trace_id, session_id, _moment(_text(row, TIMESTAMP)))
                self.generations.setdefault(generation_id, sighting)
            for known, found in (
                (self.traces, trace_id),
                (self.sessions, session_id),
                (self.runs, _text(row, RUN_ID)),
                (self.results, _text(row, RESULT_ID)),
            ):
                if found:
                    known.add(found)

    def generation(self, generation_id: str) -> Sighting:
        """Where a generation belongs.

        Raises:
            ToolMisuse: it was not returned.
        """
        if generation_id not in self.generations:
            raise ToolMisuse(f"generation_id {generation_id}: {_UNKNOWN}")
        return self.generations[generation_id]

    def require_trace(self, trace_id: str) -> None:
        """Raises `ToolMisuse` unless the trace was returned."""
        if trace_id not in self.traces:
            raise ToolMisuse(f"trace_id {trace_id}: {_UNKNOWN}")

    def require_run(self, run_id: str) -> None:
        """Raises `ToolMisuse` unless the report run was returned."""
        if run_id not in self.runs:
            raise ToolMisuse(f"run_id {run_id}: {_UNKNOWN}")

    def knows(self, text: str) -> bool:
        """Whether a text is one of the ids of generations, traces and sessions."""
        return text in self.generations or text in self.traces or text in self.sessions


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The value and all that is in it, as far as it is an object."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
