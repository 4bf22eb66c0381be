"""One server for all tests that do not end it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.capture.running import CaptureServer, capture_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaptureServer]:
    with capture_server(tmp_path_factory.mktemp("capture")) as running:
        yield running
