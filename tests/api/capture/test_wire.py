"""The endpoints over HTTP: what browser SDKs and plain clients send, and how each is answered."""

from __future__ import annotations

import base64
import gzip
import json
import sys
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.api.capture.running import CaptureServer
from tests.api.capture.server import API_KEY, TOKEN

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

V0_PATHS = ["/batch", "/capture", "/e", "/i/v0/e", "/i/v0/ai/batch"]
V1_PATH = "/i/v1/analytics/events"
LIMIT = 20 * 1024 * 1024


def made(trace_id: str, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "event": "$ai_generation",
        "distinct_id": "u",
        "uuid": str(uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"$ai_trace_id": trace_id},
    } | changes
    return {name: value for name, value in fields.items() if value is not ...}


@pytest.fixture
def trace_id() -> str:
    return str(uuid4())


def post_v1(
    server: CaptureServer, batch: list[Any], token: str = TOKEN, headers: dict[str, str] | None = None
) -> httpx.Response:
    body = {"created_at": datetime.now(UTC).isoformat(), "batch": batch}
    sent = {"Authorization": f"Bearer {token}", "PostHog-Sdk-Info": "posthog-test/1.0"} | (headers or {})
    return server.client.post(V1_PATH, json=body, headers=sent)


@pytest.mark.parametrize("path", [path + slash for path in V0_PATHS for slash in ("", "/")])
def test_every_v0_path(server: CaptureServer, trace_id: str, path: str) -> None:
    response = server.client.post(path, json={"api_key": TOKEN, "batch": [made(trace_id)]})
    assert response.status_code == 200
    assert response.json() == {"status": "Ok"}
    assert len(server.trace(trace_id)) == 1


class TestBrowserForms:
    """What posthog-js sends; properties hold the token and the distinct id."""

    @pytest.fixture
    def event(self, trace_id: str) -> dict[str, Any]:
        properties = {"token": TOKEN, "distinct_id": "browser", "$ai_trace_id": trace_id, "$current_url": "é"}
        return made(trace_id, distinct_id=..., properties=properties, offset=3)

    def check(self, server: CaptureServer, response: httpx.Response, event: dict[str, Any]) -> None:
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "*"
        (stored,) = server.trace(event["properties"]["$ai_trace_id"])
        assert stored["distinct_id"] == "browser"
        assert stored["properties"] == event["properties"]
        assert datetime.fromisoformat(stored["timestamp"]) == datetime.fromisoformat(event["timestamp"])

    def post(self, server: CaptureServer, query: str, body: bytes, content_type: str) -> httpx.Response:
        headers = {"Content-Type": content_type, "Origin": "https://app.example.com"}
        return server.client.post(f"/e/?_=1779015600000&ver=1.2&ip=1{query}", content=body, headers=headers)

    def test_gzip(self, server: CaptureServer, event: dict[str, Any]) -> None:
        body = gzip.compress(json.dumps([event]).encode())
        self.check(server, self.post(server, "&compression=gzip-js", body, "text/plain"), event)

    def test_base64(self, server: CaptureServer, event: dict[str, Any]) -> None:
        body = b"data=" + quote(base64.b64encode(json.dumps([event]).encode())).encode()
        content_type = "application/x-www-form-urlencoded"
        self.check(server, self.post(server, "&compression=base64", body, content_type), event)

    def test_json(self, server: CaptureServer, event: dict[str, Any]) -> None:
        self.check(server, self.post(server, "", json.dumps(event).encode(), "application/json"), event)

    def test_get(self, server: CaptureServer, event: dict[str, Any]) -> None:
        headers = {"Origin": "https://app.example.com"}
        response = server.client.get("/e/", params={"data": json.dumps(event), "_": "1"}, headers=headers)
        self.check(server, response, event)

    def test_get_without_data(self, server: CaptureServer) -> None:
        response = server.client.get("/e/")
        assert (response.status_code, response.json()["code"]) == (400, "parse_error")

    def test_a_time_that_is_counted_back_from_sending(self, server: CaptureServer, trace_id: str) -> None:
        sent_at = datetime.now(UTC).replace(microsecond=0)
        event = made(trace_id, timestamp=..., offset=1500)
        milliseconds = int(sent_at.timestamp() * 1000)
        server.client.post(f"/e/?_={milliseconds}", json=event | {"api_key": TOKEN}).raise_for_status()
        (stored,) = server.trace(trace_id)
        assert datetime.fromisoformat(stored["timestamp"]) == sent_at - timedelta(seconds=1.5)

    @pytest.mark.parametrize("path", [*V0_PATHS, V1_PATH, "/flags", "/decide/"])
    def test_preflight(self, server: CaptureServer, path: str) -> None:
        asked = "authorization,content-encoding,content-type,posthog-sdk-info"
        headers = {
            "Origin": "https://app.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": asked,
        }
        response = server.client.options(path, headers=headers)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["access-control-allow-headers"] == asked
        assert "POST" in response.headers["access-control-allow-methods"]

    def test_errors_can_be_read_by_browsers(self, server: CaptureServer) -> None:
        response = server.client.post("/e/", content=b"{", headers={"Origin": "https://app.example.com"})
        assert response.status_code == 400
        assert response.headers["access-control-allow-origin"] == "*"

    def test_plain_options(self, server: CaptureServer) -> None:
        assert server.client.options("/e/").status_code == 204


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress)],
)
@pytest.mark.parametrize("version", ["v0", "v1"])
def test_content_encodings(
    server: CaptureServer, trace_id: str, encoding: str, compress: Any, version: str
) -> None:
    body = json.dumps({"api_key": TOKEN, "batch": [made(trace_id)]}).encode()
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    path = "/batch/"
    if version == "v1":
        path = V1_PATH
        headers["Authorization"] = f"Bearer {TOKEN}"
    server.client.post(path, content=compress(body), headers=headers).raise_for_status()
    assert len(server.trace(trace_id)) == 1


