"""Statements of the compiled form → statements of Python, and a program → a module."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from assay.domain.hog.generating import python as py
from assay.domain.hog.generating.expressions import Expressions, has_place, located
from assay.domain.hog.program import InvalidProgram, Node

MAIN: Final = "main"
"""The generated function that runs the program."""


class ProgramGenerator:
    """Generates the module of one program: makers of its functions, then `main`.

    A maker gets the boxes that a function captures and returns the function:

        def make1(v2):
            def body(v3): …
            return body

    so that one piece of code serves every time the function is created, and nothing but boxes is shared.
    """

    def __init__(self, statements: list[Node]) -> None:
        self._statements = statements
        self._makers: list[ast.stmt] = []
        self._tries = 0
        self._expression = Expressions(
            frozenset(_captured(statements)), self._make, shares_globals=not _puts(statements)
        )
        self._generators: dict[str, Callable[..., list[ast.stmt]]] = {
            "expr": lambda e: [ast.Expr(self._expression(e))],
            "let": self._let,
            "set": lambda slot, e: [self._expression.assignment(slot, self._expression(e))],
            "put": self._put,
            "return": lambda e: [ast.Return(self._expression(e))],
            "throw": lambda line, column, e: [ast.Expr(py.call("throw", self._expression(e)))],
            "if": self._if,
            "while": self._while,
            "for": self._for,
            "try": self._try,
        }

    def module(self) -> ast.Module:
        """The whole program."""
        main = py.define(MAIN, [], self._body(self._statements))
        return ast.fix_missing_locations(ast.Module([*self._makers, main], []))

    def _body(self, statements: list[Node], first: Iterable[ast.stmt] = ()) -> list[ast.stmt]:
        """A stretch of code that runs as a whole: it pays for its nodes when it starts."""
        with self._weighed() as weight:
            generated = self._all(statements)
            return [*py.ticks(weight()), *first, *generated]

    @contextmanager
    def _weighed(self) -> Iterator[Callable[[], int]]:
        """Count the nodes of code inside, apart from those around it."""
        outer, self._expression.weight = self._expression.weight, 1
        try:
            yield lambda: self._expression.weight
        finally:
            self._expression.weight = outer

    def _all(self, statements: list[Node]) -> list[ast.stmt]:
        return [generated for statement in statements for generated in self._one(statement)]

    def _one(self, statement: Node) -> list[ast.stmt]:
        self._expression.weight += 1
        generator = self._generators.get(statement[0])
        if generator is None:
            raise InvalidProgram("There is a statement of an unknown kind.")
        place = _place_of(statement)
        return [located(made, place) for made in generator(*statement[1:])]

    def _let(self, slot: int, value: Node) -> list[ast.stmt]:
        if value[0] == "function" and slot in value[5]:  # it calls itself: the box must be there first
            return [
                self._expression.assignment(slot, py.constant(None), declares=True),
                self._expression.assignment(slot, self._expression(value)),
            ]
        return [self._expression.assignment(slot, self._expression(value), declares=True)]

    def _put(self, line: int, column: int, holder: Node, key: Node, value: Node) -> list[ast.stmt]:
        parts = self._expression.all([holder, key, value])
        return [ast.Expr(located(py.call("put", *parts), ["put", line, column, holder]))]

    def _if(self, condition: Node, then: list[Node], otherwise: list[Node]) -> list[ast.stmt]:
        return [ast.If(self._expression(condition), self._all(then) or [ast.Pass()], self._all(otherwise))]

    def _while(self, line: int, column: int, *loop: Any) -> list[ast.stmt]:
        condition, body, step = loop
        with self._weighed() as weight:
            test = py.constant(True) if condition is None else self._expression(condition)
            generated = [*self._all(body), *self._all(step)]
            return [ast.While(test, [*py.ticks(weight()), *generated], [])]

    def _for(self, line: int, column: int, *loop: Any) -> list[ast.stmt]:
        key, value, holder, body = loop
        slots = [value] if key is None else [key, value]
        shared = [slot for slot in slots if self._expression.is_boxed(slot)]
        before = [self._expression.assignment(slot, py.constant(None), declares=True) for slot in shared]
        targets = [self._target(slot) for slot in slots]
        items = py.call("values_of" if key is None else "entries_of", self._expression(holder))
        located(items, ["for", line, column, holder])
        target = targets[0] if key is None else ast.Tuple(targets, ast.Store())
        return [*before, ast.For(target, items, self._body(body), [])]

    def _target(self, slot: int) -> ast.expr:
        """Where a round of a loop puts its value: one variable for all rounds."""
        variable = self._expression.variable(slot)
        return (
            py.first_of_stored(py.name(variable)) if self._expression.is_boxed(slot) else py.stored(variable)
        )

    def _try(self, body: list[Node], catches: list[Any]) -> list[ast.stmt]:
        self._tries += 1
        caught = f"e{self._tries}"
        handlers: list[ast.stmt] = [ast.Raise()]
        for slot, kind, statements in reversed(catches):
            handler = self._all(statements)
            if slot is not None:
                handler.insert(
                    0, self._expression.assignment(slot, py.call("error_of", py.name(caught)), declares=True)
                )
            if kind is None or kind == "Error":
                handlers = handler
            else:
                if not isinstance(kind, str):
                    raise InvalidProgram("The kind of an error is no text.")
                test = py.call("is_kind", py.name(caught), py.constant(kind))
                handlers = [ast.If(test, handler or [ast.Pass()], handlers)]
        handle = ast.ExceptHandler(py.name("HogException"), caught, handlers or [ast.Pass()])
        return [ast.Try(self._all(body) or [ast.Pass()], [handle], [], [])]

    def _make(self, function: Node) -> str:
        """Generate a function, and the maker that ties it to what it captures."""
        _, _, _, _, parameters, captured, statements = function
        variables = [self._expression.variable(slot) for slot in parameters]
        boxes = [self._expression.variable(slot) for slot in captured]
        shared = [slot for slot in parameters if self._expression.is_boxed(slot)]
        boxing = [
            self._expression.assignment(slot, py.name(self._expression.variable(slot)), declares=True)
            for slot in shared
        ]
        body = located(py.define("body", variables, self._body(statements, boxing)), function)
        maker = f"make{len(self._makers) + 1}"
        self._makers.append(py.define(maker, boxes, [body, ast.Return(py.name("body"))]))
        return maker


def _place_of(statement: Node) -> Node:
    """The statement if it says where it stands, else its first part that does."""
    candidates = (statement, *(part for part in statement[1:] if isinstance(part, list)))
    return next(filter(has_place, candidates), statement)


def _placed_nodes(value: Any) -> Iterator[Node]:
    """All nodes of a program that have a place, in no order."""
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, list):
            if len(found) > 3 and isinstance(found[0], str) and type(found[1]) is int:
                yield found
            pending += found


def _captured(statements: list[Node]) -> set[int]:
    """Slots that functions share."""
    return {slot for node in _placed_nodes(statements) if node[0] == "function" for slot in node[5]}


def _puts(statements: list[Node]) -> bool:
    """Whether a program ever changes a part of a value."""
    return any(node[0] == "put" for node in _placed_nodes(statements))
