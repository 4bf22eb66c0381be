"""What clients send as an event → an `Event`, or the reason why it is not one.

Clients differ in where they put things; the rules follow what PostHog's SDKs send. Two rules are Assay's:

- **The client's timestamp is kept as sent.** PostHog corrects it by the difference between `sent_at` and its
  own clock; a resend then gets another timestamp, and the day of the timestamp is part of what makes two
  rows the same event. A timestamp that cannot be meant (before 1970, or more than a day ahead of the server)
  is refused with a reason, never replaced: replaced, it would put the event into the wrong report.
- **Too long is refused, never cut**: a cut `distinct_id` would make two people one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson

from assay.contracts.capture import Refusal, RefusalCode
from assay.contracts.event_names import OWN
from assay.contracts.events import Event
from assay.domain.json_values import TooDeep, storable, well_formed

MAX_NAME_LENGTH = 200
"""Characters of an event's name."""

MAX_DISTINCT_ID_LENGTH = 400
"""Characters of a distinct id."""

MAX_LEVELS = 64
"""Nested objects and arrays in properties; the properties themselves count."""

MAX_PROPERTIES_BYTES = 8 * 1024 * 1024
"""Encoded properties of one event; as much as SDKs send on their lane for AI events."""

MAX_CLOCK_LEAD = timedelta(hours=24)
"""How far a client's clock may be ahead."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Earliest timestamp taken: devices without a clock start here, and the store's days do too."""

EVENT_NAMESPACE = UUID("0c5f5d0e-52c4-5b0b-8d0e-9a3f7c5e7b1d")
"""Namespace of ids of events that came without one. Changing it would make a resend a new event."""

_COMPUTED = 5
"""Version of UUIDs that follow from a name (RFC 9562 §5.5)."""

_MILLISECONDS_FROM = 10**11
"""Numeric timestamps from here on count milliseconds (1973 as milliseconds, the year 5138 as seconds)."""

_HEX_UUID = re.compile(r"[0-9a-f]{32}")

_TOP_LEVEL_PROPERTIES = {
    "$set": "$set",
    "$set_once": "$set_once",
    "session_id": "$session_id",
    "window_id": "$window_id",
}
"""Fields beside `properties` → the property that holds the same thing."""

_V1_OPTIONS = {
    "cookieless_mode": "$cookieless_mode",
    "disable_skew_correction": "$ignore_sent_at",
    "process_person_profile": "$process_person_profile",
    "product_tour_id": "$product_tour_id",
}
"""Fields of `options` in capture v1 → the property that SDKs made them from."""


class _Refused(Exception):
    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def normalise(
    raw: object,
    *,
    project_id: int,
    received_at: datetime,
    sent_at: datetime | None = None,
    index: int = 0,
    new_uuid: Callable[[], UUID] = uuid4,
) -> Event | Refusal:
    """One event of a request.

    An event without a uuid gets one that follows from its content, so that sending it again makes no second
    event. That needs a timestamp of its own; without one, every send is a new event.

    Args:
        raw: any JSON value.
        received_at: the server's clock, aware.
        sent_at: the client's clock when it sent the request, aware.
        index: position in the request.
        new_uuid: makes the uuid of an event that has neither uuid nor timestamp.

    Returns:
        The event, or why it is refused. Every JSON value gives one of the two; nothing is raised.
    """
    try:
        if not isinstance(raw, dict):
            raise _Refused(RefusalCode.NOT_AN_OBJECT, "An event must be a JSON object.")
        return _event(raw, project_id, received_at, sent_at, new_uuid)
    except _Refused as refused:
        return refusal(raw, index=index, code=refused.code, reason=refused.reason)


def refusal(raw: object, *, index: int, code: RefusalCode, reason: str) -> Refusal:
    """The refusal of `raw`, with what identifies it to its sender."""
    fields: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    return Refusal(
        index=index,
        uuid=_echo(fields.get("uuid")),
        event=_echo(fields.get("event")),
        code=code,
        reason=reason,
    )


