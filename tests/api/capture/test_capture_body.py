"""Taking request bodies apart."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_shim.capture_body import MAX_EVENTS, CaptureBatch, read_batch
from assay.errors import FieldError, MalformedRequest, RequestError, RequestTooLarge, UnsupportedMediaType

EVENT = {"event": "e", "distinct_id": "d"}


def read(body: bytes | object, *, encoding: str = "", token: str | None = None, **query: str) -> CaptureBatch:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_batch(content, encoding=encoding, query=query, token=token)


class TestForms:
    TEXT = json.dumps({"api_key": "t", "batch": [EVENT]})

    @pytest.mark.parametrize(
        ("body", "query"),
        [
            (TEXT.encode(), {}),
            (gzip.compress(TEXT.encode(), mtime=0), {"compression": "gzip-js"}),
            (gzip.compress(TEXT.encode(), mtime=0), {}),
            (TEXT.encode(), {"compression": "gzip-js"}),  # a proxy has unpacked it
            (b"data=" + quote(base64.b64encode(TEXT.encode())).encode(), {"compression": "base64"}),
            (b"data=" + base64.b64encode(TEXT.encode()), {}),
            (b"data=" + base64.b64encode(gzip.compress(TEXT.encode(), mtime=0)), {}),
            (urlencode({"data": TEXT, "ip": "1"}).encode(), {}),
            (b"\xef\xbb\xbf" + TEXT.encode(), {}),
        ],
    )
    def test_all_say_the_same(self, body: bytes, query: dict[str, str]) -> None:
        batch = read(body, **query)
        assert batch.token == "t"
        assert batch.events == [EVENT]
        assert batch.size >= len(self.TEXT)

    def test_plus_signs_that_a_form_turned_into_blanks(self) -> None:
        text = json.dumps({"token": "t", "event": "~~~???"})
        encoded = base64.b64encode(text.encode()).decode()
        assert "+" in encoded
        assert read(f"data={encoded}".encode()).events == [json.loads(text)]

    def test_compressed_data_inside_a_compressed_body(self) -> None:
        body = gzip.compress(b"data=" + quote(base64.b64encode(self.TEXT.encode())).encode())
        assert read(body, encoding="gzip").events == [EVENT]

    def test_lz_string(self) -> None:
        with pytest.raises(UnsupportedMediaType, match="LZ-string"):
            read(b"data=x", compression="lz64")

    @pytest.mark.parametrize("body", [b"", b"{", b"data=", b"data=%%%", b"data=e30", b"\xff", b"[" * 100_000])
    def test_malformed(self, body: bytes) -> None:
        with pytest.raises(RequestError):
            read(body)

    @given(st.binary())
    def test_any_bytes_give_a_batch_or_a_refusal(self, body: bytes) -> None:
        with contextlib.suppress(RequestError):
            read(body)


class TestLeniency:
    """What strict parsers refuse must not cost a batch."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (b"[NaN]", float("nan")),
            (b'["\\ud800"]', "\ud800"),
            (b'["\xff"]', "\ufffd"),
            (b"[1" + b"0" * 5000 + b"]", float("inf")),
            (b"[-Infinity]", -float("inf")),
        ],
    )
    def test_values(self, text: bytes, value: object) -> None:
        (event,) = read(text).events
        assert repr(event) == repr(value)

    def test_nesting_that_one_event_has(self) -> None:
        deep = b'{"a":' * 1000 + b"1" + b"}" * 1000
        assert len(read(b"[1," + deep + b"]").events) == 2

    def test_nesting_beyond_any_parser(self) -> None:
        with pytest.raises(MalformedRequest):
            read(b"[" * 200_000 + b"]" * 200_000)


class TestEvents:
    @pytest.mark.parametrize(
        ("body", "events"),
        [
            ({"batch": [1, "two", EVENT]}, [1, "two", EVENT]),
            ([EVENT, EVENT], [EVENT, EVENT]),
            (EVENT, [EVENT]),
        ],
    )
    def test_batches_lists_and_single_events(self, body: object, events: list[Any]) -> None:
        assert read(body).events == events

    @pytest.mark.parametrize("body", [{"batch": []}, [], {"batch": None}, {"batch": EVENT}, 5, None, "text"])
    def test_no_events(self, body: object) -> None:
        with pytest.raises(FieldError) as error:
            read(body)
        assert error.value.attr == "batch"

    def test_too_many(self) -> None:
        assert len(read([1] * MAX_EVENTS).events) == MAX_EVENTS
        with pytest.raises(RequestTooLarge):
            read([1] * (MAX_EVENTS + 1))


class TestToken:
    @pytest.mark.parametrize(
        "body",
        [
            {"api_key": "t", "batch": [EVENT]},
            {"token": "t", "batch": [EVENT]},
            {"$token": "t", "batch": [EVENT]},
            {"api_key": "", "token": "t", "batch": [EVENT]},
            EVENT | {"api_key": "t"},
            EVENT | {"properties": {"token": "t"}},
            [EVENT | {"$token": "t"}, EVENT],
            [EVENT, EVENT | {"properties": {"token": "t"}}, EVENT | {"token": "t"}],
            {"batch": [EVENT | {"properties": {"$token": "t"}}]},
            {"api_key": "t", "batch": [EVENT | {"properties": {"token": "a word of the model's"}}]},
            EVENT | {"token": "t", "properties": {"token": "a word of the model's"}},
        ],
    )
    def test_where_it_is_found(self, body: object) -> None:
        assert read(body).token == "t"

    @pytest.mark.parametrize("body", [EVENT, [EVENT], {"batch": [5]}, {"api_key": 5, "batch": [EVENT]}])
    def test_missing(self, body: object) -> None:
        assert read(body).token is None

    def test_one_request_is_for_one_project(self) -> None:
        with pytest.raises(FieldError) as error:
            read([EVENT | {"token": "a"}, EVENT | {"token": "b"}])
        assert error.value.attr == "api_key"

    def test_one_named_outside_the_body_settles_it(self) -> None:
        events = [EVENT | {"properties": {"token": "a"}}, EVENT | {"properties": {"token": "b"}}]
        assert read({"batch": events}, token="t").token == "t"


@pytest.mark.parametrize(
    ("fields", "query", "expected"),
    [
        ({"sent_at": "2026-05-17T11:00:00Z"}, {}, datetime(2026, 5, 17, 11, tzinfo=UTC)),
        ({}, {"_": "1779015600000"}, datetime(2026, 5, 17, 11, tzinfo=UTC)),
        ({"sent_at": "2026-05-17T11:00:00Z"}, {"_": "1"}, datetime(2026, 5, 17, 11, tzinfo=UTC)),
        ({"sent_at": "nonsense"}, {}, None),
        ({"sent_at": None}, {}, None),
        ({}, {"_": "nonsense"}, None),
        ({}, {}, None),
    ],
)
def test_when_it_was_sent(fields: dict[str, Any], query: dict[str, str], expected: datetime | None) -> None:
    assert read({"batch": [EVENT]} | fields, **query).sent_at == expected
