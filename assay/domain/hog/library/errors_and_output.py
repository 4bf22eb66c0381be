"""Error values, and what a program prints."""

from __future__ import annotations

from typing import Final

from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.printing import text_of
from assay.domain.hog.values import HogError, Value

_DEFAULT_MESSAGE: Final = "An error occurred"


@function("Error", 0, 2)
def error(machine: Machine, message: Value = None, payload: Value = None) -> HogError:
    """An error to throw; every `catch` without a kind takes it."""
    return _error(machine, "Error", message, payload)


@function("HogError", 1, 3)
def hog_error(machine: Machine, kind: Value, message: Value = None, payload: Value = None) -> HogError:
    """An error of any kind; null makes it an `Error`."""
    return _error(machine, "Error" if kind is None else text_of(machine.budget, kind), message, payload)


@function("RetryError", 0, 2)
def retry_error(machine: Machine, message: Value = None, payload: Value = None) -> HogError:
    """An error of the kind `RetryError`."""
    return _error(machine, "RetryError", message, payload)


@function("NotImplementedError", 0, 2)
def not_implemented_error(machine: Machine, message: Value = None, payload: Value = None) -> HogError:
    """An error of the kind `NotImplementedError`."""
    return _error(machine, "NotImplementedError", message, payload)


def _error(machine: Machine, kind: str, message: Value, payload: Value) -> HogError:
    text = _DEFAULT_MESSAGE if message is None else text_of(machine.budget, message)
    return HogError(kind, text, payload)


@function("print", 0, None, scalar=True)
def print_(machine: Machine, *values: Value) -> None:
    """Print a line: the texts of the values, with a space between two.

    Raises:
        LimitExceeded: the program has printed too much.
    """
    texts = [text_of(machine.budget, value) for value in values]
    machine.budget.text_from(sum(map(len, texts)) + len(texts), *texts)
    machine.print_line(" ".join(texts))
