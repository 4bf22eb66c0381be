"""What does not compile, where, and what people read about it."""

from __future__ import annotations

import pytest

from assay.domain.hog.compiling import compile_source
from tests.unit.hog.programs import refusal_of


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
        ("return even(2) fun even(n) { return n }", "no function even", ""),
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
