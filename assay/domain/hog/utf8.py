"""Texts as UTF-8 and back.

JSON can spell half of a surrogate pair (`"\\ud800"`), which UTF-8 proper has no bytes for. It is encoded like
any code point of its range (three bytes), so that every text survives the way to bytes and back.
"""

from __future__ import annotations

from typing import Final

from assay.domain.hog.budget import Budget

_EXTRA_BYTES: Final = 3
"""Bytes that a code point may take beyond the first."""


def encoded(budget: Budget, text: str) -> bytes:
    """The bytes of a text.

    Raises:
        LimitExceeded: the budget does not suffice.
    """
    budget.text(len(text))
    if not text.isascii():
        budget.reserve(_EXTRA_BYTES * len(text))
    return text.encode("utf-8", "surrogatepass")


def decoded(budget: Budget, data: bytes) -> str:
    """The text of some bytes; U+FFFD stands for what is no UTF-8.

    Raises:
        LimitExceeded: the budget does not suffice.
    """
    budget.text(len(data))
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
