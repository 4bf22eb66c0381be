"""A private PostgreSQL server for tests.

`private_postgres()` starts one on a free loopback port and stops it again; a session-scoped fixture
around it serves a whole folder of tests. Each test takes databases of its own from it:

    @pytest.fixture(scope="session")
    def postgres() -> Iterator[PostgresServer]:
        with private_postgres() as server:
            yield server

    async def test_something(postgres: PostgresServer) -> None:
        async with postgres.database() as url: ...
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

_DEBIAN_BINARIES = Path("/usr/lib/postgresql/15/bin")
_UNPRIVILEGED_USER = "nobody"
_SUPERUSER = "postgres"
_START_ATTEMPTS = 3
_COMMAND_SECONDS = 30

# Speed, not durability: the data does not outlive the tests. Nothing but loopback TCP is listened on.
_SETTINGS: dict[str, object] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
}


@dataclass(frozen=True)
class PostgresServer:
    """A running server; anybody on this machine may log in."""

    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        """SQLAlchemy URL of a database."""
        return f"postgresql+asyncpg://{_SUPERUSER}@127.0.0.1:{self.port}/{database}"

    @asynccontextmanager
    async def database(self, *, template: str = "template1") -> AsyncIterator[str]:
        """A fresh database for the length of the block; yields its URL.

        Args:
            template: name of a database to copy; nobody may be connected to it.
        """
        name = f"test_{next(self._numbers)}"
        await self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self.url(name)
        finally:
            await self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement as the superuser."""
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user=_SUPERUSER, database=database
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def private_postgres() -> Iterator[PostgresServer]:
    """A server of our own for the length of the block; skips the test if PostgreSQL is not installed."""
    binaries = _find_binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL: initdb and postgres are neither on PATH nor in {_DEBIAN_BINARIES}")
    # Not pytest's own temporary folder: that is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="assay-postgres-") as folder:
        cluster = _Cluster(binaries, Path(folder))
        cluster.initialize()
        with cluster.running() as port:
            yield PostgresServer(port)


class _Cluster:
    """The data folder of one server and the programs that work on it.

    PostgreSQL refuses to run as root, so root lends everything to an unprivileged user.
    """

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "server.log"
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(folder, _UNPRIVILEGED_USER)
            self._identity = {"user": _UNPRIVILEGED_USER, "extra_groups": []}

    def initialize(self) -> None:
        """Make the data folder, in a locale that sorts and folds as people do: there databases differ."""
        finished = subprocess.run(
            [
                self._binaries / "initdb",
                f"--pgdata={self._data}",
                f"--username={_SUPERUSER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=icu",
                "--icu-locale=en-US",
                "--no-sync",
            ],
            cwd=self._folder,
            timeout=_COMMAND_SECONDS,
            check=False,
            capture_output=True,
            text=True,
            **self._identity,
        )
        if finished.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{finished.stderr}")

    @contextmanager
    def running(self) -> Iterator[int]:
        """The server for the length of the block; yields its port."""
        server, port = self._start()
        try:
            yield port
        finally:
            server.send_signal(signal.SIGINT)  # "fast shutdown": clients are disconnected
            server.wait(_COMMAND_SECONDS)

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        for _ in range(_START_ATTEMPTS):  # somebody else may take the port before the server does
            port = _free_port()
            settings = [f"--{name}={value}" for name, value in (_SETTINGS | {"port": port}).items()]
            with self._log.open("ab") as log:
                server = subprocess.Popen(
                    [self._binaries / "postgres", "-D", self._data, *settings],
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    **self._identity,
                )
            if self._answers(server, port):
                return server, port
        raise RuntimeError(f"PostgreSQL does not start:\n{self._log.read_text()}")

    def _answers(self, server: subprocess.Popen[bytes], port: int) -> bool:
        """Wait until the server takes connections; False if it has ended instead."""
        probe: list[str | Path] = [
            self._binaries / "pg_isready",
            "--quiet",
            "--host=127.0.0.1",
            f"--port={port}",
        ]
        while server.poll() is None:
            if subprocess.run(probe, timeout=_COMMAND_SECONDS, check=False).returncode == 0:
                return True
            time.sleep(0.05)
        return False


def _find_binaries() -> Path | None:
    on_path = shutil.which("initdb")
    folders = [_DEBIAN_BINARIES] if on_path is None else [Path(on_path).resolve().parent, _DEBIAN_BINARIES]
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
