"""The path inside a URL."""

from __future__ import annotations

import re
from typing import Final

CLEANED_PATH: Final = "^(?:(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*)?([^?#]*?)/*(?:[?#].*)?$"
"""`cleaned_path` as a regular expression of RE2 in which a dot matches everything; an empty path is `/`."""

_ORIGIN = re.compile("(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")
_END = re.compile("[?#]")


def cleaned_path(url: str) -> str:
    """The path of a URL, or of a path itself: no scheme, host, query, fragment or slashes at the end.

    Returns:
        The path; `/` if nothing is left.
    """
    # RE2 reads the whole expression in linear time; Python's engine does not, so it gets the parts.
    origin = _ORIGIN.match(url)
    rest = url[origin.end() :] if origin else url
    path = _END.split(rest, maxsplit=1)[0]
    return path.rstrip("/") or "/"
