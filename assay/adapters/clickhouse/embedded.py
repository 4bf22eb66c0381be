"""Open the embedded engine."""

from __future__ import annotations

import fcntl
import resource
from contextlib import suppress
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error

from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.statement_settings import STATEMENT_SETTINGS
from assay.errors import SetupError

_HANDLES = 4
"""Statements that run at once; a handle runs one. On two cores, four read 75 % more than one."""

_OPEN_FILES = 65_536
"""A merge opens each file of the parts it merges, some hundreds; shells often allow 256 or 1,024."""

_LOCK_FILE = "status"
"""The engine locks this file of its folder while it runs."""


def open_embedded(path: Path) -> Connection:
    """The embedded engine in a folder, which is made if it is missing.

    Raises:
        SetupError: the folder cannot be used, or another process uses it.
    """
    folder = path.absolute()
    if "?" in str(folder):
        # The engine would take what follows for options and write to another folder.
        raise SetupError(f"The event store cannot use {folder}: the path holds a question mark.")
    _raise_open_file_limit()
    clients: list[Client] = []
    try:
        while len(clients) < _HANDLES:
            clients.append(_open_handle(folder))
    except Error as error:
        for client in clients:
            client.close()
        raise SetupError(_why_not(folder, error)) from error
    return Connection(clients)


def _raise_open_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # the system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _open_handle(folder: Path) -> Client:
    return clickhouse_connect.get_client(
        interface="chdb", path=str(folder), settings=dict(STATEMENT_SETTINGS), tz_mode="aware"
    )


def _why_not(folder: Path, error: Error) -> str:
    if "already initialized with path" in str(error):
        return f"The event store in {folder} cannot be opened: this process has another one open."
    if _locked_by_another_process(folder):
        return (
            f"The event store in {folder} is open in another process, and only one can use it: "
            "stop that process, or work through its API."
        )
    return f"The event store in {folder} cannot be opened; check that the folder is readable and writable."


def _locked_by_another_process(folder: Path) -> bool:
    try:
        with (folder / _LOCK_FILE).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
