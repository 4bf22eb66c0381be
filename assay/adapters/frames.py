"""Frames over pipes: the length as four bytes, then that many bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

_LENGTH: Final = struct.Struct(">I")


class FrameTooLong(ValueError):
    """The other side announced more than it may send."""


def framed(payload: bytes) -> bytes:
    """A payload as a frame."""
    return _LENGTH.pack(len(payload)) + payload


def read_frame(stream: BinaryIO) -> bytes | None:
    """Wait for a frame.

    Args:
        stream: a buffered one: `read` waits for all that it is asked for.

    Returns:
        The payload; None if the stream ended.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    payload = stream.read(length)
    return payload if len(payload) == length else None


class FrameSplitter:
    """Finds the frames in a stream that arrives in pieces.

    Args:
        longest: bytes that a payload may have.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._rest = bytearray()

    @property
    def is_between_frames(self) -> bool:
        """Whether nothing of a frame has arrived that is not complete yet."""
        return not self._rest

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next piece of the stream.

        Returns:
            The payloads that are complete now, in order.

        Raises:
            FrameTooLong: the stream cannot be trusted any more.
        """
        self._rest += data
        payloads: list[bytes] = []
        start = 0
        while start + _LENGTH.size <= len(self._rest):
            (length,) = _LENGTH.unpack_from(self._rest, start)
            if length > self._longest:
                raise FrameTooLong(f"a frame of {length:,} bytes")
            begin, end = start + _LENGTH.size, start + _LENGTH.size + length
            if end > len(self._rest):
                break
            payloads.append(bytes(self._rest[begin:end]))
            start = end
        del self._rest[:start]
        return payloads
