"""What is captured: repeatable generations, and a sender that behaves like an SDK."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

GENERATION = "$ai_generation"
TIERS = ("gold", "gold", "gold", "silver", "bronze")
"""Values of the property that the filters of the evaluations ask for; three fifths are gold."""

_BATCH = 60
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Sent:
    """An event as it is sent, now and whenever it is sent again."""

    uuid: str
    event: str
    timestamp: datetime
    properties: dict[str, Any]
    project_id: int = 1

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of capture v0."""
        return {
            "uuid": self.uuid,
            "event": self.event,
            "distinct_id": "user-1",
            "timestamp": self.timestamp.isoformat(),
            "properties": self.properties,
        }


def generations(count: int, draw: random.Random, *, days: int = 0, project_id: int = 1) -> list[Sent]:
    """Repeatable generations; one in fifty failed, and beside twenty of them there is a span.

    Args:
        days: timestamps lie anywhere in so many days, in no order; 0: they are of the last seconds.
    """
    now = datetime.now(UTC)
    sent = []
    for number in range(count):
        age = timedelta(seconds=draw.uniform(0, 86_400 * days) if days else draw.uniform(0, 5))
        sent.append(_generation(number, draw, now - age, project_id))
        if number % 20 == 0:
            sent.append(_span(draw, now - age))
    return sent


def _generation(number: int, draw: random.Random, timestamp: datetime, project_id: int) -> Sent:
    uuid = str(UUID(int=draw.getrandbits(128)))
    question = f"Question {number} of target-{uuid}: how do I reset my password?"
    properties: dict[str, Any] = {
        "$ai_trace_id": f"trace-{uuid}",
        "$ai_model": "gpt-5-mini",
        "$ai_input": [{"role": "user", "content": question}],
        "$ai_output_choices": [{"role": "assistant", "content": "Open the sign-in page. " * 4}],
        "tier": draw.choice(TIERS),
    }
    if draw.random() < 0.02:
        properties["$ai_is_error"] = True
    return Sent(uuid, GENERATION, timestamp, properties, project_id)


def _span(draw: random.Random, timestamp: datetime) -> Sent:
    uuid = str(UUID(int=draw.getrandbits(128)))
    return Sent(uuid, "$ai_span", timestamp, {"$ai_trace_id": f"trace-{uuid}", "tier": "gold"})


def in_batches(events: Sequence[Sent], draw: random.Random, *, repeated: float = 0.0) -> Iterator[list[Sent]]:
    """Cut events into batches of uneven size.

    Args:
        repeated: share of the batches that hold one of their events twice, and of those that come again
            later, whole.
    """
    first = 0
    earlier: list[list[Sent]] = []
    while first < len(events):
        size = draw.randint(1, _BATCH)
        batch = list(events[first : first + size])
        first += size
        if draw.random() < repeated:
            batch.insert(draw.randrange(len(batch) + 1), draw.choice(batch))
        yield batch
        earlier.append(batch)
        if draw.random() < repeated:
            yield list(draw.choice(earlier))


@dataclass
class Sender:
    """Sends batches one after another, each again until it is acknowledged.

    Attributes:
        url: tells where the engine is at the moment.
        per_second: events at most; 0 sends as fast as they are taken.
        acknowledged: uuid → when the engine had said that it has it.
        resent: requests that were not acknowledged, and sent again.
        refusals: answers that no repetition mends.
    """

    url: Callable[[], str]
    token: str
    batches: Iterable[Sequence[Sent]]
    per_second: float = 0.0
    acknowledged: dict[str, float] = field(default_factory=dict)
    resent: int = 0
    refusals: list[str] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def start(self) -> Sender:
        """Send in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()
        return self

    @property
    def is_done(self) -> bool:
        """Whether everything is acknowledged, or refused for good."""
        return self._thread is not None and not self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait until everything is acknowledged."""
        assert self._thread is not None
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise TimeoutError(f"{len(self.acknowledged)} events were acknowledged in {seconds:.0f} s")

    def _run(self) -> None:
        began, count = time.monotonic(), 0
        with httpx.Client(timeout=30) as client:
            for batch in self.batches:
                self._send(client, batch)
                count += len(batch)
                ahead = count / self.per_second - (time.monotonic() - began) if self.per_second else 0.0
                time.sleep(max(0.0, ahead))

    def _send(self, client: httpx.Client, batch: Sequence[Sent]) -> None:
        body = {"api_key": self.token, "batch": [event.body for event in batch]}
        while True:
            try:
                response = client.post(f"{self.url()}/batch/", json=body)
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code < 500:
                break
            self.resent += 1
            time.sleep(_PAUSE_SECONDS)
        if response.status_code != 200 or "refused" in response.json():
            self.refusals.append(response.text)
            return
        now = time.time()
        for event in batch:
            self.acknowledged.setdefault(event.uuid, now)
