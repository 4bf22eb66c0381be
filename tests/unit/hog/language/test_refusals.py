"""What does not compile, where, and what people read about it."""

from __future__ import annotations

import pytest

from assay.domain.hog.compiling import compile_source
from tests.unit.hog.programs import failure_of, refusal_of, value_of


@pytest.mark.parametrize(
    ("source", "words", "hint"),
    [
        ("while (true) { break }", "no `break`", "return"),
        ("while (true) { continue }", "no `continue`", "`if`"),
        ("return a && b", "'&'", "`and`"),
        ("return !a", "'!'", "not x"),
        ("let x := 1 x += 1", "`+`", "x := x + 1"),
        ("let x := 1 x++", "", "x := x + 1"),
        ("let x = 2", "", ":="),
        ("return lenght('a')", "no function lenght", "length"),
        ("return len('a')", "no function len", "length"),
        ("return toLowerCase('a')", "no function toLowerCase", "lower"),
        ("return Upper('a')", "no function Upper", "upper"),
        ("return sleep(1)", "no function sleep", "cannot wait"),
        ("return fetch('x')", "no function fetch", "no network"),
        ("return propertyText(properties, 'x')", "no function propertyText", ""),
        ("return length()", "length takes at least 1 argument, not 0", ""),
        ("return length('a', 'b')", "length takes at most 1 argument, not 2", ""),
        ("return if(true, 1)", "if takes at least 3 arguments", ""),
        ("return multiIf(true, 1, false, 2)", "multiIf takes pairs", ""),
        ("let x := 1 let x := 2", "x is declared already", "without let"),
        ("fun f(a, a) { }", "same name", ""),
        ("x := 1", "no variable x", "let x"),
        ("var x := 1", "no `var`", "let x"),
        ("properties.a := 1", "no variable properties", "copy"),
        ("properties['a'][1] := 1", "no variable properties", "copy"),
        ("1 := 2", "cannot be assigned to", "=="),
        ("try { } catch { } finally { }", "no `finally`", "after the try"),
        ("try { }", "", ""),
        ("return [1][0]", "count from 1", "[1]"),
        ("return [1].0", "", ""),
        ("return [1, 2][1:2]", "no slices", ""),
        ("return (select 1)", "queries", ""),
        ("return <a />", "", ""),
        ("return 2 ** 3", "`*`", "powers"),
        ("return 'abc", "", ""),
        ("/* open", "", ""),
        ("return even(2) fun even(n) { return n }", "no function even", "even is declared further down: move it before this line"),
        ("   ", "empty", ""),
        ("return '\\u0041'", "", "character itself"),
        ("let if := 1", "", ""),
        ("return 1" + "0" * 400, "more than 1023 bits", ""),
        ("return \ud800", "surrogate", ""),
        ("-- " + "x" * 16384, "16,384", ""),
        ("function f() { }", "no `function`", "fun f"),
        ("const x = 1", "", "let x"),
        ("if (a) { } elif (b) { }", "no function elif", "else if"),
    ],
)  # fmt: skip
def test_refusals(source, words, hint):
    refusal = refusal_of(source)
    assert words in refusal
    assert hint in refusal.partition("\nhint: ")[2] or not hint


def test_people_see_the_line_the_column_a_caret_and_a_hint():
    assert refusal_of("let ok := true\nreturn ok && output = 'ü'").splitlines() == [
        "line 2, column 11: Unexpected character '&' (U+0026).",
        "  return ok && output = 'ü'",
        "            ^",
        "hint: write `and`",
    ]


def test_columns_count_characters_and_not_bytes():
    refusal = refusal_of("let s := 'äöü€😀' && 1")
    message, excerpt, caret, _ = refusal.splitlines()
    assert excerpt[caret.index("^")] == "&"
    assert f"column {caret.index('^') - 1}" in message


def test_long_lines_are_shown_around_the_place():
    refusal = refusal_of(f"return {'1 + ' * 50}nope(1)")
    _, excerpt, caret = refusal.splitlines()
    assert len(excerpt) < 110
    assert excerpt[caret.index("^") :].startswith("nope")


