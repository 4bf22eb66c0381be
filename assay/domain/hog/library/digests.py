"""Digests of texts, of the bytes of their UTF-8. Programs compare with them; nothing of Assay trusts them."""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import new as new_hash
from typing import Final

from assay.domain.hog.arguments import text_argument, text_or_null, wrong_type
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.utf8 import encoded
from assay.domain.hog.values import Value

_STEPS_PER_DIGEST: Final = 16
"""What a digest takes besides reading its text."""

_ENCODINGS: Final[dict[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "base64": lambda digest: b64encode(digest).decode("ascii"),
    "base64url": lambda digest: urlsafe_b64encode(digest).decode("ascii").rstrip("="),
    "binary": lambda digest: digest.decode("latin-1"),
}
"""How digests become texts; `base64url` has no padding, `binary` one character (0 to 255) for each byte."""


def _declare_digest(algorithm: str) -> None:
    """Declare the functions of a hash algorithm, named after it."""

    @function(algorithm, 1, 2, scalar=True)
    def digest(machine: Machine, text: Value, encoding: Value = None) -> str | None:
        return _digest(machine, algorithm, algorithm, text, encoding)

    @function(f"{algorithm}Hex", 1, scalar=True)
    def digest_hex(machine: Machine, text: Value) -> str | None:
        return _digest(machine, f"{algorithm}Hex", algorithm, text, None)


def _declare_chain(algorithm: str) -> None:
    """Declare the functions that chain the message authentication codes (RFC 2104) of a hash algorithm."""
    name = f"{algorithm}HmacChain"

    @function(name, 1, 2, scalar=True)
    def chain(machine: Machine, texts: Value, encoding: Value = None) -> str | None:
        return _chain(machine, name, algorithm, texts, encoding)

    @function(f"{name}Hex", 1, scalar=True)
    def chain_hex(machine: Machine, texts: Value) -> str | None:
        return _chain(machine, f"{name}Hex", algorithm, texts, None)


def _digest(machine: Machine, name: str, algorithm: str, text: Value, encoding: Value) -> str | None:
    """The digest of a text; null of null."""
    shown = _encoding(name, encoding)
    given = text_or_null(name, text)
    if given is None:
        return None
    machine.budget.spend(_STEPS_PER_DIGEST)
    data = encoded(machine.budget, given)
    return shown(new_hash(algorithm, data, usedforsecurity=False).digest())


def _chain(machine: Machine, name: str, algorithm: str, texts: Value, encoding: Value) -> str | None:
    """The code of each text with the one before it as the key; the first text is the first key."""
    shown = _encoding(name, encoding)
    if texts is None:
        return None
    if not isinstance(texts, list | tuple):
        raise wrong_type(name, "a list of texts", texts)
    if len(texts) < 2:
        raise HogInputError(f"{name} needs a key and at least one text")
    key = encoded(machine.budget, text_argument(name, texts[0]))
    for text in texts[1:]:
        machine.budget.spend(_STEPS_PER_DIGEST)
        key = hmac.digest(key, encoded(machine.budget, text_argument(name, text)), algorithm)
    return shown(key)


def _encoding(name: str, encoding: Value) -> Callable[[bytes], str]:
    if encoding is None:
        return _ENCODINGS["hex"]
    shown = _ENCODINGS.get(text_argument(name, encoding))
    if shown is None:
        known = ", ".join(_ENCODINGS)
        raise HogRuntimeError(f"{name} knows the encodings {known}, not {encoding[:100]!r}")
    return shown


for _algorithm in ("md5", "sha1", "sha256"):
    _declare_digest(_algorithm)
for _algorithm in ("sha1", "sha256"):
    _declare_chain(_algorithm)
