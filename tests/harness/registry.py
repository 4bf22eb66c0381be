"""Registries in SQLite files with the newest schema, migrated once per process and copied."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from assay.adapters.sql import migrate

_FOLDER = tempfile.TemporaryDirectory(prefix="assay-registry-")
_TEMPLATE = Path(_FOLDER.name) / "template.sqlite"


async def new_registry(path: Path) -> str:
    """Make a registry without rows at a path; returns its URL."""
    if not _TEMPLATE.exists():
        made = _TEMPLATE.with_suffix(".new")
        await migrate(sqlite_url(made))
        made.rename(_TEMPLATE)
    shutil.copy(_TEMPLATE, path)
    return sqlite_url(path)


def sqlite_url(path: Path) -> str:
    """The URL of a registry in a file."""
    return f"sqlite+aiosqlite:///{path}"
