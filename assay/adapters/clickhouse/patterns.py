"""Regular expressions as ClickHouse's `match` has to be given them.

`match` runs RE2, but first it looks for a part that it believes every matching text to hold, and answers no
where that is missing. It works the part out byte by byte, so it is wrong where a quantifier follows a
character of several bytes: of `café?` it demands the first byte of `é`, so it does not find it in `caf`.
"""

from __future__ import annotations

import re
from typing import Final

_NO_SHORTCUT: Final = "(?i:)"
"""Matches the empty text and changes nothing beside it; only, ClickHouse demands nothing of such a pattern.

It goes first: ClickHouse stops reading at a NUL, and a `\\Q` that is never closed swallows what comes after.
"""

_LETTER: Final = r"[^\x00-\x1f\x7f-\U0010ffff.^$|()\[\]{}*+?\\]|\\[!-/:-@\[-^`{-~]"
"""One ASCII character that stands for itself, or one of ASCII's punctuation marks with a backslash."""

_TRUSTED: Final = re.compile(
    # Whole letters, of several bytes too where no quantifier can cut one, dots and the usual classes.
    rf"\^?(?:(?:{_LETTER}|[.]|\\[dDsSwW])(?:[*+?][?]?)?|[^\x00-\x7f](?![*+?{{]))*\$?"
    # What `any_of_ignoring_case` makes of one text; k and s have cases beyond ASCII.
    rf"|\(\?i\)\(\?:(?:(?![kKsS])(?:{_LETTER}))+\)"
)
"""Patterns in which the part that ClickHouse demands is certainly there.

Most of what people write is among them, and takes an eighth of the time that way.
"""


def pattern_for_match(pattern: str) -> str:
    """The pattern to give to `match`, so that it finds exactly what RE2 finds.

    Args:
        pattern: one that RE2 accepts.
    """
    return pattern if _TRUSTED.fullmatch(pattern) else _NO_SHORTCUT + pattern
