"""How long a text a model takes at once, in characters.

Conservative: between two and three characters a token, and room for the rest of the question and the
answer. A model that takes less says so, and gets less; one that takes more reads in pieces what it could have
read at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DEFAULT_WINDOW: Final = 300_000

_MILLION_TOKENS: Final = 2_000_000
_WINDOWS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "gpt-4.1": _MILLION_TOKENS,
        "gpt-4o": 280_000,
        "gpt-4-turbo": 280_000,
        "gpt-4": 14_000,
        "gpt-3.5": 32_000,
        "gpt-5": 650_000,
        "gpt-oss": 280_000,
        "o1": 400_000,
        "o3": 400_000,
        "o4": 400_000,
        "claude": 450_000,
        "gemini": _MILLION_TOKENS,
        "llama-3": 250_000,
        "mistral": 60_000,
        "mixtral": 60_000,
    }
)
"""Beginning of a model's name → characters; the longest beginning that fits counts."""

SMALLEST_WINDOW: Final = min(*_WINDOWS.values(), DEFAULT_WINDOW)
"""What every model takes that is known here."""

_NAME: Final = re.compile(r"[^/]*$")


def window_of(model: str) -> int:
    """Characters of text that a model is given at once.

    Args:
        model: its name, with or without the maker's before a slash.
    """
    match = _NAME.search(model.lower())
    name = match[0] if match else ""
    fitting = [beginning for beginning in _WINDOWS if name.startswith(beginning)]
    return _WINDOWS[max(fitting, key=len)] if fitting else DEFAULT_WINDOW
