"""A plain interpreter: what `assay.domain.hog.generating` is measured against.

It walks the same compiled programs with the same operations and counts every node, as interpreters do
that nobody has made fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MethodType
from typing import Any

from assay.domain.hog import access, operators
from assay.domain.hog.budget import Budget
from assay.domain.hog.generating.expressions import ARITHMETIC_OPERATIONS, COMPARISON_OPERATIONS
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.limits import Limits
from assay.domain.hog.program import Node, statements_of
from assay.domain.hog.values import HogFunction, Value, truth


class _Return(Exception):
    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class _Frame:
    """The variables of one call, and the frame of the function around it."""

    def __init__(self, outer: _Frame | None = None) -> None:
        self.values: dict[int, Value] = {}
        self.outer = outer

    def holding(self, slot: int) -> dict[int, Value]:
        frame: _Frame | None = self
        while frame is not None:
            if slot in frame.values:
                return frame.values
            frame = frame.outer
        return self.values


class TreeWalker:
    """Runs compiled programs node by node. It is a `Machine` for library functions, too."""

    def __init__(self) -> None:
        self.budget = Budget()
        self.output: list[str] = []
        self._globals: Mapping[str, Value] = {}

    def run(self, bytecode: Any, values: Mapping[str, Value], limits: Limits) -> Value:
        """Run a program, and tell what it returned."""
        self.budget.start(limits)
        self._globals = values
        try:
            self._block(statements_of(bytecode), _Frame())
        except _Return as returned:
            return returned.value
        return None

    def call(self, function: Value, arguments: tuple[Value, ...]) -> Value:
        """Call a function value."""
        return function.body(*arguments)

    def print_line(self, line: str) -> None:
        """Keep what is printed."""
        self.output.append(line)

    def _block(self, statements: list[Node], frame: _Frame) -> None:
        for statement in statements:
            self.budget.spend(1)
            getattr(self, f"_do_{statement[0]}")(frame, *statement[1:])

    def _do_expr(self, frame: _Frame, expression: Node) -> None:
        self._value(expression, frame)

    def _do_let(self, frame: _Frame, slot: int, expression: Node) -> None:
        frame.values[slot] = None
        frame.values[slot] = self._value(expression, frame)

    def _do_set(self, frame: _Frame, slot: int, expression: Node) -> None:
        value = self._value(expression, frame)
        frame.holding(slot)[slot] = value

    def _do_put(self, frame: _Frame, line: int, column: int, *parts: Node) -> None:
        access.put(self.budget, *(self._value(part, frame) for part in parts))

    def _do_return(self, frame: _Frame, expression: Node) -> None:
        raise _Return(self._value(expression, frame))

    def _do_if(self, frame: _Frame, condition: Node, then: list[Node], otherwise: list[Node]) -> None:
        self._block(then if truth(self._value(condition, frame)) else otherwise, frame)

    def _do_while(self, frame: _Frame, line: int, column: int, *loop: Any) -> None:
        condition, body, step = loop
        while condition is None or truth(self._value(condition, frame)):
            self._block(body, frame)
            self._block(step, frame)

    def _do_for(self, frame: _Frame, line: int, column: int, *loop: Any) -> None:
        key_slot, slot, holder, body = loop
        for key, value in access.entries_of(self.budget, self._value(holder, frame)):
            if key_slot is not None:
                frame.values[key_slot] = key
            frame.values[slot] = value
            self._block(body, frame)

    def _value(self, node: Node, frame: _Frame) -> Value:
        self.budget.spend(1)
        return getattr(self, f"_of_{node[0]}")(frame, *node[1:])

    def _values(self, nodes: list[Node], frame: _Frame) -> list[Value]:
        return [self._value(node, frame) for node in nodes]

    def _of_const(self, frame: _Frame, value: Value) -> Value:
        return value

    def _of_local(self, frame: _Frame, slot: int) -> Value:
        return frame.holding(slot)[slot]

    def _of_name(self, frame: _Frame, line: int, column: int, name: str, properties: list[str]) -> Value:
        found = self._globals[name]
        for key in properties:
            found = access.item(found, key)
        return access.deep_copy(self.budget, found)

    def _of_index(self, frame: _Frame, line: int, column: int, holder: Node, key: Node) -> Value:
        return access.item(self._value(holder, frame), self._value(key, frame))

    def _of_arith(self, frame: _Frame, line: int, column: int, operator: str, *operands: Node) -> Value:
        operate = getattr(operators, ARITHMETIC_OPERATIONS[operator])
        return operate(self.budget, *self._values(list(operands), frame))

    def _of_compare(self, frame: _Frame, line: int, column: int, operator: str, *operands: Node) -> Value:
        operate = getattr(operators, COMPARISON_OPERATIONS[operator])
        return operate(self.budget, *self._values(list(operands), frame))

    def _of_and(self, frame: _Frame, parts: list[Node]) -> bool:
        return all(self._values(parts, frame))

    def _of_or(self, frame: _Frame, parts: list[Node]) -> bool:
        return any(self._values(parts, frame))

    def _of_not(self, frame: _Frame, part: Node) -> bool:
        return not self._value(part, frame)

    def _of_choose(self, frame: _Frame, condition: Node, a: Node, b: Node) -> Value:
        return self._value(a if truth(self._value(condition, frame)) else b, frame)

    def _of_default(self, frame: _Frame, value: Node, otherwise: Node) -> Value:
        found = self._value(value, frame)
        return self._value(otherwise, frame) if found is None else found

    def _of_array(self, frame: _Frame, items: list[Node]) -> list[Value]:
        return self._values(items, frame)

    def _of_object(self, frame: _Frame, line: int, column: int, pairs: list[list[Node]]) -> Value:
        return access.new_object((self._value(key, frame), self._value(value, frame)) for key, value in pairs)

    def _of_call(self, frame: _Frame, line: int, column: int, name: str, arguments: list[Node]) -> Value:
        return MethodType(FUNCTIONS[name].implementation, self)(*self._values(arguments, frame))

    def _of_apply(self, frame: _Frame, line: int, column: int, *call: Any) -> Value:
        function, arguments = call
        return self.call(self._value(function, frame), tuple(self._values(arguments, frame)))

    def _of_function(self, frame: _Frame, line: int, column: int, *function: Any) -> Value:
        name, slots, _, body = function

        def run(*arguments: Value) -> Value:
            inner = _Frame(frame)
            inner.values.update(zip(slots, arguments, strict=True))
            try:
                self._block(body, inner)
            except _Return as returned:
                return returned.value
            return None

        return HogFunction(run, name, len(slots))
