"""Programs that mean harm, and how each has to end.

One table per kind of attack. Every program ends by itself, by an error that names what was wrong, or by a
limit; which one is part of the table. `MEMORY_BOMBS` run in processes of their own, where growth is measured.
"""

from __future__ import annotations

from typing import Final

from assay.domain.hog.errors import HogInputError, HogRuntimeError, HogThrown, Limit

VALUE: Final = None
"""The program ends by itself."""

Ending = Limit | type[Exception] | None
Attacks = dict[str, tuple[str, Ending]]

MANY: Final = "1" + "0" * 300
"""An integer that fits, and that no machine word holds."""

LOOPS: Final[Attacks] = {
    "while": ("while (true) { }", Limit.STEPS),
    "while with a body": ("let i := 0 while (i >= 0) { i := i + 1 }", Limit.STEPS),
    "for without parts": ("for (;;) { }", Limit.STEPS),
    "for without a condition": ("for (let i := 0; ; i := i + 1) { }", Limit.STEPS),
    "for with a step that goes nowhere": ("for (let i := 0; i < 3; i := i) { }", Limit.STEPS),
    "while inside while": ("while (true) { while (true) { } }", Limit.STEPS),
    "throw and catch": ("while (true) { try { throw Error('x') } catch (e) { } }", Limit.STEPS),
    "fail and catch": ("while (true) { try { let x := 1 / 0 } catch { } }", Limit.STEPS),
    "unknown name and catch": ("while (true) { try { nobody } catch { } }", Limit.STEPS),
    "a loop inside try": ("try { while (true) { } } catch { } return true", Limit.STEPS),
    "a loop inside catch": ("try { throw Error('x') } catch { while (true) { } } return true", Limit.STEPS),
    "loops that catch loops": ("while (true) { try { while (true) { } } catch { } }", Limit.STEPS),
    "library functions only": ("let i := 0 while (lower('A') == 'a') { i := plus(i, 1) }", Limit.STEPS),
    "a lambda": ("let f := () -> { while (true) { } } f()", Limit.STEPS),
    "a lambda given to arrayMap": ("arrayMap(x -> { while (true) { } }, [1])", Limit.STEPS),
    "nested arrayMap": (
        "let r := range(1000) return arrayMap(a -> arrayMap(b -> arrayMap(c -> c, r), r), r)",
        Limit.STEPS,
    ),
    "library functions as callbacks": ("while (true) { arrayMap(toString, range(1000)) }", Limit.STEPS),
    "for over a copy that grows": (
        "let xs := [1] for (let x in xs) { xs := arrayPushBack(xs, x) } return length(xs)",
        VALUE,
    ),
    "zones": ("while (true) { toTimeZone(now(), 'Asia/Tokyo') }", Limit.STEPS),
    "uuids": ("while (true) { generateUUIDv4() }", Limit.STEPS),
    "digests": ("while (true) { sha256('x') }", Limit.STEPS),
    "patterns that are none": ("while (true) { try { match('x', '(') } catch { } }", Limit.STEPS),
    "addresses": ("while (true) { isIPAddressInRange('::1', '::/8') }", Limit.STEPS),
}

RECURSION: Final[Attacks] = {
    "itself": ("fun f(x) { return f(x + 1) } return f(1)", Limit.CALL_DEPTH),
    "each other": ("let g := null fun f() { return g() } g := () -> f() return f()", Limit.CALL_DEPTH),
    "a lambda by its name": ("let f := x -> f(x) return f(1)", Limit.CALL_DEPTH),
    "arrayMap": ("fun f(x) { return arrayMap(f, [x]) } return f(1)", Limit.CALL_DEPTH),
    "arrayFilter": ("fun f(x) { return arrayFilter(f, [x]) } return f(1)", Limit.CALL_DEPTH),
    "arrayExists": ("fun f(x) { return arrayExists(y -> f(y), [x]) } return f(1)", Limit.CALL_DEPTH),
    "arrayCount": ("fun f(x) { return arrayCount(f, [x]) } return f(1)", Limit.CALL_DEPTH),
    "arrayReduce": ("fun f(a, x) { return arrayReduce(f, [x], a) } return f(1, 2)", Limit.CALL_DEPTH),
    "arrayMap of arrayMap": (
        "let f := null f := x -> arrayMap(f, [x]) return arrayMap(f, [f])",
        Limit.CALL_DEPTH,
    ),
    "with every construct on the way": (
        "fun f(x) { for (let i in [1]) { try { if (true) { while (true) { return [f(x ?? 1)] } } }"
        " catch (e: X) { } } } return f(1)",
        Limit.CALL_DEPTH,
    ),
    "inside catch": ("fun f() { try { throw Error('x') } catch { f() } } f()", Limit.CALL_DEPTH),
    "that catches itself": ("fun f() { try { f() } catch { f() } } f()", Limit.CALL_DEPTH),
    "self application": ("let w := f -> f(f) return w(w)", Limit.CALL_DEPTH),
    "a chain of closures": (
        "let f := x -> x for (let i := 0; i < 20000; i := i + 1) { let g := f f := x -> g(x) } return f(1)",
        Limit.CALL_DEPTH,
    ),
    "a large function": (
        "fun f(n) { " + " ".join(f"let a{i} := n + 1" for i in range(400)) + " return f(n) } return f(1)",
        Limit.CALL_DEPTH,
    ),
    "exponential": ("fun f(n) { if (n > 0) { f(n - 1) f(n - 1) } } f(400)", Limit.STEPS),
}

