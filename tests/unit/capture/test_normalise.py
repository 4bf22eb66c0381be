"""From what clients send to events and refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.capture import Refusal, RefusalCode
from assay.contracts.event_names import OWN
from assay.contracts.events import Event
from assay.domain.capture import MAX_PROPERTIES_BYTES, normalise, parse_instant
from assay.domain.evaluations import VERDICT_NAMESPACE

NOW = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)
UUID_TEXT = "0198c3a1-7b2e-7c4d-9e5f-0123456789ab"


def read(raw: object, **options: Any) -> Event | Refusal:
    return normalise(raw, project_id=7, received_at=NOW, **options)


def event(raw: object, **options: Any) -> Event:
    outcome = read(raw, **options)
    assert isinstance(outcome, Event), outcome
    return outcome


def code(raw: object, **options: Any) -> RefusalCode:
    outcome = read(raw, **options)
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


def raw(**changes: Any) -> dict[str, Any]:
    fields = {
        "event": "$ai_generation",
        "distinct_id": "u1",
        "uuid": UUID_TEXT,
        "timestamp": "2026-05-17T11:00:00Z",
        "properties": {"$ai_model": "m"},
    } | changes
    return {name: value for name, value in fields.items() if value is not ...}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
NEAR_EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["$ai_trace", "", " ", "x" * 201]) | JSON,
        "distinct_id": st.sampled_from(["u", 5, 5.5, "y" * 401]) | JSON,
        "$distinct_id": JSON,
        "uuid": st.uuids().map(str) | JSON,
        "timestamp": st.datetimes().map(str)
        | st.datetimes(timezones=st.just(UTC)).map(str)
        | st.integers()
        | st.floats()
        | JSON,
        "offset": st.integers() | st.floats() | JSON,
        "properties": st.dictionaries(st.sampled_from(["$set", "distinct_id", "token", "a.b"]), JSON) | JSON,
        "$set": JSON,
        "$set_once": JSON,
        "session_id": JSON,
        "window_id": JSON,
    },
)


@given(JSON | NEAR_EVENTS, st.none() | st.datetimes(timezones=st.just(UTC)))
def test_every_json_value_gives_an_event_or_a_refusal(value: object, sent_at: datetime | None) -> None:
    outcome = read(value, sent_at=sent_at, index=3)
    if isinstance(outcome, Refusal):
        assert outcome.index == 3
        assert outcome.reason
        return
    assert outcome.project_id == 7
    assert outcome.event.strip()
    assert outcome.distinct_id.strip()
    assert datetime(1970, 1, 1, tzinfo=UTC) <= outcome.timestamp <= NOW + timedelta(hours=24)
    outcome.model_dump_json()


@pytest.mark.parametrize("value", [None, 5, "text", [], [{}]])
def test_only_objects_are_events(value: object) -> None:
    assert code(value) is RefusalCode.NOT_AN_OBJECT


@pytest.mark.parametrize("name", [..., None, "", "  ", 5, ["a"], "x" * 201])
def test_names_that_are_refused(name: object) -> None:
    assert code(raw(event=name)) is RefusalCode.INVALID_EVENT_NAME


def test_the_longest_name() -> None:
    assert event(raw(event="x" * 200)).event == "x" * 200


class TestDistinctId:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"distinct_id": "u"}, "u"),
            ({"distinct_id": 42}, "42"),
            ({"distinct_id": 4.5}, "4.5"),
            ({"distinct_id": ..., "$distinct_id": "d"}, "d"),
            ({"distinct_id": ..., "properties": {"distinct_id": "p"}}, "p"),
            ({"distinct_id": None, "properties": {"$distinct_id": 9}}, "9"),
            ({"distinct_id": "own", "properties": {"distinct_id": "p"}}, "own"),
            ({"distinct_id": "z" * 400}, "z" * 400),
        ],
    )
    def test_where_it_is_found(self, fields: dict[str, Any], expected: str) -> None:
        assert event(raw(**fields)).distinct_id == expected

    @pytest.mark.parametrize("value", [..., None, "", " ", True, [], {}, float("nan"), 10**400, "z" * 401])
    def test_refused(self, value: object) -> None:
        assert code(raw(distinct_id=value)) is RefusalCode.INVALID_DISTINCT_ID


class TestUuid:
    @pytest.mark.parametrize(
        "text",
        [
            UUID_TEXT,
            UUID_TEXT.upper(),
            UUID_TEXT.replace("-", ""),
            f"urn:uuid:{UUID_TEXT}",
            f" {{{UUID_TEXT}}}",
        ],
    )
    def test_forms(self, text: str) -> None:
        assert event(raw(uuid=text)).uuid == UUID(UUID_TEXT)

    @pytest.mark.parametrize("value", ["abc", 5, [], True, UUID_TEXT[:-1], "+" + "0" * 31, "٣" * 32])
    def test_refused(self, value: object) -> None:
        assert code(raw(uuid=value)) is RefusalCode.INVALID_UUID

    @pytest.mark.parametrize("nothing", [..., None, "", str(UUID(int=0))])
    def test_without_one_the_content_decides(self, nothing: object) -> None:
        first = event(raw(uuid=nothing, properties={"a": 1, "b": {"c": 2, "d": 3}}))
        again = normalise(
            raw(uuid=nothing, properties={"b": {"d": 3, "c": 2}, "a": 1}),
            project_id=7,
            received_at=NOW + timedelta(hours=1),
            sent_at=NOW,
        )
        assert isinstance(again, Event)
        assert first.uuid == again.uuid
        assert first.uuid.version == 5

    @pytest.mark.parametrize(
        "change",
        [
            {"event": "other"},
            {"distinct_id": "other"},
            {"timestamp": "2026-05-17T11:00:00.000001Z"},
            {"properties": {"$ai_model": "n"}},
        ],
    )
    def test_other_content_is_another_event(self, change: dict[str, Any]) -> None:
        assert event(raw(uuid=...)).uuid != event(raw(uuid=...) | change).uuid

    def test_projects_do_not_share_ids(self) -> None:
        other = normalise(raw(uuid=...), project_id=8, received_at=NOW)
        assert isinstance(other, Event)
        assert other.uuid != event(raw(uuid=...)).uuid

    def test_without_a_timestamp_every_send_is_a_new_event(self) -> None:
        bare = raw(uuid=..., timestamp=...)
        assert event(bare).uuid != event(bare).uuid
        fixed = uuid4()
        assert event(bare, new_uuid=lambda: fixed).uuid == fixed

    def test_it_is_pinned(self) -> None:
        # Another value would make the resend of a request, across an upgrade, a second event.
        assert event(raw(uuid=...)).uuid == UUID("bd82a3ae-2ef0-5c17-8681-6f50ed45def5")


class TestTimestamp:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("2026-05-17T11:00:00Z", "2026-05-17T11:00:00+00:00"),
            ("2026-05-17t11:00:00.5z", "2026-05-17T11:00:00.500000+00:00"),
            ("2026-05-17T13:00:00+02:00", "2026-05-17T11:00:00+00:00"),
            ("2026-05-17T13:00:00+02", "2026-05-17T11:00:00+00:00"),
            ("2026-05-17 11:00:00", "2026-05-17T11:00:00+00:00"),
            ("2026-05-17T11:00:00.123456789Z", "2026-05-17T11:00:00.123456+00:00"),
            ("2026-05-17", "2026-05-17T00:00:00+00:00"),
            (" 2026-05-17T11:00:00Z ", "2026-05-17T11:00:00+00:00"),
            (1_779_015_600_000, "2026-05-17T11:00:00+00:00"),
            (1_779_015_600_000.5, "2026-05-17T11:00:00.000500+00:00"),
            (1_779_015_600, "2026-05-17T11:00:00+00:00"),
            (0, "1970-01-01T00:00:00+00:00"),
        ],
    )
    def test_forms(self, value: object, expected: str) -> None:
        assert event(raw(timestamp=value)).timestamp.isoformat() == expected

    @pytest.mark.parametrize(
        "value", ["yesterday", "17/05/2026", True, [], {}, float("nan"), 10**400, "2026-13-01"]
    )
    def test_unreadable(self, value: object) -> None:
        assert code(raw(timestamp=value)) is RefusalCode.INVALID_TIMESTAMP

    @pytest.mark.parametrize(
        "value", ["1969-12-31T23:59:59Z", "2026-05-18T12:00:00.000001Z", "9999-12-31", -1]
    )
    def test_out_of_range(self, value: object) -> None:
        assert code(raw(timestamp=value)) is RefusalCode.TIMESTAMP_OUT_OF_RANGE

    def test_a_day_ahead_is_taken(self) -> None:
        assert event(raw(timestamp="2026-05-18T12:00:00Z")).timestamp == NOW + timedelta(days=1)

    def test_the_clients_clock_does_not_move_it(self) -> None:
        skewed = event(raw(), sent_at=NOW + timedelta(hours=2))
        assert skewed.timestamp == datetime(2026, 5, 17, 11, 0, tzinfo=UTC)

    @pytest.mark.parametrize("nothing", [..., None, ""])
    def test_missing_is_when_it_was_sent(self, nothing: object) -> None:
        sent_at = NOW - timedelta(minutes=5)
        assert event(raw(timestamp=nothing)).timestamp == NOW
        assert event(raw(timestamp=nothing), sent_at=sent_at).timestamp == sent_at

    def test_a_senseless_client_clock_is_ignored(self) -> None:
        assert event(raw(timestamp=...), sent_at=NOW + timedelta(days=900)).timestamp == NOW

    def test_offset_counts_back_from_sending(self) -> None:
        offset = raw(timestamp=..., offset=1500)
        sent_at = NOW - timedelta(minutes=5)
        assert event(offset).timestamp == NOW - timedelta(seconds=1.5)
        assert event(offset, sent_at=sent_at).timestamp == sent_at - timedelta(seconds=1.5)
        assert event(raw(offset=1500)).timestamp == datetime(2026, 5, 17, 11, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("offset", "expected"),
        [
            ("5", RefusalCode.INVALID_TIMESTAMP),
            (True, RefusalCode.INVALID_TIMESTAMP),
            (float("nan"), RefusalCode.TIMESTAMP_OUT_OF_RANGE),
            (10**400, RefusalCode.TIMESTAMP_OUT_OF_RANGE),
            (10**13, RefusalCode.TIMESTAMP_OUT_OF_RANGE),
        ],
    )
    def test_offsets_that_are_refused(self, offset: object, expected: RefusalCode) -> None:
        assert code(raw(timestamp=..., offset=offset)) is expected

    @given(st.datetimes(timezones=st.timezones()))
    def test_iso_text_round_trips(self, instant: datetime) -> None:
        try:
            expected = instant.astimezone(UTC)
        except OverflowError:
            with pytest.raises(ValueError, match="calendar"):
                parse_instant(instant.isoformat())
        else:
            assert parse_instant(instant.isoformat()) == expected


class TestProperties:
    @pytest.mark.parametrize("value", [[], "text", 5, True])
    def test_only_objects(self, value: object) -> None:
        assert code(raw(properties=value)) is RefusalCode.INVALID_PROPERTIES

    @pytest.mark.parametrize("value", [..., None, {}])
    def test_missing_is_empty(self, value: object) -> None:
        assert event(raw(properties=value)).properties == {}

    def test_what_stands_beside_them_moves_in(self) -> None:
        fields = {"$set": {"a": 1}, "$set_once": {"b": 2}, "session_id": "s", "window_id": "w"}
        assert event(raw(**fields, properties={"c": 3})).properties == {
            "$set": {"a": 1},
            "$set_once": {"b": 2},
            "$session_id": "s",
            "$window_id": "w",
            "c": 3,
        }

    def test_the_properties_win(self) -> None:
        inside = {"$set": {"a": "inside"}, "$session_id": "inside"}
        beside = {"$set": {"a": "beside", "b": 1}, "session_id": "beside"}
        assert event(raw(**beside, properties=inside)).properties == {
            "$set": {"a": "inside", "b": 1},
            "$session_id": "inside",
        }

    def test_depth(self) -> None:
        def nested(levels: int) -> dict[str, Any]:
            return {"a": nested(levels - 1)} if levels > 1 else {}

        assert event(raw(properties=nested(64))).properties == nested(64)
        assert code(raw(properties=nested(65))) is RefusalCode.PROPERTIES_TOO_DEEP
        assert code(raw(properties={"a": 1}, **{"$set": nested(64)})) is RefusalCode.PROPERTIES_TOO_DEEP

    def test_size(self) -> None:
        overhead = len('{"a":""}')
        assert event(raw(properties={"a": "x" * (MAX_PROPERTIES_BYTES - overhead)}))
        too_large = raw(properties={"a": "x" * (MAX_PROPERTIES_BYTES - overhead + 1)})
        assert code(too_large) is RefusalCode.PROPERTIES_TOO_LARGE

    def test_bad_values_cost_no_event(self) -> None:
        properties = {"nan": float("nan"), "text": "a\ud800", "big": 2**70}
        assert event(raw(properties=properties)).properties == {
            "nan": None,
            "text": "a\ufffd",
            "big": 2.0**70,
        }

    def test_the_request_is_not_changed(self) -> None:
        inside: dict[str, Any] = {"a": 1}
        event(raw(properties=inside, session_id="s"))
        assert inside == {"a": 1}


def test_a_refusal_says_which_event_it_is() -> None:
    outcome = read(raw(uuid="not-a-uuid", event="name\ud800"), index=12)
    assert outcome == Refusal(
        index=12,
        uuid="not-a-uuid",
        event="name\ufffd",
        code=RefusalCode.INVALID_UUID,
        reason="`uuid` is not a UUID.",
    )


def test_a_refusal_echoes_a_bounded_text() -> None:
    outcome = read({"event": "x" * 10_000, "uuid": ["u"]})
    assert isinstance(outcome, Refusal)
    assert outcome.event == "x" * 200
    assert outcome.uuid is None


@pytest.mark.parametrize("name", OWN)
def test_what_is_sent_does_not_replace_a_verdict_or_another_event_of_ours(name: str) -> None:
    own_id = uuid5(VERDICT_NAMESPACE, "1/evaluation/1/target/")
    first, second = (event(raw(event=name, uuid=str(own_id))) for _ in range(2))
    assert first.uuid == second.uuid != own_id


def test_other_events_and_other_uuids_are_not_a_verdicts() -> None:
    computed = uuid5(VERDICT_NAMESPACE, "1/evaluation/1/target/")
    assert event(raw(uuid=str(computed))).uuid == computed
    assert event(raw(event="$ai_evaluation")).uuid == UUID(UUID_TEXT)
