"""What programs see of an event."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError
from assay.domain.hog.globals import evaluation_globals
from assay.domain.hog.outcomes import HogTarget

ALL = ("input", "output", "properties", "event", "target", "evaluation_events")


def target(properties: dict[str, Any] | str, event: str = "$ai_generation") -> HogTarget:
    return HogTarget("e-1", event, "user-1", "2026-11-21T10:00:00+00:00", properties)


def texts(properties: dict[str, Any], event: str = "$ai_generation") -> tuple[str, str]:
    found = evaluation_globals(target(properties, event), ("input", "output"))
    return found["input"], found["output"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("hi", "hi"),
        ("", ""),
        (None, ""),
        ([{"role": "user", "content": "é"}], '[{"role": "user", "content": "\\u00e9"}]'),
        ({"a": [1, None, True]}, '{"a": [1, null, true]}'),
        (42, "42"),
        (0, "0"),
        (False, "false"),
        (1.5, "1.5"),
    ],
)
def test_input_and_output_are_always_text(value: Any, text: str) -> None:
    assert texts({"$ai_input": value, "$ai_output_choices": value}) == (text, text)


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"$ai_input": "a", "$ai_input_state": "b"}, ("a", "")),
        ({"$ai_input": None, "$ai_input_state": "b"}, ("b", "")),
        ({"$ai_input": [], "$ai_input_state": "b"}, ("b", "")),
        ({"$ai_output_choices": "a", "$ai_output": "b", "$ai_output_state": "c"}, ("", "a")),
        ({"$ai_output": "b", "$ai_output_state": "c"}, ("", "b")),
        ({"$ai_output_choices": "", "$ai_output_state": "c"}, ("", "c")),
        ({}, ("", "")),
    ],
)
def test_which_property_is_the_input_and_which_the_output(
    properties: dict[str, Any], found: tuple[str, str]
) -> None:
    assert texts(properties) == found


def test_other_events_have_the_state_pair_only() -> None:
    properties = {"$ai_input": "a", "$ai_output": "b", "$ai_input_state": "c", "$ai_output_state": "d"}
    assert texts(properties, event="$ai_span") == ("c", "d")


def test_the_event_has_its_identity_and_nothing_else() -> None:
    assert evaluation_globals(target({"a": 1}), ("event",)) == {
        "event": {"uuid": "e-1", "event": "$ai_generation", "distinct_id": "user-1"}
    }


def test_cost_and_latency_are_those_of_the_target() -> None:
    properties = {"$ai_total_cost_usd": 0.01, "$ai_latency": 2}
    assert evaluation_globals(target(properties), ("target",))["target"] == {
        "type": "generation",
        "id": "e-1",
        "total_cost_usd": 0.01,
        "total_latency_seconds": 2,
    }
    assert evaluation_globals(target({}), ("target",))["target"]["total_cost_usd"] is None


def test_evaluation_events_have_readable_text_and_no_long_values() -> None:
    properties = {
        "$ai_model": "m",
        "$ai_tools": [{}],
        "$ai_input": [{"role": "user", "content": "hello"}],
        "$ai_output_choices": [{"message": {"content": "bye"}}],
    }
    [found] = evaluation_globals(target(properties), ("evaluation_events",))["evaluation_events"]
    assert found == {
        "uuid": "e-1",
        "event": "$ai_generation",
        "timestamp": "2026-11-21T10:00:00+00:00",
        "input": '[{"role": "user", "content": "hello"}]',
        "output": '[{"message": {"content": "bye"}}]',
        "properties": {"$ai_model": "m"},
        "input_text": "user: hello",
        "output_text": "bye",
    }


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(
    ["$ai_input", "$ai_output", "$ai_output_choices", "$ai_input_state", "$ai_tools", "a"]
)


@given(st.dictionaries(_names, _json), st.sets(st.sampled_from([*ALL, "other"])))
def test_only_what_is_mentioned_is_made_from_an_object_or_its_text(
    properties: dict[str, Any], mentions: set[str]
) -> None:
    made = evaluation_globals(target(properties), mentions)
    assert made.keys() == mentions - {"other"}
    assert all(isinstance(made[name], str) for name in made.keys() & {"input", "output"})
    assert evaluation_globals(target(json.dumps(properties)), mentions) == made


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "[" * 100_000])
def test_properties_that_are_no_object_are_the_fault_of_the_event(text: str) -> None:
    with pytest.raises(HogInputError, match="properties of the event"):
        evaluation_globals(target(text), ALL)


def test_what_children_import_is_light() -> None:
    """They start for a single program: pydantic alone would take longer than most programs."""
    code = "import sys, assay.domain.hog.evaluation; print(*{m.partition('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pydantic", "asyncio", "temporalio", "orjson"} & set(done.stdout.split())
