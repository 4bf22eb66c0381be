"""Structured logs on stderr: for people in a terminal, JSON lines otherwise.

Ids, counts and codes are logged; prompts, completions and keys never are.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from temporalio.exceptions import ApplicationError

from assay.errors import catalogue

_EXPECTED: Final = frozenset(error.code for error in catalogue())
"""Failures that say all there is to say in one line: providers and stores that are away."""

_QUIET = (
    "aiosqlite",
    "alembic",
    "asyncio",
    "clickhouse_connect",
    "httpcore",
    "httpx",
    "LiteLLM",
    "litellm",
    "posthog",
    "temporalio.worker._worker",
    "urllib3",
    "uvicorn.access",
    "uvicorn.error",
)


def configure_logs(level: int = logging.INFO) -> None:
    """Send structlog and the standard library's loggers through one renderer."""
    terminal = sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
    ]
    # Plain tracebacks: the fancy ones print local variables, prompts and keys among them.
    human = structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)
    renderer: structlog.typing.Processor = human if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *(() if terminal else (structlog.processors.format_exc_info,)),
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_in_a_line)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _in_a_line(record: logging.LogRecord) -> bool:
    """Say what an expected failure of an activity is, instead of where in the code it was noticed."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ApplicationError) and error.type in _EXPECTED:
        record.msg, record.args = f"{record.getMessage()}: {error.type}: {error.message}", None
        record.exc_info = record.exc_text = None
    return True