TEXTS: Final[Attacks] = {
    "doubling with ||": ("let s := 'x' while (true) { s := s || s }", Limit.MEMORY),
    "doubling in an f-string": ("let s := 'x' while (true) { s := f'{s}{s}' }", Limit.MEMORY),
    "doubling with +": ("let s := 'x' while (true) { s := s + s }", Limit.MEMORY),
    "doubling with concat": ("let s := 'x' while (true) { s := concat(s, s, s) }", Limit.MEMORY),
    "doubling with arrayReduce": (
        "return arrayReduce((a, x) -> concat(a, a), range(1000), 'x')",
        Limit.MEMORY,
    ),
    "times a number": ("return 'x' * 2000000000", Limit.MEMORY),
    "times a huge number": (f"return 'x' * {MANY}", Limit.MEMORY),
    "nothing times a huge number": (f"return '' * {MANY} == ''", VALUE),
    "times a huge negative number": (f"return 'x' * -{MANY} == ''", VALUE),
    "replaceAll": ("let s := 'a' * 1000 return replaceAll(s, 'a', 'a' * 100000)", Limit.MEMORY),
    "replaceAll again and again": (
        "let s := 'a' while (true) { s := replaceAll(s, 'a', 'aaaaaaaa') }",
        Limit.MEMORY,
    ),
    "replaceAll of nothing": ("return replaceAll('a' * 100000, '', 'b' * 1000)", Limit.MEMORY),
    "replaceOne": ("return replaceOne('a' * 10000000, 'a', 'b' * 10000000)", Limit.MEMORY),
    "splitByString": ("return splitByString('a', 'a' * 10000000)", Limit.MEMORY),
    "splitByString into characters": ("return splitByString('', 'a' * 10000000)", Limit.MEMORY),
    "splitByString with a huge limit": (f"return splitByString('a', 'bab', {MANY}) == ['b', 'b']", VALUE),
    "arrayStringConcat": ("return arrayStringConcat(['x' * 100000] * 1000, '-')", Limit.MEMORY),
    "arrayStringConcat of nothing": (
        "return arrayStringConcat([''] * 1000000, 'x' * 10000)",
        Limit.STEPS,
    ),
    "escapes in a printed text": ("return toString(['\\'' * 12000000])", Limit.MEMORY),
    "escapes in a printed error": ("return toString(Error('\\\\' * 12000000))", Limit.MEMORY),
    "base64Encode": ("return length(base64Encode('x' * 15000000))", Limit.MEMORY),
    "encodeURLComponent": ("return length(encodeURLComponent('%' * 10000000))", Limit.MEMORY),
    "decodeURLComponent": ("return decodeURLComponent('%' * 10000000)", Limit.STEPS),
    "formatDateTime": ("return formatDateTime(now(), '%M' * 1000000)", HogInputError),
    "substring with huge positions": (f"return substring('abc', {MANY}, {MANY}) == ''", VALUE),
    "position from a huge position": (f"return position('abc', 'c', {MANY}) == 0", VALUE),
    "jsonStringify of escapes": (r"return jsonStringify('\x01' * 12000000)", Limit.MEMORY),
    "jsonStringify with a huge indent": (f"return jsonStringify([1], {MANY}) != ''", VALUE),
    "indents in nested lists": (
        "let a := [1] for (let i := 0; i < 150; i := i + 1) { a := [a, a, 1] } return jsonStringify(a, 10)",
        Limit.MEMORY,
    ),
    "hmac of many": ("return sha256HmacChain(['x' * 1000000] * 1000000)", Limit.STEPS),
    "a flood of lines": ("while (true) { print('x') }", Limit.STEPS),
    "a flood of empty lines": ("while (true) { print() }", Limit.STEPS),
    "one huge line": ("print('x' * 10000000)", VALUE),
    "a huge line of many": ("print(" + ", ".join(["'x' * 1000"] * 200) + ")", VALUE),
    "lines inside try": ("while (true) { try { print('x') } catch { } }", Limit.STEPS),
}

