"""The parent of a child process, as the child sees it."""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""Linux, `prctl(2)`."""


def end_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Have the system signal this process in the moment in which its parent dies, where it can (Linux).

    Without, a child notices by the end of its input only when it comes to reading it. What it begins until
    then, nobody knows of: it would be begun, and paid for, again.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
