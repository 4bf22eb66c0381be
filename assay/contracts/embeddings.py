"""Vectors of texts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # contracts are imported by processes that must start quickly
    import numpy as np
    from numpy.typing import NDArray

type Vectors = NDArray[np.float32]
"""One row per text, each of length 1 (a text without words has zeros); or one row alone, one-dimensional."""

type KeepVectors = Callable[[Mapping[str, Vectors]], Awaitable[None]]
"""Stores vectors, each by the digest of its text."""
