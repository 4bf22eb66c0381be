"""Expressions of the compiled form → expressions of Python.

Names in generated code are made here: `v7` is slot 7, `make3` makes the third function, everything else is
one of `assay.domain.hog.machine`'s operations. Nothing that a program says becomes a name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from assay.domain.hog.generating import python as py
from assay.domain.hog.library import FUNCTIONS, arity_problem
from assay.domain.hog.program import InvalidProgram, Node

COMPARISON_OPERATIONS: Final = {
    "==": "equal", "!=": "not_equal", "<": "less", "<=": "less_or_equal", ">": "greater",
    ">=": "greater_or_equal", "in": "contains", "not in": "not_contains", "like": "like",
    "not like": "not_like", "ilike": "ilike", "not ilike": "not_ilike", "=~": "matches",
    "!~": "not_matches", "=~*": "matches_any_case", "!~*": "not_matches_any_case",
}  # fmt: skip

ARITHMETIC_OPERATIONS: Final = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo",
}  # fmt: skip

_NUMBERS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Expressions:
    """Generates expressions.

    Args:
        boxed: slots that functions share; their variable holds a list with the value.
        make: generates a function and tells the name of its maker.

    Attributes:
        weight: nodes that were generated since it was last set to 0.
    """

    def __init__(self, boxed: frozenset[int], make: Callable[[Node], str], *, shares_globals: bool) -> None:
        self._boxed = boxed
        self._make = make
        self._shares_globals = shares_globals
        self.weight = 0
        self._holders = 0
        self._generators: dict[str, Callable[..., ast.expr]] = {
            "const": self._const,
            "number": self._number,
            "local": self._local,
            "name": self._name,
            "index": lambda line, column, holder, key: self._index(holder, key),
            "arith": lambda line, column, op, a, b: py.call(ARITHMETIC_OPERATIONS[op], self(a), self(b)),
            "compare": lambda line, column, op, a, b: py.call(COMPARISON_OPERATIONS[op], self(a), self(b)),
            "between": self._between,
            # a tuple first: in Hog all parts are evaluated
            "and": lambda parts: py.call("all", py.row(self.all(parts))),
            "or": lambda parts: py.call("any", py.row(self.all(parts))),
            "not": lambda part: ast.UnaryOp(ast.Not(), self(part)),
            "choose": lambda test, a, b: ast.IfExp(self(test), self(a), self(b)),
            "default": self._default,
            "array": lambda items: py.sequence(self.all(items)),
            "tuple": lambda items: py.row(self.all(items)),
            "object": self._object,
            "call": self._call,
            "apply": lambda line, column, f, args: py.call("call", self(f), py.row(self.all(args))),
            "function": self._function,
        }

    def __call__(self, node: Node) -> ast.expr:
        """Generate one expression, which knows its place in the source if the node does."""
        self.weight += 1
        generator = self._generators.get(node[0])
        if generator is None:
            raise InvalidProgram("There is an expression of an unknown kind.")
        return located(generator(*node[1:]), node)

    def all(self, nodes: list[Node]) -> list[ast.expr]:
        """Generate expressions in order."""
        return [self(node) for node in nodes]

    def variable(self, slot: Any) -> str:
        """The name of a slot's variable."""
        if type(slot) is not int:
            raise InvalidProgram("A slot is no number.")
        return f"v{slot}"

    def assignment(self, slot: Any, value: ast.expr, *, declares: bool = False) -> ast.stmt:
        """Set a variable; declaring one that is shared makes a new box for it."""
        variable = self.variable(slot)
        if slot not in self._boxed:
            return py.assign(py.stored(variable), value)
        if declares:
            return py.assign(py.stored(variable), py.sequence([value]))
        return py.assign(py.first_of_stored(py.name(variable)), value)

    def is_boxed(self, slot: int) -> bool:
        """Whether functions share a variable."""
        return slot in self._boxed

    def _const(self, value: Any) -> ast.expr:
        if value is None or type(value) in (bool, int, float, str):
            return py.constant(value)
        raise InvalidProgram("A constant is no scalar.")

    def _number(self, text: str) -> ast.expr:
        return py.constant(_NUMBERS[text] if text in _NUMBERS else int(text))

    def _local(self, slot: Any) -> ast.expr:
        variable = py.name(self.variable(slot))
        return py.first_of(variable) if slot in self._boxed else variable

    def _name(self, line: int, column: int, name: str, properties: list[str]) -> ast.expr:
        return self._kept(self._shared(["name", line, column, name, properties]))

    def _index(self, holder: Node, key: Node) -> ast.expr:
        """A part of a value; of a global, only the part that is wanted is copied."""
        if _leads_to_global(holder):
            return self._kept(py.call("item", self._shared(holder), self(key)))
        return py.call("item", self(holder), self(key))

    def _kept(self, shared: ast.expr) -> ast.expr:
        """What a program may keep of a global: the thing itself if nothing in the program can change it."""
        return shared if self._shares_globals else py.call("copied", shared)

    def _shared(self, node: Node) -> ast.expr:
        """A global or a part of one, not copied: for those who only look."""
        if node[0] == "name":
            _, _, _, name, properties = node
            if not isinstance(name, str) or not all(isinstance(key, str) for key in properties):
                raise InvalidProgram("A name is no text.")
            found = py.call("read", py.constant(name))
            for key in properties:
                self.weight += 1
                found = located(py.call("item", found, py.constant(key)), node)
            return located(found, node)
        if _leads_to_global(node):
            _, _, _, holder, key = node
            self.weight += 1
            return located(py.call("item", self._shared(holder), self(key)), node)
        return self(node)

    def _between(self, line: int, column: int, negated: bool, *operands: Node) -> ast.expr:
        value, low, high = self.all(list(operands))
        return py.call("not_between" if negated else "between", value, low, high)

    def _default(self, value: Node, otherwise: Node) -> ast.expr:
        """`value` if it is not null; a name holds it while it is looked at."""
        self._holders += 1
        holder = f"t{self._holders}"
        bound = ast.NamedExpr(py.stored(holder), self(value))
        test = ast.Compare(bound, [ast.IsNot()], [py.constant(None)])
        return ast.IfExp(test, py.name(holder), self(otherwise))

    def _object(self, line: int, column: int, pairs: list[list[Node]]) -> ast.expr:
        if all(key[0] == "const" for key, _ in pairs):
            keys = [self(key) for key, _ in pairs]
            return ast.Dict(list(keys), [self(value) for _, value in pairs])
        return py.call("new_object", py.row([py.row([self(key), self(value)]) for key, value in pairs]))

    def _call(self, line: int, column: int, name: str, arguments: list[Node]) -> ast.expr:
        function = FUNCTIONS[name]
        if not isinstance(arguments, list) or arity_problem(function, len(arguments)):
            raise InvalidProgram("A library function gets too few or too many arguments.")
        if function.scalar:
            return py.call(f"hog_{name}", *[self._shared(argument) for argument in arguments])
        return py.call(f"hog_{name}", *self.all(arguments))

    def _function(self, line: int, column: int, name: str, *function: Any) -> ast.expr:
        parameters, captured, body = function
        if not isinstance(name, str):
            raise InvalidProgram("The name of a function is no text.")
        maker = self._make(["function", line, column, name, parameters, captured, body])
        boxes = [py.name(self.variable(slot)) for slot in captured]
        made = py.call(maker, *boxes)
        return py.call("new_function", made, py.constant(name), py.constant(len(parameters)))


def _leads_to_global(node: Node) -> bool:
    """Whether an expression is a global, or a part of one."""
    while node[0] == "index":
        node = node[3]
    return bool(node[0] == "name")


def located[T: (ast.expr, ast.stmt)](generated: T, node: Node) -> T:
    """Mark generated code with the place of a node, if it has one."""
    if has_place(node):
        generated.lineno = generated.end_lineno = node[1]
        generated.col_offset = generated.end_col_offset = node[2]
    return generated


def has_place(node: Node) -> bool:
    """Whether a node says where it stands in the source."""
    return len(node) > 3 and type(node[1]) is int and type(node[2]) is int and node[1] > 0
