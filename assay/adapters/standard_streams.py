"""The standard streams of a child process, as its link to the parent."""

from __future__ import annotations

import os
from typing import BinaryIO


def take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output away: what else reads finds nothing, and a print goes nowhere.

    Returns:
        What the parent sends (buffered), and where to write to it (unbuffered).
    """
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb", buffering=0)