LISTS: Final[Attacks] = {
    "times a number": ("return [1] * 100000000", Limit.MEMORY),
    "a tuple times a number": ("return (1, 2) * 100000000", Limit.MEMORY),
    "nothing times a huge number": (f"return [] * {MANY} == []", VALUE),
    "range": ("return range(50000000)", Limit.MEMORY),
    "range of a huge number": (f"return range({MANY})", Limit.MEMORY),
    "range that is negative": (f"return range({MANY}, 0) == []", VALUE),
    "doubling with +": ("let a := [1] while (true) { a := a + a }", Limit.MEMORY),
    "doubling with *": ("let a := [1] while (true) { a := a * 2 }", Limit.MEMORY),
    "pushing": ("let a := [] while (true) { a := arrayPushBack(a, 1) }", Limit.STEPS),
    "pushing in front": ("let a := [] while (true) { a := arrayPushFront(a, 1) }", Limit.STEPS),
    "mapping": ("let a := [1] while (true) { a := arrayMap(x -> [x, x], a) }", Limit.STEPS),
    "sorting in a loop": ("let a := range(50000) while (true) { a := arrayReverseSort(a) }", Limit.STEPS),
    "sorting a million": ("return arraySort(range(1000000))", Limit.STEPS),
    "sorting a million of any kind": ("return arraySort([null, 'a', 1, [1]] * 250000)", Limit.STEPS),
    "looking for a long text among its like": (
        "return has(['x' * 1000000] * 1000000, reverse('x' * 1000000) || '')",
        Limit.STEPS,
    ),
    "multiSearchAnyCaseInsensitive": (
        "return multiSearchAnyCaseInsensitive('x' * 10000, ['y'] * 1000000)",
        Limit.STEPS,
    ),
    "arguments for a library function": ("return arrayMap(concat, range(1000000))", Limit.STEPS),
    "positions far away": (f"let a := [1] return a[{MANY}] == null and a[-{MANY}] == null", VALUE),
    "writing far away": (f"let a := [1] a[{MANY}] := 1", HogInputError),
}

_SHARED = "let a := ['x'] for (let i := 0; i < 40; i := i + 1) { a := [a, a] } "
_SHARED_DICT = "let a := {'k': 1} for (let i := 0; i < 40; i := i + 1) { a := {'l': a, 'r': a} } "
_SHARED_TUPLE = "let a := (1,) for (let i := 0; i < 40; i := i + 1) { a := (a, a) } "
_SHARED_ERROR = "let a := Error('x') for (let i := 0; i < 40; i := i + 1) { a := Error('x', [a, a]) } "

SHARING: Final[Attacks] = {
    **{
        f"{what}: {use}": (f"{made}{use}", Limit.STEPS)
        for what, made in {
            "lists": _SHARED,
            "dictionaries": _SHARED_DICT,
            "tuples": _SHARED_TUPLE,
            "errors": _SHARED_ERROR,
        }.items()
        for use in ("print(a)", "return jsonStringify(a)", "let b := jsonParse(jsonStringify(a))")
    },
    "toString": (f"{_SHARED} return toString(a)", Limit.STEPS),
    "concat": (f"{_SHARED} return concat('', a)", Limit.STEPS),
    "an f-string": (f"{_SHARED} return f'{{a}}.'", Limit.STEPS),
    "a message": (f"{_SHARED} throw Error(a)", Limit.STEPS),
    "a payload": (f"{_SHARED} throw Error('x', a)", HogThrown),
    "the kind of an error": (f"{_SHARED} throw HogError(a, 'x')", Limit.STEPS),
    "arrayStringConcat": (f"{_SHARED} return arrayStringConcat(a)", Limit.STEPS),
    "arraySort": (f"{_SHARED} return arraySort([a, a])", Limit.STEPS),
    "a tuple as a key": (f"{_SHARED_TUPLE} let d := {{}} d[a] := 1", HogInputError),
    "a tuple as the key of a literal": (f"{_SHARED_TUPLE} return {{a: 1}}", HogInputError),
    "looking up a tuple": (f"{_SHARED_TUPLE} let d := {{'x': 1}} return d[a] == null", VALUE),
    "a tuple in a dictionary": (f"{_SHARED_TUPLE} return not (a in {{'x': 1}})", VALUE),
    "a tuple as a path": (f"{_SHARED_TUPLE} return not JSONHas({{'x': 1}}, a)", VALUE),
    "as a value of many keys": (
        f"{_SHARED} let d := {{}} for (let i := 0; i < 100; i := i + 1) {{ d[i] := a }} return toString(d)",
        Limit.STEPS,
    ),
    "extractRegex": (f"{_SHARED} return extractRegex(a, 'x')", Limit.STEPS),
    "position": (f"{_SHARED} return position('x', a)", Limit.STEPS),
    "returning it": (f"{_SHARED} return a", VALUE),
}

_PAIR = (
    "let a := ['x'] let b := ['x'] for (let i := 0; i < 40; i := i + 1) { a := [a, a] b := [b, b] } "
)  # fmt: skip
_PAIR_TUPLES = _PAIR.replace("['x']", "(1,)").replace("[a, a]", "(a, a)").replace("[b, b]", "(b, b)")
_PAIR_DICTS = (
    _PAIR.replace("['x']", "{}").replace("[a, a]", "{'l': a, 'r': a}").replace("[b, b]", "{'l': b, 'r': b}")
)
_PAIR_ERRORS = (
    _PAIR.replace("['x']", "Error('x')")
    .replace("[a, a]", "Error('x', (a, a))")
    .replace("[b, b]", "Error('x', (b, b))")
)

