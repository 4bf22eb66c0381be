"""The compiled form of a program: JSON, so that it can be stored beside its source and sent to a process.

    ["assay-hog", 1, "[statement, …]"]

The statements are JSON text, in ASCII: what stores and sends programs meets neither their nesting, which is
deeper than most encoders go, nor characters and numbers that it cannot hold.

Statements
    ["expr", e]  ["let", slot, e]  ["set", slot, e]  ["put", line, column, object, key, value]
    ["return", e]  ["throw", line, column, e]  ["if", e, [then …], [else …]]
    ["while", line, column, condition | null, [body …], [step …]]
    ["for", line, column, key slot | null, value slot, e, [body …]]
    ["try", [body …], [[slot | null, kind | null, [handler …]], …]]

Expressions
    ["const", null | boolean | integer | float | text]
    ["number", text]   integers beyond 64 bit, NaN, Infinity
    ["local", slot]
    ["name", line, column, name, [property, …]]   a global, or a library function
    ["index", line, column, object, key]  ["arith", line, column, operator, a, b]
    ["compare", line, column, operator, a, b]  ["between", line, column, negated, e, low, high]
    ["and", [e …]]  ["or", [e …]]  ["not", e]  ["choose", condition, a, b]  ["default", e, otherwise]
    ["array", [e …]]  ["tuple", [e …]]  ["object", line, column, [[key, value] …]]
    ["call", line, column, library function, [argument …]]  ["apply", line, column, function, [argument …]]
    ["function", line, column, name, [parameter slot …], [captured slot …], [body …]]

A slot is a number that one declared variable has to itself. Lines count from 1, columns from 0.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

FORM: Final = "assay-hog"
VERSION: Final = 1
"""Grows with every change that makes older compiled programs mean something else."""

Node = list[Any]

ARITHMETIC: Final = frozenset("+-*/%")
COMPARISONS: Final = frozenset(
    {
        "==", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "not like", "ilike", "not ilike",
        "=~", "!~", "=~*", "!~*",
    }
)  # fmt: skip


class InvalidProgram(Exception):
    """What was given as a compiled program is none, or one of another version."""


class TooDeep(InvalidProgram):
    """Parts of a program are within each other deeper than Python can compile."""


def bytecode(statements: list[Node]) -> list[Any]:
    """The compiled form of a program's statements."""
    return [FORM, VERSION, json.dumps(statements, separators=(",", ":"), allow_nan=False)]


def is_current(compiled: object) -> bool:
    """Whether something is a compiled program that this version can run as it is."""
    return isinstance(compiled, list) and len(compiled) == 3 and compiled[:2] == [FORM, VERSION]


def statements_of(compiled: object) -> list[Node]:
    """The statements of a compiled program.

    Raises:
        InvalidProgram: it is none, or of another version.
    """
    statements = None
    if isinstance(compiled, list) and is_current(compiled) and isinstance(compiled[2], str):
        with suppress(ValueError, RecursionError):
            statements = json.loads(compiled[2])
    if not isinstance(statements, list):
        raise InvalidProgram(f"This is not a program of the form {FORM}, version {VERSION}.")
    return statements
