"""Functions of texts: tables of what they answer, and the models that they agree with."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.values import HogError

from .caller import SURROGATE, TEXTS, call, refuses, run

ANSWERS: list[tuple[str, tuple[Any, ...], Any]] = [
    # concat: null adds nothing, everything else its printed form
    ("concat", ("a",), "a"),
    ("concat", ("a", None, "b"), "ab"),
    ("concat", (None,), ""),
    ("concat", ("n", 1, 1.0, True, None, [1, "x"], {"k": None}), "n11.0true[1, 'x']{'k': null}"),
    ("concat", (SURROGATE, "😀"), SURROGATE + "😀"),
    # length
    ("length", ("",), 0),
    ("length", ("é😀",), 2),
    ("length", ([1, [2, 3]],), 2),
    ("length", ((1, 2, 3),), 3),
    ("length", ({"a": 1},), 1),
    ("length", (None,), None),
    # lower, upper
    ("lower", ("ÀB1",), "àb1"),
    ("lower", ("ΟΔΟΣ",), "οδος"),
    ("lower", (None,), None),
    ("lower", (SURROGATE + "A",), SURROGATE + "a"),
    ("upper", ("straße",), "STRASSE"),
    ("upper", (None,), None),
    # reverse
    ("reverse", ("aé😀",), "😀éa"),
    ("reverse", (None,), None),
    # trim: white space, or one character
    ("trim", ("  hello  world \n",), "hello  world"),
    ("trimLeft", ("\t a ",), "a "),
    ("trimRight", (" a\u00a0\r\n",), " a"),
    ("trim", ("xxhixx", "x"), "hi"),
    ("trimLeft", ("xxhixx", "x"), "hixx"),
    ("trimRight", ("xxhixx", "x"), "xxhi"),
    ("trim", ("😀a😀", "😀"), "a"),
    ("trim", (" a ", None), "a"),
    ("trim", (" a ", ""), " a "),
    ("trim", ("abc", "ac"), ""),
    ("trim", (None,), None),
    ("trimLeft", (None, "x"), None),
    ("trimRight", (None,), None),
    # substring
    ("substring", ("abcdef", 2, 3), "bcd"),
    ("substring", ("abcdef", 2), "bcdef"),
    ("substring", ("abcdef", 2, None), "bcdef"),
    ("substring", ("a😀c", 2, 1), "😀"),
    ("substring", ("abc", 0), ""),
    ("substring", ("abc", -1, 2), ""),
    ("substring", ("abc", 4), ""),
    ("substring", ("abc", 3, 99), "c"),
    ("substring", ("abc", 1, 0), ""),
    ("substring", ("abc", 1, -1), ""),
    ("substring", ("abcdef", 6 / 2), "cdef"),
    ("substring", ("abc", 10**300), ""),
    ("substring", (None, 1), ""),
    ("substring", (123, 1), ""),
    # position
    ("position", ("banana", "an"), 2),
    ("position", ("banana", "an", 3), 4),
    ("position", ("banana", "an", -5), 2),
    ("position", ("banana", "an", 99), 0),
    ("position", ("😀b", "b"), 2),
    ("position", ("abc", "x"), 0),
    ("position", ("abc", ""), 1),
    ("position", ("a5", 5), 2),
    ("position", (None, "a"), 0),
    ("position", ("None", None), 0),
    ("position", (5, "5"), 0),
    ("positionCaseInsensitive", ("AbC", "bc"), 2),
    ("positionCaseInsensitive", ("AbC abc", "ABC", 2), 5),
    ("positionCaseInsensitive", ("AbC", "d"), 0),
    ("positionCaseInsensitive", ("ßßß X", "x"), 5),
    ("positionCaseInsensitive", ("İİ Straße", "STRAßE"), 4),
    ("positionCaseInsensitive", ("ΟΔΟΣ ΑΣΑ", "οδοσ ασ"), 1),
    ("positionCaseInsensitive", (None, "a"), 0),
    ("positionCaseInsensitive", ("a", None), 0),
    # startsWith
    ("startsWith", ("hello", "he"), True),
    ("startsWith", ("hello", ""), True),
    ("startsWith", ("he", "hello"), False),
    ("startsWith", ("hello", "He"), False),
    ("startsWith", (None, "a"), False),
    ("startsWith", ("a", None), False),
    ("startsWith", (12, "1"), False),
    # replaceAll, replaceOne: literally
    ("replaceAll", ("hello world", "l", "L"), "heLLo worLd"),
    ("replaceOne", ("hello world", "l", "L"), "heLlo world"),
    ("replaceAll", ("a.b", ".", "$&\\1"), "a$&\\1b"),
    ("replaceAll", ("aaa", "aa", "b"), "ba"),
    ("replaceAll", ("ab", "", "-"), "-a-b-"),
    ("replaceOne", ("ab", "", "-"), "-ab"),
    ("replaceAll", ("abc", "x", "y"), "abc"),
    ("replaceAll", (SURROGATE, SURROGATE, "?"), "?"),
    ("replaceAll", (None, "a", "b"), None),
    ("replaceOne", (None, "a", "b"), None),
    # splitByString: the separator first
    ("splitByString", (" ", "hello world and more"), ["hello", "world", "and", "more"]),
    ("splitByString", (" ", "hello world and more", 1), ["hello"]),
    ("splitByString", (" ", "hello world and more", 2), ["hello", "world"]),
    ("splitByString", (" ", "hello world and more", 10), ["hello", "world", "and", "more"]),
    ("splitByString", (" ", "a b", None), ["a", "b"]),
    ("splitByString", (" ", "a b", 0), []),
    ("splitByString", (" ", "a b", -1), []),
    ("splitByString", (", ", ", x, "), ["", "x", ""]),
    ("splitByString", (",", ""), [""]),
    ("splitByString", ("", "a😀b"), ["a", "😀", "b"]),
    ("splitByString", ("", "abc", 2), ["a", "b"]),
    ("splitByString", (" ", None), None),
]


@pytest.mark.parametrize(("name", "arguments", "answer"), ANSWERS)
def test_answers(name: str, arguments: tuple[Any, ...], answer: Any) -> None:
    found = call(name, *arguments)
    assert found == answer
    assert type(found) is type(answer)


REFUSALS: list[tuple[str, tuple[Any, ...], str]] = [
    ("length", (5,), "length needs a text, a list or a dictionary, not an integer"),
    ("lower", ([],), "lower needs a text, not an array"),
    ("upper", ({},), "upper needs a text, not an object"),
    ("upper", (1.0,), "upper needs a text, not a float"),
    ("reverse", ([1],), "reverse needs a text, not an array"),
    ("trim", (True,), "trim needs a text, not a boolean"),
    ("trim", ("a", 1), "trim needs a text, not an integer"),
    ("trimLeft", ((),), "trimLeft needs a text, not a tuple"),
    ("trimRight", (HogError("E", "m"),), "trimRight needs a text, not an error"),
    ("substring", ("abc", "1"), "substring needs an integer, not a string"),
    ("substring", ("abc", 1.5), "substring needs an integer, not 1.5"),
    ("substring", ("abc", None), "substring needs an integer, not null"),
    ("substring", ("abc", 1, True), "substring needs an integer, not a boolean"),
    ("substring", ("abc", float("inf")), "substring needs an integer, not inf"),
    ("position", ("abc", "a", "1"), "position needs an integer, not a string"),
    ("positionCaseInsensitive", ("a", "a", []), "positionCaseInsensitive needs an integer, not an array"),
    ("replaceAll", (1, "a", "b"), "replaceAll needs a text, not an integer"),
    ("replaceAll", ("a", None, "b"), "replaceAll needs a text, not null"),
    ("replaceOne", ("a", "b", 1), "replaceOne needs a text, not an integer"),
    ("splitByString", (1, "a"), "splitByString needs a text, not an integer"),
    ("splitByString", (" ", 1), "splitByString needs a text, not an integer"),
    ("splitByString", (" ", "a", "1"), "splitByString needs an integer, not a string"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), REFUSALS)
def test_refusals(name: str, arguments: tuple[Any, ...], message: str) -> None:
    assert refuses(name, *arguments) == message


def test_in_a_program() -> None:
    assert run("return arrayMap(upper, splitByString(',', trim(' a,b '))).2 || lower('C')") == "Bc"
    assert run("let s := 'x'  return f'{s}{null}{[s]}'") == "x['x']"


@given(TEXTS, st.integers(-5, 70), st.none() | st.integers(-5, 70))
def test_a_substring_is_what_a_walk_over_positions_collects(
    text: str, start: int, length: int | None
) -> None:
    end = len(text) if length is None else start + length - 1
    inside = 1 <= start <= len(text)
    walked = "".join(text[at - 1] for at in range(1, len(text) + 1) if inside and start <= at <= end)
    assert call("substring", text, start, length) == walked


@given(TEXTS, TEXTS.map(lambda text: text[:2]), st.integers(-3, 70))
def test_a_position_is_the_first_place_from_the_start_on(text: str, sought: str, start: int) -> None:
    places = [at + 1 for at in range(len(text) + 1) if text.startswith(sought, at) and at + 1 >= start]
    assert call("position", text, sought, start) == (places or [0])[0]


@given(TEXTS, TEXTS)
def test_ignoring_case_never_moves_a_position(text: str, rest: str) -> None:
    marked = text + "\x00" + rest
    assert call("positionCaseInsensitive", marked, "\x00") == call("position", marked, "\x00")


@given(TEXTS, TEXTS.map(lambda text: text[:2]), TEXTS)
def test_replacing_all_is_splitting_and_joining(text: str, old: str, new: str) -> None:
    if old:
        assert call("replaceAll", text, old, new) == new.join(call("splitByString", old, text))
        head, *tail = call("splitByString", old, text)
        assert call("replaceOne", text, old, new) == (new.join([head, old.join(tail)]) if tail else text)


@given(TEXTS, TEXTS.map(lambda text: text[:2]), st.integers(-1, 5))
def test_the_first_pieces_are_the_first_of_all_pieces(text: str, separator: str, most: int) -> None:
    pieces = call("splitByString", separator, text)
    assert call("splitByString", separator, text, most) == pieces[: max(0, most)]
    assert separator.join(pieces) == text


@given(TEXTS, st.characters())
def test_trimming_takes_nothing_but_the_character(core: str, character: str) -> None:
    text = character * 3 + "|" + core + "|" + character * 2
    inner = "|" if character == "|" else "|" + core + "|"
    trimmed = call("trim", text, character)
    assert trimmed == (core.strip("|") if character == "|" else inner)
    assert call("trimLeft", call("trimRight", text, character), character) == trimmed


@given(TEXTS)
def test_no_text_makes_case_or_order_fail(text: str) -> None:
    assert call("lower", text) == text.lower()
    assert call("upper", text) == text.upper()
    assert call("reverse", call("reverse", text)) == text
    assert call("concat", text, text) == text * 2
