"""From driver errors to the error catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from clickhouse_connect.driver.exceptions import DataError, Error

from assay.errors import EventsRejected, StoreUnavailable, WorkError

BAD_VALUE_CODES: Final = {
    6: "CANNOT_PARSE_TEXT",
    27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
    38: "CANNOT_PARSE_DATE",
    41: "CANNOT_PARSE_DATETIME",
    53: "TYPE_MISMATCH",
    69: "ARGUMENT_OUT_OF_BOUND",
    70: "CANNOT_CONVERT_TYPE",
    72: "CANNOT_PARSE_NUMBER",
    117: "INCORRECT_DATA",
    306: "TOO_DEEP_RECURSION",
    321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    376: "CANNOT_PARSE_UUID",
    407: "DECIMAL_OVERFLOW",
    467: "CANNOT_PARSE_BOOL",
}
"""ClickHouse error codes that an insert answers when a value, not the store, is at fault."""


@contextmanager
def driver_errors(*, inserting: bool = False) -> Iterator[None]:
    """Turn errors of the driver, which wraps those of the network, and of the disk into the catalogue's.

    Args:
        inserting: whether a value that the store cannot take means `EventsRejected`.

    Raises:
        EventsRejected: the store refuses a value.
        StoreUnavailable: anything else; the same call may succeed later.
    """
    try:
        yield
    except (Error, OSError) as error:
        raised = _catalogue_error(error, inserting=inserting)
        if isinstance(raised, EventsRejected):
            # The driver's message quotes the event, so it must not reach a log as the cause.
            raise raised from None
        raise raised from error


def _catalogue_error(error: Exception, *, inserting: bool) -> WorkError:
    code = error.code if isinstance(error, Error) else None
    name = error.name if isinstance(error, Error) else None
    reason = f"{name or 'error'} {code}" if code is not None else type(error).__name__
    if inserting and (code in BAD_VALUE_CODES or isinstance(error, DataError)):
        return EventsRejected(f"The event store refuses a value ({reason}).")
    return StoreUnavailable(f"The event store did not answer ({reason}).")
