"""What condition sets compile to, and the functions that only their programs can call."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from assay.domain.conditions import are_compiled, compile_conditions
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.errors import HogCompileError, HogRuntimeError, Limit, LimitExceeded
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
INTERNAL = sorted(name for name, declared in FUNCTIONS.items() if declared.internal)


def compiled(*filters: dict[str, Any]) -> dict[str, Any]:
    [condition] = compile_conditions([{"id": "a", "properties": list(filters)}])
    return condition


def run(program: Any, properties: Any, person: Any = None, limits: Limits | None = None) -> Any:
    values = {"properties": properties, "person": {"properties": person or {}}}
    return HogMachine(now=lambda: NOW).load(program).run(values, limits or Limits())


def test_a_set_gets_a_program_or_a_reason() -> None:
    sound, broken = compile_conditions(
        [
            {"id": "a", "rollout_percentage": 5, "properties": [{"key": "a", "value": 1}], "note": "x"},
            {"id": "b", "properties": [{"key": "id", "type": "cohort"}], "bytecode": [1]},
        ]
    )

    assert list(sound) == ["id", "rollout_percentage", "properties", "note", "bytecode", "bytecode_error"]
    assert sound["bytecode_error"] is None
    assert run(json.loads(json.dumps(sound["bytecode"])), {"a": "1"}) is True
    assert broken["bytecode"] is None
    assert broken["bytecode_error"].startswith("Filter 1, type: 'cohort' filters cannot be evaluated")


def test_compiling_does_not_change_what_it_is_given() -> None:
    given = [{"id": "a", "properties": [{"key": "a", "value": [2, 1]}], "bytecode": "kept here"}]
    before = json.dumps(given)
    compile_conditions(given)

    assert json.dumps(given) == before


def test_the_same_filters_compile_to_the_same_program() -> None:
    assert compiled({"key": "a", "value": ["x", "y", 3]}) == compiled({"key": "a", "value": ["x", "y", 3]})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (compiled(), True),
        (compiled({}), True),
        ({"id": "a", "properties": []}, False),
        ({"id": "a", "bytecode": None}, False),
        ({"id": "a", "bytecode": ["assay-hog", 0, "[]"], "bytecode_error": None}, False),
        ({"id": "a", "bytecode": ["_H", 1, 29], "bytecode_error": None}, False),
    ],
    ids=["program", "reason", "nothing", "half", "older version", "foreign"],
)
def test_what_counts_as_compiled(condition: dict[str, Any], expected: bool) -> None:
    assert are_compiled([condition]) is expected
    assert are_compiled([compiled(), condition]) is expected
    assert are_compiled([])


def test_filters_on_the_person_read_the_person() -> None:
    program = compiled({"key": "plan", "value": "pro", "type": "person"})["bytecode"]

    assert run(program, {"plan": "pro"}) is False
    assert run(program, {}, {"plan": "pro"}) is True
    assert HogMachine().load(program).run({"properties": {}, "person": None}, Limits()) is False


def test_a_program_uses_up_its_budget() -> None:
    program = compiled({"key": "a", "operator": "icontains", "value": "x"})["bytecode"]
    properties = {"a": ["word " * 200_000]}

    assert run(program, properties) is False
    with pytest.raises(LimitExceeded) as stopped:
        run(program, properties, limits=Limits(steps=10_000))
    assert stopped.value.limit is Limit.STEPS


def test_there_are_functions_for_filters_alone() -> None:
    assert INTERNAL == [
        "propertyInstant",
        "propertyMatches",
        "propertyNumber",
        "propertyPath",
        "propertySpanEnd",
        "propertySpanStart",
        "propertyText",
    ]


@pytest.mark.parametrize("name", INTERNAL)
def test_source_texts_cannot_call_them(name: str) -> None:
    arguments = ", ".join(["'a'"] * FUNCTIONS[name].least)
    with pytest.raises(HogCompileError, match=name):
        compile_source(f"return {name}({arguments})")
    with pytest.raises(HogCompileError, match=name):
        compile_source(f"return `{name}`({arguments})")
    program = compile_source(f"let f := {name}  return f({arguments})").bytecode
    with pytest.raises(HogRuntimeError, match=name):
        run(program, {})


def test_the_machine_needs_no_pydantic() -> None:
    """It is loaded into every child process that runs programs."""
    script = "import assay.domain.hog.machine, sys; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
