"""Expressions of the syntax tree → expressions of the compiled form (`assay.domain.hog.program`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from assay.domain.hog.compiling.calls import MAX_ARGUMENTS, PUBLIC_FUNCTIONS, OwnCalls, check_library_call
from assay.domain.hog.compiling.scopes import Scopes
from assay.domain.hog.compiling.warnings import EVALUATION_GLOBALS, Warnings
from assay.domain.hog.hints import FOREIGN_WORDS, RESERVED, RESERVED_HINTS, hint_for_method
from assay.domain.hog.limits import MAX_INTEGER_BITS
from assay.domain.hog.program import ARITHMETIC, COMPARISONS, Node
from assay.domain.hog.tree import Tree

NULL: Final[Node] = ["const", None]

_INT64: Final = range(-(2**63), 2**63)

_REJECTED: Final = {
    "ArraySlice": "There are no slices of lists; arrayFilter and substring take parts.",
    "TypeCast": "There are no casts; toInt, toFloat and toString convert.",
    "TryCast": "There are no casts; toInt, toFloat and toString convert.",
    "Alias": "A name after AS means nothing here.",
    "NamedArgument": "Arguments have no names here.",
    "SelectQuery": "Evaluations cannot run queries.",
    "SelectSetQuery": "Evaluations cannot run queries.",
    "HogQLXTag": "Tags mean nothing here.",
    "HogQLXAttribute": "Tags mean nothing here.",
    "IsDistinctFrom": "There is no IS DISTINCT FROM; == compares null like any value.",
}


_FUNCTION_FIRST: Final = frozenset({"arrayMap", "arrayFilter", "arrayExists", "arrayCount", "arrayReduce"})

_TEXTS: Final = frozenset({"input", "output"})
"""Globals that are texts whatever the event is."""


class Expressions:
    """Compiles expressions.

    Args:
        own_calls: gets to know the calls of variables.
        body: compiles a block as the body of a function whose parameters are declared.
    """

    def __init__(
        self, scopes: Scopes, warnings: Warnings, own_calls: OwnCalls, body: Callable[[Tree], list[Node]]
    ) -> None:
        self._scopes = scopes
        self._warnings = warnings
        self._own_calls = own_calls
        self._body = body
        self._compilers: dict[str, Callable[[Tree], Node]] = {
            "Constant": self._constant,
            "Field": self._field,
            "ArrayAccess": self._array_access,
            "TupleAccess": self._tuple_access,
            "Array": lambda tree: ["array", self.all(tree.children("exprs"))],
            "Tuple": lambda tree: ["tuple", self.all(tree.children("exprs"))],
            "Dict": self._dict,
            "ArithmeticOperation": self._arithmetic,
            "CompareOperation": self._comparison,
            "BetweenExpr": self._between,
            "And": self._connective("and"),
            "Or": self._connective("or"),
            "Not": lambda tree: ["not", self(tree.child("expr"))],
            "Call": self._call,
            "ExprCall": self._expression_call,
            "Lambda": self._lambda,
        }

    def __call__(self, tree: Tree) -> Node:
        """Compile one expression.

        Raises:
            HogCompileError: it means nothing in Hog.
        """
        compiler = self._compilers.get(tree.kind)
        if compiler is None:
            raise tree.fails(_REJECTED.get(tree.kind, f"{tree.kind} means nothing here."))
        return compiler(tree)

    def all(self, trees: list[Tree]) -> list[Node]:
        """Compile expressions in order."""
        return [self(tree) for tree in trees]

    def condition(self, tree: Tree) -> Node:
        """Compile an expression whose truth is asked for."""
        if tree.kind == "Call" and tree.text("name") == "concat":
            self._warnings.add(
                tree, "this joins texts, so it is nearly always true; `or` combines conditions"
            )
        return self(tree)

    def function(self, name: str, parameters: list[str], body: Callable[[], list[Node]], tree: Tree) -> Node:
        """Compile a function.

        Args:
            body: compiles the body, inside the function's scope.
        """
        if len(set(parameters)) < len(parameters):
            raise tree.fails(f"Two parameters of {name} have the same name.")
        with self._scopes.function_body() as scope:
            slots = [self._scopes.declare(parameter).slot for parameter in parameters]
            with self._scopes.block():
                statements = body()
        return ["function", *place(tree), name, slots, list(scope.captured), statements]

    def _constant(self, tree: Tree) -> Node:
        value = tree.raw("value")
        if tree.raw("value_type") == "number" and isinstance(value, str):
            return _number(tree, value)
        if isinstance(value, int) and value not in _INT64:
            return _number(tree, str(value))
        if isinstance(value, float) and not math.isfinite(value):
            raise tree.fails("This number cannot be read.")
        if value is None or isinstance(value, bool | int | float | str):
            return ["const", value]
        raise tree.fails("This constant is no value.")

    def _field(self, tree: Tree) -> Node:
        chain = tree.chain()
        if "*" in chain:
            raise tree.fails("`*` means nothing here.", "there is no operator for powers: write `x * x`")
        name, *properties = chain
        slot = self._scopes.find(name)
        if slot is None:
            return self._global(tree, name, properties)
        found: Node = ["local", slot]
        for key in properties:
            found = ["index", *place(tree), found, ["const", key]]
        return found

    def _global(self, tree: Tree, name: str, properties: list[str]) -> Node:
        if name in FOREIGN_WORDS and not properties:
            raise tree.fails(f"There is no `{name}` in Hog.", FOREIGN_WORDS[name])
        if name in RESERVED:
            reason = "" if name in RESERVED_HINTS else ": a part is missing, or nested too deeply"
            raise tree.fails(f"`{name}` stands where a value should{reason}.", RESERVED_HINTS.get(name, ""))
        self._warnings.name(tree, name, self._scopes.later_hint(name))
        if name in _TEXTS and properties:
            self._warnings.add(tree, f"{name} is a text and has no properties: the program fails here")
        return ["name", *place(tree), name, properties]

    def _array_access(self, tree: Tree) -> Node:
        return self._index(tree, tree.child("array"), tree.child("property"))

    def _tuple_access(self, tree: Tree) -> Node:
        index = tree.raw("index")
        if type(index) is not int:
            raise tree.fails("The position is no integer.")
        return ["index", *place(tree), self(tree.child("tuple")), _position_in_list(tree, index)]

    def _index(self, tree: Tree, holder: Tree, key: Tree) -> Node:
        compiled_key = self(key)
        if compiled_key[0] == "const" and type(compiled_key[1]) is int:
            compiled_key = _position_in_list(key, compiled_key[1])
        return ["index", *place(tree), self(holder), compiled_key]

    def _dict(self, tree: Tree) -> Node:
        items = [[self(Tree(key)), self(Tree(value))] for key, value in tree.rows("items", 2)]
        return ["object", *place(tree), items]

    def _arithmetic(self, tree: Tree) -> Node:
        operator = tree.text("op")
        if operator not in ARITHMETIC:
            raise tree.fails(f"There is no operator {operator}.")
        left, right = tree.child("left"), tree.child("right")
        if operator == "-" and self._is_hyphen(left, right):
            self._warnings.add(tree, "this subtracts; a name with a hyphen is read as `properties['a-b']`")
        return ["arith", *place(tree), operator, self(left), self(right)]

    def _is_hyphen(self, left: Tree, right: Tree) -> bool:
        """Whether `a.b-c` is probably meant as one name."""
        if left.kind != "Field" or right.kind != "Field" or len(left.chain()) < 2:
            return False
        name, *properties = right.chain()
        return not properties and self._scopes.find(name) is None and name not in EVALUATION_GLOBALS

    def _comparison(self, tree: Tree) -> Node:
        operator = tree.text("op")
        if operator not in COMPARISONS:
            raise tree.fails(f"There is no operator {operator} here.")
        return ["compare", *place(tree), operator, self(tree.child("left")), self(tree.child("right"))]

    def _between(self, tree: Tree) -> Node:
        operands = [self(tree.child(name)) for name in ("expr", "low", "high")]
        return ["between", *place(tree), tree.raw("negated") is True, *operands]

    def _connective(self, operator: str) -> Callable[[Tree], Node]:
        return lambda tree: [operator, [self.condition(part) for part in tree.children("exprs")]]

    def _call(self, tree: Tree) -> Node:
        name = tree.text("name")
        lists = [tree.children("args")]  # of `f(1)(2)`, the second; the first is in `params`
        if tree.raw("params") is not None:
            lists.insert(0, tree.children("params"))
        slot = self._scopes.find(name)
        if slot is not None:
            self._own_calls.call(tree, name, slot, len(lists[0]))
            called: Node = ["apply", *place(tree), ["local", slot], self._arguments(tree, lists[0])]
        else:
            called = self._library_call(tree, name, lists[0])
        for arguments in lists[1:]:
            called = ["apply", *place(tree), called, self._arguments(tree, arguments)]
        return called

    def _library_call(self, tree: Tree, name: str, arguments: list[Tree]) -> Node:
        if name == "_caseWithExpression":
            return self._case(tree, arguments)
        check_library_call(tree, name, len(arguments), self._scopes.later_hint(name))
        if name in _FUNCTION_FIRST and arguments[0].kind != "Lambda" and arguments[1].kind == "Lambda":
            self._warnings.add(tree, f"the function comes first: {name}(x -> x, list)")
        compiled = self._arguments(tree, arguments)
        match name:
            case "if" | "multiIf":
                return _choices(compiled)
            case "ifNull":
                return ["default", *compiled]
        return ["call", *place(tree), name, compiled]

    def _case(self, tree: Tree, arguments: list[Tree]) -> Node:
        """`case subject when a then b … else z end`: a function of the subject, which is evaluated once."""
        subject, *rest = arguments

        def body() -> list[Node]:
            found: Node = ["local", self._scopes.find("case")]  # no variable of a program can have that name
            compiled = self._arguments(tree, rest)
            for at in range(0, len(compiled) - 1, 2):
                compiled[at] = ["compare", *place(tree), "==", found, compiled[at]]
            return [["return", _choices(compiled)]]

        return ["apply", *place(tree), self.function("case", ["case"], body, tree), [self(subject)]]

    def _expression_call(self, tree: Tree) -> Node:
        called = tree.child("expr")
        method = called.chain()[-1] if called.kind == "Field" else _constant_key(called)
        hint = hint_for_method(method, PUBLIC_FUNCTIONS)
        if hint:
            self._warnings.add(tree, f"values have no methods; {hint}")
        return ["apply", *place(tree), self(tree.child("expr")), self._arguments(tree, tree.children("args"))]

    def _arguments(self, tree: Tree, arguments: list[Tree]) -> list[Node]:
        if len(arguments) > MAX_ARGUMENTS:
            raise tree.fails(f"A call may have at most {MAX_ARGUMENTS} arguments.")
        return self.all(arguments)

    def _lambda(self, tree: Tree) -> Node:
        expression = tree.child("expr")

        def body() -> list[Node]:
            if expression.kind == "Block":
                return self._body(expression)
            if expression.kind == "Placeholder":
                return self._body(_block_of_one(expression))
            return [["return", self(expression)]]

        return self.function("lambda", tree.texts("args"), body, tree)


def _block_of_one(placeholder: Tree) -> Tree:
    """The block that `{ x }` or `{ x := 1 }` is where the parser expects an expression."""
    inner: dict[str, Any] = placeholder.raw("expr")
    if placeholder.child("expr").kind == "NamedArgument":
        left = {"node": "Field", "chain": [inner.get("name")], "start": placeholder.raw("start")}
        statement = {"node": "VariableAssignment", "left": left, "right": inner.get("value")}
    else:
        statement = {"node": "ExprStatement", "expr": inner}
    return Tree({"node": "Block", "declarations": [statement | {"start": placeholder.raw("start")}]})


def place(tree: Tree) -> tuple[int, int]:
    """Line and column of a node; 0 and 0 for what the parser made up."""
    return (0, 0) if tree.position is None else (tree.position.line, tree.position.column)


def _number(tree: Tree, text: str) -> Node:
    """A number that JSON cannot carry everywhere."""
    if text in ("Infinity", "-Infinity", "NaN"):
        return ["number", text]
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise tree.fails("This number cannot be read.")
    if len(digits) > MAX_INTEGER_BITS or int(digits).bit_length() > MAX_INTEGER_BITS:
        raise tree.fails(f"This integer has more than {MAX_INTEGER_BITS} bits.")
    return ["number", text]


def _position_in_list(tree: Tree, index: int) -> Node:
    if index == 0:
        raise tree.fails("Positions count from 1.", "the first item is `[1]`, the last one `[-1]`")
    return ["const", index]


def _constant_key(tree: Tree) -> str:
    """The `b` of `x.b` or `x['b']`; empty for everything else."""
    key = tree.child("property").raw("value") if tree.kind == "ArrayAccess" else None
    return key if isinstance(key, str) else ""


def _choices(arguments: list[Node]) -> Node:
    """`if(c, a, b)` and `multiIf(c, a, d, b, …, otherwise)`: only what is chosen is evaluated."""
    chosen = arguments[-1] if len(arguments) % 2 else NULL
    pairs = arguments[: len(arguments) // 2 * 2]
    for at in range(len(pairs) - 2, -1, -2):
        chosen = ["choose", pairs[at], pairs[at + 1], chosen]
    return chosen
