"""Open the event store that the settings name."""

from __future__ import annotations

from pathlib import Path

from assay.adapters.clickhouse.embedded import open_embedded
from assay.adapters.clickhouse.server import open_server
from assay.adapters.clickhouse.store import ClickHouseEventStore
from assay.errors import SetupError


def open_event_store(*, url: str | None, path: Path | None) -> ClickHouseEventStore:
    """The server at `url` if one is given, else the embedded engine in `path`.

    The schema is left as it is: `migrate()` brings it up to date.

    Args:
        url: `http(s)://user:password@host:8123/database`; the database is made if it is missing.
        path: folder of the embedded engine; made if it is missing.

    Raises:
        SetupError: as configured, the store cannot be opened; `detail` says what to change.
        StoreUnavailable: the server does not answer.
    """
    if url is not None:
        return ClickHouseEventStore(open_server(url))
    if path is not None:
        return ClickHouseEventStore(open_embedded(path))
    raise SetupError("The event store needs the URL of a ClickHouse server or a folder of its own.")
