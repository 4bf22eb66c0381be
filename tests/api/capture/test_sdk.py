"""The unmodified Python SDK: what it sends is what is stored, however it sends it."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from posthog import Posthog
from posthog.ai.openai import OpenAI
from posthog.capture_v1 import CaptureV1Error
from posthog.request import DatetimeSerializer

from assay.adapters.testing import ScriptedModelServer
from tests.api.capture.running import CaptureServer
from tests.api.capture.server import TOKEN

MODES: dict[str, dict[str, Any]] = {
    "v0": {},
    "v0-gzip": {"gzip": True},
    "v0-historical": {"historical_migration": True},
    "v1": {"capture_mode": "v1"},
    "v1-gzip": {"capture_mode": "v1", "capture_compression": "gzip"},
    "v1-deflate": {"capture_mode": "v1", "capture_compression": "deflate"},
}


class Sdk:
    """A client of the SDK, what it was about to send, and what it reported."""

    def __init__(self, server: CaptureServer, **options: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.errors: list[Exception] = []
        self.trace_id = str(uuid4())
        self.client = Posthog(
            TOKEN,
            host=server.url,
            on_error=lambda error, _: self.errors.append(error),
            before_send=self._record,
            max_retries=0,
            **options,
        )

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        message["properties"]["$ai_trace_id"] = self.trace_id
        self.sent.append(copy.deepcopy(message))
        return message

    def expected(self) -> list[dict[str, Any]]:
        """The events as they should be stored."""
        return [
            {
                "event": message["event"],
                "uuid": str(UUID(message["uuid"])),
                "distinct_id": message["distinct_id"],
                "timestamp": datetime.fromisoformat(message["timestamp"]).astimezone(UTC),
                "properties": json.loads(json.dumps(_with_set(message), cls=DatetimeSerializer)),
            }
            for message in sorted(self.sent, key=lambda message: (message["timestamp"], message["uuid"]))
        ]


def _with_set(message: dict[str, Any]) -> dict[str, Any]:
    beside = {name: message[name] for name in ("$set", "$set_once") if name in message}
    return message["properties"] | beside


def stored(server: CaptureServer, trace_id: str) -> list[dict[str, Any]]:
    return [
        {
            "event": event["event"],
            "uuid": event["uuid"],
            "distinct_id": event["distinct_id"],
            "timestamp": datetime.fromisoformat(event["timestamp"]),
            "properties": event["properties"],
        }
        for event in server.trace(trace_id)
    ]


@pytest.fixture
def sdk(server: CaptureServer) -> Iterator[Callable[..., Sdk]]:
    made: list[Sdk] = []

    def make(**options: Any) -> Sdk:
        made.append(Sdk(server, **options))
        return made[-1]

    yield make
    for each in made:
        each.client.shutdown()


def send_everything(client: Posthog) -> None:
    """One event of each kind that the SDK has, with values that are easily spoilt on the way."""
    client.capture(
        "$ai_generation",
        distinct_id="ünïcødé 😀",
        timestamp=datetime.now(UTC) - timedelta(hours=3),
        properties={
            "$ai_model": "gpt-5",
            "$ai_input": [{"role": "user", "content": 'quotes " and \\ and \u2028 and \x00'}],
            "$ai_output_choices": [{"message": {"content": None}}],
            "$ai_latency": 0.1,
            "nan": float("nan"),
            "when": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
            "id": uuid4(),
            "empty": {},
            "dotted.key": {"dotted.key": [[], {}, [{}]]},
            "large": 2**53 + 1,
            "$session_id": "s-1",
            "$window_id": "w-1",
            "$process_person_profile": False,
        },
        groups={"company": "c-1"},
    )
    client.capture("no person", properties={"a": 1})
    client.capture("with a uuid", distinct_id="7", uuid=str(uuid4()))
    client.set(distinct_id="u", properties={"email": "e@example.com"})
    client.set_once(distinct_id="u", properties={"first": 1})
    client.group_identify("company", "c-1", {"seats": 5})
    client.alias("before", "after")
    try:
        raise ValueError("boom")
    except ValueError as error:
        client.capture_exception(error, distinct_id="u")


@pytest.mark.parametrize("mode", MODES)
def test_what_it_sends_is_what_is_stored(server: CaptureServer, sdk: Callable[..., Sdk], mode: str) -> None:
    sender = sdk(**MODES[mode])
    send_everything(sender.client)
    sender.client.flush()
    assert sender.errors == []
    assert len(sender.sent) == 8
    assert stored(server, sender.trace_id) == sender.expected()


def test_the_lane_for_ai_events_takes_large_ones(server: CaptureServer, sdk: Callable[..., Sdk]) -> None:
    sender = sdk()
    for number in range(3):
        # Two of these fill a request of this lane; the third is over what the plain lane takes.
        content = f"{number}é" * 1_000_000
        sender.client.capture_ai("$ai_generation", distinct_id="u", properties={"$ai_input": content})
    sender.client.flush()
    assert sender.errors == []
    assert len(sender.sent) == 3
    assert stored(server, sender.trace_id) == sender.expected()


@pytest.mark.parametrize("full_capture", [False, True])
def test_the_openai_wrapper(server: CaptureServer, sdk: Callable[..., Sdk], full_capture: bool) -> None:
    sender = sdk(enable_full_ai_capture=full_capture)
    with ScriptedModelServer() as model:
        openai = OpenAI(posthog_client=sender.client, api_key="k", base_url=model.base_url, max_retries=0)
        question = [{"role": "user", "content": "How are you?"}]
        answer = openai.chat.completions.create(
            model="gpt-5",
            messages=question,
            posthog_distinct_id="asker",
            posthog_trace_id=sender.trace_id,
            posthog_properties={"conversation": "c-9"},
        )
    sender.client.flush()
    assert sender.errors == []
    assert stored(server, sender.trace_id) == sender.expected()
    (event,) = server.trace(sender.trace_id)
    properties = event["properties"]
    assert event["event"] == "$ai_generation"
    assert event["distinct_id"] == "asker"
    assert properties["conversation"] == "c-9"
    assert properties["$ai_model"] == "gpt-5"
    assert properties["$ai_input"] == question
    assert properties["$ai_output_tokens"] == answer.usage.completion_tokens
    assert answer.choices[0].message.content in json.dumps(
        properties["$ai_output_choices"], ensure_ascii=False
    )


class TestRefusals:
    """The SDK must tell its user what was refused, and must not lose what was not."""

    def test_v0_when_every_event_is_refused(self, sdk: Callable[..., Sdk]) -> None:
        sender = sdk()
        sender.client.capture("too early", distinct_id="u", timestamp=datetime(1960, 1, 1, tzinfo=UTC))
        sender.client.flush()
        (error,) = sender.errors
        assert "`timestamp` is before 1970." in str(error)
        assert "400" in str(error)

    def test_v0_when_one_is(self, server: CaptureServer, sdk: Callable[..., Sdk]) -> None:
        sender = sdk(flush_at=2)
        sender.client.capture("too early", distinct_id="u", timestamp=datetime(1960, 1, 1, tzinfo=UTC))
        sender.client.capture("in time", distinct_id="u")
        sender.client.flush()
        assert sender.errors == []
        assert [event["event"] for event in server.trace(sender.trace_id)] == ["in time"]

    def test_v1(self, server: CaptureServer, sdk: Callable[..., Sdk]) -> None:
        sender = sdk(capture_mode="v1", flush_at=2)
        early = sender.client.capture("early", distinct_id="u", timestamp=datetime(1960, 1, 1, tzinfo=UTC))
        sender.client.capture("in time", distinct_id="u")
        sender.client.flush()
        (error,) = sender.errors
        assert isinstance(error, CaptureV1Error)
        assert error.drops == [(early, "`timestamp` is before 1970.")]
        assert [event["event"] for event in server.trace(sender.trace_id)] == ["in time"]

    @pytest.mark.parametrize("mode", ["v0", "v1"])
    def test_a_wrong_token(self, server: CaptureServer, mode: str) -> None:
        errors: list[Exception] = []
        client = Posthog(
            "phc_wrong",
            host=server.url,
            on_error=lambda error, _: errors.append(error),
            capture_mode=mode,
        )
        client.capture("e", distinct_id="u")
        client.shutdown()
        assert "is not valid" in str(errors[0])
        assert "401" in str(errors[0])


def test_it_finds_no_feature_flags_and_no_fault(
    sdk: Callable[..., Sdk], caplog: pytest.LogCaptureFixture
) -> None:
    client = sdk().client
    with caplog.at_level(logging.INFO, "posthog"):
        assert client.get_all_flags("u") == {}
        assert client.evaluate_flags("u").keys == []
        assert not client.evaluate_flags("u").is_enabled("beta")
    assert [record.message for record in caplog.records] == []
