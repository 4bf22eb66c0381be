"""The standard streams of a child as a link to its parent."""

from __future__ import annotations

from typing import BinaryIO, Self

from assay.adapters.frames import framed, read_frame
from assay.adapters.standard_streams import take_standard_streams


class Link:
    """Frames to and from the parent."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies

    @classmethod
    def over_standard_streams(cls) -> Self:
        """Take the standard streams: nothing else in the process reads or writes them any more."""
        return cls(*take_standard_streams())

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
