"""What a child sends, on its way to whoever waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, cast

from assay.adapters.frames import FrameSplitter, FrameTooLong
from assay.domain.hog.limits import MIB

_LONGEST_REPLY: Final = 16 * MIB
_STDOUT: Final = 1
_STDERR: Final = 2
_KEPT_COMPLAINTS: Final = 2048
"""Bytes: the end of a traceback."""


class Pipes(asyncio.SubprocessProtocol):
    """Takes in what a child sends.

    Attributes:
        ended: whether its output has ended; frames may still be there.
        garbled: whether it has ended because it makes no sense any more.
        closed: set once the process is gone, too.
    """

    def __init__(self) -> None:
        self._splitter = FrameSplitter(_LONGEST_REPLY)
        self._frames: deque[bytes] = deque()
        self._complaints = b""
        self._waiter: asyncio.Future[None] | None = None
        self.ended = self.garbled = False
        self.closed = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether everything that was sent has been taken."""
        return not self._frames and self._splitter.is_between_frames

    @property
    def complaints(self) -> str:
        """The last of what the child wrote to standard error."""
        return self._complaints.decode(errors="replace").strip()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        """Take in frames, or complaints."""
        piece = cast(bytes, data)
        if fd == _STDERR:
            self._complaints = (self._complaints + piece)[-_KEPT_COMPLAINTS:]
            return
        try:
            self._frames += self._splitter.feed(piece)
        except FrameTooLong:
            self.garbled = self.ended = True
        self._wake()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """The child closed a stream: of no concern unless it was the one with the frames."""
        if fd == _STDOUT:
            self.ended = True
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone, and all its streams."""
        self.ended = True
        self.closed.set()
        self._wake()

    def next_frame(self) -> bytes | None:
        """The first frame that was not taken yet."""
        return self._frames.popleft() if self._frames else None

    async def arrival(self, within: float) -> bool:
        """Wait until there is a frame, or the end; False if there is neither in so many seconds."""
        if not self._frames and not self.ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._waiter], timeout=within)
            self._waiter = None
        return bool(self._frames) or self.ended

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
