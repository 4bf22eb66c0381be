"""The data folder of the embedded mode: made private, owned by one process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assay.errors import SetupError


def prepare(data_dir: Path) -> Path:
    """Make the folder (mode 0700 when new).

    Returns:
        Its absolute path.

    Raises:
        SetupError: it cannot be made or written.
    """
    absolute = data_dir.absolute()
    try:
        absolute.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"ASSAY_DATA_DIR: {absolute} cannot be made ({error.strerror}).") from error
    if not os.access(absolute, os.W_OK | os.X_OK):
        raise SetupError(f"ASSAY_DATA_DIR: {absolute} cannot be written by this user.")
    return absolute


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Hold the folder for the length of the block; the lock ends with the process, however it ends.

    Raises:
        SetupError: another process holds it; names its pid.
    """
    path = data_dir / "lock"
    # Close-on-exec (Python's default) keeps the lock out of the Temporal child.
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise SetupError(
                f"{data_dir} is in use by another Assay process (pid {owner}): "
                "stop it, or set ASSAY_DATA_DIR to another folder."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
