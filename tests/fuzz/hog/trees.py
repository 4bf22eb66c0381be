"""Syntax trees and compiled programs that no parser and no compiler has made."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any, Final

import hogql_parser_rs

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.errors import HogCompileError
from tests.fuzz.hog.corpus import ORDINARY, PROGRAMS

_ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, 1, -1, 3, 2**31, 2**63, 2**70, -(2**40), 1.5, 1e999, "", "x", "a.b", "+", "==", "\ud800",
    "None", "__class__", "v1", "*", "Infinity", "1" * 5000, [], {}, [[]], [None], [1, 2], ["const", 1],
    ["local", 1], ["local", 99], ["function", 1, 0, "f", [], [], []], {"node": "Block", "declarations": []},
)  # fmt: skip


def tree(random: Random) -> Any:
    """The JSON of a syntax tree, with parts that were exchanged."""
    found: Any = {"error": True}
    while found.get("error"):
        found = json.loads(hogql_parser_rs.parse_program_json(random.choice(PROGRAMS)))
    return _mutated(random, found)


def bytecode(random: Random) -> Any:
    """A compiled program, with parts that were exchanged."""
    while True:
        try:
            form, version, statements = compile_source(
                random.choice((*ORDINARY, random.choice(PROGRAMS)))
            ).bytecode
        except HogCompileError:
            continue
        if random.random() < 0.02:
            return _mutated(random, [form, version, statements])
        return [form, version, json.dumps(_mutated(random, json.loads(statements)))]


def _mutated(random: Random, root: Any) -> Any:
    holder = [root]
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        places = _places(holder)
        parent, key = random.choice(places)
        other, other_key = random.choice(places)
        match random.randrange(5):
            case 0 | 1:
                parent[key] = deepcopy(random.choice(_ODD))
            case 2:
                parent[key] = deepcopy(other[other_key])
            case 3 if isinstance(parent, list) and parent is not holder:
                del parent[key]
            case 4 if isinstance(parent, list) and parent is not holder:
                parent.insert(key, deepcopy(other[other_key]))
    return holder[0]


def _places(holder: list[Any]) -> list[tuple[Any, Any]]:
    """Everything in a JSON value, as what it is in and where."""
    found: list[tuple[Any, Any]] = []
    pending: list[Any] = [holder]
    while pending:
        value = pending.pop()
        items = (
            enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
        )
        for key, part in items:
            found.append((value, key))
            pending.append(part)
    return found