def from_v1(raw: object, *, sdk: str) -> object:
    """An event of capture v1 in the form of capture v0.

    Args:
        sdk: the request's `PostHog-Sdk-Info` header, `name/version`; v1 events carry neither themselves.
    """
    if not isinstance(raw, dict):
        return raw
    sent = raw.get("properties")
    if sent is not None and not isinstance(sent, dict):
        return raw
    properties: dict[str, Any] = {}
    library, _, version = sdk.partition("/")
    if library and version:
        properties = {"$lib": library, "$lib_version": version}
    options = raw.get("options")
    if isinstance(options, dict):
        properties |= {_V1_OPTIONS[name]: options[name] for name in _V1_OPTIONS.keys() & options.keys()}
    return {**raw, "properties": properties | (sent or {})}


def parse_instant(value: object) -> datetime:
    """An instant as clients write it: ISO 8601 text (without a zone it is UTC) or a Unix time.

    Numbers from 10¹¹ on are milliseconds, smaller ones seconds.

    Returns:
        The instant in UTC.

    Raises:
        ValueError: it is neither, or outside the years 1 to 9999.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) >= _MILLISECONDS_FROM:
            return _shifted(EPOCH, milliseconds=value)
        return _shifted(EPOCH, seconds=value)
    if not isinstance(value, str):
        raise ValueError("not a timestamp")
    parsed = datetime.fromisoformat(value.strip().upper())
    try:
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


def _event(
    raw: Mapping[str, Any],
    project_id: int,
    received_at: datetime,
    sent_at: datetime | None,
    new_uuid: Callable[[], UUID],
) -> Event:
    name = _name(raw.get("event"))
    uuid = _uuid(raw.get("uuid"))
    own_timestamp = _own_timestamp(raw.get("timestamp"))
    timestamp = own_timestamp or _implied_timestamp(raw, received_at, sent_at)
    _check_range(timestamp, received_at)
    properties = _properties(raw)
    distinct_id = _distinct_id(raw, properties)
    encoded = _encoded(properties)
    if uuid is None and own_timestamp is not None:
        content = [project_id, name, distinct_id, own_timestamp.isoformat(), orjson.Fragment(encoded)]
        uuid = uuid5(EVENT_NAMESPACE, orjson.dumps(content))
    return Event(
        project_id=project_id,
        event=name,
        uuid=_unreserved(name, uuid or new_uuid()),
        distinct_id=distinct_id,
        timestamp=timestamp,
        properties=properties,
    )


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Refused(RefusalCode.INVALID_EVENT_NAME, "`event` must be a text that is not blank.")
    if len(value) > MAX_NAME_LENGTH:
        raise _Refused(
            RefusalCode.INVALID_EVENT_NAME, f"`event` is longer than {MAX_NAME_LENGTH} characters."
        )
    return well_formed(value)


def _unreserved(event: str, uuid: UUID) -> UUID:
    """Another uuid in place of one that could be that of an event of our own.

    Their uuids are version 5 and can be computed; a verdict that is sent must not replace one that was
    reached. It keeps its own one through any number of sends.
    """
    if event not in OWN or uuid.version != _COMPUTED:
        return uuid
    return uuid5(EVENT_NAMESPACE, str(uuid))


def _uuid(value: object) -> UUID | None:
    """The uuid sent; None for none, which is also what empty text and the nil UUID say."""
    if value is None or value == "":
        return None
    text = value.strip().lower() if isinstance(value, str) else ""
    digits = text.removeprefix("urn:uuid:").strip("{}").replace("-", "")
    if not _HEX_UUID.fullmatch(digits):
        raise _Refused(RefusalCode.INVALID_UUID, "`uuid` is not a UUID.")
    uuid = UUID(digits)
    return uuid if uuid.int else None


def _own_timestamp(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return parse_instant(value)
    except ValueError:
        raise _Refused(
            RefusalCode.INVALID_TIMESTAMP, "`timestamp` is neither ISO 8601 nor a Unix time."
        ) from None


def _implied_timestamp(raw: Mapping[str, Any], received_at: datetime, sent_at: datetime | None) -> datetime:
    """When an event without a timestamp happened: `offset` milliseconds before it was sent."""
    base = received_at
    if sent_at is not None and abs(sent_at - received_at) <= MAX_CLOCK_LEAD:
        base = sent_at
    offset = raw.get("offset")
    if offset is None:
        return base
    if isinstance(offset, bool) or not isinstance(offset, int | float):
        raise _Refused(RefusalCode.INVALID_TIMESTAMP, "`offset` is not a number of milliseconds.")
    try:
        return _shifted(base, milliseconds=-offset)
    except ValueError:
        raise _Refused(RefusalCode.TIMESTAMP_OUT_OF_RANGE, "`offset` leaves the calendar.") from None


def _shifted(instant: datetime, *, seconds: float = 0, milliseconds: float = 0) -> datetime:
    try:
        return instant + timedelta(seconds=seconds, milliseconds=milliseconds)
    except OverflowError:
        raise ValueError("outside the calendar") from None


def _check_range(timestamp: datetime, received_at: datetime) -> None:
    if timestamp < EPOCH:
        raise _Refused(RefusalCode.TIMESTAMP_OUT_OF_RANGE, "`timestamp` is before 1970.")
    if timestamp > received_at + MAX_CLOCK_LEAD:
        raise _Refused(
            RefusalCode.TIMESTAMP_OUT_OF_RANGE,
            "`timestamp` is more than 24 hours in the future: check the client's clock.",
        )


def _properties(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with what clients put beside them; where both say something, the properties win."""
    sent = raw.get("properties")
    if sent is not None and not isinstance(sent, dict):
        raise _Refused(RefusalCode.INVALID_PROPERTIES, "`properties` must be a JSON object.")
    properties = dict(sent or {})
    for field, name in _TOP_LEVEL_PROPERTIES.items():
        beside, within = raw.get(field), properties.get(name)
        if isinstance(beside, dict) and isinstance(within, dict):
            properties[name] = beside | within
        elif beside is not None:
            properties.setdefault(name, beside)
    try:
        clean: dict[str, Any] = storable(properties, levels=MAX_LEVELS)
    except TooDeep:
        raise _Refused(
            RefusalCode.PROPERTIES_TOO_DEEP, f"`properties` are nested deeper than {MAX_LEVELS} levels."
        ) from None
    return clean


