"""Dates that requests name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assay.domain.filters.dates import NamedDate


def moment(text: str, now: datetime, *, last: bool) -> datetime | None:
    """The beginning of a date, or its end if it is the last one; None if the text names none.

    Args:
        text: a date, a date and time (UTC where it names no offset), or a relative date like `-7d`.
        now: what relative dates count from.
    """
    named = NamedDate.parse(text.strip(), exact=False)
    if named is None:
        return None
    span = named.span(now)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=span.end if last else span.start)
