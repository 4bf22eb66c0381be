"""Markers: what a reader can unfold, in Base64 inside the text."""

from __future__ import annotations

from base64 import b64encode

from assay.domain.json_values import well_formed


def marker(kind: str, *fields: str) -> str:
    """`<<<KIND|field|field>>>`; nothing in the fields is escaped."""
    return f"<<<{'|'.join((kind, *fields))}>>>"


def encoded(text: str) -> str:
    """Base64 of the text's UTF-8 bytes; lone surrogates have none and count as U+FFFD."""
    return b64encode(_utf8(text)).decode("ascii")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return well_formed(text).encode()