class TestWholeRequestsThatAreRefused:
    def refused(self, response: httpx.Response, status: int, code: str) -> dict[str, Any]:
        assert response.status_code == status, response.text
        body: dict[str, Any] = response.json()
        assert set(body) == {"type", "code", "detail", "attr"}
        assert body["code"] == code
        return body

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"not json", b"data=", b"\x1f\x8bbroken", b"\x00\xff", b"[" * 50_000],
    )
    def test_malformed(self, server: CaptureServer, body: bytes) -> None:
        self.refused(server.client.post("/batch/", content=body), 400, "parse_error")

    @pytest.mark.parametrize("batch", [[], None, {}, "text"])
    def test_no_batch(self, server: CaptureServer, batch: object) -> None:
        response = server.client.post("/batch/", json={"api_key": TOKEN, "batch": batch})
        assert self.refused(response, 400, "invalid_input")["attr"] == "batch"

    def test_no_token(self, server: CaptureServer, trace_id: str) -> None:
        response = server.client.post("/batch/", json={"batch": [made(trace_id)]})
        assert "`api_key`" in self.refused(response, 401, "not_authenticated")["detail"]
        response = server.client.post(V1_PATH, json={"api_key": TOKEN, "batch": [made(trace_id)]})
        assert "bearer" in self.refused(response, 401, "not_authenticated")["detail"]

    @pytest.mark.parametrize("token", ["phc_unknown", API_KEY, "x" * 5000, "\ud800", "a\0b", " "])
    def test_unknown_tokens(self, server: CaptureServer, trace_id: str, token: str) -> None:
        body = json.dumps({"api_key": token, "batch": [made(trace_id)]}).encode()
        detail = self.refused(server.client.post("/batch/", content=body), 401, "authentication_failed")[
            "detail"
        ]
        assert "`api_key`" in detail
        assert token not in detail or token == " "

    def test_events_of_several_projects(self, server: CaptureServer, trace_id: str) -> None:
        events = [made(trace_id, api_key=TOKEN), made(trace_id, api_key="phc_other")]
        assert self.refused(server.client.post("/e/", json=events), 400, "invalid_input")["attr"] == "api_key"

    @pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "snappy"])
    def test_encodings_that_are_not_read(self, server: CaptureServer, encoding: str) -> None:
        response = server.client.post("/batch/", content=b"x", headers={"Content-Encoding": encoding})
        self.refused(response, 415, "unsupported_media_type")

    def test_more_than_twenty_mebibytes(self, server: CaptureServer) -> None:
        self.refused(server.client.post("/batch/", content=b" " * (LIMIT + 1)), 413, "request_too_large")

    def test_more_than_twenty_mebibytes_in_chunks(self, server: CaptureServer) -> None:
        chunks = (b" " * 65_536 for _ in range(LIMIT // 65_536 + 1))
        self.refused(server.client.post("/batch/", content=chunks), 413, "request_too_large")

    @pytest.mark.parametrize(
        ("encoding", "compress"),
        [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress)],
    )
    def test_bombs(self, server: CaptureServer, encoding: str, compress: Any) -> None:
        bomb = compress(b" " * (5 * LIMIT))
        response = server.client.post("/batch/", content=bomb, headers={"Content-Encoding": encoding})
        self.refused(response, 413, "request_too_large")

    def test_too_many_events(self, server: CaptureServer) -> None:
        response = server.client.post("/batch/", json={"api_key": TOKEN, "batch": [1] * 10_001})
        self.refused(response, 413, "request_too_large")

    def test_methods(self, server: CaptureServer) -> None:
        self.refused(server.client.put("/batch/", content=b"{}"), 405, "method_not_allowed")
        self.refused(server.client.get("/batch/"), 405, "method_not_allowed")


class TestRefusedEvents:
    def test_v0_names_each_and_stores_the_rest(self, server: CaptureServer, trace_id: str) -> None:
        bad = made(trace_id, uuid="not-a-uuid")
        batch = [made(trace_id), 5, made(trace_id), bad]
        response = server.client.post("/batch/", json={"api_key": TOKEN, "batch": batch})
        assert response.status_code == 200
        assert response.json() == {
            "status": "Ok",
            "refused": [
                {
                    "index": 1,
                    "uuid": None,
                    "event": None,
                    "code": "not_an_object",
                    "reason": "An event must be a JSON object.",
                },
                {
                    "index": 3,
                    "uuid": "not-a-uuid",
                    "event": "$ai_generation",
                    "code": "invalid_uuid",
                    "reason": "`uuid` is not a UUID.",
                },
            ],
        }
        assert len(server.trace(trace_id)) == 2

    def test_v0_is_a_400_when_nothing_is_left(self, server: CaptureServer, trace_id: str) -> None:
        response = server.client.post("/e/", json=made(trace_id, event=" ", api_key=TOKEN))
        assert response.status_code == 400
        body = response.json()
        assert body.pop("refused")[0]["index"] == 0
        assert body == {
            "type": "validation_error",
            "code": "invalid_event_name",
            "detail": "`event` must be a text that is not blank.",
            "attr": None,
        }

    def test_v1_answers_for_each_uuid_as_it_was_sent(self, server: CaptureServer, trace_id: str) -> None:
        upper = str(uuid4()).upper()
        good, odd = made(trace_id), made(trace_id, uuid=upper)
        bad = made(trace_id, distinct_id="")
        response = post_v1(server, [good, odd, bad, 5])
        assert response.status_code == 200
        assert response.json() == {
            "results": {
                good["uuid"]: {"result": "ok"},
                upper: {"result": "ok"},
                bad["uuid"]: {
                    "result": "drop",
                    "details": "`distinct_id` must be a number or a text that is not blank.",
                },
                "[3]": {"result": "drop", "details": "An event must be a JSON object."},
            }
        }

    def test_v1_when_nothing_is_left(self, server: CaptureServer, trace_id: str) -> None:
        bad = made(trace_id, event=...)
        response = post_v1(server, [bad])
        assert response.status_code == 200
        assert response.json()["results"][bad["uuid"]]["result"] == "drop"

    def test_they_are_counted(self, server: CaptureServer, trace_id: str) -> None:
        def counted(name: str) -> float:
            lines = server.client.get("/metrics").text.splitlines()
            return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

        names = ("assay_events_accepted_total", 'assay_events_refused_total{reason="not_an_object"}')
        before = [counted(name) for name in names]
        body = {"api_key": TOKEN, "batch": [made(trace_id), made(trace_id), None]}
        server.client.post("/batch/", json=body).raise_for_status()
        assert [counted(name) - old for name, old in zip(names, before, strict=True)] == [2, 1]


class TestLeniency:
    def test_one_bad_character_loses_nothing(self, server: CaptureServer, trace_id: str) -> None:
        body = (
            b'{"api_key": "%s", "batch": [{"event": "$ai_generation", "distinct_id": "u", "properties":'
            b' {"$ai_trace_id": "%s", "nan": NaN, "half": "\\ud83d", "bytes": "\xff", "big": 1e999}}]}'
        ) % (TOKEN.encode(), trace_id.encode())
        server.client.post("/batch/", content=body).raise_for_status()
        (stored,) = server.trace(trace_id)
        assert stored["properties"] == {
            "$ai_trace_id": trace_id,
            "nan": None,
            "half": "\ufffd",
            "bytes": "\ufffd",
            "big": None,
        }

    def test_v1_headers_are_optional(self, server: CaptureServer, trace_id: str) -> None:
        headers = {"PostHog-Sdk-Info": "", "PostHog-Request-Timestamp": "nonsense"}
        response = post_v1(server, [made(trace_id)], headers=headers)
        assert response.status_code == 200
        (stored,) = server.trace(trace_id)
        assert stored["properties"] == {"$ai_trace_id": trace_id}

    def test_v1_events_may_speak_of_tokens(self, server: CaptureServer, trace_id: str) -> None:
        events = [
            made(trace_id, properties={"$ai_trace_id": trace_id, "token": word}) for word in ("one", "two")
        ]
        assert post_v1(server, events).status_code == 200
        assert len(server.trace(trace_id)) == 2


class TestResends:
    def test_of_a_uuid(self, server: CaptureServer, trace_id: str) -> None:
        event = made(trace_id)
        for path in ("/batch/", "/e/", "/i/v0/ai/batch/"):
            server.client.post(path, json={"api_key": TOKEN, "batch": [event, event]}).raise_for_status()
        assert post_v1(server, [event]).status_code == 200
        assert [stored["uuid"] for stored in server.trace(trace_id)] == [event["uuid"]]
        day = date.fromisoformat(event["timestamp"][:10])
        found = server.find("$ai_generation", event["uuid"], day)
        assert found is not None
        assert found["distinct_id"] == "u"

    def test_without_a_uuid(self, server: CaptureServer, trace_id: str) -> None:
        event = made(trace_id, uuid=...)
        for sent_at in ("2026-05-17T11:00:00Z", "2026-05-17T11:00:30Z"):
            body = {"api_key": TOKEN, "batch": [event], "sent_at": sent_at}
            server.client.post("/batch/", json=body).raise_for_status()
        assert len(server.trace(trace_id)) == 1

    def test_without_uuid_and_timestamp(self, server: CaptureServer, trace_id: str) -> None:
        body = {"api_key": TOKEN, "batch": [made(trace_id, uuid=..., timestamp=...)]}
        for _ in range(2):
            server.client.post("/batch/", json=body).raise_for_status()
        assert len(server.trace(trace_id)) == 2
