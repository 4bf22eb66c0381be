from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.harness.memory_files import take_memory_folder
from tests.harness.postgres import PostgresServer, private_postgres

# A busy machine is no failure of the code: what must be quick is measured by `assay bench`.
settings.register_profile("assay", deadline=None)
settings.load_profile("assay")

# Who starts the suite in the background has it ignore Ctrl-C, and so would the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What is imported and collected stays: nobody need look at it again and again.
gc.disable()

_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")  # it has the folder of who started it
    if not is_worker and not config.option.basetemp and (folder := take_memory_folder()) is not None:
        config.stash[_FOLDER] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    if _FOLDER in config.stash:
        shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


# The library's own default draws tracebacks with all local variables, half a second each.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests of this process that take databases from it."""
    with private_postgres() as server:
        yield server