SHARING |= {
    f"{what}: {use}": (f"{made}return {use}", Limit.STEPS)
    for what, made in {
        "lists": _PAIR,
        "tuples": _PAIR_TUPLES,
        "dictionaries": _PAIR_DICTS,
        "errors": _PAIR_ERRORS,
    }.items()
    for use in ("a == b", "equals(a, b)", "a in [b]", "has([b], a)", "indexOf([b], a)", "[a] < [b]")
}

_CYCLE = "let a := [1] a[1] := a "
_CYCLES = "let a := [1] a[1] := a let b := [1] b[1] := b "

CYCLES: Final[Attacks] = {
    "print": (f"{_CYCLE} print(a)", VALUE),
    "jsonStringify": (f"{_CYCLE} return jsonStringify(a) == '[null]'", VALUE),
    "the same ==": (f"{_CYCLE} return a == a", VALUE),
    "two ==": (f"{_CYCLES} return a == b", Limit.NESTING),
    "two <": (f"{_CYCLES} return a < b", Limit.NESTING),
    "two in": (f"{_CYCLES} return a in [b]", Limit.NESTING),
    "crossed ==": ("let a := [1] let b := [1] a[1] := b b[1] := a return a == b", Limit.NESTING),
    "dictionaries ==": ("let a := {} a.x := a let b := {} b.x := b return a == b", Limit.NESTING),
    "arraySort": (f"{_CYCLE} return arraySort([a, a])", Limit.NESTING),
    "return": (f"{_CYCLE} return a", VALUE),
    "payload": (f"{_CYCLE} throw Error('x', a)", HogThrown),
    "message": (f"{_CYCLE} throw Error(a)", HogThrown),
    "a dictionary in itself": ("let d := {} d.d := d print(d, [d], d.d.d.d) return jsonStringify(d)", VALUE),
    "an error in its payload": (
        "let p := [null] let e := Error('x', p) p[1] := e print(e) return jsonStringify(e)",
        VALUE,
    ),
    "walked for ever": (f"{_CYCLE} while (true) {{ a := a[1] }}", Limit.STEPS),
    "a closure that holds itself": ("let f := null f := () -> f return f() == f", VALUE),
    "thousands": (
        "for (let i := 0; i < 20000; i := i + 1) { let a := [i] a[1] := a } return true",
        VALUE,
    ),
}

NESTING: Final[Attacks] = {
    **{
        f"{what}: {use}": (
            f"let a := {start} for (let i := 0; i < 3000; i := i + 1) {{ a := {step} }} {use}",
            ending,
        )
        for what, start, step in (
            ("lists", "[]", "[a]"),
            ("tuples", "(1,)", "(a,)"),
            ("dictionaries", "{}", "{'k': a}"),
            ("errors", "Error('x')", "Error('x', a)"),
        )
        for use, ending in (
            ("print(a)", Limit.NESTING),
            ("return jsonStringify(a)", Limit.NESTING),
            ("return arraySort([a, 1])", Limit.NESTING),
            ("return a", VALUE),
            ("return [a, 1]", VALUE),
        )
    },
    "two lists ==": (
        "let a := [] let b := [] for (let i := 0; i < 3000; i := i + 1) { a := [a] b := [b] } return a == b",
        Limit.NESTING,
    ),
    "two chains of errors ==": (
        "let a := Error('x') let b := Error('x')"
        " for (let i := 0; i < 3000; i := i + 1) { a := Error('x', a) b := Error('x', b) } return a == b",
        Limit.NESTING,
    ),
    "a tuple as a key": (
        "let a := (1,) for (let i := 0; i < 3000; i := i + 1) { a := (a,) } return {a: 1}",
        HogInputError,
    ),
    "a hundred thousand levels, let go": (
        "let a := [] for (let i := 0; i < 100000; i := i + 1) { a := [a] } a := null return true",
        VALUE,
    ),
    "fifty thousand errors, let go": (
        "let a := Error('x') for (let i := 0; i < 50000; i := i + 1) { a := Error('x', a) } return true",
        VALUE,
    ),
    "fifty thousand closures, let go": (
        "let f := 1 for (let i := 0; i < 50000; i := i + 1) { let g := f f := () -> g } f := null return true",
        VALUE,
    ),
}

_SQUARES = "let x := 3 while (true) "

