"""What library functions and operators take: the value as what they need, or an error that says so."""

from __future__ import annotations

from assay.domain.hog.errors import HogInputError
from assay.domain.hog.values import Value, described


def text_argument(name: str, value: Value) -> str:
    """A value that must be a text.

    Args:
        name: of the function or operator, for the error.

    Raises:
        HogInputError: it is something else.
    """
    if isinstance(value, str):
        return value
    raise wrong_type(name, "a text", value)


def text_or_null(name: str, value: Value) -> str | None:
    """A value that must be a text or null.

    Raises:
        HogInputError: it is something else.
    """
    return None if value is None else text_argument(name, value)


def whole_number(name: str, value: Value) -> int:
    """A value that must be an integer; a float without a fraction is one, since `6 / 2` is a float.

    Raises:
        HogInputError: it is something else.
    """
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise wrong_type(name, "an integer", value)


def wrong_type(name: str, needed: str, value: Value) -> HogInputError:
    """The error for a value that a function or operator cannot work on.

    Args:
        needed: what it needs, with its article.
    """
    return HogInputError(f"{name} needs {needed}, not {_shown(value)}")


def _shown(value: Value) -> str:
    if value is None:
        return "null"
    if type(value) is float and not value.is_integer():
        return repr(value)
    return described(value)
