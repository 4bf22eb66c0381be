"""What ingestion answers about events that it does not take."""

from __future__ import annotations

from enum import StrEnum

from assay.contracts.base import Contract


class RefusalCode(StrEnum):
    """Rule that a refused event breaks; also the label of the metric that counts refusals."""

    NOT_AN_OBJECT = "not_an_object"
    INVALID_EVENT_NAME = "invalid_event_name"
    INVALID_DISTINCT_ID = "invalid_distinct_id"
    INVALID_UUID = "invalid_uuid"
    INVALID_TIMESTAMP = "invalid_timestamp"
    TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"
    INVALID_PROPERTIES = "invalid_properties"
    PROPERTIES_TOO_DEEP = "properties_too_deep"
    PROPERTIES_TOO_LARGE = "properties_too_large"
    REFUSED_BY_STORE = "refused_by_store"


class Refusal(Contract):
    """One event of a request that was not stored.

    Attributes:
        index: position in the request, from 0.
        uuid: the event's uuid as it was sent, at most 200 characters; None if there was no text.
        event: the event's name as it was sent, at most 200 characters; None if there was no text.
        reason: one sentence for the person who sent it.
    """

    index: int
    uuid: str | None
    event: str | None
    code: RefusalCode
    reason: str
