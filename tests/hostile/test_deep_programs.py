"""Compiled programs as deep as trees may be are loaded; deeper ones are refused, whatever they are deep in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assay.domain.hog.compiling import compile_tree
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import MAX_TREE_DEPTH
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.program import FORM, VERSION, InvalidProgram, Node, bytecode
from assay.domain.hog.tree import Tree
from tests.unit.hog.programs import deep_recursion

ONE: Node = ["const", 1]

EXPRESSIONS: dict[str, Callable[[Node], Node]] = {
    "not": lambda e: ["not", e],
    "and": lambda e: ["and", [ONE, e]],
    "or": lambda e: ["or", [e, ONE]],
    "choose: condition": lambda e: ["choose", e, ONE, ONE],
    "choose: otherwise": lambda e: ["choose", ONE, ONE, e],
    "default": lambda e: ["default", e, ONE],
    "default: otherwise": lambda e: ["default", ONE, e],
    "arith": lambda e: ["arith", 1, 1, "+", e, ONE],
    "compare": lambda e: ["compare", 1, 1, "==", ONE, e],
    "between": lambda e: ["between", 1, 1, False, e, ONE, ONE],
    "index": lambda e: ["index", 1, 1, e, ONE],
    "index: key": lambda e: ["index", 1, 1, ["name", 1, 1, "a", []], e],
    "array": lambda e: ["array", [e]],
    "tuple": lambda e: ["tuple", [e]],
    "object": lambda e: ["object", 1, 1, [[["const", "a"], e]]],
    "object: key": lambda e: ["object", 1, 1, [[e, ONE]]],
    "call": lambda e: ["call", 1, 1, "concat", [e]],
    "call: keeps arguments": lambda e: ["call", 1, 1, "arrayPushBack", [e, ONE]],
    "apply": lambda e: ["apply", 1, 1, e, []],
    "apply: arguments": lambda e: ["apply", 1, 1, ["name", 1, 1, "a", []], [e]],
    "function": lambda e: ["function", 1, 1, "lambda", [], [], [["return", e]]],
}

STATEMENTS: dict[str, Callable[[Node], Node]] = {
    "if": lambda s: ["if", ONE, [s], []],
    "else": lambda s: ["if", ONE, [], [s]],
}


def _nested(step: Callable[[Node], Node], start: Node, levels: int) -> Node:
    node = start
    for _ in range(levels):
        node = step(node)
    return node


@pytest.mark.parametrize("step", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_deep_expressions(step: Callable[[Node], Node]) -> None:
    with deep_recursion():
        HogMachine().load(bytecode([["return", _nested(step, ONE, MAX_TREE_DEPTH)]]))


@pytest.mark.parametrize("step", STATEMENTS.values(), ids=STATEMENTS)
def test_deep_statements(step: Callable[[Node], Node]) -> None:
    with deep_recursion():
        HogMachine().load(bytecode([_nested(step, ["return", ONE], MAX_TREE_DEPTH)]))


@pytest.mark.parametrize("levels", [10_000, 1_000_000])
def test_what_python_cannot_read_is_refused(levels: int) -> None:
    statements = '[["return",' + '["not",' * levels + '["const",1]' + "]" * levels + "]]"
    with deep_recursion(), pytest.raises(InvalidProgram):
        HogMachine().load([FORM, VERSION, statements])


def test_a_tree_that_python_cannot_walk_is_refused() -> None:
    expression: dict[str, Any] = {"node": "Constant", "value": 1}
    for _ in range(20_000):
        expression = {"node": "Not", "expr": expression}
    tree = Tree({"node": "Program", "declarations": [{"node": "ReturnStatement", "expr": expression}]})
    with deep_recursion(), pytest.raises(HogCompileError, match="deeper"):
        compile_tree(tree)
