"""Functions of texts. Positions count from 1, in code points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assay.domain.hog.arguments import text_argument, text_or_null, whole_number, wrong_type
from assay.domain.hog.library.folding import WORKSPACE, folded
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.printing import text_of
from assay.domain.hog.values import Value

_BYTES_PER_TEXT: Final = 80
"""What a text takes besides its characters, rounded up to what is allocated."""


@function("concat", 1, None, scalar=True)
def concat(machine: Machine, *values: Value) -> str:
    """All values as text, one after the other; null adds nothing."""
    texts = [text_of(machine.budget, value) for value in values if value is not None]
    machine.budget.text_from(sum(map(len, texts)), *texts)
    return "".join(texts)


@function("length", 1, scalar=True)
def length(machine: Machine, value: Value) -> int | None:
    """Characters of a text, items of a list, keys of a dictionary."""
    if value is None:
        return None
    if isinstance(value, str | list | tuple | dict):
        return len(value)
    raise wrong_type("length", "a text, a list or a dictionary", value)


@function("lower", 1, scalar=True)
def lower(machine: Machine, text: Value) -> str | None:
    """A text in lower case."""
    given = _for_case_change(machine, "lower", text)
    return None if given is None else given.lower()


@function("upper", 1, scalar=True)
def upper(machine: Machine, text: Value) -> str | None:
    """A text in upper case."""
    given = _for_case_change(machine, "upper", text)
    return None if given is None else given.upper()


def _for_case_change(machine: Machine, name: str, value: Value) -> str | None:
    text = text_or_null(name, value)
    if text is not None:
        machine.budget.text(len(text))
        if not text.isascii():
            machine.budget.reserve(WORKSPACE * len(text))
    return text


@function("reverse", 1, scalar=True)
def reverse(machine: Machine, text: Value) -> str | None:
    """The characters of a text from the last to the first."""
    given = text_or_null("reverse", text)
    if given is None:
        return None
    machine.budget.text_from(len(given), given)
    return given[::-1]


@function("trim", 1, 2, scalar=True)
def trim(machine: Machine, text: Value, character: Value = None) -> str | None:
    """A text without the white space, or the given character, at its start and end."""
    return _trimmed(machine, "trim", str.strip, text, character)


@function("trimLeft", 1, 2, scalar=True)
def trim_left(machine: Machine, text: Value, character: Value = None) -> str | None:
    """A text without the white space, or the given character, at its start."""
    return _trimmed(machine, "trimLeft", str.lstrip, text, character)


@function("trimRight", 1, 2, scalar=True)
def trim_right(machine: Machine, text: Value, character: Value = None) -> str | None:
    """A text without the white space, or the given character, at its end."""
    return _trimmed(machine, "trimRight", str.rstrip, text, character)


def _trimmed(
    machine: Machine, name: str, strip: Callable[[str, str | None], str], text: Value, character: Value
) -> str | None:
    """What `strip` leaves of a text: nothing for more than one character, as in PostHog."""
    given, unwanted = text_or_null(name, text), text_or_null(name, character)
    if given is None:
        return None
    if unwanted is not None and len(unwanted) > 1:
        return ""
    machine.budget.text(len(given))
    return strip(given, unwanted)


@function("substring", 2, 3, scalar=True)
def substring(machine: Machine, text: Value, start: Value, length: Value = None) -> str:
    """So many characters of a text, or all, from a position on; empty if that is not in the text."""
    first = whole_number("substring", start) - 1
    if not isinstance(text, str) or not 0 <= first < len(text):
        return ""
    most = len(text) if length is None else max(0, whole_number("substring", length))
    count = min(most, len(text) - first)
    machine.budget.text_from(count, text)
    return text[first : first + count]


@function("position", 2, 3, scalar=True)
def position(machine: Machine, text: Value, sought: Value, start: Value = 1) -> int:
    """Where a text begins for the first time in another, not before a position; 0 if it does not."""
    first = max(0, whole_number("position", start) - 1)
    if not isinstance(text, str) or sought is None:
        return 0
    machine.budget.text(len(text))
    return text.find(text_of(machine.budget, sought), first) + 1


@function("positionCaseInsensitive", 2, 3, scalar=True)
def position_case_insensitive(machine: Machine, text: Value, sought: Value, start: Value = 1) -> int:
    """Where a text begins for the first time in another, in any case; 0 if it does not."""
    first = max(0, whole_number("positionCaseInsensitive", start) - 1)
    if not isinstance(text, str) or sought is None:
        return 0
    budget = machine.budget
    return folded(budget, text).find(folded(budget, text_of(budget, sought)), first) + 1


@function("startsWith", 2, scalar=True)
def starts_with(machine: Machine, text: Value, start: Value) -> bool:
    """Whether a text starts with another; false if one of them is no text."""
    if not isinstance(text, str) or not isinstance(start, str):
        return False
    machine.budget.text(min(len(start), len(text)))
    return text.startswith(start)


@function("replaceAll", 3, scalar=True)
def replace_all(machine: Machine, text: Value, old: Value, new: Value) -> str | None:
    """A text with `new` wherever it has `old`; an empty `old` is between all characters."""
    given = text_or_null("replaceAll", text)
    if given is None:
        return None
    old, new = text_argument("replaceAll", old), text_argument("replaceAll", new)
    machine.budget.text(len(given))
    machine.budget.text_from(len(given) + given.count(old) * max(0, len(new) - len(old)), given, new)
    return given.replace(old, new)


@function("replaceOne", 3, scalar=True)
def replace_one(machine: Machine, text: Value, old: Value, new: Value) -> str | None:
    """A text with `new` where it first has `old`."""
    given = text_or_null("replaceOne", text)
    if given is None:
        return None
    old, new = text_argument("replaceOne", old), text_argument("replaceOne", new)
    machine.budget.text_from(len(given) + len(new), given, new)
    return given.replace(old, new, 1)


@function("splitByString", 2, 3)
def split_by_string(
    machine: Machine, separator: Value, text: Value, most: Value = None
) -> list[Value] | None:
    """The pieces of a text between separators, or the first so many; an empty separator makes characters."""
    given = text_or_null("splitByString", text)
    if given is None:
        return None
    separator = text_argument("splitByString", separator)
    limit = None if most is None else max(0, whole_number("splitByString", most))
    machine.budget.text(len(given))
    pieces = given.count(separator) + 1 if separator else len(given)
    kept = pieces if limit is None else min(pieces, limit)
    machine.budget.items(kept)
    machine.budget.reserve(kept * _BYTES_PER_TEXT)
    machine.budget.text_from(len(given), given)
    return given.split(separator, kept)[:kept] if separator else list(given[:kept])