INTEGERS: Final[Attacks] = {
    "*": (f"{_SQUARES} {{ x := x * x }}", Limit.INTEGER),
    "negative *": ("let x := -3 while (true) { x := x * 3 }", Limit.INTEGER),
    "+": (f"{_SQUARES} {{ x := x + x }}", Limit.INTEGER),
    "-": (f"{_SQUARES} {{ x := x - -x }}", Limit.INTEGER),
    "unary minus": (f"let x := {2**1023 - 1} return -x < 0", VALUE),
    "plus": (f"{_SQUARES} {{ x := plus(x, x) }}", Limit.INTEGER),
    "minus": ("let x := 1 while (true) { x := minus(x, -x) }", Limit.INTEGER),
    "inside try": ("try { let x := 3 while (true) { x := x * x } } catch { } return true", Limit.INTEGER),
    "arrayReduce": ("return arrayReduce((a, x) -> a * a, range(100), 3)", Limit.INTEGER),
    "the largest": (f"return {2**1023 - 1} + 1", Limit.INTEGER),
    "the largest / 3": (f"return {2**1023 - 1} / 3 > 1", VALUE),
    "the largest % a float": (f"return {2**1023 - 1} % 1.5 >= 0", VALUE),
    "the largest + a float": (f"return {2**1023 - 1} + 0.5 > 1", VALUE),
    "the largest / a tiny float": (f"return {2**1023 - 1} / 0.0000001 > 1", VALUE),
    "floor of a huge float": ("return floor(1e308 * 1.7)", HogInputError),
    "round of infinity": ("return round(1e308 * 10) == 1e308 * 10", VALUE),
    "toInt of a huge float": ("return toInt(1e308 * 1.7) == null", VALUE),
    "toInt of many digits": ("return toInt('1' * 100000) == null", VALUE),
    "toFloat of many digits": ("return toFloat('1' * 100000) == null", VALUE),
    "a text of many digits as a number": ("return ('1' * 100000) == 5", VALUE),
    "toString of the largest": (f"return length(toString({2**1023 - 1})) == 308", VALUE),
    "jsonParse of 5,000 digits": ("return jsonParse('1' * 5000)", HogInputError),
    "jsonParse of 10,000,000 digits": ("return jsonParse('1' * 10000000)", HogInputError),
    "jsonParse of a huge float": ("return jsonParse('1e999')", HogInputError),
    "JSONExtractInt of 5,000 digits": ("return JSONExtractInt('[' || '1' * 5000 || ']', 1) == null", VALUE),
    "sortableSemver of many digits": ("return sortableSemver('1.' || '9' * 5000)", HogInputError),
    "keys that Python cannot tell apart": (
        f"let d := {{}} for (let i := 0; i < 1000; i := i + 1) {{ d[i * {2**61 - 1}] := i }}",
        HogInputError,
    ),
}

_PATTERNS = ("^(a+)+$", "(a|a)*b", "(.*)*x", "(a*)*b", "([ab]*)*c", "(a?){50}a{50}")

PATTERNS: Final[Attacks] = {
    **{
        f"{function} {pattern}": (f"let s := 'a' * 100000 || '!' return {call.format(pattern)} != 7", VALUE)
        for pattern in _PATTERNS
        for function, call in {
            "match": "match(s, '{}')",
            "extractRegex": "extractRegex(s, '{}')",
            "=~": "(s =~ '{}')",
            "!~*": "(s !~* '{}')",
        }.items()
    },
    "like": ("return ('a' * 100000) like '%a%a%a%a%a%a%a%a%a%a%b'", VALUE),
    "ilike of wildcards": ("return ('a' * 100000) ilike '%_%_%_%_%_%_%_%b'", VALUE),
    "like of a thousand wildcards": ("return ('a' * 2000) like '%a' * 500", VALUE),
    "repeats of repeats": ("return match('x', '((a{1,100}){1,100}){1,100}')", HogRuntimeError),
    "a repeat of 1,001": ("return match('x', 'a{1001}')", HogRuntimeError),
    "all letters, many times": (r"return match('x', '\\pL' * 300)", HogRuntimeError),
    "look-ahead": ("return match('x', '(?=a)')", HogRuntimeError),
    "a back-reference": (r"return match('x', '(a)\\1')", HogRuntimeError),
    "brackets without end": ("return match('x', '(' * 900)", HogRuntimeError),
    "deep brackets": ("return match('x', '(' * 499 || 'a' || ')' * 499)", VALUE),
    "too long a pattern": ("return match('x', 'a' * 1001)", HogInputError),
    "too long a like": ("return 'x' like 'a%' * 501", HogInputError),
    "a pattern of a size for each text": (
        "return match('ab' * 5000000, '[ab]*a[ab]{400}c')",
        Limit.STEPS,
    ),
    "long texts again and again": ("let s := 'ab' * 500000 while (true) { s =~ 'b+c' }", Limit.STEPS),
    "new patterns again and again": (
        "let i := 0 while (i < 300) { match('x', concat('(a|b|', i, '){1,100}')) i := i + 1 } return true",
        VALUE,
    ),
}

