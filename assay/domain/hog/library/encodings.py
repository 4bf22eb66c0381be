"""Base64 and the percent-encoding of URLs. The bytes of a text are its UTF-8; null stays null."""

from __future__ import annotations

import binascii
import re
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from assay.domain.hog.arguments import text_or_null
from assay.domain.hog.errors import HogInputError
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.utf8 import decoded, encoded
from assay.domain.hog.values import Value

_UNRESERVED: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
"""What stands for itself in a URL (RFC 3986, section 2.3)."""

_CHUNK: Final = 8192
"""Bytes that are quoted at once, because Python makes a text of each on the way."""

_ESCAPE_SIZE: Final = 64
"""Bytes that each percent sign takes while a text is read."""

_STRAY_PERCENT: Final = re.compile(b"%(?![0-9A-Fa-f]{2})")
_ASCII_SPACE: Final = b"\t\n\f\r "


@function("base64Encode", 1, scalar=True)
def base64_encode(machine: Machine, text: Value) -> str | None:
    """The base64 of a text, with padding (RFC 4648, section 4)."""
    given = text_or_null("base64Encode", text)
    if given is None:
        return None
    data = encoded(machine.budget, given)
    machine.budget.text(4 * ((len(data) + 2) // 3))
    return binascii.b2a_base64(data, newline=False).decode("ascii")


@function("base64Decode", 1, scalar=True)
def base64_decode(machine: Machine, text: Value) -> str | None:
    """The text that a base64 stands for; white space and a lack of padding do no harm."""
    given = text_or_null("base64Decode", text)
    if given is None:
        return None
    found = _from_base64(machine, given)
    if found is None:
        raise HogInputError("base64Decode needs the base64 of a text in UTF-8")
    return found


@function("tryBase64Decode", 1, scalar=True)
def try_base64_decode(machine: Machine, text: Value) -> str | None:
    """The text that a base64 stands for; null if it is none."""
    given = text_or_null("tryBase64Decode", text)
    return None if given is None else _from_base64(machine, given)


def _from_base64(machine: Machine, text: str) -> str | None:
    """The text of a base64, read as forgivingly as browsers do (WHATWG Infra, "forgiving-base64 decode")."""
    if not text.isascii():
        return None
    data = encoded(machine.budget, text).translate(None, _ASCII_SPACE)
    if len(data) % 4 == 0:
        data = data.removesuffix(b"=").removesuffix(b"=")
    if b"=" in data:
        return None
    machine.budget.text(len(data))
    try:
        found = binascii.a2b_base64(data + b"=" * (-len(data) % 4), strict_mode=True)
        return found.decode("utf-8", "surrogatepass")
    except ValueError:
        return None


@function("encodeURLComponent", 1, scalar=True)
def encode_url_component(machine: Machine, text: Value) -> str | None:
    """A text as a part of a URL: only letters, digits and `-._~` of ASCII stay what they are."""
    given = text_or_null("encodeURLComponent", text)
    if given is None:
        return None
    data = encoded(machine.budget, given)
    quoted = len(data.translate(None, _UNRESERVED))
    machine.budget.text(len(data) + 2 * quoted)
    parts = []
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        machine.budget.spend(len(chunk) // 4)
        parts.append(quote_from_bytes(chunk, safe=b""))
    return "".join(parts)


@function("decodeURLComponent", 1, scalar=True)
def decode_url_component(machine: Machine, text: Value) -> str | None:
    """The text that a part of a URL stands for; a percent sign that begins nothing stays."""
    given = text_or_null("decodeURLComponent", text)
    return None if given is None else _unquoted(machine, encoded(machine.budget, given))


@function("tryDecodeURLComponent", 1, scalar=True)
def try_decode_url_component(machine: Machine, text: Value) -> str | None:
    """The text that a part of a URL stands for; null if a percent sign begins nothing."""
    given = text_or_null("tryDecodeURLComponent", text)
    if given is None:
        return None
    data = encoded(machine.budget, given)
    return None if _STRAY_PERCENT.search(data) else _unquoted(machine, data)


def _unquoted(machine: Machine, data: bytes) -> str:
    escapes = data.count(b"%")
    machine.budget.spend(escapes)
    machine.budget.reserve(escapes * _ESCAPE_SIZE)
    return decoded(machine.budget, unquote_to_bytes(data))
