"""The machine that runs compiled programs.

    machine = HogMachine()
    executable = machine.load(bytecode)
    result = executable.run({"output": "…"}, Limits())
    machine.output  # what was printed

One machine runs one program at a time; it belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from random import Random, SystemRandom
from types import MethodType, TracebackType
from typing import Any, Final

from assay.domain.hog import access, operators, text_operators
from assay.domain.hog.budget import Budget
from assay.domain.hog.errors import (
    HogException,
    HogRuntimeError,
    HogThrown,
    Limit,
    LimitExceeded,
    Position,
)
from assay.domain.hog.generating import MAIN, generate
from assay.domain.hog.generating.expressions import ARITHMETIC_OPERATIONS, COMPARISON_OPERATIONS
from assay.domain.hog.generating.python import FILENAME
from assay.domain.hog.library import FUNCTIONS, LibraryFunction, arity_problem
from assay.domain.hog.limits import MAX_CALL_DEPTH, MAX_OUTPUT, MAX_OUTPUT_LINES, Limits
from assay.domain.hog.program import statements_of
from assay.domain.hog.values import HogError, HogFunction, Value, type_name

CUT_OFF: Final = "… (what the program printed after this is not kept)"
"""The last line of an output that was too long."""

_RUNTIME_ERROR: Final = "RuntimeError"
"""Type of the error value that a failed operation becomes when a program catches it."""


_STEPS_PER_LIBRARY_CALL: Final = 4


def utc_now() -> datetime:
    """The moment, from the system's clock."""
    return datetime.now(UTC)


class HogMachine:
    """Loads and runs programs.

    Args:
        now: asked once in each run that wants to know the time.
        random: source of random numbers and UUIDs.

    Attributes:
        budget: of the run under way, or of the last one.
        output: lines that were printed in it.
    """

    def __init__(self, *, now: Callable[[], datetime] = utc_now, random: Random | None = None) -> None:
        self.budget = Budget()
        self.random = random or SystemRandom()
        self.output: list[str] = []
        self._clock = now
        self._now: datetime | None = None
        self._room = MAX_OUTPUT
        self._globals: Mapping[str, Value] = {}
        self._namespace = self._operations()

    def load(self, bytecode: Any) -> Executable:
        """Prepare a compiled program.

        Raises:
            InvalidProgram: it is none of the current version.
        """
        statements = statements_of(bytecode)
        namespace = dict(self._namespace)
        exec(generate(statements), namespace)  # noqa: S102 - code of our own making: see `generating`
        return Executable(self, namespace[MAIN], frozenset(_names_in(statements)))

    def start(self, values: Mapping[str, Value], limits: Limits) -> None:
        """Begin a run: nothing is left of the one before."""
        self._globals = values
        self._now = None
        self._room = MAX_OUTPUT
        self.output = []
        self.budget.start(limits)

    def finish(self) -> None:
        """End a run: whose event it was is nothing for the next one."""
        self._globals = {}

    def now(self) -> datetime:
        """The moment that the program takes for now, the same for the whole run."""
        if self._now is None:
            self._now = self._clock()
        return self._now

    def print_line(self, line: str) -> None:
        """Add a line to the output, as far as there is room; the last line tells if there was not enough."""
        if self._room < 0:
            return
        if len(line) <= self._room and len(self.output) < MAX_OUTPUT_LINES:
            self.output.append(line)
            self._room = max(0, self._room - len(line) - 1)
            return
        if len(self.output) < MAX_OUTPUT_LINES:
            self.output.append(line[: self._room])
        self.output.append(CUT_OFF)
        self._room = -1

    def call(self, function: Value, arguments: tuple[Value, ...]) -> Value:
        """Call a function value.

        Raises:
            HogRuntimeError: it is no function, or takes fewer arguments.
            LimitExceeded: calls nest too deeply.
        """
        if type(function) is not HogFunction:
            raise HogRuntimeError(f"{type_name(function)} is not a function")
        if len(arguments) != function.arity:
            arguments = _fitted(function, arguments)
        budget = self.budget
        if budget.depth <= 0:
            raise LimitExceeded(Limit.CALL_DEPTH, f"calls are nested deeper than {MAX_CALL_DEPTH} levels")
        budget.depth -= 1
        try:
            return function.body(*arguments)
        finally:
            budget.depth += 1

    def _operations(self) -> dict[str, Any]:
        """Everything that generated code can name."""
        budget = self.budget
        operations: dict[str, Any] = {
            name: MethodType(getattr(operators if hasattr(operators, name) else text_operators, name), budget)
            for name in (*COMPARISON_OPERATIONS.values(), *ARITHMETIC_OPERATIONS.values())
        }
        operations |= {
            f"hog_{function.name}": MethodType(function.implementation, self)
            for function in FUNCTIONS.values()
        }
        return operations | {
            "__builtins__": {},
            "budget": budget,
            "all": all,
            "any": any,
            "between": MethodType(operators.between, budget),
            "not_between": MethodType(operators.not_between, budget),
            "item": access.item,
            "put": MethodType(access.put, budget),
            "new_object": access.new_object,
            "values_of": MethodType(access.values_of, budget),
            "entries_of": MethodType(access.entries_of, budget),
            "copied": MethodType(access.deep_copy, budget),
            "read": self._read,
            "call": self.call,
            "new_function": HogFunction,
            "throw": _throw,
            "error_of": _error_of,
            "is_kind": _is_kind,
            "HogException": HogException,
        }

    def _read(self, name: str) -> Value:
        """A global, or the library function of that name as a value."""
        if name in self._globals:
            return self._globals[name]
        function = FUNCTIONS.get(name)
        if function is None or function.internal:
            raise HogRuntimeError(f"there is no variable, global or function {name[:200]}")
        body = partial(self._library_call, function.implementation)
        return HogFunction(body, name, function.most, function.least, is_library=True)

    def _library_call(self, implementation: Callable[..., Value], *arguments: Value) -> Value:
        """Call a library function that was a value: nothing in generated code has paid for it."""
        self.budget.spend(_STEPS_PER_LIBRARY_CALL)
        return implementation(self, *arguments)


