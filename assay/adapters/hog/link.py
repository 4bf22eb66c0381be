"""The standard streams of a child as a link to its parent."""

from __future__ import annotations

import os
from typing import BinaryIO, Self

from assay.adapters.hog.frames import framed, read_frame


class Link:
    """Frames to and from the parent."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies

    @classmethod
    def over_standard_streams(cls) -> Self:
        """Take standard input and output away: what else reads finds nothing, and a print goes nowhere."""
        requests, replies = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.close(nothing)
        return cls(os.fdopen(requests, "rb"), os.fdopen(replies, "wb", buffering=0))

    def receive(self) -> bytes | None:
        """Wait for the next frame; None when the parent is gone."""
        return read_frame(self._requests)

    def send(self, payload: bytes) -> None:
        """Send a frame.

        Raises:
            BrokenPipeError: the parent is gone.
        """
        rest = memoryview(framed(payload))
        while rest:
            rest = rest[self._replies.write(rest) :]
