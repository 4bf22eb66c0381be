"""What the garbage collector need not look at."""

from __future__ import annotations

import gc


def settle_memory() -> None:
    """Take all that was imported and built so far out of the garbage collector's sight.

    It stays until the end anyway. Left in, each full collection would walk through it, and a request that
    triggers one would wait for 90 ms, or for 140 ms once litellm is loaded.
    """
    gc.collect()
    gc.freeze()