JSON: Final[Attacks] = {
    **{
        f"{function}: {what}": (f"return {function}({text})", ending)
        for what, text in {
            "open brackets": "'[' * 16000",
            "open braces": "'{\"a\":' * 16000",
            "closed and deep": "'[' * 16000 || ']' * 16000",
            "just too deep": "'[' * 201 || ']' * 201",
        }.items()
        for function, ending in (("jsonParse", HogInputError), ("isValidJSON", VALUE), ("JSONLength", VALUE))
    },
    "millions of open brackets": ("return isValidJSON('[' * 15000000)", Limit.STEPS),
    "millions of closed brackets": ("return isValidJSON(']' * 15000000)", VALUE),
    "millions of pairs of brackets": ("return isValidJSON('[]' * 7000000)", Limit.STEPS),
    "millions of commas": ("return isValidJSON(',' * 15000000)", Limit.MEMORY),
    "millions of backslashes": (r"""return isValidJSON(concat('"', '\\' * 10000000))""", VALUE),
    "millions of spaces": ("return isValidJSON(' ' * 15000000)", VALUE),
    "nearly large numbers": ("return isValidJSON(('1' * 199 || ' ') * 70000)", VALUE),
    "millions of numbers": ("return jsonParse(concat('[', '1,' * 7000000, '1]'))", Limit.MEMORY),
    "paths": (
        "let s := concat('[', '[1],' * 10000, '1]') while (true) { JSONExtractInt(s, 1, 1) }",
        Limit.STEPS,
    ),
    "texts within texts": (
        "let s := '1' while (true) { s := jsonStringify([s]) }",
        Limit.MEMORY,
    ),
    "constants that are not JSON": ("return jsonParse('[NaN, Infinity]')", HogInputError),
    "half of a surrogate pair": (r"""return length(jsonParse('"\\ud800"')) == 1""", VALUE),
}

DATES: Final[Attacks] = {
    **{
        f"{call}": (f"return {call.replace('N', number)}", HogInputError)
        for number in (MANY,)
        for call in (
            "dateAdd('second', N, now())",
            "dateAdd('day', N, now())",
            "dateAdd('week', N, now())",
            "dateAdd('month', N, now())",
            "dateAdd('quarter', -N, now())",
            "dateAdd('year', N, today())",
            "addDays(today(), N)",
            "fromUnixTimestamp(N)",
            "fromUnixTimestampMilli(-N)",
            "now() + toIntervalMonth(N)",
            "now() - toIntervalDay(N)",
        )
    },
    "months in a thousand million": ("return dateAdd('month', 1000000000, now())", HogInputError),
    "a fraction of a month": ("return dateAdd('month', 0.5, now())", HogInputError),
    "not a number of days": (
        "return addDays(now(), toFloat('nan') ?? (1e308 * 10 - 1e308 * 10))",
        HogInputError,
    ),
    "infinitely many seconds": ("return dateAdd('second', 1e308 * 10, now())", HogInputError),
    "the end of time in a zone": (
        "return toTimeZone(toDateTime('9999-12-31T23:59:59Z'), 'Asia/Tokyo')",
        HogInputError,
    ),
    "the beginning of time in a zone": (
        "return toTimeZone(toDateTime('0001-01-01T00:00:00Z'), 'America/New_York')",
        HogInputError,
    ),
    "the beginning of the first week": ("return toStartOfWeek(toDate('0001-01-01'), 0)", HogInputError),
    "a time stamp beyond years": ("return toString(fromUnixTimestamp(1e18))", HogInputError),
    "a zone that is a path": ("return toTimeZone(now(), '../../etc/passwd')", HogRuntimeError),
    "a zone that is an absolute path": ("return toTimeZone(now(), '/etc/localtime')", HogRuntimeError),
    "a zone of megabytes": ("return toTimeZone(now(), 'x' * 10000000)", HogRuntimeError),
    "a unit of megabytes": ("return dateAdd('x' * 10000000, 1, now())", HogRuntimeError),
    "a date of megabytes": ("return toDateTime('2026-01-01 ' || ' ' * 10000000) == null", VALUE),
    "an unknown code": ("return formatDateTime(now(), '%')", HogRuntimeError),
    "Python's format codes": ("return formatDateTime(now(), '{0.__class__}') == '{0.__class__}'", VALUE),
}

