"""An engine in a process of its own, for benchmarks and tests that start, measure and end it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from schedules.job_kinds import OFF

READY_LINE = "Ctrl-C stops."
"""The last line that `assay dev` prints when it is ready."""

_READY_SECONDS = 60


@dataclass
class EngineProcess:
    """A started `assay dev`.

    Attributes:
        api_key: an API key with scope `*`.
        token: the ingestion token of project 1.
    """

    process: subprocess.Popen[str]
    data_dir: Path
    api_key: str
    token: str
    errors: IO[str]
    output: list[str] = field(default_factory=list)
    announced: threading.Event = field(default_factory=threading.Event)

    @property
    def api_url(self) -> str:
        """Base URL of the API."""
        return self._line(r"^  SDK host +(\S+)")

    @property
    def temporal_address(self) -> str:
        """`host:port` of the child Temporal server."""
        return self._line(r"^  Temporal +(\S+)")

    def logged(self) -> str:
        """What it has written to stderr so far."""
        self.errors.seek(0)
        return self.errors.read()

    def kill(self) -> None:
        """SIGKILL, as an out-of-memory killer would."""
        self.process.kill()
        self.process.wait(10)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def _line(self, pattern: str) -> str:
        found = re.search(pattern, "".join(self.output), re.MULTILINE)
        if found is None:
            raise RuntimeError(f"not announced: {pattern}")
        return found[1]


def clean_environment(data_dir: Path, *, api_key: str, token: str) -> dict[str, str]:
    """Settings of an isolated engine: free ports, no UI, no model key, no job that comes with the hour.

    Only PATH and HOME are inherited.
    """
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251
    return inherited | {
        "ASSAY_DATA_DIR": str(data_dir),
        "ASSAY_PORT": "0",
        "ASSAY_TEMPORAL_PORT": "0",
        "ASSAY_TEMPORAL_UI_PORT": "0",
        "ASSAY_INIT_API_KEY": api_key,
        "ASSAY_INIT_PROJECT_TOKEN": token,
        "ASSAY_TRIAL_EVAL_LIMIT": "1000000",
        "ASSAY_SUMMARIZATION_CRON": OFF,
        "ASSAY_CLUSTERING_CRON": OFF,
    }


@contextmanager
def engine_process(
    data_dir: Path,
    settings: Mapping[str, str] | None = None,
    *,
    command: Sequence[str] = (sys.executable, "-m", "assay", "dev"),
    api_key: str = "phx_engine_process",
    token: str = "phc_engine_process",  # noqa: S107  (an ingestion token of a throw-away engine)
) -> Iterator[EngineProcess]:
    """Start an engine, wait until it is ready, end it with the block if it still runs.

    Args:
        settings: environment variables on top of `clean_environment`.

    Raises:
        RuntimeError: it did not become ready; holds what it printed.
    """
    environment = clean_environment(data_dir, api_key=api_key, token=token) | dict(settings or {})
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(  # noqa: S603  (a fixed command)
            command, env=environment, cwd=data_dir, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        engine = EngineProcess(process, data_dir, api_key, token, errors)
        reader = threading.Thread(target=_read_output, args=(engine,), daemon=True)
        reader.start()
        try:
            if not engine.announced.wait(_READY_SECONDS) or process.poll() is not None:
                raise RuntimeError(f"not ready: {''.join(engine.output)}\n{engine.logged()[-4000:]}")
            yield engine
        finally:
            engine.stop()
            reader.join(5)


def _read_output(engine: EngineProcess) -> None:
    for line in engine.process.stdout or ():
        engine.output.append(line)
        if line.startswith(READY_LINE):
            engine.announced.set()
    engine.announced.set()
