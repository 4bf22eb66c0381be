"""`kill -9` at any moment: what was acknowledged is there afterwards, and sending again is harmless."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.api.capture.running import capture_server
from tests.api.capture.server import TOKEN

SENDERS = 4
BEFORE_THE_KILL = 100


def made(trace_id: str) -> dict[str, Any]:
    return {
        "event": "$ai_generation",
        "distinct_id": "u",
        "uuid": str(uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"$ai_trace_id": trace_id, "$ai_input": "x" * 2000},
    }


class Traffic:
    """Requests from several senders, until the server is gone."""

    def __init__(self, url: str, trace_id: str) -> None:
        self.sent: list[dict[str, Any]] = []
        self.acknowledged: list[str] = []
        self.enough = threading.Event()
        self._url = url
        self._trace_id = trace_id

    def send(self) -> None:
        with httpx.Client(base_url=self._url, timeout=40) as client:
            while True:
                batch = [made(self._trace_id) for _ in range(3)]
                self.sent.extend(batch)
                try:
                    response = client.post("/batch/", json={"api_key": TOKEN, "batch": batch})
                except httpx.TransportError:
                    return
                assert response.json() == {"status": "Ok"}
                self.acknowledged.extend(event["uuid"] for event in batch)
                if len(self.acknowledged) >= BEFORE_THE_KILL:
                    self.enough.set()


def test_kill_while_events_arrive(tmp_path: Path) -> None:
    trace_id = str(uuid4())
    with capture_server(tmp_path) as server, ThreadPoolExecutor(SENDERS) as pool:
        traffic = Traffic(server.url, trace_id)
        senders = [pool.submit(traffic.send) for _ in range(SENDERS)]
        assert traffic.enough.wait(30)
        server.process.kill()
        for sender in senders:
            sender.result(30)
    with capture_server(tmp_path) as server:
        stored = [event["uuid"] for event in server.trace(trace_id)]
        assert len(stored) == len(set(stored))
        assert set(traffic.acknowledged) <= set(stored)
        # What a sender does that heard nothing, or does not know what it heard.
        for start in range(0, len(traffic.sent), 500):
            body = {"api_key": TOKEN, "batch": traffic.sent[start : start + 500]}
            server.client.post("/batch/", json=body).raise_for_status()
        resent = [event["uuid"] for event in server.trace(trace_id)]
        assert sorted(resent) == sorted(event["uuid"] for event in traffic.sent)


def test_a_stop_finishes_what_was_accepted(tmp_path: Path) -> None:
    trace_id = str(uuid4())
    with capture_server(tmp_path) as server, ThreadPoolExecutor(SENDERS) as pool:
        traffic = Traffic(server.url, trace_id)
        senders = [pool.submit(traffic.send) for _ in range(SENDERS)]
        assert traffic.enough.wait(30)
        server.process.terminate()
        assert server.process.wait(20) == 0
        for sender in senders:
            sender.result(30)
    with capture_server(tmp_path) as server:
        stored = {event["uuid"] for event in server.trace(trace_id)}
        assert set(traffic.acknowledged) <= stored