PYTHON: Final[Attacks] = {
    "an attribute of a dictionary": ("return event.__class__ == null", VALUE),
    "an attribute of a text": ("return 'x'.__class__", HogInputError),
    "an attribute of a list": ("return [].__class__", HogInputError),
    "an attribute of a number": ("return (1).__class__", HogInputError),
    "an attribute of a function": ("let f := x -> x return f.__globals__", HogInputError),
    "an attribute of a library function": ("return upper.__self__", HogInputError),
    "the body of a function": ("let f := x -> x return f.body", HogInputError),
    "an attribute of an error": ("return Error('x').__class__ == null", VALUE),
    "an attribute of a date": ("return now().tzinfo", HogInputError),
    "an attribute that is set": ("let f := x -> x f.name := 'g'", HogInputError),
    "an error that is changed": ("let e := Error('x') e.message := 'y'", HogInputError),
    "a tuple that is changed": ("let t := (1, 2) t[1] := 3", HogInputError),
    "a text that is changed": ("let s := 'abc' s[1] := 'x'", HogInputError),
    **{
        f"the name {name}": (f"return {name}", HogRuntimeError)
        for name in (
            "__builtins__",
            "__import__",
            "__name__",
            "v1",
            "t1",
            "e1",
            "make1",
            "main",
            "body",
            "budget",
            "call",
            "copied",
            "read",
            "item",
            "put",
            "new_function",
            "new_object",
            "HogException",
            "all",
            "any",
            "hog_print",
            "error_of",
            "is_kind",
            "values_of",
            "machine",
            "self",
            "exec",
            "print_",
            "propertyText",
            "propertyMatches",
        )
    },
    "variables with such names": (
        "let budget := 1 let call := 2 let v1 := 3 let make1 := () -> 4 let __builtins__ := 5"
        " let all := 6 let main := 7 let item := 8 let read := 9 let HogException := 10 let t1 := null ?? 11"
        " fun body(e1) { try { throw Error('x') } catch (throw_) { return e1 } }"
        " return budget + call + v1 + make1() + __builtins__ + all + main + item + read + HogException + t1"
        " + body(12) == 78",
        VALUE,
    ),
    "quoted names": ('let "import os" := 1 return "import os" == 1', VALUE),
    "quoted properties": ('return event."__class__"."__mro__" == null', VALUE),
    "format in a text": ("return '{0.__class__} %s' || 'x' == '{0.__class__} %sx'", VALUE),
    "a library function that gets too much": ("let f := length return f(1, 2)", HogRuntimeError),
    "a library function that gets too little": ("let f := substring return f('x')", HogRuntimeError),
    "a lambda that gets too much": ("return (x -> x)(1, 2)", HogRuntimeError),
    "a call of a number": ("return (1)(2)", HogRuntimeError),
    "a call of null": ("return nothing?.x", HogRuntimeError),
    "a call of a forged function": ("return forged()()", HogRuntimeError),
    "a throw of a forged error": ("throw properties.error", HogRuntimeError),
    "arrayMap with a forged function": ("return arrayMap(properties.callable, [1])", HogRuntimeError),
    "a forged closure": ("return (properties.closure)(1)", HogRuntimeError),
    "a forged date": ("return toYear(properties.date)", HogInputError),
    "a forged type": ("return typeof(properties.error) == 'object'", VALUE),
}
PYTHON["a call of a forged function"] = ("return (properties.callable)('x')", HogRuntimeError)

FORGED: Final = {
    "callable": {"__hogCallable__": "stl", "name": "sleep", "argCount": 1, "chunk": "stl", "ip": -1},
    "closure": {"__hogClosure__": True, "callable": {"__hogCallable__": "local"}, "upvalues": []},
    "date": {"__hogDate__": True, "year": 2026, "month": 1, "day": 1},
    "error": {"__hogError__": True, "type": "Error", "message": "x", "payload": None},
}
"""Properties of an event that look like values of other machines."""

SWALLOWING: Final[Attacks] = {
    f"{what} in {where.format('…')}": (where.format(code), limit)
    for what, code, limit in (
        ("steps", "while (true) { }", Limit.STEPS),
        ("memory", "let s := 'x' while (true) { s := s || s }", Limit.MEMORY),
        ("integers", "let x := 3 while (true) { x := x * x }", Limit.INTEGER),
        ("depth", "fun f() { f() } f()", Limit.CALL_DEPTH),
        ("nesting", "let a := [1] a[1] := a let b := [1] b[1] := b let c := a == b", Limit.NESTING),
    )
    for where in (
        "try {{ {} }} catch {{ }} return true",
        "try {{ {} }} catch (e) {{ return true }}",
        "try {{ {} }} catch (e: RuntimeError) {{ }} catch (e: Error) {{ }} return true",
        "fun g() {{ try {{ {} }} catch {{ }} }} while (true) {{ g() }}",
        "try {{ throw Error('x') }} catch {{ {} }}",
        "arrayMap(x -> {{ try {{ {} }} catch {{ }} }}, [1])",
    )
}

IN_PROCESS: Final = {
    f"{kind}: {name}": attack
    for kind, attacks in {
        "loops": LOOPS,
        "recursion": RECURSION,
        "texts": TEXTS,
        "lists": LISTS,
        "sharing": SHARING,
        "cycles": CYCLES,
        "nesting": NESTING,
        "integers": INTEGERS,
        "patterns": PATTERNS,
        "json": JSON,
        "dates": DATES,
        "python": PYTHON,
        "swallowing": SWALLOWING,
    }.items()
    for name, attack in attacks.items()
}
"""All of the above."""

