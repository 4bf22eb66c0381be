"""Programs, statements and scope."""

from __future__ import annotations

import pytest

from assay.domain.hog.errors import HogInputError, HogRuntimeError, HogThrown, LimitExceeded, Position
from assay.domain.hog.limits import Limits
from tests.unit.hog.programs import failure_of, output_of, run, value_of


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return 1", 1),
        ("1 + 1", None),
        ("return; print('never')", None),
        ("return 1\n+ 8", 9),
        ("return\n1 + 8", 9),
        ("let x; return x", None),
        ("let x := 1 x := 2 return x", 2),
        ("let x := 1 { let x := 2 } return x", 1),
        ("let x := 1 { x := 2 } return x", 2),
        ("let x := 1; x = 2; return x", 1),
        ("// a\n-- b\n# c\n/* d */ return 4", 4),
        ("let a := [1, 2] let b := a b[1] := 9 return a", [9, 2]),
        ("let a := {'x': 1} let b := a b.x := 9 return a.x", 9),
    ],
)
def test_programs(source, expected):
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if (1) return 'a' else return 'b'", "a"),
        ("if (0) { return 'a' } else if (1) { return 'b' } else { return 'c' }", "b"),
        ("if (false) { return 'a' }", None),
        ("let i := 0 while (i < 5) i := i + 1 return i", 5),
        ("let s := 0 for (let i := 0; i < 4; i := i + 1) { s := s + i } return s", 6),
        ("let i := 0 for (; i < 4;) { i := i + 1 } return i", 4),
        ("for (let i := 0; ; i := i + 1) { if (i = 7) { return i } }", 7),
        ("for (;;) { return 'out' }", "out"),
        ("let s := 0 for (let v in [1, 2, 3]) { s := s + v } return s", 6),
        ("let s := '' for (let v in ('a', 'b')) { s := concat(s, v) } return s", "ab"),
        ("let s := 0 for (let v in {'a': 1, 'b': 2}) { s := s + v } return s", 3),
        ("let s := [] for (let k, v in ['a', 'b']) { s := arrayPushBack(s, k) } return s", [0, 1]),
        ("let s := [] for (let k, v in {'b': 1, 'a': 2}) { s := arrayPushBack(s, (k, v)) } return s",
         [("b", 1), ("a", 2)]),
        ("let n := 0 for (let v in 'abc') { n := n + 1 } return n", 0),
        ("let n := 0 for (let v in null) { n := n + 1 } return n", 0),
        ("let n := 0 for (let v in 5) { n := n + 1 } return n", 0),
        # the values are those from before the first round
        ("let a := [1, 2] let n := 0 for (let v in a) { a[2] := 9  n := n + v } return n", 3),
    ],
)  # fmt: skip
def test_control_flow(source, expected):
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("fun f(a, b) { return a + b } return f(1, 2)", 3),
        ("fn f(a) { return a } return f(1)", 1),
        ("fun f(a, b) { return b } return f(1)", None),
        ("fun f() { let x := 1 } return f()", None),
        ("fun f(n) { if (n < 2) { return 1 } return n * f(n - 1) } return f(10)", 3628800),
        ("let f := x -> if(x = 0, 0, f(x - 1)) return f(9)", 0),
        ("let f := (a, b) -> a * b return f(3, 4)", 12),
        ("let f := () -> 7 return f()", 7),
        ("let f := x -> { x + 1 } return f(1)", None),
        ("let f := x -> { return x + 1 } return f(1)", 2),
        ("let f := x -> { 'k': x } return f(1)", {"k": 1}),
        ("let x := 1 let f := () -> { x := x + 1 } f() f() return x", 3),
        ("fun outer() { let n := 0 let f := () -> { n := n + 1 return n } return f } let c := outer() c() c() return c()", 3),
        ("fun outer() { let n := 0 let f := () -> { n := n + 1 return n } return f } let a := outer() let b := outer() a() a() return b()", 1),
        ("fun add(a) { return b -> a + b } return add(1)(2)", 3),
        ("return (x -> x + 1)(2)", 3),
        ("let o := {'f': x -> x * 2} return o.f(4)", 8),
        ("let up := upper return up('a')", "A"),
        ("return arrayMap(upper, ['a', 'b'])", ["A", "B"]),
        # shared by all functions of a loop: one variable for the loop, one per round for what the body declares
        ("let fs := [] for (let i in [1, 2, 3]) { fs := arrayPushBack(fs, () -> i) } return arrayMap(f -> f(), fs)", [3, 3, 3]),
        ("let fs := [] for (let i in [1, 2]) { let j := i fs := arrayPushBack(fs, () -> j) } return arrayMap(f -> f(), fs)", [1, 2]),
        ("let a := 1 fun f() { fun g() { fun h() { a := a + 1 return a } return h() } return g() } return f() + f()", 5),
        ("fun f(x) { let g := () -> { x := x + 1 } g() g() return x } return f(1)", 3),
    ],
)  # fmt: skip
def test_functions(source, expected):
    assert value_of(source) == expected