class Executable:
    """A program that was loaded into a machine.

    Attributes:
        names: globals that the program may read.
    """

    def __init__(self, machine: HogMachine, main: Callable[[], Value], names: frozenset[str]) -> None:
        self.names = names
        self._machine = machine
        self._main = main

    def run(self, values: Mapping[str, Value], limits: Limits) -> Value:
        """Run the program.

        Args:
            values: the globals; never changed.
            limits: what it may use.

        Returns:
            What the program returned; null if it came to its end.

        Raises:
            HogException: it failed.
            LimitExceeded: a limit stopped it. Both know where in the source.
        """
        self._machine.start(values, limits)
        try:
            return self._main()
        except (HogException, LimitExceeded) as error:
            error.position = _position_of(error)
            raise
        except RecursionError:
            raise LimitExceeded(Limit.CALL_DEPTH, "calls or values are nested too deeply") from None
        except MemoryError:
            raise LimitExceeded(Limit.MEMORY, "the process has no more memory") from None
        finally:
            self._machine.finish()


def _position_of(error: BaseException) -> Position | None:
    """Where in its source a program was when an error left it; None if that is not known."""
    found = None
    for code, lasti in _frames(error.__traceback__):
        if code.co_filename == FILENAME:
            found = code, lasti
    if found is None:
        return None
    code, lasti = found
    line, _, column, _ = next(islice(code.co_positions(), lasti // 2, None))
    return Position(line, column or 0) if line else None


def _frames(traceback: TracebackType | None) -> Iterator[tuple[Any, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code, traceback.tb_lasti
        traceback = traceback.tb_next


def _names_in(value: Any) -> set[str]:
    """The globals that a program's statements name."""
    pending, found = [value], set()
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            if len(node) == 5 and node[0] == "name" and isinstance(node[3], str):
                found.add(node[3])
            pending += node
    return found


def _fitted(function: HogFunction, arguments: tuple[Value, ...]) -> tuple[Value, ...]:
    """The arguments that a function takes for those that were given."""
    called = LibraryFunction(function.name, function.least, function.arity, function.body)
    problem = arity_problem(called, len(arguments))
    if problem:
        raise HogRuntimeError(problem.rstrip("."))
    if function.is_library:
        return arguments
    return arguments + (None,) * ((function.arity or 0) - len(arguments))


def _throw(error: Value) -> None:
    if type(error) is not HogError:
        raise HogRuntimeError(f"only errors can be thrown, not {type_name(error)}")
    raise HogThrown(error)


def _error_of(caught: HogException) -> HogError:
    """The value that a `catch` gets."""
    if isinstance(caught, HogThrown):
        return caught.error
    return HogError(_RUNTIME_ERROR, caught.message)


def _is_kind(caught: HogException, kind: str) -> bool:
    return _error_of(caught).type == kind