_FILL = "let i := 0 while (true) { i := i + 1 "

MEMORY_BOMBS: Final[Attacks] = {
    "nested lists": ("let a := [] while (true) { a := [a, 1, 'x', {}] }", Limit.MEMORY),
    "short texts": (
        f"let a := null {_FILL} a := [a, concat('some words and a number ', i)] }}",
        Limit.MEMORY,
    ),
    "integers": (
        "let a := null let i := 1 while (true) { i := i + 99999999999 a := [a, i * i] }",
        Limit.MEMORY,
    ),
    "a list of large integers": (f"return length(range({MANY}, {MANY} + 900000))", Limit.MEMORY),
    "a million keys": (f"let d := {{}} {_FILL} d[i] := i }}", Limit.MEMORY),
    "keys that are floats": (f"let d := {{}} {_FILL} d[i / 3] := i }}", Limit.MEMORY),
    "closures": ("let f := x -> x while (true) { let g := f f := x -> g(x) }", Limit.MEMORY),
    "closures that hold texts": (
        f"let fs := null {_FILL} let s := 'x' * 10000 || toString(i) fs := [fs, () -> s] }}",
        Limit.MEMORY,
    ),
    "errors that were caught": (
        "let e := Error('x') while (true) { try { throw Error('x', e) } catch (f) { e := f } }",
        Limit.MEMORY,
    ),
    "texts in a list": (f"let a := null {_FILL} a := [a, 'x' * 100000 || toString(i)] }}", Limit.MEMORY),
    "wide texts": (f"let a := null {_FILL} a := [a, '😀' * 1000000 || toString(i)] }}", Limit.MEMORY),
    "one wide character": ("return length(concat('x' * 16000000, '😀', 'x'))", VALUE),
    "a wide text, reversed": ("return length(reverse('😀' * 12000000))", Limit.MEMORY),
    "wide parts": ("return arrayStringConcat(['x' * 15000000, '😀'])", Limit.MEMORY),
    "a wide text in print": ("print(['x' * 15000000, '😀'])", Limit.MEMORY),
    "a wide text for RE2": ("return ('😀' * 12000000) =~ 'x'", Limit.MEMORY),
    "lower of wide texts": ("return lower('Ä' * 15000000)", Limit.MEMORY),
    "split into pieces": ("return length(splitByString('x', '😀x' * 900000))", Limit.MEMORY),
    "split into characters": ("return length(splitByString('', 'Ā' * 900000))", Limit.MEMORY),
    "percent signs": ("return decodeURLComponent('%41' * 5000000)", Limit.MEMORY),
    "escapes": ("return toString(['\\'' * 8000000]) != ''", VALUE),
    "JSON of dictionaries": ("return jsonParse(concat('[', '{\"a\":1},' * 400000, '1]'))", Limit.MEMORY),
    "JSON of texts": ("return jsonParse(concat('[', '\"abc\",' * 900000, '1]'))", Limit.MEMORY),
    "JSON of a wide text": ("return jsonParse(concat('\"', 'x' * 10000000, '😀\"'))", Limit.MEMORY),
    "JSON of escapes": (r"""return jsonParse(concat('"', '\\u0041' * 2000000, '😀"'))""", Limit.MEMORY),
    "JSON in a loop": (
        "let s := concat('[', '[1],' * 100000, '1]') let a := null while (true) { a := [a, jsonParse(s)] }",
        Limit.MEMORY,
    ),
    "texts of a list": ("return arrayMap(toString, range(1000000))", Limit.MEMORY),
    "keys for sorting": ("return arraySort(arrayMap(x -> [x, 'x'], range(200000)))", Limit.MEMORY),
    "text kept in cycles": ("while (true) { let a := ['x' * 5000000, null] a[2] := a }", Limit.MEMORY),
    "versions": ("return length(sortableSemver('1.' * 900000 || '1'))", VALUE),
    "upper of letters that grow": ("return upper('ß' * 12000000)", Limit.MEMORY),
    "positionCaseInsensitive of letters that grow": (
        "return positionCaseInsensitive('ß' * 12000000, 'x')",
        Limit.MEMORY,
    ),
    "pushing lists into themselves": ("let a := [] while (true) { a := arrayPushBack(a, a) }", Limit.MEMORY),
    "JSON of quotes": ("return isValidJSON('\"' * 15000000)", Limit.MEMORY),
    "tuples of tuples": ("let t := (1,) while (true) { t := t + t }", Limit.MEMORY),
    "for over pairs": ("for (let k, v in [[1]] * 1000000) { let x := 1 }", Limit.MEMORY),
    "patterns": (
        f"{_FILL} let found := concat('abcdefghij' * 10000, i) =~ concat('[a-j]*', i, '[a-j]{{30}}x')"
        " if (i > 100) { return true } }",
        VALUE,
    ),
}
"""Programs that fill memory. They run alone, because what a process has once grown by it mostly keeps."""
