"""Digests of what work is made from."""

from __future__ import annotations

import hashlib


def digest_of(*parts: str) -> str:
    """The SHA-256 of texts in their order, in lower-case hexadecimal digits.

    No two lists of texts run together: the length of each is part of it. Any string goes, lone surrogates
    too.
    """
    found = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        found.update(f"{len(encoded)}:".encode())
        found.update(encoded)
    return found.hexdigest()
