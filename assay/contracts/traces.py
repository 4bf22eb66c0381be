"""What is known of traces."""

from __future__ import annotations

from assay.contracts.base import Contract


class TraceState(Contract):
    """What is known of a trace without reading it.

    Attributes:
        mark: changes whenever an event of the trace is added or sent again, at whatever time it happened.
        events, size: of the span of time that was asked about; size in bytes of properties.
        is_whole: whether all of its events are in that span.
    """

    mark: str
    events: int
    size: int
    is_whole: bool
