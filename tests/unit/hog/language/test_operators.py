"""Operators: comparisons with their coercions, arithmetic, access."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError, HogRuntimeError, Limit
from tests.unit.hog.programs import failure_of, limit_of, value_of


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # number and text
        ("7 == '7'", True), ("'7' == 7", True), ("7 == '7.0'", True), ("7 == 'seven'", False), ("7 != 'seven'", True),
        ("3 < '4'", True), ("'3' < 4", True), ("'10' < '9'", True), ("10 > '9'", True), ("9007199254740993 == '9007199254740993'", True),
        # boolean
        ("true == 'TRUE'", True), ("true == 'yes'", True), ("false == 'false'", True), ("false == ''", True), ("true == 'false'", False),
        ("true == 1", True), ("true == 2", False), ("false == 0", True), ("true > false", True),
        # numbers
        ("1 == 1.0", True), ("1 < 1.5", True), ("1 in [1.0]", True), ("1 in ['1']", False),
        # null
        ("null == null", True), ("null == 0", False), ("null == ''", False), ("null != 1", True), ("1 == null", False),
        ("null < 3", False), ("null >= 3", False), ("3 > null", False), ("null <= null", False),
        ("null is null", True), ("1 is not null", True),
        # texts and lists
        ("'a' < 'b'", True), ("'a' == 'A'", False), ("[1, 2] < [1, 3]", True), ("[1] < [1, 0]", True), ("[1, 2] == [1, 2.0]", True),
        ("[1] == (1,)", False), ("{'a': [1]} == {'a': [1]}", True), ("{'a': 1} == {'b': 1}", False), ("[1] == ['1']", False), ("(1, 'a') == (1, 'a')", True),
        # dates
        ("toDate('2026-03-29') == toDate('2026-03-29')", True), ("toDateTime('2026-03-29T10:00:00Z') == toDateTime('2026-03-29T12:00:00+02:00')", True),
        ("toDate('2026-03-29') < toDate('2026-03-30')", True), ("toDate('2026-03-29') == '2026-03-29'", True), ("toDateTime('2026-03-29T10:00:00Z') > '2026-03-29'", True),
        ("toDate('2026-03-29') == 'soon'", False),
        # between
        ("3 between 1 and 5", True), ("0 between 1 and 5", False), ("0 not between 1 and 5", True), ("null between 1 and 5", None),
        ("3 between null and 5", None), ("3 not between 1 and null", None), ("'b' between 'a' and 'c'", True),
        # in
        ("'nan' in 'banana'", True), ("'x' not in 'banana'", True), ("'k' in {'k': null}", True), ("2 in (1, 2)", True), ("'a' in []", False), ("null in [null]", True),
        # connectives
        ("1 and 'x'", True), ("0 or ''", False), ("not []", True), ("not '0'", False), ("not {}", True), ("true and null", False),
        # patterns
        ("'abc' like 'b'", True), ("'abc' like 'a%c'", True), ("'abc' like 'a_c'", True), ("'a.c' like 'a_c'", True), ("'abc' like 'a.c'", False), ("'abc' like '%z%'", False),
        ("'ABC' ilike 'b'", True), ("'ABC' like 'b'", False), ("'abc' not like 'z'", True), ("'ABC' not ilike 'b'", False), ("'a\\nc' like 'a%c'", False),
        ("'abc' =~ '^a.c$'", True), ("'ABC' =~ '^a'", False), ("'ABC' =~* '^a'", True), ("'abc' !~ 'z'", True), ("'ABC' !~* 'a'", False), ("'abc' ~ 'b'", True),
        ("'' =~ 'a'", False), ("'' !~ 'a'", False), ("null =~ 'a'", False), ("null !~ 'a'", False), ("'a' !~ ''", False), ("'a' !~* null", False),
        # arithmetic
        ("6 / 2", 3.0), ("7 / 2", 3.5), ("-8 % 3", -2), ("8 % -3", 2), ("-5.5 % 2", -1.5), ("2 * 3.5", 7.0), ("1 - 2", -1), ("-(3)", -3), ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]), ("'3' * 2", "33"), ("2 * 'ab'", "abab"), ("[0] * 3", [0, 0, 0]), ("'a' * -1", ""), ("true + 1", 2), ("(1,) + (2,)", (1, 2)),
        ("9223372036854775807 + 1", 2**63), ("12345678901234567890 * 10", 123456789012345678900),
        # texts
        ("'a' || 1 || null || 'b'", "a1b"), ("f'x {1 + 1} {null}'", "x 2 "), ("'it''s' || '\\'' ", "it's'"), ("'\\t\\n'", "\t\n"), ("f'\\{1}'", "{1}"),
        # null handling
        ("null ?? 1", 1), ("'' ?? 1", ""), ("0 ?? 1", 0), ("(null ?? null) ?? 2", 2), ("null ?? (null ?? 3)", 3), ("null.a", None), ("null.a.b[1]", None), ("null?.a", None), ("{'a': 1}?.a", 1),
        ("[7]?.[1]", 7), ("[7, 8]?.2", 8),
        # access
        ("[7, 8][1]", 7), ("[7, 8][-1]", 8), ("[7, 8][3]", None), ("[7, 8][-3]", None), ("[7, 8].2", 8), ("'abc'[1]", "a"), ("'abc'[-1]", "c"), ("(1, 2).1", 1),
        ("{1: 'a'}[1]", "a"), ("{1: 'a', '1': 'b'}['1']", "b"), ("{'a': {'b': 2}}.a.b", 2), ("{'a': 1}.nope.deeper", None), ("{'odd name': 1}.\"odd name\"", 1), ("{'a': 1}[null]", None),
        ("tuple()", ()), ("tuple(1)", (1,)), ("(1,)", (1,)), ("{'a': 1,}", {"a": 1}), ("[1, 2,]", [1, 2]),
        # choices
        ("true ? 1 : 2", 1), ("if(0, 1, 2)", 2), ("multiIf(false, 1, false, 2, 3)", 3), ("case when 1 = 2 then 'a' end", None),
        ("case 1 + 1 when 1 then 'a' when 2 then 'b' else 'c' end", "b"), ("case 5 when 1 then 'a' end", None), ("case 'x' when 'x' then (case 2 when 2 then 'in' end) end", "in"),
    ],
)  # fmt: skip
def test_expressions(expression, expected):
    found = value_of(f"return {expression}")
    assert found == expected
    assert type(found) is type(expected)


def test_a_dictionary_key_is_an_expression():
    assert value_of("let k := 'x' return {k: 1, concat('a', 'b'): 2}") == {"x": 1, "ab": 2}


@pytest.mark.parametrize(
    "expression",
    [
        "1 + '2'", "1 - 'a'", "'a' - 'b'", "null + 1", "[1] + (2,)", "{} + {}", "1 / 0", "1 % 0", "1.5 / 0.0", "5 < 'five'", "[1] < 1", "{} < {}", "'a' in null", "5 in '5'",
        "'text'.name", "5.5.name", "(1 = 1).name", "[1].name", "[1]['a']", "'abc'['x']", "{[1]: 2}", "[1][null]", "length(5)", "'x' like 5", "true < 'x' and (x -> x) < 1",
        "not_a_function_but_text.x ?? ('a'.b)",
    ],
)  # fmt: skip
def test_values_of_the_wrong_shape_are_input_errors(expression):
    failure = failure_of(f"return {expression}", not_a_function_but_text=None)
    assert type(failure) is HogInputError
    assert failure.position is not None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("let i := 0 return [1][i]", "count from 1"),
        ("let x := 5 return x(1)", "not a function"),
        ("let f := x -> x let g := f return g(1, 2)", "lambda takes at most 1 argument, not 2"),
        ("let f := upper return f()", "at least 1 argument"),
        ("return 'a' =~ '('", "expression"),
    ],
)
def test_mistakes_of_the_program_are_runtime_errors(source, words):
    failure = failure_of(source)
    assert type(failure) is HogRuntimeError
    assert words in failure.message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("let a := [1, 2] a[2] := 9 return a", [1, 9]),
        ("let a := [1, 2] a.1 := 9 return a", [9, 2]),
        ("let d := {} d.a := 1 d['b'] := 2 d[3] := 4 return d", {"a": 1, "b": 2, 3: 4}),
        ("let d := {'x': [{'y': 0}]} d.x[1].y := 5 return d", {"x": [{"y": 5}]}),
        ("let d := null d.a := 1 return d", None),
        ("let d := {'a': null} d.a.b := 1 return d", {"a": None}),
    ],
)
def test_parts_can_be_set(source, expected):
    assert value_of(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "let a := [1] a[2] := 1", "let a := [1] let i := 0 a[i] := 1", "let a := [1] a[-1] := 1", "let a := (1, 2) a[1] := 5", "let a := 'abc' a[1] := 'x'",
        "let a := 5 a.b := 1", "let a := {} a[[1]] := 1", "let a := [1] a.name := 1",
    ],
)  # fmt: skip
def test_parts_that_cannot_be_set(source):
    assert isinstance(failure_of(source), HogInputError)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8)  # fmt: skip


@given(st.integers(-(2**200), 2**200), st.integers(-(2**200), 2**200))
def test_integers_are_those_of_mathematics(a, b):
    found = value_of("return [a + b, a - b, a * b, a < b, a <= b, a == b]", a=a, b=b)
    assert found == [a + b, a - b, a * b, a < b, a <= b, a == b]
    if b:
        assert value_of("return [a % b, a / b]", a=a, b=b) == [
            int(math.copysign(1, a)) * (abs(a) % abs(b)),
            a / b,
        ]


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_floats_are_those_of_ieee_754(a, b):
    found = value_of("return [a + b, a - b, a * b, a < b, a == b]", a=a, b=b)
    expected = [a + b, a - b, a * b, a < b, a == b]
    assert all(x == y or (math.isnan(x) and math.isnan(y)) for x, y in zip(found, expected, strict=True))
    if b and not math.isinf(a):
        assert value_of("return a % b", a=a, b=b) == math.fmod(a, b)


@given(VALUES, VALUES)
def test_equality_is_symmetric_and_the_opposite_of_inequality(a, b):
    forward, backward, unequal = value_of("return [a == b, b == a, a != b]", a=a, b=b)
    assert forward is backward is not unequal


@given(VALUES)
def test_every_value_equals_itself_and_its_copy(a):
    assert value_of("let c := [a] c[1] := a return [a == a, a == c[1], a in [a]]", a=a) == [True, True, True]


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**12), 10**12))
def test_a_number_compares_with_its_text_as_with_itself(a, b):
    if abs(a) >= 2**1000:
        return
    found = value_of("return [a == tb, a < tb, tb < a, a <= tb]", a=a, tb=str(b))
    assert found == [a == b, a < b, b < a, a <= b]


@given(st.lists(st.text("ab", max_size=3)), st.text("ab", max_size=3))
def test_membership_is_that_of_lists_and_texts(items, needle):
    joined = "".join(items)
    assert value_of("return [n in xs, n not in xs, n in t]", xs=items, n=needle, t=joined) == [
        needle in items, needle not in items, needle in joined,
    ]  # fmt: skip


def test_large_integers_stop_the_program_before_they_are_made():
    assert limit_of("let x := 3 while (true) { x := x * x }") is Limit.INTEGER
    assert limit_of("let x := 1 while (true) { x := x + x }") is Limit.INTEGER
    assert (
        value_of("let x := 1 for (let i := 0; i < 1022; i := i + 1) { x := x * 2 } return x / 2") == 2.0**1021
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("toDate('2026-03-01') + interval 1 day", "2026-03-02"),
        ("interval 1 month + toDate('2026-01-31')", "2026-02-28"),
        ("toDate('2026-03-01') - toIntervalDay(1)", "2026-02-28"),
        ("toDateTime('2026-03-29T00:30:00Z') - interval 1 hour", "2026-03-28T23:30:00.000Z"),
    ],
)
def test_dates_move_by_intervals(expression, expected):
    assert value_of(f"return toString({expression})") == expected


def test_moments_compare_as_such_where_clocks_show_a_time_twice():
    first, second = (
        "toDateTime('2026-10-25T00:30:00Z', 'Europe/Berlin')",
        "toDateTime('2026-10-25T01:30:00Z', 'Europe/Berlin')",
    )
    assert value_of(
        f"return [{first} < {second}, {first} == {second}, {first} == toDateTime('2026-10-25T00:30:00Z')]"
    ) == [True, False, True]


def test_a_day_compares_with_a_moment_as_its_midnight_in_utc():
    assert value_of("return d < toDateTime('2026-03-29T00:00:01Z')", d=date(2026, 3, 29)) is True
