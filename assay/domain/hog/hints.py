"""What people write who come from other languages, and what Hog has for it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from assay.domain.hog.errors import Position

_HINTS: Final[tuple[tuple[str, str], ...]] = (
    (
        r"(?<![-+*/%<>=!~|?])(?:[-+/%<>]|[<>=!]=|\|\||\?\?|[=!]~\*?)\s*(?:[;,)\]}#]|--|//|$)",
        "something is missing after the operator",
    ),
    (r"&&", "write `and`"),
    (r"\|\|=", "write `x := x || y`"),
    (r"!(?![=~])", "write `not x`"),
    (r"[-+*/%]=", "write the assignment out: `x := x + 1`"),
    (r"\+\+", "write `x := x + 1`"),
    (r"=>", "a lambda is written `x -> x + 1`"),
    (r"!==", "write `!=`"),
    (r"={3}", "write `==`"),
    (r"~=", "write `=~`"),
    (r"=~\*?\s*/", "a pattern is a text: `x =~ '[0-9]+'`"),
    (r"(?<![:<>!])={1,2}(?!~)", "a variable is set with `:=`; `=` and `==` compare"),
    (r"\?\.\(", "there is no `?.( )`: test the function for null first"),
    (r"\*\*", "there is no operator for powers"),
    (r"[&|^]", "there are no operators on bits; `and`, `or` and `not` combine conditions"),
    (r"(?:finally)\b", "put what follows after the try statement"),
    (r"\\u", "a text may hold the character itself"),
    (r"\\", "a backslash in a text is written twice"),
    (r"/\*", "the comment has no `*/`"),
    (r"\?(?!\?)", "both sides are needed: `c ? a : b`"),
    (r"\.\.\.", "there is no `...`"),
)
"""Patterns found where the parser stopped, most specific first."""

_MESSAGE_HINTS: Final = {
    "unterminated string": "a text stands between single quotes; a quote in it is written twice: `'it''s'`",
}
"""How messages of the parser begin that say enough by themselves."""

_LINE_HINTS: Final[tuple[tuple[str, str], ...]] = (
    (r"^\s*let\s+\w+\s*=(?!=)", "a variable is set with `:=`: `let x := 1`"),
    (r"^\s*\w+(?:\.\w+)*\s*=(?!=)", "a variable is set with `:=`: `x := 1`"),
    (r"\bfor\s*\(\s*(?:let\s+|const\s+)?\w+\s*=(?!=)", "write `for (let i := 0; i < n; i := i + 1)`"),
    (r"\bfor\s*\(\s*(?:let\s+)?\w+\s+of\b", "write `for (let x in xs)`"),
    (r"^\s*(?:if|while|for|else|try)\b[^?]*:(?!=)", "blocks stand in braces: `if (c) { … }`"),
    (r"^\s*(?:if|while|for)\s+[^\s(]", "the condition stands in parentheses: `if (c) { … }`"),
    (r"\blet\s*(?:[\[{]|\w+\s*,)", "a `let` declares one variable"),
    (r"\blet\s+\w+\s*:(?!=)", "variables have no types: `let x := 1`"),
)
"""Patterns found in the line where the parser stopped."""

FOREIGN_WORDS: Final = {
    "break": "put the loop into a function and `return` from it, or make the loop's condition false",
    "continue": "put the rest of the loop's body into an `if`",
    "const": "a variable is declared with `let x := 1`",
    "var": "a variable is declared with `let x := 1`",
    "function": "a function is declared with `fun f(a) { return a }`",
    "func": "a function is declared with `fun f(a) { return a }`",
    "def": "a function is declared with `fun f(a) { return a }`",
    "elif": "write `else if`",
    "elsif": "write `else if`",
    "switch": "write `if … else if …`, or multiIf(…)",
}
"""Words of other languages, which the parser takes for names, and what Hog has."""

_WORD: Final = re.compile(r"\w+")

RESERVED: Final = frozenset(
    {
        "and", "as", "between", "case", "catch", "else", "end", "false", "finally", "for", "fun", "if",
        "ilike", "in", "is", "let", "like", "not", "null", "or", "return", "then", "throw", "true", "try",
        "when", "while",
    }
)  # fmt: skip
"""Words that the parser takes for a name only when it has lost its way."""

RESERVED_HINTS: Final = {
    "if": "a statement is `if (c) { … }`, a value `c ? a : b`",
    "for": "write `for (let x in xs) { … }`",
    "is": "there are only `is null` and `is not null`; `==` compares",
}
"""What is to be written with words that the parser took for a name."""

_FOREIGN_NAMES: Final = {
    "None": "write `null`",
    "nil": "write `null`",
    "undefined": "write `null`",
    "True": "write `true`",
    "False": "write `false`",
    "JSON": "there are jsonParse and jsonStringify",
    "Math": "there are round, floor, min2 and max2",
    "console": "there is print",
    "import": "evaluations have no modules",
    "new": "write `throw Error('…')`, without it",
    "pass": "an empty block is `{ }`",
    "raise": "write `throw Error('…')`",
    "re": "there are match and extractRegex, and the operator `=~`",
    "select": "evaluations cannot run queries",
    "SELECT": "evaluations cannot run queries",
}
_FOREIGN_FUNCTIONS: Final = {
    "len": "length",
    "str": "toString",
    "int": "toInt",
    "parseInt": "toInt",
    "float": "toFloat",
    "parseFloat": "toFloat",
    "Number": "toFloat",
    "toNumber": "toFloat",
    "isinstance": "typeof",
    "size": "length",
    "count": "length, or arrayCount(function, list)",
    "arrayLength": "length",
    "lengthUTF8": "length",
    "lowerUTF8": "lower",
    "upperUTF8": "upper",
    "lcase": "lower",
    "ucase": "upper",
    "trimBoth": "trim",
    "endsWith": "the operator `=~`, with a pattern that ends in `$`",
    "startswith": "startsWith",
    "strpos": "position",
    "exists": "isNotNull, notEmpty, or arrayExists(function, list)",
    "any": "arrayExists(function, list)",
    "some": "arrayExists(function, list)",
    "all": "arrayCount(function, list), which all items make the length",
    "every": "arrayCount(function, list), which all items make the length",
    "arrayAll": "arrayCount(function, list), which all items make the length",
    "arrayFirst": "arrayFilter(function, list)[1]",
    "arrayContains": "has(list, item)",
    "arrayConcat": "the operator `+`",
    "sum": "arrayReduce((a, b) -> a + b, list, 0)",
    "arraySum": "arrayReduce((a, b) -> a + b, list, 0)",
    "arrayMin": "arraySort(list)[1]",
    "arrayMax": "arraySort(list)[-1]",
    "JSONExtractKeys": "keys(JSONExtract(text, …, 'Map'))",
    "JSONExtractRaw": "JSONExtract, or jsonStringify(JSONExtract(…))",
    "parse": "jsonParse(text)",
    "stringify": "jsonStringify(value)",
    "format": "f'…{value}…'",
    "regexMatch": "match(text, pattern), or the operator `=~`",
    "replaceRegexpAll": "nothing: patterns are found, not replaced",
    "replaceRegexpOne": "nothing: patterns are found, not replaced",
    "includes": "has, or the operator `in`",
    "contains": "the operator `in`, or has",
    "toLowerCase": "lower",
    "toLower": "lower",
    "toUpperCase": "upper",
    "toUpper": "upper",
    "split": "splitByString(separator, text)",
    "join": "arrayStringConcat(list, separator)",
    "map": "arrayMap(function, list)",
    "filter": "arrayFilter(function, list)",
    "reduce": "arrayReduce(function, list, start)",
    "push": "arrayPushBack",
    "append": "arrayPushBack",
    "log": "print",
    "console": "print",
    "replace": "replaceAll",
    "regex": "match",
    "search": "match",
    "abs": "if(x < 0, -x, x)",
    "min": "min2",
    "max": "max2",
    "sleep": "nothing: evaluations cannot wait",
    "run": "nothing: evaluations cannot run queries",
    "sql": "nothing: evaluations cannot run queries",
    "fetch": "nothing: evaluations have no network",
    "import": "nothing: evaluations have no modules",
    "inCohort": "nothing: evaluations see no cohorts",
    "notInCohort": "nothing: evaluations see no cohorts",
}


def hint_at(source: str, position: Position, message: str) -> str:
    """What to write instead of what stands where the parser stopped.

    Args:
        message: the parser's own.

    Returns:
        A hint; empty if nothing comes to mind.
    """
    for beginning, hint in _MESSAGE_HINTS.items():
        if message.lower().startswith(beginning):
            return hint
    lines = source.split("\n")
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    return _hint_at_token(line, position.column) or _hint_in_line(line[:500])


def _hint_at_token(line: str, column: int) -> str:
    """A hint for what stands at a column; the parser often stops late, so it may have begun just before."""
    for start in range(column, max(column - 3, -1), -1):
        for pattern, hint in _HINTS:
            if re.compile(pattern).match(line, start, start + 20):
                return hint
    return ""


def _hint_in_line(line: str) -> str:
    for word in _WORD.findall(line):
        if word in FOREIGN_WORDS:
            return FOREIGN_WORDS[word]
    return next((hint for pattern, hint in _LINE_HINTS if re.search(pattern, line)), "")


def hint_for_name(name: str) -> str:
    """What somebody may have meant with an unknown name."""
    if name in _FOREIGN_NAMES:
        return _FOREIGN_NAMES[name]
    if name.startswith("$"):
        return f"a property of the event is read as `properties.{name[:100]}`"
    if not name.replace("$", "_").isidentifier():
        return "texts are written in single quotes; double quotes name a variable"
    return ""


def hint_for_method(name: str, known: frozenset[str]) -> str:
    """What somebody may have meant who called a function as a method; empty if nothing comes to mind."""
    if name in known:
        return f"write `{name}(…)`"
    there_is = _FOREIGN_FUNCTIONS.get(name, "nothing")
    return "" if there_is.startswith("nothing") else f"there is {there_is}"


def hint_for_function(name: str, known: frozenset[str]) -> str:
    """What somebody may have meant with the name of an unknown function."""
    if name in FOREIGN_WORDS or name in RESERVED_HINTS:
        return FOREIGN_WORDS.get(name) or RESERVED_HINTS[name]
    if name in _FOREIGN_FUNCTIONS:
        return f"there is {_FOREIGN_FUNCTIONS[name]}"
    folded = {candidate.lower(): candidate for candidate in sorted(known)}
    close = get_close_matches(name.lower(), folded, n=1, cutoff=0.75)
    return f"did you mean {folded[close[0]]}?" if close else ""
