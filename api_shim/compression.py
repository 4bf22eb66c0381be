"""Compressed request bodies, never inflated beyond a limit."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from assay.errors import MalformedRequest, RequestTooLarge, UnsupportedMediaType

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

GZIP_MAGIC = b"\x1f\x8b"
"""First bytes of gzip data; no JSON text begins so."""

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""Window bits that make zlib tell both formats by their header."""

_ZSTD_WINDOW_LOG = 25
"""Windows up to 32 MiB: more than any body needs, and a frame cannot ask for gigabytes."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _zstd() -> _Decompressor:
    return ZstdDecompressor(options={DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


def _zlib() -> _Decompressor:
    return zlib.decompressobj(_GZIP_OR_ZLIB)


_DECOMPRESSORS: Mapping[str, Callable[[], _Decompressor]] = {
    "gzip": _zlib,
    "x-gzip": _zlib,
    "deflate": _zlib,  # zlib's format (RFC 1950), as the name means in HTTP
    "zstd": _zstd,
}


def decompressed(body: bytes, encoding: str, *, limit: int) -> bytes:
    """The content of a request body.

    Args:
        encoding: the value of `Content-Encoding`; empty for none.
        limit: most bytes of content; reading stops there.

    Raises:
        UnsupportedMediaType: the encoding is not gzip, deflate, zstd or identity.
        RequestTooLarge: there is more content.
        MalformedRequest: the body is not in that encoding, cut off, or followed by something else.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in _DECOMPRESSORS:
        raise UnsupportedMediaType(f'Content encoding "{name}" is not supported: use gzip, deflate or zstd.')
    decompressor = _DECOMPRESSORS[name]()
    try:
        content = decompressor.decompress(body, limit + 1)
    except (zlib.error, ZstdError):
        raise MalformedRequest(f"The request body is not valid {name} data.") from None
    if len(content) > limit:
        raise RequestTooLarge(f"The decompressed request body is larger than {limit} bytes.")
    if not decompressor.eof:
        raise MalformedRequest(f"The {name} data of the request body is cut off.")
    if decompressor.unused_data:
        # Members in a row would be legal, but no SDK sends them, and a million empty ones fit in a body.
        raise MalformedRequest(f"The {name} data of the request body is followed by other data.")
    return content
