"""What an evaluation takes of what arrived, and how it is cut into batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_batches import MAX_BATCH_TARGETS, Arrival, Origin
from assay.contracts.evaluations import Evaluation, EvaluationStatus, EvaluationType, OutputType
from assay.domain.conditions import CompiledConditions
from assay.domain.evaluations import verdict_event_id
from assay.domain.sampling import (
    MAX_BATCH_BYTES,
    MAX_BATCHES_IN_FLIGHT,
    MAX_IN_FLIGHT,
    Room,
    admitted,
    batches,
    choose,
    claims,
    has_room_again,
    room,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def arrival(number: int, size: int = 100) -> Arrival:
    at = NOW + timedelta(milliseconds=number)
    return Arrival(uuid=UUID(int=number + 1), timestamp=at, ingested_at=at, size=size)


ARRIVALS = [arrival(number) for number in range(12)]
ALL = {one.uuid for one in ARRIVALS}


@given(
    admits=st.sets(st.sampled_from(sorted(ALL))),
    known=st.sets(st.sampled_from(sorted(ALL))),
    places=st.integers(0, 13),
)
def test_what_is_taken_and_what_is_left_make_up_everything(
    admits: set[UUID], known: set[UUID], places: int
) -> None:
    wanted = [one for one in ARRIVALS if one.uuid in admits - known]
    chosen = choose(ARRIVALS, admits, known, room=Room(places, 10**9))
    assert list(chosen.taken) == wanted[:places]
    left = choose(ARRIVALS[chosen.seen :], admits, known, room=Room(99, 10**9))
    assert list(left.taken) == wanted[places:]


def test_large_events_take_no_more_room_than_their_batches() -> None:
    large = [arrival(number, MAX_BATCH_BYTES) for number in range(5)]
    chosen = choose(large, {one.uuid for one in large}, set(), room=room(0, MAX_BATCHES_IN_FLIGHT - 3))
    assert (len(chosen.taken), chosen.seen) == (3, 3)
    assert len(list(batches(chosen.taken))) == 3


def test_an_event_that_arrives_twice_is_taken_once() -> None:
    chosen = choose([*ARRIVALS[:2], *ARRIVALS[:2]], ALL, set(), room=Room(9, 10**9))
    assert list(chosen.taken) == ARRIVALS[:2]
    assert chosen.seen == 4


@given(st.lists(st.integers(0, MAX_BATCH_BYTES + 5), max_size=450))
def test_batches_are_bounded_and_lose_nothing(sizes: list[int]) -> None:
    targets = [arrival(number, size) for number, size in enumerate(sizes)]
    cut = list(batches(targets))
    assert [target for batch in cut for target in batch] == targets
    assert all(0 < len(batch) <= MAX_BATCH_TARGETS for batch in cut)
    assert all(len(batch) == 1 or sum(one.size for one in batch) <= MAX_BATCH_BYTES for batch in cut)


def test_batches_are_as_large_as_they_may_be() -> None:
    cut = list(batches([arrival(number) for number in range(2 * MAX_BATCH_TARGETS + 1)]))
    assert [len(batch) for batch in cut] == [MAX_BATCH_TARGETS, MAX_BATCH_TARGETS, 1]


def test_room_is_bounded_by_targets_and_by_batches() -> None:
    assert room(0, 0).targets == MAX_IN_FLIGHT
    assert room(MAX_IN_FLIGHT - 3, 1).targets == 3
    assert room(MAX_IN_FLIGHT + 3, 1).targets == 0
    assert room(0, MAX_BATCHES_IN_FLIGHT) == Room(0, 0)


def test_many_evaluations_share_what_a_project_may_have_in_flight() -> None:
    assert room(0, 0, evaluations=4).targets == MAX_IN_FLIGHT
    assert room(0, 0, evaluations=16).targets == MAX_IN_FLIGHT // 4
    assert room(0, 0, evaluations=5_000).targets == MAX_BATCH_TARGETS
    assert room(0, 2, evaluations=5_000).targets == 0


@given(st.integers(0, 2_000), st.integers(0, 20), st.integers(1, 100))
def test_whoever_has_room_again_may_claim_at_least_half_of_it(
    in_flight: int, batches: int, evaluations: int
) -> None:
    most = room(0, 0, evaluations=evaluations).targets
    if has_room_again(in_flight, batches, evaluations=evaluations):
        assert room(in_flight, batches, evaluations=evaluations).targets >= most // 2
    assert has_room_again(0, 0, evaluations=evaluations)


def test_claims_carry_the_identity_of_their_verdict() -> None:
    evaluation = _evaluation()
    [first, second] = claims(evaluation, ARRIVALS[:2], dispatch_id="d", origin=Origin.LIVE, first=7)
    assert first.batch == second.batch
    assert (first.batch.dispatch_id, first.batch.number) == ("d", 7)
    assert first.verdict_event_id == verdict_event_id(
        project_id=3, evaluation_id=evaluation.id, version=5, target=ARRIVALS[0].uuid, trigger=""
    )


def test_conditions_decide_by_properties_and_share() -> None:
    conditions = CompiledConditions(
        [
            {
                "id": "a",
                "rollout_percentage": 100,
                "properties": [{"key": "m", "value": "x", "operator": "exact", "type": "event"}],
            }
        ]
    )
    properties = {ARRIVALS[0].uuid: {"m": "x"}, ARRIVALS[1].uuid: {"m": "y"}}
    assert admitted(conditions, ARRIVALS[:3], properties, now=NOW) == {ARRIVALS[0].uuid}
    assert conditions.property_names == {"m"}


def test_a_share_that_has_no_room_needs_no_properties() -> None:
    conditions = CompiledConditions([{"id": "a", "rollout_percentage": 50, "properties": []}])
    assert conditions.property_names == frozenset()
    assert conditions.samples("event-2") is False  # lies at 88.88
    assert conditions.samples("trace-abc") is True  # lies at 38.57


def test_filters_on_persons_read_what_the_event_says_about_its_person() -> None:
    conditions = CompiledConditions(
        [
            {
                "id": "a",
                "rollout_percentage": 100,
                "properties": [{"key": "plan", "value": "pro", "operator": "exact", "type": "person"}],
            }
        ]
    )
    assert conditions.property_names == {"$set", "$set_once"}


def _evaluation() -> Evaluation:
    return Evaluation(
        id=uuid4(),
        project_id=3,
        version=5,
        name="n",
        evaluation_type=EvaluationType.HOG,
        evaluation_config={},
        output_type=OutputType.BOOLEAN,
        output_config={},
        status=EvaluationStatus.ACTIVE,
        status_reason=None,
        created_at=NOW,
        updated_at=NOW,
        created_by=None,
        enabled=True,
    )