def _distinct_id(raw: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    candidates = (
        fields.get(name) for fields in (raw, properties) for name in ("distinct_id", "$distinct_id")
    )
    value = next((candidate for candidate in candidates if candidate is not None), None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = storable(value, levels=0)
        value = None if number is None else str(number)
    if not isinstance(value, str) or not value.strip():
        raise _Refused(
            RefusalCode.INVALID_DISTINCT_ID, "`distinct_id` must be a number or a text that is not blank."
        )
    if len(value) > MAX_DISTINCT_ID_LENGTH:
        raise _Refused(
            RefusalCode.INVALID_DISTINCT_ID,
            f"`distinct_id` is longer than {MAX_DISTINCT_ID_LENGTH} characters.",
        )
    return well_formed(value)


def _encoded(properties: Mapping[str, Any]) -> bytes:
    encoded = orjson.dumps(properties, option=orjson.OPT_SORT_KEYS)
    if len(encoded) > MAX_PROPERTIES_BYTES:
        raise _Refused(
            RefusalCode.PROPERTIES_TOO_LARGE,
            f"`properties` have {len(encoded)} bytes; the limit is {MAX_PROPERTIES_BYTES}.",
        )
    return encoded


def _echo(value: object) -> str | None:
    return well_formed(value[:MAX_NAME_LENGTH]) if isinstance(value, str) else None
