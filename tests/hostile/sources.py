"""Source texts that mean harm: to the parser, to the compiler, or to Python's compiler behind both."""

from __future__ import annotations

from typing import Final

from assay.domain.hog.limits import MAX_SOURCE_BYTES


def repeated(opening: str, closing: str = "", middle: str = "1") -> str:
    """As much of something as a source may have."""
    times = (MAX_SOURCE_BYTES - len(middle)) // (len(opening) + len(closing))
    return opening * times + middle + closing * times


FULL: Final = {
    "f-strings": repeated("f'{", "}'"),
    "f-strings after digits": repeated("1f'{", "}'"),
    "f-strings with a capital": repeated("F'{", "}'"),
    "tags in attributes": repeated("<a b={", "}/>"),
    "braces": repeated("{", "}"),
    "parentheses": repeated("(", ")"),
    "open parentheses": repeated("("),
    "brackets": repeated("[", "]"),
    "indexes within each other": repeated("a[", "]"),
    "minus signs": repeated("-"),
    "lambdas": repeated("x -> "),
    "while": repeated("while (a) "),
    "for": repeated("for (a; b; c) "),
    "try": repeated("try {", "} catch {}"),
    "functions": repeated("fun f() {", "}"),
    "selects": repeated("(select ", ")"),
    "properties of a global": repeated(".a", middle="return a"),
    "properties of a variable": "let x := 1 return x" + ".a" * 8000,
    "one number": repeated("1"),
    "one name": repeated("a"),
    "one unknown function": "return " + "a" * 16_000 + "()",
    "an open text": repeated("'"),
    "an open name": repeated('"'),
    "spaces": repeated(" "),
    "semicolons": repeated(";"),
    "commas": repeated(","),
    "at signs": repeated("@"),
    "NUL": repeated("\0"),
    "backslashes": repeated("\\"),
    "exclamation marks": repeated("!"),
    "declarations of the same": repeated("let x := 1 "),
    "returns": repeated("return "),
    "throws": repeated("throw "),
    "statements": repeated("a(1); ", middle=""),
    "variables": " ".join(f"let v{i} := {i}" for i in range(1000)),
    "functions beside each other": " ".join(f"fun f{i}() {{ return {i} }}" for i in range(580)),
    "captured variables": " ".join(f"let v{i} := 1" for i in range(600))
    + f" fun f() {{ return [{', '.join(f'v{i}' for i in range(600))}] }} return f()",
    "variables captured through many functions": " ".join(f"let v{i} := 1" for i in range(300))
    + f" return {'(() -> ' * 60}[{','.join(f'v{i}' for i in range(300))}]{')' * 60}",
    "parameters": f"fun f({','.join(f'a{i}' for i in range(2500))}) {{ return 1 }} return f()",
    "items": f"return [{'1,' * 8000}1]",
    "keys": f"return {{{','.join(f'{chr(39)}{i}{chr(39)}: {i}' for i in range(1300))}}}",
    "keys that are names": f"return {{{','.join(f'a{i}: {i}' for i in range(1300))}}}",
    "arguments": f"return concat({'1,' * 8000}1)",
    "parts of an f-string": "return f'" + "{1}" * 5000 + "'",
    "catches": "try { throw Error('x') } " + "catch (e: K) { } " * 950,
    "catches within each other": "try { a } catch { " * 60 + "}" * 60,
    "choices": f"return {('multiIf(' + '1,' * 298) * 26}1{')' * 26}",
    "dictionaries within each other": "return " + "{'k': " * 60 + "1" + "}" * 60,
    "an unclosed comment": "/*" + "a" * 16_000,
    "a bare byte order mark": "\ufeff",
    "emoji": "return 😀",
    "half of a surrogate pair": "return '\ud800'",
}
"""The parser is quick with these: they are compiled, or refused, where the tests run."""

SLOW: Final = {
    "??": repeated("1 ?? "),
    "calls of calls": repeated("", "(1)", middle="return f"),
    "tags": repeated("<a>", "</a>"),
    "not in": "return " + "not in(" * 25 + "1 1",
}
"""The parser takes seconds for these, up to minutes, and cannot be interrupted meanwhile."""

DEEP: Final = {
    "+": "return 1" + " + 1" * 190,
    "||": "return 1" + " || a" * 190,
    "??": "return a" + " ?? a" * 190,
    "?:": "return " + "a ? 1 : " * 190 + "1",
    "between": "return 1" + " between 1 and 2" * 190,
    "not": "return " + "not " * 190 + "a",
    "-": "return 1" + " - 1" * 190,
    "==": "return 1" + " == 1" * 190,
    "in": "return 1" + " in a" * 190,
    "calls": "let f := x -> x return f" + "(1)" * 190,
    "indexes": "return x" + "[1]" * 190,
    "?.": "return x" + "?.b" * 190,
    "if": "if (a) " * 190 + "return 1",
    "else if": "if (a) { } " + "else if (a) { } " * 190,
    "lambdas": "return " + "x -> " * 90 + "x",
    "functions": "fun f() { " * 60 + "return 1" + " }" * 60,
    "concat": "return " + "concat(" * 60 + "1" + ")" * 60,
    "lists": "return " + "[" * 60 + "1" + "]" * 60,
    "tuples": "return " + "(1, " * 60 + "1" + ")" * 60,
    "dictionaries": "return " + "{a: " * 60 + "1" + "}" * 60,
    "keys": "return " + "{" * 60 + "1" + ": 1}" * 60,
    "f-strings": "return " + "f'{" * 30 + "1" + "}'" * 30,
    "loops": "while (a) " * 16 + "{ }",
    "loops over lists": "for (let x in a) " * 16 + "{ }",
    "tries": "try { " * 15 + "a" + " } catch { }" * 15,
    "catches": "try { a } catch (e: K) { " * 8 + "}" * 8,
    "of everything": "return "
    + "x -> " * 40
    + "[{'a': f'{(1 ?? 2) + not 3 between 1 and concat(x, [(1,)])}'}]",
}
"""As deep as each construct may be."""