def test_parameters_that_functions_share_are_new_in_each_call():
    source = "fun f(x) { let g := () -> { x := x + 1 return x } return g } let a := f(1) let b := f(10) a() return [a(), b()]"
    assert value_of(source) == [3, 11]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("try { throw Error('m') } catch (e) { return e.message }", "m"),
        ("try { throw Error('m', {'p': 1}) } catch (e) { return e.payload.p }", 1),
        ("try { throw Error() } catch (e) { return e.message }", "An error occurred"),
        ("try { throw HogError('Kind', 'm') } catch (e: Other) { return 1 } catch (e: Kind) { return e.type }", "Kind"),
        ("try { throw HogError('Kind', 'm') } catch (e: Error) { return e.type }", "Kind"),
        ("try { throw RetryError('m') } catch (e: RetryError) { return 1 } catch { return 2 }", 1),
        ("try { throw NotImplementedError('m') } catch { return 2 }", 2),
        ("try { try { throw HogError('A', 'm') } catch (e: B) { return 1 } } catch (e: A) { return 2 }", 2),
        ("fun f() { try { return 1 } catch { return 2 } } f() try { throw Error('x') } catch { return 3 }", 3),
        ("for (let i in [1, 2]) { try { if (i = 2) { throw Error('x') } } catch { return i } }", 2),
        # failed operations can be caught, too: docs/hog.md
        ("try { return jsonParse('{') } catch (e) { return e.type }", "RuntimeError"),
        ("try { return 1 / 0 } catch (e: RuntimeError) { return e.message }", "division by zero"),
    ],
)  # fmt: skip
def test_errors(source, expected):
    assert value_of(source) == expected


def test_an_error_that_nobody_catches_ends_the_program_where_it_was_thrown():
    failure = failure_of("let a := 1\n  throw Error('m')")
    assert isinstance(failure, HogThrown)
    assert (failure.message, failure.position) == ("m", Position(2, 2))


def test_only_errors_can_be_thrown():
    assert "only errors can be thrown" in failure_of("throw 'text'").message


def test_an_unknown_name_fails_when_it_is_read_and_not_before():
    assert value_of("if (false) { return nope } return 1") == 1
    failure = failure_of("return false and nope")
    assert type(failure) is HogRuntimeError
    assert "nope" in failure.message
    assert "nope" in failure_of("return nope?.x").message


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("let a := 1\nreturn a + 'x'", 2, 7),
        ("return [1,\n  lower(5)]", 2, 2),
        ("fun f(x) {\n  return x.y\n}\nreturn f('t')", 2, 9),
        ("return arrayMap(x -> x + 'a',\n [1])", 1, 21),
    ],
)
def test_failures_know_their_place(source, line, column):
    failure = failure_of(source)
    assert isinstance(failure, HogInputError)
    assert failure.position == Position(line, column)


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("let a := 1\n  while (true) {}", 2, 2),
        ("let a := 1\n  for (;;) {}", 2, 2),
        ("let a := 1\n let f := () -> { f() }\nf()", 2, 18),
    ],
)
def test_limits_know_their_place(source, line, column):
    with pytest.raises(LimitExceeded) as caught:
        run(source, limits=Limits(steps=50_000))
    assert caught.value.position == Position(line, column)


def test_a_global_is_copied_when_a_program_could_change_it():
    values = {"a": [1, {"b": [2]}]}
    assert value_of(
        "let p := properties p.a[2].b[1] := 5 return [p.a[2].b, properties.a[2].b]", properties=values
    ) == [[5], [2]]
    assert value_of("let q := properties.a[2] q.b := 0 return properties.a[2].b", properties=values) == [2]
    assert value_of(
        "for (let v in properties.a) { if (typeof(v) = 'object') { v.b := 0 } } return properties.a[2].b",
        properties=values,
    ) == [2]
    assert values == {"a": [1, {"b": [2]}]}


def test_conditions_evaluate_all_their_operands():
    assert output_of("fun p(x) { print(x) return x } let r := p(false) and p(true) let s := p(true) or p(false)") == [
        "false", "true", "true", "false",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("fun p(x) { print(x) return x } return if(p(true), 'a', p(false))", ["true"]),
        ("fun p(x) { print(x) return x } return p(1) ?? p(2)", ["1"]),
        ("fun p(x) { print(x) return x } return false ? p(1) : p(2)", ["2"]),
        (
            "fun p(x) { print(x) return x } return multiIf(p(false), 1, p(true), 2, p(null))",
            ["false", "true"],
        ),
        ("fun p(x) { print(x) return x } return p(2) between p(1) and p(3)", ["2", "1", "3"]),
    ],
)
def test_choices_evaluate_what_they_choose_once(source, printed):
    assert output_of(source) == printed
