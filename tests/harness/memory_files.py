"""All files of the tests in memory, where there is plenty: thousands of databases come and go."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108  (only folders of our own in it are used)
_PLENTY = 8 * 1024**3
_PREFIX = "assay-tests-"


def take_memory_folder() -> Path | None:
    """Make a folder in memory the one for temporary files, here and in all processes that are started.

    Returns:
        The folder, to be given back; None: there is no memory to spare, and nothing was changed.
    """
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _PLENTY:
        return None
    _remove_left_over()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_MEMORY))
    folder.chmod(0o711)  # PostgreSQL runs as another user
    os.environ["TMPDIR"] = str(folder)  # noqa: TID251  (so that processes inherit it)
    tempfile.tempdir = None
    return folder


def _remove_left_over() -> None:
    """Folders of suites that were killed."""
    for folder in _MEMORY.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
