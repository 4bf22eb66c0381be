"""Programs that are valid, for mutations to start from."""

from __future__ import annotations

from typing import Final

from tests.hostile.programs import IN_PROCESS

ORDINARY: Final = (
    "return length(output) > 10",
    "let words := splitByString(' ', lower(output)) return length(words) < 200 and not has(words, 'sorry')",
    "if (output =~* '\\\\b(error|failed)\\\\b') { print('mentions an error') return false } return true",
    "let p := tryParse(output) fun tryParse(s) { return jsonParse(s) } return p != null",
    "fun parsed(s) { try { return jsonParse(s) } catch (e: RuntimeError) { print(e.message) return null } }"
    " let p := parsed(output) return p?.answer is not null",
    "let n := 0 for (let event in evaluation_events ?? []) { n := n + length(event.output) } return n < 1000",
    "for (let key, value in properties) { if (value == null) { print(f'{key} is missing') } } return true",
    "let total := arrayReduce((a, x) -> a + x, arrayMap(x -> x * 2, range(10)), 0) return total == 90",
    "fun fib(n) { if (n < 2) { return n } return fib(n - 1) + fib(n - 2) } return fib(12)",
    "let counter := () -> { let n := 0 return () -> { n := n + 1 return n } } let c := counter() c() return c()",
    "let d := {'a': 1, 'b': [1, 2, (3, 4)]} d.c := d.b[2] d['e'] := {} d.e.f := 'x' return jsonStringify(d)",
    "try { throw HogError('Kind', 'why', {'at': 1}) } catch (e: Other) { return 1 } catch (e: Kind) { return e.payload.at }",
    "return multiIf(output == '', 'empty', length(output) > 100, 'long', output ilike '%yes%', 'yes', 'other')",
    "let x := 7 while (x > 0) { x := x - 1 if (x % 2 = 0) { print(x, -x, x / 2, x between 1 and 3) } }",
    "return arraySort([3, null, 'a', 1.5, [2], true]) == arrayReverse(arrayReverseSort([1, 2]))",
    "let d := toDateTime('2026-03-29T01:30:00Z') return dateDiff('hour', d, dateAdd('day', 1, d)) + toYear(d)",
    "let a := [1] a[1] := a print(a) let f := x -> f return a?.1?.[1] ?? 'none'",
    "return concat('a', 1, null, [1], {'k': null}) || f'{1 + 1} {'nested'}' || toString(1.5) || md5Hex('x')",
    "for (let i := 0; i < 3; i := i + 1) { for (let j in [i, i]) { let k := i * j { let k := 2 } } } return null",
    "let fs := [] for (let x in [1, 2]) { fs := arrayPushBack(fs, () -> x) } return arrayMap(f -> f(), fs)",
    "return 1 in [1] and 'a' not in 'b' or not ('x' like '_%') and 'X' =~* 'x' or 'x' !~ 'y' or 1 >= '1'",
    "return arrayCount(x -> x > 1, [1, 2]) + arrayExists(x -> x, [0]) + JSONExtractInt('{\"a\": [1]}', 'a', 1)",
    'let "odd name" := 1 return "odd name" + (-2.5e3 / 3) % 2 - tuple(1, 2).1',
)

PROGRAMS: Final = (*ORDINARY, *(source for source, _ in IN_PROCESS.values() if len(source) < 500))
