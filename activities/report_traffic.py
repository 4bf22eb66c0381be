"""What was judged, as the author of a report may see it: generations and traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from assay.contracts.events import EVALUATION, GENERATION, Event, utc_day
from assay.domain.judging.excerpt import fair_shares
from assay.domain.readable import target_text
from assay.domain.report_author import tools
from assay.domain.report_author.event import EVALUATION_REPORT
from assay.domain.report_author.evidence import Evidence
from assay.domain.report_author.results import clipped
from assay.ports import EvaluationTargets, EventStore

_MAX_GENERATIONS: Final = 20
_MAX_TRACES: Final = 10
_PREVIEW_CHARS: Final = 500
_GENERATION_CHARS: Final = 40_000
_TRACE_SAMPLE_CHARS: Final = 3_000
_TRACE_CHARS: Final = 12_000
_TRACE_EVENTS: Final = 100
_MAX_EVALUATIONS: Final = 20
_REASONING_CHARS: Final = 500
_FACTS: Final[Mapping[str, str]] = {
    "model": "$ai_model",
    "latency_seconds": "$ai_latency",
    "input_tokens": "$ai_input_tokens",
    "output_tokens": "$ai_output_tokens",
    "is_error": "$ai_is_error",
}
_OWN_EVENTS: Final = frozenset({EVALUATION, EVALUATION_REPORT})
"""What Assay itself adds to a trace."""


class ReportTraffic:
    """Reads generations and traces; calls block."""

    def __init__(self, events: EventStore, targets: EvaluationTargets) -> None:
        self._events = events
        self._targets = targets

    def read(self, project_id: int, evidence: Evidence, call: tools.Arguments) -> dict[str, Any]:
        """The result of a tool, as JSON.

        Raises:
            ToolMisuse: the call names what was not returned before.
            StoreUnavailable: the event store did not answer.
        """
        match call:
            case tools.SampleGenerations(generation_ids=ids):
                return self._generations(project_id, evidence, tools.at_most(_MAX_GENERATIONS, ids))
            case tools.GenerationDetail(generation_id=generation_id):
                return self._generation(project_id, evidence, generation_id)
            case tools.SampleTraces(trace_ids=ids):
                return self._traces(project_id, evidence, tools.at_most(_MAX_TRACES, ids))
            case tools.TraceDetail(trace_id=trace_id):
                return self._trace(project_id, evidence, trace_id, _TRACE_CHARS)
            case _:
                raise TypeError(f"{call.name} reads no traffic.")

    def _generations(self, project_id: int, evidence: Evidence, ids: Sequence[str]) -> dict[str, Any]:
        found = self._found(project_id, evidence, ids)
        shown = [_generation(found[each], _PREVIEW_CHARS, _PREVIEW_CHARS) for each in ids if each in found]
        return {"generations": shown, "not_stored_any_more": [each for each in ids if each not in found]}

    def _generation(self, project_id: int, evidence: Evidence, generation_id: str) -> dict[str, Any]:
        event = self._found(project_id, evidence, [generation_id]).get(generation_id)
        if event is None:
            return {"not_stored_any_more": [generation_id]}
        text = target_text(event.event, event.properties)
        shares = fair_shares([len(text.input), len(text.output)], _GENERATION_CHARS)
        return {**_generation(event, *shares), "evaluations": self._evaluations(project_id, event)}

    def _evaluations(self, project_id: int, target: Event) -> list[dict[str, Any]]:
        """What evaluations say about a generation, as far as it belongs to a trace."""
        trace = self._events.trace(project_id, _text(target, "$ai_trace_id"))
        about = (
            event
            for event in trace
            if event.event == EVALUATION and _text(event, "$ai_target_event_id") == str(target.uuid)
        )
        return [_evaluation(event) for event in about][:_MAX_EVALUATIONS]

    def _traces(self, project_id: int, evidence: Evidence, ids: Sequence[str]) -> dict[str, Any]:
        for trace_id in ids:
            evidence.require_trace(trace_id)
        return {"traces": [self._trace(project_id, evidence, each, _TRACE_SAMPLE_CHARS) for each in ids]}

    def _trace(self, project_id: int, evidence: Evidence, trace_id: str, chars: int) -> dict[str, Any]:
        evidence.require_trace(trace_id)
        trace = self._events.trace(project_id, trace_id, limit=_TRACE_EVENTS)
        events = [event for event in trace if event.event not in _OWN_EVENTS]
        texts = [_both_texts(event) for event in events]
        shares = fair_shares([len(text) for text in texts], chars)
        rows = zip(events, texts, shares, strict=True)
        return {
            "trace_id": trace_id,
            "events": [_step(event, clipped(text, most)) for event, text, most in rows],
        }

    def _found(self, project_id: int, evidence: Evidence, ids: Sequence[str]) -> dict[str, Event]:
        """Generations by their ids; those that are gone are missing.

        A result is mostly as old as what was judged, which leads to it at once; else its trace does.
        """
        seen = {each: evidence.generation(each) for each in ids}
        places = [(UUID(each), utc_day(sight.timestamp)) for each, sight in seen.items() if sight.timestamp]
        by_place = self._targets.events(project_id, places) if places else {}
        found = {str(uuid): event for uuid, event in by_place.items()}
        traces = {sight.trace_id for each, sight in seen.items() if each not in found and sight.trace_id}
        for trace_id in traces:
            for event in self._events.trace(project_id, trace_id):
                if event.event == GENERATION and str(event.uuid) in seen:
                    found.setdefault(str(event.uuid), event)
        return found


def _generation(event: Event, input_chars: int, output_chars: int) -> dict[str, Any]:
    text = target_text(event.event, event.properties)
    facts = {name: event.properties.get(key) for name, key in _FACTS.items()}
    return {
        **_address(event),
        **{name: value for name, value in facts.items() if isinstance(value, str | int | float)},
        "input": clipped(text.input, input_chars),
        "output": clipped(text.output, output_chars),
    }


def _address(event: Event) -> dict[str, str]:
    """The ids of a generation, as `Evidence` knows them."""
    ids = {
        "generation_id": str(event.uuid) if event.event == GENERATION else "",
        "trace_id": _text(event, "$ai_trace_id"),
        "session_id": _text(event, "$session_id"),
        "timestamp": event.timestamp.isoformat(timespec="seconds"),
    }
    return {key: value for key, value in ids.items() if value}


def _step(event: Event, text: str) -> dict[str, str]:
    return {"event": event.event, **_address(event), "text": text}


def _both_texts(event: Event) -> str:
    text = target_text(event.event, event.properties)
    return f"{text.input}\n→ {text.output}"


def _evaluation(event: Event) -> dict[str, Any]:
    said = {
        "name": _text(event, "$ai_evaluation_name"),
        "result": event.properties.get("$ai_evaluation_result"),
        "reasoning": clipped(_text(event, "$ai_evaluation_reasoning"), _REASONING_CHARS),
    }
    return {key: value for key, value in said.items() if isinstance(value, str | bool | int)}


def _text(event: Event, key: str) -> str:
    value = event.properties.get(key)
    return value if isinstance(value, str) else ""
