"""What other implementations of the language answer, where this one once answered something else."""

from __future__ import annotations

import pytest

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.globals import evaluation_globals
from assay.domain.hog.outcomes import HogTarget
from tests.unit.hog.programs import failure_of, output_of, refusal_of, value_of


def test_a_text_without_a_version_has_no_numbers():
    assert value_of("return arrayMap(v -> sortableSemver(v), ['latest', '', '4', null, 'v0.9'])") == [
        [], [], [], [], [0, 9],
    ]  # fmt: skip
    assert value_of("return length(sortableSemver(properties.release)) = 0", properties={}) is True


def test_what_an_error_does_not_have_is_null():
    source = "try { throw HogError('Late', 'too late') } catch (e) { return [e.cause, e['code'], e.message] }"
    assert value_of(source) == [None, None, "too late"]


def test_a_bell_is_escaped_inside_containers():
    assert output_of("print(['ring\\a'], {'\\a': 1})") == ["['ring\\a'] {'\\a': 1}"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("return properties.size", "an integer has no property 'size'"),
        ("return properties[1]", "an integer has no property of type integer"),
    ],
)
def test_failures_are_sentences(source, words):
    assert words in failure_of(source, properties=7).message


@pytest.mark.parametrize(
    ("source", "words", "hint"),
    [
        ("if output = 'x' { return true }", "`if` stands where a value should.", "`if (c) { … }`"),
        ("if output = 'x': return true", "`:`", "blocks stand in braces"),
        ("while output { }", "Expected `(`, got", "parentheses"),
        ("for item in [1] { print(item) }", "`for` stands", "for (let x in xs)"),
        ("for (item in [1]) { print(item) }", "no function for", "for (let x in xs)"),
        ("for (let item of [1]) { }", "`let`", "for (let x in xs)"),
        ("for (let i = 1; i < 3; i++) { }", "`let`", "let i := 0"),
        ("if (true) let x := 1", "", "`if (c) { … }`"),
        ("return output !== ''", "`!=`", "write `!=`"),
        ("return output === ''", "`=`", "write `==`"),
        ("return output ~= 'x'", "`~`", "write `=~`"),
        ("return output =~ /x/", "`=~`", "a pattern is a text"),
        ("return output is 'x'", "`is` stands", "`is null`"),
        ("return input = 'x' and", "`and` stands", ""),
        ("return '\\d'", "escape", "written twice"),
        ("return 'don't'", "Unterminated", "it''s"),
        ("let x := 'open", "Unterminated", "single quotes"),
        ("return output ? true", "`?`", "c ? a : b"),
        ("/* open", "", "`*/`"),
        ("print(...[1])", "`.`", "no `...`"),
        ("let a, b := 1", "`,`", "one variable"),
        ("let n: int := 1", "`:`", "no types"),
        ("return length(output", "Expected `)`, got the end.", ""),
        ("let fun := 1", "got `fun`", ""),
        ("return parseInt('1')", "no function parseInt", "toInt"),
        ("return arraySum([1])", "no function arraySum", "arrayReduce"),
        ("return endsWith(output, 'x')", "no function endsWith", "=~"),
        ("let ok := 1 ok = = 2", "", "`:=`"),
    ],
)
def test_refusals_of_what_other_languages_write(source, words, hint):
    refusal = refusal_of(source)
    assert words in refusal
    assert hint in refusal.partition("\nhint: ")[2]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("return output.length > 3", "output is a text and has no properties"),
        ("let s := lower(output) return s.split(' ')", "no methods; there is splitByString"),
        ("let s := [output] return s[1].startsWith('a')", "no methods; write `startsWith(…)`"),
        ("return arrayMap([1, 2], x -> x * 2)", "the function comes first: arrayMap"),
        ("throw 'not good'", "throw Error('…')"),
        ("return JSON", "jsonParse"),
        ("return $ai_model", "`properties.$ai_model`"),
    ],
)
def test_warnings_about_what_other_languages_write(source, words):
    [warning] = compile_source(source).warnings
    assert words in warning


def test_a_hyphen_in_a_name_subtracts():
    first, *_ = compile_source("return properties.prompt-version").warnings
    assert "properties['a-b']" in first


@pytest.mark.parametrize(
    "source",
    [
        "return properties.total - properties.part",
        "let used := 3 return properties.total-used",
        "let tools := {'run': x -> x} return tools.run(1)",
        "let double := x -> x * 2 return arrayMap(double, [1])",
        "fun twice(f) { return arrayMap(f, [1]) }",
        "try { throw Error('a') } catch (e) { throw e }",
    ],
)
def test_no_warnings_about_what_is_meant(source):
    assert compile_source(source).warnings == ()


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ([{"message": {"role": "assistant", "content": ""}}], ""),
        ([{"message": {"role": "assistant", "content": None, "refusal": None}}], ""),
        ({"choices": [{"message": {"role": "assistant", "content": []}}]}, ""),
        ({"role": "assistant", "content": ""}, ""),
        ([{"message": {"role": "assistant", "content": ""}}, {"message": {"content": "b"}}], "b"),
        ([{"message": {"role": "assistant", "content": 0}}], "0"),
        ([{"role": "assistant", "content": None, "refusal": "no"}], "no"),
        (
            [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}],
            "[tool_call: f({})]",
        ),
        ("note: ", "note: "),
        (["note: "], "note: "),
        ([False], "false"),
        (42, "42"),
        ([], ""),
    ],
)
def test_choices_that_say_nothing_leave_no_line(output, said):
    target = HogTarget("e-1", "$ai_generation", "", "2026-11-21T10:00:00Z", {"$ai_output_choices": output})
    [event] = evaluation_globals(target, ("evaluation_events",))["evaluation_events"]
    assert event["output_text"] == said
