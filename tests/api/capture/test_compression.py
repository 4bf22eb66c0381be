"""Compressed bodies: every encoding that SDKs use, and none that hurts."""

from __future__ import annotations

import contextlib
import gzip
import sys
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_shim.compression import decompressed
from assay.errors import MalformedRequest, RequestError, RequestTooLarge, UnsupportedMediaType

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 1_000_000
COMPRESS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}
ENCODINGS = pytest.mark.parametrize("encoding", COMPRESS)


@ENCODINGS
@given(content=st.binary(max_size=4096))
def test_round_trip(encoding: str, content: bytes) -> None:
    assert decompressed(COMPRESS[encoding](content), encoding, limit=4096) == content


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_none(encoding: str) -> None:
    assert decompressed(b"{}", encoding, limit=1) == b"{}"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "compress", "é"])
def test_unsupported(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="gzip, deflate or zstd"):
        decompressed(b"{}", encoding, limit=1)


@ENCODINGS
def test_the_limit_is_exact(encoding: str) -> None:
    at_limit = b"x" * LIMIT
    assert decompressed(COMPRESS[encoding](at_limit), encoding, limit=LIMIT) == at_limit
    with pytest.raises(RequestTooLarge):
        decompressed(COMPRESS[encoding](at_limit + b"x"), encoding, limit=LIMIT)


@ENCODINGS
def test_a_bomb_is_not_inflated(encoding: str) -> None:
    bomb = COMPRESS[encoding](bytes(200 * LIMIT))
    tracemalloc.start()
    try:
        with pytest.raises(RequestTooLarge):
            decompressed(bomb, encoding, limit=LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 10 * LIMIT
    finally:
        tracemalloc.stop()


@ENCODINGS
@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-1], lambda data: data + b"more", lambda data: data[5:]]
)
def test_damaged(encoding: str, spoil: object) -> None:
    assert callable(spoil)
    with pytest.raises(MalformedRequest):
        decompressed(spoil(COMPRESS[encoding](b"some content")), encoding, limit=LIMIT)


@ENCODINGS
@given(data=st.binary(max_size=200))
def test_any_bytes_give_content_or_a_refusal(encoding: str, data: bytes) -> None:
    with contextlib.suppress(RequestError):
        decompressed(data, encoding, limit=1000)


def test_a_zstd_frame_cannot_ask_for_a_huge_window() -> None:
    options = {zstd.CompressionParameter.window_log: 27}
    compressor = zstd.ZstdCompressor(options=options)
    frame = compressor.compress(b"x") + compressor.flush()
    with pytest.raises(MalformedRequest):
        decompressed(frame, "zstd", limit=LIMIT)