@pytest.mark.parametrize(
    "source",
    [
        "(" * 65 + ")" * 65,
        "[" * 5000,
        "{" * 500,
        "f'{" * 9000,
        "return " + "f'{" * 70 + "1" + "}'" * 70,
        "x := " + "(-" * 100 + "1" + ")" * 100,
    ],
)
def test_what_the_parser_could_not_bear_never_reaches_it(source):
    assert "nested deeper than 64 levels" in refusal_of(source) or "bytes" in refusal_of(source)


def test_brackets_in_texts_and_comments_are_none():
    brackets = "(" * 100
    source = f"-- {brackets}\n// {brackets}\n/* {brackets} */ # {brackets}\nlet a := '{brackets}' return f'\\{brackets} {{a}}'"
    assert compile_source(source).warnings == ()


def test_nesting_at_the_limit_compiles():
    assert compile_source("return " + "(" * 64 + "1" + ")" * 64)
    assert compile_source("return " + "[" * 64 + "1" + "]" * 64)


def test_long_chains_are_refused_as_too_deep():
    assert "nested deeper than 200" in refusal_of("return " + "1 + " * 250 + "1")
    assert compile_source("return " + "1 + " * 190 + "1")


def test_words_of_the_language_that_lost_their_meaning_are_refused():
    # beyond about a thousand levels the parser reads `not` as a name, without an error
    assert "nested" in refusal_of("return " + "not " * 1500 + "true")


def test_deep_loops_are_refused():
    loops = 17
    assert "More than 16 loops" in refusal_of("while (true) { " * loops + "} " * loops)
    assert compile_source("while (true) { " * 16 + "} " * 16)


@pytest.mark.parametrize(
    ("source", "message", "column"),
    [
        ("fun f(a) { return a } return f(1, 2)", "f takes at most 1 argument, not 2.", 30),
        ("fun f() { } f(1)", "f takes at most 0 arguments, not 1.", 13),
        ("let f := (a, b) -> a return f(1, 2, 3)", "f takes at most 2 arguments, not 3.", 29),
        ("let f := a -> { return a } return [f(1), f(1, 2)]", "f takes at most 1 argument, not 2.", 42),
        ("fun f(a) { return f(a, 1) }", "f takes at most 1 argument, not 2.", 19),
        ("let f := a -> f(a, 1)", "f takes at most 1 argument, not 2.", 15),
        ("fun f(a) { return a } fun g() { return x -> f(x, 2) }", "f takes at most 1 argument, not 2.", 45),
        ("fun f(a) { } { fun f() { } f(1) }", "f takes at most 0 arguments, not 1.", 28),
        ("fun f() { } { fun f(a) { } f(1) } f(1)", "f takes at most 0 arguments, not 1.", 35),
        ("fun f() { } { let f := x -> x f := null } f(1)", "f takes at most 0 arguments, not 1.", 43),
        ("fun add(a) { return b -> a + b } return add(1, 2)(3)", "add takes at most 1 argument, not 2.", 41),
        ("fun length() { return 1 } return length(output)", "length takes at most 0 arguments, not 1.", 34),
    ],
)  # fmt: skip
def test_too_many_arguments_of_a_function_of_the_program(source, message, column):
    assert refusal_of(source).splitlines()[0] == f"line 1, column {column}: {message}"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("fun f(a) { return a } return f()", None),
        ("fun f(a) { return a } f := (a, b) -> b return f(1, 2)", 2),
        ("fun f(a) { return a } fun g() { return f(1, 2) } f := (a, b) -> b return g()", 2),
        ("let f := a -> a fun set() { f := (a, b) -> b } set() return f(1, 2)", 2),
        ("fun f(a) { f := (a, b) -> b return f(a, 2) } return f(1)", 2),
        ("fun f(a) { return a } { let f := (a, b) -> b return f(1, 2) }", 2),
        ("fun f(a) { return a } fun g(f) { return f(1, 2) } return g((a, b) -> b)", 2),
        ("fun f() { return 0 } for (let f in [(a, b) -> b]) { return f(1, 2) }", 2),
        ("let f := null f := (a, b) -> b return f(1, 2)", 2),
        ("fun f() { return (a, b) -> b } return f()(1, 2)", 2),
    ],
)
def test_calls_that_are_right_or_known_to_the_run_alone_compile(source, value):
    assert value_of(source) == value


