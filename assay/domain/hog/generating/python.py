"""Short names for the nodes of Python's own syntax tree that generated code is made of."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

FILENAME: Final = "<hog>"
"""Code that was generated from programs says it comes from here."""

_LOAD = ast.Load()
_STORE = ast.Store()


def name(identifier: str) -> ast.Name:
    """Read a name."""
    return ast.Name(identifier, _LOAD)


def stored(identifier: str) -> ast.Name:
    """A name as the target of an assignment."""
    return ast.Name(identifier, _STORE)


def constant(value: float | str | bool | None) -> ast.expr:
    """A value that is written into the code."""
    return ast.Constant(value)


def call(function: str, *arguments: ast.expr) -> ast.expr:
    """Call something by name."""
    return ast.Call(name(function), list(arguments), [])


def row(items: Sequence[ast.expr]) -> ast.expr:
    """A tuple."""
    return ast.Tuple(list(items), _LOAD)


def sequence(items: Sequence[ast.expr]) -> ast.expr:
    """A list."""
    return ast.List(list(items), _LOAD)


def first_of(value: ast.expr) -> ast.expr:
    """`value[0]`."""
    return ast.Subscript(value, constant(0), _LOAD)


def first_of_stored(value: ast.expr) -> ast.expr:
    """`value[0]` as the target of an assignment."""
    return ast.Subscript(value, constant(0), _STORE)


def assign(target: ast.expr, value: ast.expr) -> ast.stmt:
    """`target = value`."""
    return ast.Assign([target], value)


def define(function: str, parameters: Sequence[str], body: list[ast.stmt]) -> ast.stmt:
    """`def function(parameters): body`."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(parameter) for parameter in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    return ast.FunctionDef(function, arguments, body or [ast.Pass()], [], type_params=[])


def ticks(steps: int) -> list[ast.stmt]:
    """Take steps from the budget, and look at it when it is time: `Budget.spend`, without the call."""
    budget = name("budget")
    return [
        ast.AugAssign(ast.Attribute(budget, "steps", _STORE), ast.Sub(), constant(steps)),
        ast.If(
            ast.Compare(
                ast.Attribute(budget, "steps", _LOAD), [ast.Lt()], [ast.Attribute(budget, "pause", _LOAD)]
            ),
            [ast.Expr(ast.Call(ast.Attribute(budget, "check", _LOAD), [], []))],
            [],
        ),
    ]
