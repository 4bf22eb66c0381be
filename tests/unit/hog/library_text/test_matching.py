"""Patterns: the operators, the functions, and models that they agree with."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog import patterns
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.limits import MAX_PATTERN

from .caller import SURROGATE, TEXTS, call, new_budget, refuses, run

LIKE = [
    ("abc", "b", True),
    ("abc", "", True),
    ("", "", True),
    ("", "%", True),
    ("", "_", False),
    ("abc", "a%c", True),
    ("abc", "%%a%%%c%", True),
    ("abc", "a_c", True),
    ("ac", "a_c", False),
    ("baax", "b%x", True),
    ("b%x", "b%x", True),
    ("a.c", "a.c", True),
    ("abc", "a.c", False),
    ("a\\%", "\\%", True),
    ("a\\", "\\%", True),
    ("[a](b)*+?{}|^$", "[a](b)*+?{}|^$", True),
    ("a\nb", "a%b", False),
    ("a\nb", "a_b", False),
    ("a\nb", "%\n%", True),
    ("a\nb", "a%\n%b", True),
    ("a😀b", "a_b", True),
    (f"a{SURROGATE}b", "a_b", True),
    (f"a{SURROGATE}b", f"%{SURROGATE}_", True),
    ("a\x00b", "\x00", True),
    ("Banana", "b", False),
]


@pytest.mark.parametrize(("text", "pattern", "alike"), LIKE)
def test_like(text: str, pattern: str, alike: bool) -> None:
    assert patterns.like(new_budget(), text, pattern, ignore_case=False) is alike
    assert call("like", text, pattern) is alike
    assert call("notLike", text, pattern) is not alike


ILIKE = [
    ("Banana", "bANANA", True),
    ("Banana", "n_N", True),
    ("Banana", "naan", False),
    ("ΣΊΣΥΦΟΣ", "σίσυφος", True),
    ("STRASSE", "straße", False),
    ("\N{KELVIN SIGN}", "k", True),
]


@pytest.mark.parametrize(("text", "pattern", "alike"), ILIKE)
def test_ilike(text: str, pattern: str, alike: bool) -> None:
    assert call("ilike", text, pattern) is alike
    assert call("notILike", text, pattern) is not alike


@pytest.mark.parametrize("name", ["like", "ilike", "notLike", "notILike"])
def test_like_is_false_without_a_text_to_compare(name: str) -> None:
    assert call(name, None, "a") is False
    assert call(name, "a", None) is False
    assert "needs a text, not an integer" in refuses(name, 5, "5")
    assert "needs a text, not an array" in refuses(name, "a", ["a"])


REGEX = [
    ("banana", "n.n", True),
    ("banana", "^an", False),
    ("banana", "a$", True),
    ("banana", "N", False),
    ("banana", "(?i)N", True),
    ("a\nb", "a.b", False),
    ("a\nb", "(?s)a.b", True),
    ("a\nb", "^b", False),
    ("a\nb", "(?m)^b", True),
    ("é😀", "^..$", True),
    (f"a{SURROGATE}", f"a{SURROGATE}$", True),
    (f"a{SURROGATE}", "^a.$", True),
]


@pytest.mark.parametrize(("text", "pattern", "found"), REGEX)
def test_match(text: str, pattern: str, found: bool) -> None:
    assert patterns.search(new_budget(), text, pattern) is found
    assert call("match", text, pattern) is found
    assert run("return [t =~ p, t !~ p]", t=text, p=pattern) == [found, not found]


def test_a_search_may_ignore_case() -> None:
    assert patterns.search(new_budget(), "BANANA", "n.n", ignore_case=True)
    assert patterns.search(new_budget(), "é", "É", ignore_case=True)
    assert run("return ['AB' =~* 'b', 'AB' !~* 'b', 'AB' =~ 'b', 'AB' !~ 'b']") == [True, False, False, True]


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize("ignore_case", [False, True])
@pytest.mark.parametrize(("text", "pattern"), [(None, "a"), ("a", None), ("", "a"), ("a", ""), ("", ".*")])
def test_all_operators_are_false_if_a_side_is_empty_or_null(
    text: str | None, pattern: str | None, ignore_case: bool, negated: bool
) -> None:
    assert not patterns.matches(new_budget(), text, pattern, ignore_case=ignore_case, negated=negated)


def test_operators_name_themselves_when_they_refuse_a_value() -> None:
    for ignore_case, negated, symbol in [
        (False, False, "=~"),
        (True, False, "=~*"),
        (False, True, "!~"),
        (True, True, "!~*"),
    ]:
        with pytest.raises(HogInputError, match=f"^{re.escape(symbol)} needs a text, not an array$"):
            patterns.matches(new_budget(), "a", ["a"], ignore_case=ignore_case, negated=negated)


def test_match_of_null_is_false_and_of_an_empty_pattern_true() -> None:
    assert call("match", None, "a") is False
    assert call("match", "null", None) is False
    assert call("match", "a", "") is True
    assert call("match", "", "") is True
    assert refuses("match", 5, "5") == "match needs a text, not an integer"
    assert refuses("match", "5", 5) == "match needs a text, not an integer"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "missing ): ("),
        ("a(?=b)", "invalid perl operator: (?="),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("((a{1,100}){1,100}){1,100}", "invalid repetition size"),
        (r"\pL" * 300, "pattern too large"),
    ],
)
def test_what_re2_refuses_is_an_error_in_its_words(pattern: str, reason: str) -> None:
    for _ in range(2):
        with pytest.raises(HogRuntimeError, match=re.escape(f"bad regular expression: {reason}")) as refused:
            patterns.search(new_budget(), "a", pattern)
        assert not isinstance(refused.value, HogInputError)


def test_patterns_have_a_length() -> None:
    longest = "a" * MAX_PATTERN
    assert call("match", longest, longest)
    assert call("like", longest, longest)
    for name in ("match", "like", "ilike", "extractRegex"):
        with pytest.raises(HogRuntimeError, match="more than 1,000 characters"):
            call(name, longest, longest + "a")


EXTRACTED: list[tuple[Any, Any, str]] = [
    ("order 66", r"\d+", "66"),
    ("order 66", r"order (\d)(\d)", "6"),
    ("order", r"\d+", ""),
    ("b", "(a)|(b)", ""),
    ("é😀x", "é(.)x", "😀"),
    (f"a{SURROGATE}", "a(.)", SURROGATE),
    ("aaa", "a*?", ""),
    (42, r"\d", "4"),
    (None, "a", ""),
    ("a", None, ""),
    ("é", r"(\C)", "\ufffd"),
]


@pytest.mark.parametrize(("text", "pattern", "part"), EXTRACTED)
def test_extract_regex(text: Any, pattern: Any, part: str) -> None:
    assert call("extractRegex", text, pattern) == part


def test_a_group_is_told_from_no_match() -> None:
    assert patterns.search_group(new_budget(), "b", "(a)|b") == ""
    assert patterns.search_group(new_budget(), "c", "(a)|b") is None


MULTI: list[tuple[Any, Any, int]] = [
    ("I want a REFUND", ["cancel", "refund"], 1),
    ("I want a refund", ["REFUND"], 1),
    ("hello", ["x", "y"], 0),
    ("hello", [], 0),
    ("hello", [""], 1),
    ("hello", [None], 0),
    ("Straße", ("STRAßE",), 1),
    ([1, "Two"], ["'two'"], 1),
    ("a5", [5], 1),
    (None, ["a"], 0),
    ("a", None, 0),
    ("a", "a", 0),
]


@pytest.mark.parametrize(("text", "sought", "found"), MULTI)
def test_multi_search_any_case_insensitive(text: Any, sought: Any, found: int) -> None:
    assert call("multiSearchAnyCaseInsensitive", text, sought) == found


def alike(text: str, pattern: str) -> bool:
    """Whether a whole text has the form of a pattern: the definition, without any cleverness."""
    if not pattern:
        return not text
    if pattern[0] == "%" and alike(text, pattern[1:]):
        return True
    if not text:
        return False
    if pattern[0] == "%":
        return text[0] != "\n" and alike(text[1:], pattern)
    return (text[0] == pattern[0] or (pattern[0] == "_" and text[0] != "\n")) and alike(text[1:], pattern[1:])


@given(st.text("ab%_.\n" + SURROGATE, max_size=8), st.text("ab%_.\n" + SURROGATE, max_size=5))
def test_like_agrees_with_its_definition(text: str, pattern: str) -> None:
    parts = (text[start:end] for start in range(len(text) + 1) for end in range(start, len(text) + 1))
    assert call("like", text, pattern) is any(alike(part, pattern) for part in parts)


@given(TEXTS, TEXTS)
def test_every_text_is_a_pattern_for_like_and_finds_itself(text: str, rest: str) -> None:
    assert call("like", rest + text + rest, text) or ("%" in text or "_" in text)
    assert (
        call("ilike", rest + text + rest, text.replace("%", "").replace("_", ""))
        or "%" in text
        or "_" in text
    )


@given(
    st.text("ab\n", max_size=12),
    st.sampled_from(["a", "a+b", "a.b", "(a|b)a", "^b", "b$", "[^a]", "(?s)a.*b"]),
)
def test_searching_agrees_with_python_where_both_read_a_pattern_alike(text: str, pattern: str) -> None:
    expected = re.search(pattern.replace("$", r"\Z"), text)
    assert call("match", text, pattern) is (expected is not None)
    part = "" if expected is None else expected[1 if expected.re.groups else 0]
    assert call("extractRegex", text, pattern) == part
