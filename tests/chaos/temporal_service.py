"""A Temporal server outside of the engine that can be killed and comes back with what it had."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.runtime.temporal_server import find_binary, free_port

_READY_SECONDS = 20.0


class TemporalService:
    """A dev server on a file.

    Attributes:
        address: `host:port`, the same after every restart.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with (self._folder / "temporal.log").open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(str(find_binary()), "server", "start-dev", "--headless", "--log-level", "warn"),
                    *("--ip", "127.0.0.1", "--port", str(self._port)),
                    *("--db-filename", str(self._folder / "temporal.sqlite")),
                    *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
                    *("--dynamic-config-value", "matching.enableFairness=true"),
                    *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=200"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the Temporal server does not listen")

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@contextmanager
def temporal_service(folder: Path) -> Iterator[TemporalService]:
    """A service that runs, and is ended with the block."""
    service = TemporalService(folder)
    try:
        service.start()
        yield service
    finally:
        service.kill()
