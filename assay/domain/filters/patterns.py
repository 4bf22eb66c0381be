"""Regular expressions: RE2 with the options of ClickHouse's `match`.

A pattern that is found in a text here is found there: the dot matches line feeds, letters match in their
own case unless the pattern says `(?i)`, and `^` and `$` are the ends of the whole text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import re2

_MAX_MEMORY: Final = 1024 * 1024
"""Bytes of a compiled pattern. ClickHouse allows 8 MiB, so none that passes here fails there."""

_MAX_MEMORY_OF_EXPRESSION: Final = 256 * 1024
"""The same of a regular expression that a client wrote. What RE2 takes to compile `a{0,1000}` grows with the
square of how often it is repeated, and nothing else runs meanwhile: RE2 keeps Python's global lock."""

_EVERY_EXPRESSION: Final = 100
_UNICODE_CLASS: Final = 50
"""Instructions that take RE2 as long as reading and simplifying an expression, or a class such as `\\pL`."""


class Pattern:
    """A compiled regular expression; equal to another of the same text.

    Args:
        max_memory: bytes that it may take compiled.

    Raises:
        ValueError: RE2 refuses it; the message says why.
    """

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str, *, max_memory: int = _MAX_MEMORY) -> None:
        self.text = text
        self._compiled = _compiled(text, max_memory)

    @property
    def instructions(self) -> int:
        """How large it is, compiled; compiling takes longer the larger it is."""
        size: int = self._compiled.programsize
        return size

    def found_in(self, text: str) -> bool:
        """Whether some part of a text matches, in time linear in its length."""
        return self._compiled.search(text.encode("utf-8", "replace")) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


def expression(text: str) -> Pattern:
    """The pattern of a regular expression that a client wrote.

    Raises:
        ValueError: RE2 refuses it, or it is too large.
    """
    return Pattern(text, max_memory=_MAX_MEMORY_OF_EXPRESSION)


def reading_cost(text: str) -> int:
    """What it costs at least to compile a regular expression, whatever comes of it; in instructions."""
    unescaped = text.replace(r"\\", "")
    return _EVERY_EXPRESSION + _UNICODE_CLASS * unescaped.lower().count(r"\p")


def any_of_ignoring_case(texts: Iterable[str]) -> Pattern:
    """The pattern found in texts that contain one of `texts`.

    Letters are the same if Unicode's simple case folding says so: RE2 folds alike wherever it runs, while
    the lower case of a text differs between Python and ClickHouse.
    """
    return Pattern(f"(?i)(?:{'|'.join(re2.escape(text) for text in texts)})")


def _compiled(text: str, max_memory: int) -> Any:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = max_memory
    try:
        return re2.compile(text.encode(), options)
    except re2.error as error:
        raise ValueError(_reason(error)) from None


def _reason(error: Exception) -> str:
    """RE2's words for what is wrong; its error carries them as bytes."""
    [said] = error.args
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
