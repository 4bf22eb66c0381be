"""Statements of the syntax tree → statements of the compiled form (`assay.domain.hog.program`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from assay.domain.hog.compiling.calls import OwnCalls
from assay.domain.hog.compiling.expressions import NULL, Expressions, place
from assay.domain.hog.compiling.scopes import Scopes
from assay.domain.hog.compiling.warnings import Warnings
from assay.domain.hog.hints import RESERVED
from assay.domain.hog.limits import MAX_BLOCK_NESTING
from assay.domain.hog.program import Node
from assay.domain.hog.tree import Tree

_VALUELESS: Final = frozenset({"CompareOperation", "Constant", "Field", "ArithmeticOperation"})
"""Expressions that do nothing as a statement."""


_DECLARING: Final = frozenset({"Function", "VariableDeclaration"})
"""Statements that declare a name in the block that they stand in."""

_LEAVING: Final = frozenset({"ReturnStatement", "ThrowStatement"})
"""Statements after which nothing is reached."""


class Statements:
    """Compiles statements; every method returns the statements that one becomes."""

    def __init__(self, scopes: Scopes, warnings: Warnings) -> None:
        self._scopes = scopes
        self._warnings = warnings
        self._own_calls = OwnCalls()
        self._expression = Expressions(scopes, warnings, self._own_calls, self.body)
        self._compilers: dict[str, Callable[[Tree], list[Node]]] = {
            "VariableDeclaration": self._declaration,
            "VariableAssignment": self._assignment,
            "ExprStatement": self._expression_statement,
            "ReturnStatement": self._return,
            "ThrowStatement": self._throw,
            "Block": self._block,
            "IfStatement": self._if,
            "WhileStatement": self._while,
            "ForStatement": self._for,
            "ForInStatement": self._for_in,
            "Function": self._function,
            "TryCatchStatement": self._try,
        }

    def program(self, tree: Tree) -> list[Node]:
        """Compile the statements of a program.

        Raises:
            HogCompileError: one means nothing in Hog, or cannot work.
        """
        compiled = self.body(tree)
        self._own_calls.check()
        return compiled

    def body(self, block: Tree) -> list[Node]:
        """Compile the statements of a block (or program) into the scope that is open."""
        compiled: list[Node] = []
        before = ""
        children = block.children("declarations")
        later = {child.text("name") for child in children if child.kind in _DECLARING}
        with self._scopes.announced(later):
            for child in children:
                if before in _LEAVING:
                    self._warnings.add(child, "this is never reached")
                before = child.kind
                if child.kind in _DECLARING:
                    later.discard(child.text("name"))
                compiled += self(child)
        return compiled

    def __call__(self, tree: Tree) -> list[Node]:
        """Compile one statement.

        Raises:
            HogCompileError: it means nothing in Hog.
        """
        compiler = self._compilers.get(tree.kind)
        if compiler is None:
            raise tree.fails(f"{tree.kind} is no statement.")
        return compiler(tree)

    def _in_block(self, tree: Tree) -> list[Node]:
        """Compile a branch or loop body, which may be a single statement."""
        with self._scopes.block():
            return self.body(tree) if tree.kind == "Block" else self(tree)

    def _block(self, tree: Tree) -> list[Node]:
        return self._in_block(tree)

    def _declare(self, tree: Tree, name: str) -> int:
        if name in RESERVED:
            raise tree.fails(f"`{name}` cannot be the name of a variable.")
        slot, is_new = self._scopes.declare(name)
        if not is_new:
            raise tree.fails(f"{name} is declared already.", f"set it with `{name} := …`, without let")
        return slot

    def _declaration(self, tree: Tree) -> list[Node]:
        name, value = tree.text("name"), tree.optional("expr")
        if value is not None and value.kind == "Lambda":
            slot = self._declare(tree, name)  # first, so that the function can call itself
            function = self._expression(value)
            self._own_calls.declare(slot, function)
            return [["let", slot, function]]
        compiled = NULL if value is None else self._expression(value)
        return [["let", self._declare(tree, name), compiled]]

    def _function(self, tree: Tree) -> list[Node]:
        name = tree.text("name")
        slot = self._declare(tree, name)
        block = tree.child("body")
        compiled = self._expression.function(name, tree.texts("params"), lambda: self._in_block(block), tree)
        self._own_calls.declare(slot, compiled)
        return [["let", slot, compiled]]

    def _assignment(self, tree: Tree) -> list[Node]:
        target, value = tree.child("left"), tree.child("right")
        match target.kind:
            case "Field":
                return self._assign_name(target, self._expression(value))
            case "ArrayAccess" | "TupleAccess":
                self._check_not_global(target)
                _, line, column, holder, key = self._expression(target)
                return [["put", line, column, holder, key, self._expression(value)]]
        raise target.fails("This cannot be assigned to.", "`==` compares")

    def _assign_name(self, target: Tree, value: Node) -> list[Node]:
        name = target.chain()[0]
        slot = self._scopes.find(name)
        if slot is None:
            raise target.fails(f"There is no variable {name}.", self._undeclared_hint(name))
        compiled = self._expression(target)
        if compiled[0] == "local":
            self._own_calls.assign(slot)
            return [["set", slot, value]]
        _, line, column, holder, key = compiled
        return [["put", line, column, holder, key, value]]

    def _check_not_global(self, target: Tree) -> None:
        """Writing into a global would change a copy of it that nobody keeps."""
        root: Tree | None = target
        while root is not None and root.kind in ("ArrayAccess", "TupleAccess"):
            root = root.child("array" if root.kind == "ArrayAccess" else "tuple")
        if root is not None and root.kind == "Field":
            name = root.chain()[0]
            if self._scopes.find(name) is None:
                raise target.fails(f"There is no variable {name}.", self._undeclared_hint(name))

    def _undeclared_hint(self, name: str) -> str:
        later = self._scopes.later_hint(name)
        return later or f"declare it with `let {name} := …`; globals cannot be changed, but a copy of one can"

    def _expression_statement(self, tree: Tree) -> list[Node]:
        expression = tree.child("expr")
        compiled = self._expression(expression)
        if expression.kind == "CompareOperation" and expression.raw("op") == "==":
            self._warnings.add(tree, "this compares, and the result is dropped; `:=` assigns")
        elif expression.kind in _VALUELESS:
            self._warnings.add(tree, "this value is not used")
        return [["expr", compiled]]

    def _return(self, tree: Tree) -> list[Node]:
        value = tree.optional("expr")
        if value is None:
            return [["return", NULL]]
        if value.position and tree.position and value.position.line > tree.position.line:
            self._warnings.add(
                tree, "this returns the value of the next line; `return;` ends without a value"
            )
        return [["return", self._expression(value)]]

    def _throw(self, tree: Tree) -> list[Node]:
        thrown = tree.child("expr")
        if thrown.kind == "Constant":
            self._warnings.add(tree, "only errors can be thrown: `throw Error('…')`")
        return [["throw", *place(tree), self._expression(thrown)]]

    def _if(self, tree: Tree) -> list[Node]:
        condition = self._expression.condition(tree.child("expr"))
        otherwise = tree.optional("else_")
        then = self._in_block(tree.child("then"))
        return [["if", condition, then, [] if otherwise is None else self._in_block(otherwise)]]

    @contextmanager
    def _nested(self, tree: Tree, levels: int = 1) -> Iterator[None]:
        """Inside one more loop or `try`; a `catch` takes two of CPython's levels."""
        function = self._scopes.function
        if function.nesting + levels > MAX_BLOCK_NESTING:
            raise tree.fails(
                f"More than {MAX_BLOCK_NESTING} loops and try statements are nested here.",
                "move the inner ones into a function",
            )
        function.nesting += levels
        try:
            yield
        finally:
            function.nesting -= levels

    def _while(self, tree: Tree) -> list[Node]:
        condition = self._expression.condition(tree.child("expr"))
        with self._nested(tree):
            return [["while", *place(tree), condition, self._in_block(tree.child("body")), []]]

    def _for(self, tree: Tree) -> list[Node]:
        initializer, condition, increment = map(tree.optional, ("initializer", "condition", "increment"))
        with self._scopes.block():
            before = [] if initializer is None else self._part(initializer)
            test = None if condition is None else self._expression.condition(condition)
            with self._nested(tree):
                body = self._in_block(tree.child("body"))
            step = [] if increment is None else self._part(increment)
        return [*before, ["while", *place(tree), test, body, step]]

    def _part(self, tree: Tree) -> list[Node]:
        """The first or last part of a for: a statement, or an expression as it is."""
        if tree.kind in self._compilers:
            return self(tree)
        return [["expr", self._expression(tree)]]

    def _for_in(self, tree: Tree) -> list[Node]:
        values = self._expression(tree.child("expr"))
        key_name: Any = tree.raw("keyVar")
        with self._scopes.block():
            key = self._declare(tree, tree.text("keyVar")) if key_name else None
            value = self._declare(tree, tree.text("valueVar"))
            with self._nested(tree):
                body = self._in_block(tree.child("body"))
        return [["for", *place(tree), key, value, values, body]]

    def _try(self, tree: Tree) -> list[Node]:
        if tree.raw("finally_stmt") is not None:
            raise tree.fails("There is no `finally` in Hog.", "put what follows after the try statement")
        catches = tree.rows("catches", 3)
        if not catches:
            raise tree.fails("A `try` needs a `catch`.", "`catch (e) { … }` after the block")
        with self._nested(tree):
            body = self._in_block(tree.child("try_stmt"))
        with self._nested(tree, levels=2):
            return [["try", body, [self._catch(tree, *catch) for catch in catches]]]

    def _catch(self, tree: Tree, name: Any, kind: Any, block: Any) -> Node:
        if not isinstance(name, str | None) or not isinstance(kind, str | None):
            raise tree.fails("This `catch` cannot be read.")
        with self._scopes.block():
            slot = None if name is None else self._declare(tree, name)
            return [slot, kind, self._in_block(Tree(block))]
