"""How much a program may use. Users see these numbers: `docs/hog.md` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024

MAX_SOURCE_BYTES: Final = 16 * 1024
"""UTF-8 bytes of a source; published evaluations have under 2 kB."""

MAX_SOURCE_NESTING: Final = 64
"""Brackets, braces and f-strings within each other."""

MAX_TREE_DEPTH: Final = 200
"""Levels of a syntax tree: `a + b + c + …` has one for each operator."""

MAX_BLOCK_NESTING: Final = 16
"""Loops and `try` within each other in one function (CPython compiles twenty)."""

MAX_INTEGER_BITS: Final = 1023
"""Bits of an integer without its sign: each one that fits has a floating-point value (IEEE 754 binary64)."""

MAX_NESTING: Final = 200
"""Lists and dictionaries within each other, where an operation walks through them."""

MAX_CALL_DEPTH: Final = 500
"""Functions of the program that are running inside each other."""

CHARACTERS_PER_STEP: Final = 64
"""Characters that a library function reads or writes for one step."""

MAX_TEXT: Final = 16 * MIB
"""Code points of one text."""

MAX_ITEMS: Final = 1_000_000
"""Items of one list or dictionary."""

MAX_KEY_TEXT: Final = 64 * 1024
"""Code points of a text that is the key of a dictionary."""

MAX_PATTERN: Final = 1000
"""Code points of a regular expression."""

MAX_OUTPUT: Final = 64 * 1024
"""Code points that are kept of what a program prints."""

MAX_OUTPUT_LINES: Final = 1000
"""Lines (calls of `print`) that are kept."""


LARGE_EVENT: Final = 64 * 1024
"""Characters of an event's properties, as JSON, from which on the event is to blame if a limit is reached."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use.

    Attributes:
        steps: nodes of the program that are executed, and items (or 64 characters) that functions handle.
        seconds: of wall time.
        memory: bytes that the values of the program take at one time.
    """

    steps: int = 20_000_000
    seconds: float = 5.0
    memory: int = 64 * MIB
