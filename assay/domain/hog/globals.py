"""What a program sees of the event that it evaluates: the global variables.

Names and forms are those of PostHog's Hog evaluations. Only what a program mentions is made: the JSON text of
a long conversation costs more than most programs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from assay.domain.hog.errors import HogInputError
from assay.domain.hog.outcomes import HogTarget
from assay.domain.hog.values import Value
from assay.domain.readable import answer_text, readable_text, target_values

_HEAVY: Final = frozenset(
    {"$ai_input", "$ai_output", "$ai_output_choices", "$ai_input_state", "$ai_output_state", "$ai_tools"}
)
"""Properties that `evaluation_events` leaves out, since it has their text."""


_SAFE_DIGITS: Final = 300
"""Of any integer with so many, `MAX_INTEGER_BITS` is not exceeded."""


def evaluation_globals(target: HogTarget, mentions: Collection[str]) -> dict[str, Value]:
    """The globals of an evaluation.

    Args:
        mentions: names that the program reads; others are not made.

    Returns:
        Name → value. Values may share parts with the target and with each other: a machine copies a global
        before a program gets hold of it.

    Raises:
        HogInputError: the target's properties are no JSON object.
    """
    view = _View(target, _properties(target))
    return {name: make(view) for name, make in _GLOBALS.items() if name in mentions}


@dataclass(frozen=True, slots=True)
class _View:
    target: HogTarget
    properties: dict[str, Any]

    def input(self) -> str:
        return _as_text(target_values(self.target.event, self.properties).input)

    def output(self) -> str:
        return _as_text(target_values(self.target.event, self.properties).output)

    def event(self) -> dict[str, Value]:
        target = self.target
        return {"uuid": target.uuid, "event": target.event, "distinct_id": target.distinct_id}

    def measured(self) -> dict[str, Value]:
        """The global `target`: the same names for a generation as for a trace or a session."""
        return {
            "type": "generation",
            "id": self.target.uuid,
            "total_cost_usd": self.properties.get("$ai_total_cost_usd"),
            "total_latency_seconds": self.properties.get("$ai_latency"),
        }

    def events(self) -> list[Value]:
        values = target_values(self.target.event, self.properties)
        return [
            {
                "uuid": self.target.uuid,
                "event": self.target.event,
                "timestamp": self.target.timestamp,
                "input": self.input(),
                "output": self.output(),
                "properties": {key: value for key, value in self.properties.items() if key not in _HEAVY},
                "input_text": readable_text(values.input),
                "output_text": answer_text(values.output),
            }
        ]


_GLOBALS: Final[dict[str, Callable[[_View], Value]]] = {
    "input": _View.input,
    "output": _View.output,
    "properties": lambda view: view.properties,
    "event": _View.event,
    "target": _View.measured,
    "evaluation_events": _View.events,
}


def _properties(target: HogTarget) -> dict[str, Any]:
    found = target.properties
    if isinstance(found, str):
        try:
            found = json.loads(found, parse_int=_number)
        except (ValueError, RecursionError):
            raise HogInputError("the properties of the event are not JSON") from None
    if not isinstance(found, dict):
        raise HogInputError("the properties of the event are not a JSON object")
    return found


def _number(digits: str) -> int | float:
    """A number without fraction; one too large for an integer of the language is as near as floats get."""
    return int(digits) if len(digits) <= _SAFE_DIGITS else float(digits)


def _as_text(value: object) -> str:
    """Input and output are always text: programs search in them, whatever an SDK has sent."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
