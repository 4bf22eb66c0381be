"""Start and end the server of the capture tests, and read back what it stored."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class CaptureServer:
    """A server under test.

    Attributes:
        client: asks it with generous time limits.
    """

    process: subprocess.Popen[str]
    url: str
    client: httpx.Client

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The stored events of a trace, oldest first."""
        return self._events(f"/_trace/{trace_id}")

    def find(self, event: str, uuid: UUID | str, day: date) -> dict[str, Any] | None:
        """One stored event by its address."""
        found = self._events(f"/_find?event={event}&uuid={uuid}&day={day}")
        return found[0] if found else None

    def _events(self, path: str) -> list[dict[str, Any]]:
        response = self.client.get(path)
        response.raise_for_status()
        events: list[dict[str, Any]] = response.json()
        return events


@contextmanager
def capture_server(folder: Path) -> Iterator[CaptureServer]:
    """A ready server on `folder`; it is killed with the block if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.api.capture.server", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=30) as client:
            yield CaptureServer(process, url, client)
    finally:
        process.kill()  # at once: a clean stop is a test of its own
        process.wait(20)
