"""`assay bench text`: traces as text, against `json.dumps` of the same traces."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from assay.domain.text_repr import Options, build_hierarchy, format_trace
from assay.runtime.bench.measure import percentile

_ROUNDS: Final = 7
_EVENT_BYTES: Final = 5000
_USUAL_EVENTS: Final = 1000
_SENTENCE: Final = "the order was shipped from Oslo on Monday and a refund is due within days café naïve"
_WORDS: Final = tuple(_SENTENCE.split())

CASES: Final[Mapping[str, Options]] = {
    "defaults": Options(max_length=0),
    "sampled": Options(),
    "for a model": Options(max_length=0, truncated=False, include_markers=False, include_line_numbers=True),
    "collapsed": Options(collapsed=True),
}
"""The options that are measured; `defaults` and `for a model` write each event's text."""


class _Trace(NamedTuple):
    properties: dict[str, Any]
    hierarchy: list[dict[str, Any]]
    size: int


def run(megabytes: int) -> dict[str, Any]:
    """Show a trace of 1,000 events and 5 MB, and one of so many megabytes, as text.

    Returns:
        For each trace and each set of options the milliseconds of processor and of wall time (p50) and the
        megabytes (10^6 bytes) of event JSON per second of processor time; the same for `json.dumps`, and how
        many times longer the text takes.
    """
    usual = _trace(_USUAL_EVENTS)
    large = _trace(max(megabytes * 1_000_000 // _EVENT_BYTES, 1))
    return {"rounds": _ROUNDS, "usual": _measured(usual), "large": _measured(large)}


def _measured(trace: _Trace) -> dict[str, Any]:
    found = {"json.dumps": _timed(trace, lambda: len(json.dumps(trace.hierarchy)))}
    for name, options in CASES.items():
        found[name] = _timed(trace, partial(_length, trace, options))
    ratio = found["defaults"]["cpu_ms"] / found["json.dumps"]["cpu_ms"]
    return {"bytes": trace.size, "cases": found, "ratio_defaults_to_json_dumps": round(ratio, 2)}


def _length(trace: _Trace, options: Options) -> int:
    return len(format_trace({"properties": trace.properties}, trace.hierarchy, options).text)


def _timed(trace: _Trace, work: Callable[[], int]) -> dict[str, float]:
    processor, wall = [], []
    characters = 0
    for _ in range(_ROUNDS):
        began, began_wall = time.process_time(), time.perf_counter()
        characters = work()
        processor.append(time.process_time() - began)
        wall.append(time.perf_counter() - began_wall)
    seconds = percentile(processor, 50)
    return {
        "cpu_ms": round(seconds * 1000, 1),
        "wall_ms": round(percentile(wall, 50) * 1000, 1),
        "megabytes_per_second": round(trace.size / seconds / 1e6, 1),
        "characters": characters,
    }


def _trace(events: int) -> _Trace:
    """A trace in which each event has one of a dozen before it as its parent."""
    chance = random.Random(7)
    made = [_event(chance, number) for number in range(events)]
    size = len(json.dumps(made))
    return _Trace({"$ai_span_name": "agent"}, build_hierarchy(made), size)


def _event(chance: random.Random, number: int) -> dict[str, Any]:
    """Seven of twelve are generations, four are spans, one is an embedding."""
    name, properties = chance.choices((_generation, _span, _embedding), (7, 4, 1))[0](chance)
    parent = {"$ai_parent_id": f"span-{chance.randrange(max(0, number - 12), number)}"} if number % 9 else {}
    common = {"$ai_span_id": f"span-{number}", "$ai_trace_id": "trace", "$ai_latency": chance.random() * 9}
    return {"id": f"event-{number}", "event": name, "properties": {**common, **parent, **properties}}


def _generation(chance: random.Random) -> tuple[str, dict[str, Any]]:
    call = {"function": {"name": "search", "arguments": json.dumps({"query": _text(chance, 8), "limit": 5})}}
    messages = [
        {"role": "system", "content": _text(chance, 120)},
        {"role": "user", "content": [{"type": "text", "text": _text(chance, 60)}]},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": _text(chance, 450)},
    ]
    parameters = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
    tools = [
        {"type": "function", "function": {"name": name, "description": "Find.", "parameters": parameters}}
        for name in ("search", "refund", "escalate")
    ]
    return "$ai_generation", {
        "$ai_model": "gpt-4o",
        "$ai_total_cost_usd": chance.random() / 100,
        "$ai_tools": tools,
        "$ai_input": messages,
        "$ai_output_choices": [{"message": {"role": "assistant", "content": _text(chance, 150)}}],
    }


def _span(chance: random.Random) -> tuple[str, dict[str, Any]]:
    rows = [
        {"id": row, "title": _text(chance, 4), "score": chance.random(), "tags": ["a", "b"], "open": None}
        for row in range(24)
    ]
    state = {"question": _text(chance, 30), "rows": rows}
    return "$ai_span", {
        "$ai_span_name": "look up",
        "$ai_input_state": {"messages": [{"role": "user", "content": _text(chance, 100)}]},
        "$ai_output_state": state if chance.random() < 0.8 else json.dumps(state | {"rows": rows[:3]}),
    }


def _embedding(chance: random.Random) -> tuple[str, dict[str, Any]]:
    return "$ai_embedding", {"$ai_model": "text-embedding-3-small", "$ai_input": _text(chance, 800)}


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))
