"""Structured logs on stderr: for people in a terminal, JSON lines otherwise.

Ids, counts and codes are logged; prompts, completions and keys never are.
"""

from __future__ import annotations

import logging
import sys

import structlog

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
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
