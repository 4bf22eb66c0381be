"""Event files for `assay hog run`: what people have at hand, as targets of a Hog program.

A file holds one event, a JSON list of events, or one event a line. An event is a captured one
(`{"event": …, "uuid": …, "distinct_id": …, "timestamp": …, "properties": {…}}`), or its properties alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

from assay.contracts.event_names import GENERATION
from assay.domain.hog.outcomes import HogTarget

_LINES: Final = (".jsonl", ".ndjson")
_NIL_UUID: Final = "00000000-0000-0000-0000-000000000000"

_NOUNS: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}

SAMPLE: Final = HogTarget(
    uuid="0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10",
    event=GENERATION,
    distinct_id="user-1",
    timestamp="2026-03-02T10:15:00+00:00",
    properties={
        "$ai_trace_id": "trace-1",
        "$ai_provider": "openai",
        "$ai_model": "gpt-5-mini",
        "$ai_input": [
            {"role": "system", "content": "You are the support assistant of Northwind Cloud."},
            {"role": "user", "content": "How do I reset my password?"},
        ],
        "$ai_output_choices": [
            {
                "role": "assistant",
                "content": "Open the sign-in page and choose “Forgot password”. The link works for an hour.",
            }
        ],
        "$ai_input_tokens": 31,
        "$ai_output_tokens": 19,
        "$ai_latency": 0.84,
        "$ai_total_cost_usd": 0.0002,
    },
)
"""A generation to try programs on."""


class BadEvents(ValueError):
    """A file holds no events; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a file.

    Attributes:
        is_list: whether it is a list, be it of one.
    """

    targets: list[HogTarget]
    is_list: bool


def read_events(data: bytes, name: str) -> Events:
    """Read an event file.

    Args:
        name: of the file; it may say that there is one event a line.

    Raises:
        BadEvents: the file holds something else, or nothing.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadEvents(f"It is not UTF-8: see byte {error.start:,}.") from None
    if not text.strip():
        raise BadEvents("It is empty.")
    if PurePath(name).suffix.lower() in _LINES:
        return _from_lines(text)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _from_lines(text)
        raise BadEvents(_not_json("It", error, f"line {error.lineno}, column {error.colno}")) from None
    except (ValueError, RecursionError) as error:
        raise BadEvents(f"It cannot be read: {error}.") from None
    if not isinstance(value, list):
        return Events([_target("The event", value)], is_list=False)
    if not value:
        raise BadEvents("It is a list without events.")
    return Events([_target(f"Event {at}", item) for at, item in enumerate(value, start=1)], is_list=True)


def _from_lines(text: str) -> Events:
    targets = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            targets.append(_target(f"The event in line {number}", _in_line(number, line)))
    return Events(targets, is_list=True)


def _in_line(number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise BadEvents(_not_json(f"Line {number}", error, f"column {error.colno}")) from None
    except (ValueError, RecursionError) as error:
        raise BadEvents(f"Line {number} cannot be read: {error}.") from None


def _not_json(what: str, error: json.JSONDecodeError, place: str) -> str:
    return f"{what} is not JSON: {error.msg[0].lower()}{error.msg[1:]} ({place})."


def _target(what: str, value: Any) -> HogTarget:
    """An event as a target; what it lacks is filled in.

    Args:
        what: names the event in messages, at the start of a sentence.
    """
    if not isinstance(value, dict):
        raise BadEvents(f"{what} is {_NOUNS[type(value)]}, not an object.")
    if "properties" not in value:
        if "event" in value and not any(key.startswith("$") for key in value):
            raise BadEvents(f"{what} has a name, but no `properties`.")
        value = {"properties": value}
    properties = value["properties"]
    if not isinstance(properties, dict | str):
        raise BadEvents(f"The `properties` of {_inside(what)} are {_NOUNS[type(properties)]}, not an object.")
    field = _text_fields(what, value)
    return HogTarget(
        uuid=field("uuid", _NIL_UUID),
        event=field("event", GENERATION),
        distinct_id=field("distinct_id", ""),
        timestamp=_timestamp(what, field("timestamp", "")),
        properties=properties,
    )


def _text_fields(what: str, value: dict[str, Any]) -> Callable[[str, str], str]:
    """Reads the fields of an event that are texts."""

    def field(name: str, default: str) -> str:
        found = value.get(name)
        if not isinstance(found, str | None):
            raise BadEvents(f"The `{name}` of {_inside(what)} is {_NOUNS[type(found)]}, not a text.")
        return found or default

    return field


def _timestamp(what: str, text: str) -> str:
    """ISO 8601 in UTC, as the event store gives it; now for an event without one."""
    try:
        moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise BadEvents(f"The `timestamp` of {_inside(what)} is no ISO 8601 time: {text[:40]!a}.") from None


def _inside(what: str) -> str:
    return what[0].lower() + what[1:]
