from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.harness.postgres import PostgresServer, private_postgres

# A busy machine is no failure of the code: what must be quick is measured by `assay bench`.
settings.register_profile("assay", deadline=None)
settings.load_profile("assay")

# Who starts the suite in the background has it ignore Ctrl-C, and so would the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

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
