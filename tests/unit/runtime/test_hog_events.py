"""What `assay hog run` takes for an event file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from assay.runtime.cli.hog_events import BadEvents, Events, read_events

WHOLE = {
    "event": "$ai_span",
    "uuid": "0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10",
    "distinct_id": "user-7",
    "timestamp": "2026-03-29T12:00:00+02:00",
    "properties": {"$ai_input_state": "in"},
}


def read(value: Any, name: str = "event.json") -> Events:
    return read_events((value if isinstance(value, str) else json.dumps(value)).encode(), name)


def problem_of(text: str, name: str = "event.json") -> str:
    with pytest.raises(BadEvents) as caught:
        read(text, name)
    return str(caught.value)


def test_a_captured_event_keeps_what_it_has() -> None:
    found = read(WHOLE)
    [target] = found.targets
    assert not found.is_list
    assert (target.event, target.uuid, target.distinct_id) == ("$ai_span", WHOLE["uuid"], "user-7")
    assert target.timestamp == "2026-03-29T10:00:00+00:00"
    assert target.properties == {"$ai_input_state": "in"}


def test_properties_alone_make_a_generation() -> None:
    before = datetime.now(UTC)
    [target] = read({"$ai_output": "x", "event": "a property of that name"}).targets
    assert target.event == "$ai_generation"
    assert target.properties == {"$ai_output": "x", "event": "a property of that name"}
    assert before <= datetime.fromisoformat(target.timestamp) <= datetime.now(UTC)


def test_properties_may_be_the_text_that_stores_keep() -> None:
    [target] = read(WHOLE | {"properties": '{"a": 1}'}).targets
    assert target.properties == '{"a": 1}'


def test_a_time_without_a_zone_is_utc() -> None:
    [target] = read(WHOLE | {"timestamp": "2026-03-29 12:00:00"}).targets
    assert target.timestamp == "2026-03-29T12:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('[{"n": 1}, {"n": 2}]', "events.json"),
        ('{"n": 1}\n\n{"n": 2}\n', "events.json"),
        ('{"n": 1}\r\n{"n": 2}\r\n', "EVENTS.JSONL"),
        ('\ufeff[{"n": 1}, {"n": 2}]', "<stdin>"),
        ('{"properties": {"n": 1}}\n{"event": "$ai_trace", "properties": {"n": 2}}', "events.ndjson"),
    ],
)
def test_several_events(text: str, name: str) -> None:
    found = read(text, name)
    assert found.is_list
    assert [target.properties for target in found.targets] == [{"n": 1}, {"n": 2}]


def test_one_line_is_a_list_of_one() -> None:
    assert read('{"n": 1}', "events.jsonl").is_list
    assert read('[{"n": 1}]').is_list
    assert not read('{"n": 1}').is_list


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("  \n", "e.json", "It is empty."),
        ("[]", "e.json", "It is a list without events."),
        ("{'a': 1}", "e.json", "line 1, column 2"),
        ('{\n  "a": 1,\n}', "e.json", "line 3, column 1"),
        ("17", "e.json", "The event is a number, not an object."),
        ('[{"a": 1}, null]', "e.json", "Event 2 is null, not an object."),
        ('{"a": 1}\n{"b": }', "e.jsonl", "Line 2 is not JSON: expecting value (column 7)."),
        ('{"a": 1}\n{"b": }', "e.json", "Line 2 is not JSON"),
        ('{"a": 1}\n[]', "e.jsonl", "The event in line 2 is a list, not an object."),
        ('{"event": "$ai_generation", "uuid": "x"}', "e.json", "The event has a name, but no `properties`."),
        ('{"properties": [1]}', "e.json", "The `properties` of the event are a list, not an object."),
        ('[{"properties": {}, "uuid": 7}]', "e.json", "The `uuid` of event 1 is a number, not a text."),
        ('{"properties": {}, "event": {}}', "e.json", "The `event` of the event is an object, not a text."),
        ('{"properties": {}, "timestamp": "today"}', "e.json", "no ISO 8601 time: 'today'"),
        ("[" * 100_000, "e.json", "It cannot be read"),
        ("1" * 10_000, "e.json", "It cannot be read"),
        ("[" * 100_000, "e.jsonl", "Line 1 cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(text: str, name: str, problem: str) -> None:
    assert problem in problem_of(text, name)


def test_a_file_that_is_not_utf_8() -> None:
    with pytest.raises(BadEvents, match="not UTF-8: see byte 2"):
        read_events(b'{"\xff": 1}', "e.json")
