"""The event stores of the neighbouring package, and projects of their own for every example."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from tests.stores.events.conftest import backend, embedded, embedded_folder, server, server_url

__all__ = ["backend", "embedded", "embedded_folder", "server", "server_url"]

_projects = count(1)


@pytest.fixture
def new_project() -> Callable[[], int]:
    """Gives another project each time it is called: a fixture lives for all examples of a test."""
    return lambda: next(_projects)
