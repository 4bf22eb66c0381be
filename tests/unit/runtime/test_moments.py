"""Points in time as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assay.runtime.cli.moments import moment

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", "2026-11-21T12:00:00+00:00"),
        ("24h", "2026-11-20T12:30:00+00:00"),
        ("7d", "2026-11-14T12:30:00+00:00"),
        (" 2w ", "2026-11-07T12:30:00+00:00"),
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T08:00", "2026-11-01T08:00:00+00:00"),
        ("2026-11-01T08:00:00Z", "2026-11-01T08:00:00+00:00"),
        ("2026-11-01T08:00:00+02:00", "2026-11-01T06:00:00+00:00"),
    ],
)
def test_a_moment(text: str, expected: str) -> None:
    read = moment(text, NOW)
    assert (read.isoformat(), read.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-7d", "7y", "1.5h", "٧d", "yesterday", "2026-13-01", "999999w"]
)
def test_no_moment(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        moment(text, NOW)
