"""Source texts: what may be given to the parser at all, and how a place in one is shown to people."""

from __future__ import annotations

import re
from typing import Final

from assay.domain.hog.errors import HogCompileError, Position
from assay.domain.hog.limits import MAX_SOURCE_BYTES, MAX_SOURCE_NESTING

_SHOWN_COLUMNS: Final = 100
"""Characters of a long line that an excerpt shows."""

_SKIPPED: Final = re.compile(
    r"""
      //[^\n]* | --[^\n]* | \#[^\n]* | /\*.*?(?:\*/|\Z)      # comments
    | "[^"]*" | `[^`]*`                                      # quoted names
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")


def check_source(source: str) -> None:
    """Refuse what the parser must not see: its time and its stack grow with size and nesting.

    Raises:
        HogCompileError: the source is blank, too long, nested too deeply or not Unicode.
    """
    if not source.strip():
        raise HogCompileError("The source is empty.")
    try:
        size = len(source.encode())
    except UnicodeEncodeError as error:
        raise HogCompileError(
            "The source holds half of a surrogate pair.", position_at(source, error.start)
        ) from None
    if size > MAX_SOURCE_BYTES:
        raise HogCompileError(f"The source has {size:,} bytes; at most {MAX_SOURCE_BYTES:,} can be compiled.")
    _check_nesting(source)


def _check_nesting(source: str) -> None:
    """Count brackets as the parser would meet them: outside texts and comments, inside f-strings."""
    nesting: list[str] = []
    """What is open: brackets, and `'` for an f-string."""
    at = 0
    while at < len(source):
        character = source[at]
        if nesting and nesting[-1] == "'":
            at = _in_template(source, at, nesting)
        elif character == "'":
            if _starts_template(source, at):
                nesting.append("'")
                at += 1
            else:
                at = _after_text(source, at)
        elif skipped := _SKIPPED.match(source, at):
            at = skipped.end()
        else:
            if character in _OPENING:
                nesting.append(character)
            elif character in _CLOSING and nesting:
                nesting.pop()
            at += 1
        if len(nesting) > MAX_SOURCE_NESTING:
            raise HogCompileError(
                f"The source is nested deeper than {MAX_SOURCE_NESTING} levels.",
                position_at(source, min(at, len(source) - 1)),
                "name the parts with let, or move them into functions",
            )


def _starts_template(source: str, quote: int) -> bool:
    """Whether the text that opens here is an f-string."""
    if quote == 0 or source[quote - 1] != "f":
        return False
    return quote == 1 or not (source[quote - 2].isalnum() or source[quote - 2] == "_")


def _in_template(source: str, at: int, nesting: list[str]) -> int:
    """One step inside the text of an f-string."""
    match source[at]:
        case "\\":
            return at + 2
        case "'":
            nesting.pop()
        case "{":
            nesting.append("{")
    return at + 1


def _after_text(source: str, at: int) -> int:
    """Where a text in single quotes has ended; a doubled quote opens another one, which comes to the same."""
    at += 1
    while at < len(source) and source[at] != "'":
        at += 2 if source[at] == "\\" else 1
    return at + 1


def position_at(source: str, offset: int) -> Position:
    """The position of an offset in code points."""
    before = source[:offset]
    return Position(before.count("\n") + 1, offset - (before.rfind("\n") + 1))


def position_at_byte(source: str, offset: int) -> Position:
    """The position of an offset in bytes of UTF-8, as the parser's errors have it."""
    return position_at(source, len(source.encode()[:offset].decode(errors="ignore")))


def explain(source: str, error: HogCompileError) -> str:
    """What is wrong, where, and what to do about it, for people.

    Returns:
        The message; with a position, the line with a caret below the column; with a hint, the hint.
    """
    lines = [error.message]
    if error.position is not None:
        lines[0] = f"line {error.position.line}, column {error.position.column + 1}: {error.message}"
        lines += excerpt(source, error.position)
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return "\n".join(lines)


def excerpt(source: str, position: Position) -> list[str]:
    """The line of a position and, below it, a caret; nothing if the source has no such line."""
    lines = source.split("\n")
    if position.line > len(lines):
        return []
    start = max(0, position.column - _SHOWN_COLUMNS // 2)
    shown = lines[position.line - 1][start : start + _SHOWN_COLUMNS].replace("\t", " ").rstrip("\r")
    return [f"  {shown}", f"  {' ' * (position.column - start)}^"]
