"""Bodies of capture requests: what the SDKs send, taken apart.

Server SDKs send JSON, often compressed and marked by `Content-Encoding`. Browser SDKs avoid headers that
would cost a preflight request: they send gzip data as text (`?compression=gzip-js`) or a form whose field
`data` holds JSON, plain or in base64. So the body itself decides, not its content type.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from api_shim.bodies import MAX_BODY_BYTES
from api_shim.compression import GZIP_MAGIC, decompressed
from assay.domain.capture import parse_instant
from assay.errors import FieldError, MalformedRequest, RequestTooLarge, UnsupportedMediaType

MAX_EVENTS = 10_000
"""Events of one request; SDKs that are told that a request is too large send it in halves."""

_TOKEN_FIELDS = ("api_key", "token", "$token")
_MAX_FORM_FIELDS = 20
_LONGEST_INT = 400
"""Digits of an integer that still counts as one; with more it is beyond every number type anyway."""


@dataclass(frozen=True, slots=True)
class CaptureBatch:
    """A capture request.

    Attributes:
        token: the project's ingestion token, None if there is none.
        events: at least one; any JSON values.
        sent_at: the client's clock when it sent the request, if it says so.
        size: bytes of the decompressed body.
    """

    token: str | None
    events: list[Any]
    sent_at: datetime | None
    size: int


def read_batch(
    body: bytes, *, encoding: str, query: Mapping[str, str], token: str | None = None
) -> CaptureBatch:
    """Take a request body apart.

    Args:
        encoding: the value of `Content-Encoding`; empty for none.
        query: the query parameters.
        token: the ingestion token, if the request names it outside its body.

    Raises:
        UnsupportedMediaType: the compression is not one that is read.
        RequestTooLarge: there is more than 20 MiB of content, or more than `MAX_EVENTS` events.
        MalformedRequest: the body is not JSON in one of the forms above.
        FieldError: the JSON is not a batch of events, or the events name several projects.
    """
    content = _content(decompressed(body, encoding, limit=MAX_BODY_BYTES), query.get("compression", ""))
    value = _json(content)
    envelope = value if isinstance(value, dict) else {}
    events = _events(value)
    return CaptureBatch(
        token=token or _text(envelope, _TOKEN_FIELDS) or _common_token(events),
        events=events,
        sent_at=_sent_at(envelope, query),
        size=len(content),
    )


def instant_or_none(value: object) -> datetime | None:
    """The instant that a client names beside its events; what cannot be read is as good as nothing."""
    try:
        return parse_instant(value)
    except ValueError:
        return None


def _content(body: bytes, compression: str) -> bytes:
    if compression == "lz64":
        raise UnsupportedMediaType("LZ-string compression is not supported: update the SDK, or use gzip.")
    if body.startswith(GZIP_MAGIC):
        return decompressed(body, "gzip", limit=MAX_BODY_BYTES)
    if body.startswith(b"data="):
        return _form_data(body)
    return body


def _form_data(body: bytes) -> bytes:
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=_MAX_FORM_FIELDS))
    except ValueError as error:
        raise MalformedRequest(f"Form parse error - {error}") from None
    data = fields.get("data", "").strip()
    if data.startswith(("{", "[")):
        return data.encode()
    try:
        # A plus sign that the client did not escape has become a blank.
        content = base64.b64decode(data.replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedRequest("Form parse error - `data` is neither JSON nor base64.") from None
    return _content(content, "") if content.startswith(GZIP_MAGIC) else content


def _json(content: bytes) -> Any:
    """The JSON value; text that only lenient parsers take (NaN, lone surrogates, broken UTF-8) is taken.

    One bad character must not lose a batch; what it becomes is decided event by event.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(content.decode("utf-8-sig", "replace"), parse_int=_bounded_int)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"JSON parse error - {error}") from None


def _bounded_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else float(digits)


def _events(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = value.get("batch", [value])
    if not isinstance(value, list):
        raise FieldError("Expected a list of events.", attr="batch")
    if not value:
        raise FieldError("There are no events in this request.", attr="batch")
    if len(value) > MAX_EVENTS:
        raise RequestTooLarge(f"The request has more than {MAX_EVENTS} events.")
    return value


def _common_token(events: list[Any]) -> str | None:
    tokens = set(_event_tokens(events))
    if len(tokens) > 1:
        raise FieldError("All events of a request must name the same project.", attr="api_key")
    return next(iter(tokens), None)


def _event_tokens(events: list[Any]) -> Iterator[str]:
    for event in events:
        if isinstance(event, dict):
            token = _text(event, _TOKEN_FIELDS) or _text(event.get("properties"), ("token", "$token"))
            if token is not None:
                yield token


def _text(fields: Any, names: tuple[str, ...]) -> str | None:
    values = (fields.get(name) for name in names) if isinstance(fields, dict) else ()
    return next((value for value in values if isinstance(value, str) and value), None)


def _sent_at(envelope: Mapping[str, Any], query: Mapping[str, str]) -> datetime | None:
    if "sent_at" in envelope:
        return instant_or_none(envelope["sent_at"])
    milliseconds = query.get("_", "")
    return (
        instant_or_none(int(milliseconds)) if len(milliseconds) == 13 and milliseconds.isdecimal() else None
    )
