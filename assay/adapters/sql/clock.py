"""The present moment, as the registry records it."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from assay.domain.ids import uuid7

_RESOLUTION = timedelta(microseconds=1)
"""What both databases keep of an instant."""


def utc_now() -> datetime:
    """The current instant in UTC."""
    return datetime.now(UTC)


def utc_now_after(earlier: datetime) -> datetime:
    """The current instant, or just after `earlier` if the clock stands still or was set back."""
    return max(utc_now(), earlier + _RESOLUTION)


def new_id() -> UUID:
    """A new identifier; later ones sort after it."""
    return uuid7(time.time_ns(), secrets.token_bytes(8))
