"""Tests that could run on each of two stores run on one of them, which their names draw; `-m long` on both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from zlib import crc32

import pytest


def draw_one(items: Iterable[pytest.Item], folder: Path, fixture: str, stores: Sequence[str]) -> None:
    """Mark as `long` the tests of a folder on the stores that their names have not drawn.

    Args:
        fixture: whose parameter says on which store a test runs.
        stores: values of that parameter; a test has one case for each.
    """
    for item in items:
        if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
            continue
        store = item.callspec.params.get(fixture)
        if store in stores and folder in item.path.parents:
            drawn = stores[crc32(item.nodeid.replace(store, "").encode()) % len(stores)]
            if store != drawn:
                item.add_marker(pytest.mark.long)