@pytest.mark.parametrize(
    "source",
    [
        "fun f(a) { return a } f(1, 2) f := null",
        "fun f(a) { return a } if (false) { f := null } return f(1, 2)",
        "fun f(a) { return a } let g := f return g(1, 2)",
        "fun f(a) { return a } return [f][1](1, 2)",
        "fun f(a) { return a } fun apply(g) { return g(1, 2) } return apply(f)",
    ],
)
def test_too_many_arguments_of_what_only_the_run_knows_fail_there(source):
    assert failure_of(source).message == "f takes at most 1 argument, not 2"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("fun a() { return b() } fun b() { return 1 }", "b"),
        ("if (output) { while (input) { b() } } let b := () -> 1", "b"),
        ("fun a() { { fun c() { b() } let b := 1 } }", "b"),
        ("b := 1 let b := 2", "b"),
        ("return len(output) fun len(t) { return 1 }", "len"),
    ],
)
def test_what_is_declared_further_down_is_named(source, name):
    assert refusal_of(source).endswith(f"hint: {name} is declared further down: move it before this line")


def test_a_value_that_is_declared_further_down_is_warned_about():
    [warning] = compile_source("print(arrayMap(b, [1])) fun b(x) { }").warnings
    assert warning.endswith(
        "there is no b: the program fails here; b is declared further down: move it before this line"
    )


@pytest.mark.parametrize(
    "source",
    ["{ let b := () -> 1 } b()", "b() { fun b() { } }", "fun a() { fun b() { } } b()", "let b := 1 + b(2)"],
)
def test_what_is_declared_elsewhere_is_not_further_down(source):
    refusal = refusal_of(source)
    assert "no function b" in refusal
    assert "further down" not in refusal


@pytest.mark.parametrize(
    "source",
    [
        "return 1 +",
        "return 1 +\r\n\r\n",
        "return 1 + // one\n",
        "let a := 1 +\nlet b := 2",
        "fun f() { return 1 + } return 2",
        "return (1 + )",
        "return max2(1 +, 2)",
        "return 1 -",
        "return 1 /",
        "return output ||\n",
        "return output ??",
        "if (output ==) { }",
        "return f'{1 +}'",
    ],
)
def test_an_operator_with_nothing_behind_it(source):
    assert refusal_of(source).endswith("hint: something is missing after the operator")


@pytest.mark.parametrize(
    "source", ["return +output", "let x := 1 x++", "let x := 1 x +=", "return a &&", "let x ="]
)
def test_other_things_are_wrong_with_other_operators(source):
    assert "something is missing" not in refusal_of(source)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("let a := 1 a = 2", "`:=` assigns"),
        ("return nope", "there is no nope"),
        ('return "text"', "single quotes|there is no text"),
        ("return None", "write `null`"),
        ("if (input || output) { return true }", "`or` combines"),
        ("return\n1", "next line"),
        ("return 1 let a := 2", "never reached"),
        ("let a := 1 a -1", "not used"),
    ],
)
def test_warnings(source, words):
    [warning] = compile_source(source).warnings
    assert any(word in warning for word in words.split("|"))
    assert warning.startswith("line ")


def test_ordinary_programs_have_no_warnings():
    source = """
    let words := splitByString(' ', output)
    fun long(w) { return length(w) > 3 }
    if (arrayExists(long, words)) { print('long', event.uuid, properties.$ai_model) return true }
    return target.id = input or evaluation_events[1].uuid is not null
    """
    assert compile_source(source).warnings == ()
