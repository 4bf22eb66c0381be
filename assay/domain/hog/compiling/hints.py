"""What people write who come from other languages, and what Hog has for it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from assay.domain.hog.errors import Position

_HINTS: Final[tuple[tuple[str, str], ...]] = (
    (r"&&", "write `and`"),
    (r"\|\|=", "write `x := x || y`"),
    (r"!(?![=~])", "write `not x`"),
    (r"[-+*/%]=", "write the assignment out: `x := x + 1`"),
    (r"\+\+", "write `x := x + 1`"),
    (r"=>", "a lambda is written `x -> x + 1`"),
    (r"={1,3}", "a variable is set with `:=`; `=` and `==` compare"),
    (r"\?\.\(", "there is no `?.( )`: test the function for null first"),
    (r"\*\*", "there is no operator for powers"),
    (r"[&|^]", "there are no operators on bits; `and`, `or` and `not` combine conditions"),
    (r"(?:finally)\b", "put what follows after the try statement"),
    (r"\\u", "a text may hold the character itself"),
)
"""Patterns found where the parser stopped, most specific first."""

_LINE_HINTS: Final[tuple[tuple[str, str], ...]] = (
    (r"^\s*let\s+\w+\s*=(?!=)", "a variable is set with `:=`: `let x := 1`"),
    (r"^\s*\w+(?:\.\w+)*\s*=(?!=)", "a variable is set with `:=`: `x := 1`"),
    (r"^\s*for\s*\(\s*(?!let\b)\w+\s+in\b", "write `for (let x in xs)`"),
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

_FOREIGN_NAMES: Final = {
    "None": "null",
    "nil": "null",
    "undefined": "null",
    "True": "true",
    "False": "false",
}
_FOREIGN_FUNCTIONS: Final = {
    "len": "length",
    "str": "toString",
    "int": "toInt",
    "float": "toFloat",
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


def hint_at(source: str, position: Position) -> str:
    """What to write instead of what stands where the parser stopped.

    Returns:
        A hint; empty if nothing comes to mind.
    """
    lines = source.split("\n")
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    # the parser often stops one token late: the operator may have begun just before
    for start in (position.column, position.column - 1, position.column - 2):
        if start < 0:
            continue
        for pattern, hint in _HINTS:
            if re.match(pattern, line[start : start + 20]):
                return hint
    for word in _WORD.findall(line[:500]):
        if word in FOREIGN_WORDS:
            return FOREIGN_WORDS[word]
    for pattern, hint in _LINE_HINTS:
        if re.search(pattern, line[:500]):
            return hint
    return ""


def hint_for_name(name: str) -> str:
    """What somebody may have meant with an unknown name."""
    if name in _FOREIGN_NAMES:
        return f"write `{_FOREIGN_NAMES[name]}`"
    if not name.isidentifier():
        return "texts are written in single quotes; double quotes name a variable"
    return ""


def hint_for_function(name: str, known: frozenset[str]) -> str:
    """What somebody may have meant with the name of an unknown function."""
    if name in FOREIGN_WORDS:
        return FOREIGN_WORDS[name]
    if name in _FOREIGN_FUNCTIONS:
        return f"there is {_FOREIGN_FUNCTIONS[name]}"
    folded = {candidate.lower(): candidate for candidate in sorted(known)}
    close = get_close_matches(name.lower(), folded, n=1, cutoff=0.75)
    return f"did you mean {folded[close[0]]}?" if close else ""
