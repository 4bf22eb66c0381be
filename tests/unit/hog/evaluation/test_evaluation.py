"""From what programs do to outcomes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.evaluation import evaluate
from assay.domain.hog.limits import MIB, Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.outcomes import Fault, HogOutcome, HogTarget

HOG_ERROR, HOG_INPUT_ERROR = Fault.HOG_ERROR, Fault.HOG_INPUT_ERROR


def run(
    source: str,
    properties: dict[str, Any] | str | None = None,
    *,
    allows_na: bool = False,
    limits: Limits | None = None,
) -> HogOutcome:
    machine = HogMachine()
    program = machine.load(compile_source(source).bytecode)
    target = HogTarget(
        "e-1", "$ai_generation", "user-1", "2026-11-21T10:00:00Z", {} if properties is None else properties
    )
    return evaluate(machine, program, target, allows_na=allows_na, limits=limits or Limits())


@pytest.mark.parametrize("allows_na", [True, False])
def test_booleans_are_verdicts_and_lines_the_reasoning(allows_na: bool) -> None:
    source = "print('length', length(output)) print('ok') return length(output) < 3"
    assert run(source, {"$ai_output": "ab"}, allows_na=allows_na) == HogOutcome(True, "length 2\nok")
    assert run(source, {"$ai_output": "abc"}, allows_na=allows_na) == HogOutcome(False, "length 3\nok")
    assert run("return true").reasoning == ""


@pytest.mark.parametrize("source", ["return null", "print('no return')", "return"])
def test_null_is_not_applicable_where_that_is_allowed(source: str) -> None:
    assert run(source, allows_na=True).fault is None
    refused = run(source)
    assert (refused.verdict, refused.fault) == (None, HOG_ERROR)
    assert refused.error is not None
    assert "null" in refused.error
    assert "true or false," in refused.error


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("1", "integer", "1"),
        ("0", "integer", "0"),
        ("1.5", "float", "1.5"),
        ("'true'", "string", "'true'"),
        ("[true]", "array", "[true]"),
        ("(1, 2)", "tuple", "(1, 2)"),
        ("{'pass': true}", "object", "{'pass': true}"),
        ("x -> x", "function", "fn<lambda(1)>"),
    ],
)
@pytest.mark.parametrize("allows_na", [True, False])
def test_any_other_result_is_an_error_that_shows_it(
    value: str, kind: str, shown: str, allows_na: bool
) -> None:
    outcome = run(f"print('seen') return {value}", allows_na=allows_na)
    assert (outcome.verdict, outcome.fault, outcome.reasoning) == (None, HOG_ERROR, "seen")
    assert outcome.error is not None
    assert f"{kind}: {shown}" in outcome.error
    assert ("false or null" in outcome.error) is allows_na


@pytest.mark.parametrize(
    "source",
    [
        "return output",
        "let a := [1] for (let i := 0; i < 40; i := i + 1) { a := [a, a] } return a",
        "let a := [1] a[1] := a return a",
        "throw Error(output)",
    ],
)
def test_a_shown_value_is_short_whatever_it_is(source: str) -> None:
    outcome = run(source, {"$ai_output": "x" * 100_000})
    assert outcome.fault is HOG_ERROR
    assert outcome.error is not None
    assert len(outcome.error) < 300


@pytest.mark.parametrize(
    ("source", "fault", "error"),
    [
        ("print(1)\nreturn 1 / 0", HOG_INPUT_ERROR, "Runtime error: line 2, column 8: "),
        ("print(1)\n  return properties.a.b", HOG_INPUT_ERROR, "Runtime error: line 2, column "),
        ("print(1)\nreturn nowhere", HOG_ERROR, "Runtime error: line 2, column 8: "),
        (
            "print(1)\nthrow Error('too rude', {'a': 1})",
            HOG_ERROR,
            "Runtime error: line 2, column 1: Error('too rude'",
        ),
        ("print(1)\nwhile (true) { 1 }", HOG_ERROR, "Limit exceeded: "),
        ("print(1)\nlet s := 'x'\nwhile (true) { s := s || s }", HOG_ERROR, "Limit exceeded: line 3"),
        ("print(1)\nfun f(x) { return f(x) } return f(1)", HOG_ERROR, "Limit exceeded: "),
    ],
)
def test_a_failure_says_what_and_where_and_keeps_what_was_printed(
    source: str, fault: Fault, error: str
) -> None:
    outcome = run(source, {"a": "text"}, limits=Limits(steps=200_000, memory=8 * MIB))
    assert (outcome.verdict, outcome.fault, outcome.reasoning) == (None, fault, "1")
    assert outcome.error is not None
    assert outcome.error.startswith(error)


def test_a_failure_that_the_program_catches_is_none() -> None:
    assert run("try { return 1 / 0 } catch (e) { print(e.message) return false }").verdict is False


def test_an_error_text_is_bounded() -> None:
    deep = "throw HogError('K', " + " || ".join(["output"] * 10) + ")"
    outcome = run(deep, {"$ai_output": "ü" * 10_000})
    assert outcome.error is not None
    assert len(outcome.error) <= 2_000


def test_texts_that_no_json_can_carry_are_mended() -> None:
    outcome = run("let s := jsonParse('\"\\\\ud800\"') print(s) throw Error(s)")
    assert outcome.error is not None
    assert outcome.reasoning == "\ufffd"
    assert "\ufffd" in outcome.error
    assert outcome.error.encode()


def test_an_event_that_no_globals_can_be_made_of_is_an_input_fault() -> None:
    outcome = run("return length(input) > 0", "[1]")
    assert (outcome.fault, outcome.reasoning) == (HOG_INPUT_ERROR, "")
    assert outcome.error is not None
    assert "not a JSON object" in outcome.error


def test_a_program_cannot_change_what_it_was_given() -> None:
    properties = {"a": {"b": [1, {"c": 2}]}, "$ai_input": [{"role": "user"}]}
    before = repr(properties)
    source = """
        let p := properties
        p.a.b[2].c := 9  p['$ai_input'] := 'gone'
        let e := evaluation_events
        e[1].properties.a.b := 'gone'
        let own := event
        own.uuid := 'other'
        return properties.a.b[2].c == 2 and evaluation_events[1].properties.a.b[1] == 1 and event.uuid == 'e-1'
    """
    assert run(source, properties) == HogOutcome(True)
    assert repr(properties) == before


def test_nothing_of_a_run_is_left_for_the_next() -> None:
    machine = HogMachine()
    program = machine.load(compile_source("print(output) return output == 'a'").bytecode)

    def once(text: str) -> HogOutcome:
        target = HogTarget("e", "$ai_generation", "u", "2026-11-21T10:00:00Z", {"$ai_output": text})
        return evaluate(machine, program, target, allows_na=False, limits=Limits())

    assert [once("a"), once("b"), once("a")] == [
        HogOutcome(True, "a"),
        HogOutcome(False, "b"),
        HogOutcome(True, "a"),
    ]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_sources = st.sampled_from(
    [
        "return properties.a",
        "return properties.a > 1",
        "return properties.a.b.c",
        "return length(properties.a) > 2",
        "print(properties) return upper(output) == input",
        "for (let k, v in properties) { print(k, v) } return jsonParse(output)",
    ]
)


@given(
    _sources, st.dictionaries(st.sampled_from(["a", "b", "$ai_input", "$ai_output"]), _json), st.booleans()
)
def test_whatever_an_event_holds_there_is_one_outcome(
    source: str, properties: dict[str, Any], allows_na: bool
) -> None:
    outcome = run(source, properties, allows_na=allows_na)
    assert (outcome.fault is None) == (outcome.error is None)
    assert outcome.fault is None or outcome.verdict is None
    assert outcome.verdict is not None or allows_na or outcome.fault


@pytest.mark.parametrize(
    ("source", "limits"),
    [
        ("let s := output while (true) { s := s || s }", Limits()),
        ("while (true) {}", Limits(steps=100_000)),
        ("return isValidJSON(output)", Limits(memory=MIB)),
    ],
)
def test_a_limit_is_the_fault_of_a_large_event(source: str, limits: Limits) -> None:
    large = run(source, {"$ai_output": "[" + "1," * 40_000 + "1]"}, limits=limits)
    assert large.fault is HOG_INPUT_ERROR
    assert large.error is not None
    assert large.error.startswith("Limit exceeded: ")


def test_a_limit_is_the_fault_of_the_program_otherwise() -> None:
    assert run("while (true) {}", {"$ai_output": "x"}, limits=Limits(steps=100_000)).fault is HOG_ERROR
    assert run("while (true) {}", '{"$ai_output": "x"}', limits=Limits(steps=100_000)).fault is HOG_ERROR


def test_a_long_answer_that_is_printed_stops_nothing() -> None:
    outcome = run("print(output) return true", {"$ai_output": "x" * 70_000})
    assert outcome.verdict is True
    assert len(outcome.reasoning) < 66_000


def test_nothing_is_left_of_an_event_when_its_run_is_over() -> None:
    machine = HogMachine()
    program = machine.load(compile_source("return output = 'a'").bytecode)
    assert program.run({"output": "a"}, Limits()) is True
    assert not machine._globals
