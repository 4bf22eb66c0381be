"""Claiming targets on real stores: what is sampled, once, whatever happens in between."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.evaluation_states import EvaluationStates
from activities.evaluation_streams import EvaluationStreamActivities
from assay.adapters.clickhouse import ClickHouseEvaluationTargets
from assay.contracts.evaluation_batches import (
    Claim,
    ClaimedPage,
    ClaimPageInput,
    Dispatched,
    DispatchInput,
    Origin,
    Position,
)
from assay.contracts.evaluations import Evaluation, EvaluationType
from assay.contracts.events import EVALUATION, GENERATION, Event
from assay.domain.conditions import in_rollout
from assay.domain.sampling import MAX_IN_FLIGHT
from tests.activities.world import PROJECT, World

EVERYTHING = [{"id": "all", "rollout_percentage": 100, "properties": []}]


class Stream:
    """The activities of a stream, and what a stream remembers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.targets = ClickHouseEvaluationTargets(world.events.connection)
        self.activities = EvaluationStreamActivities(
            registry=world.registry, targets=self.targets, states=EvaluationStates(world.registry)
        )
        self.positions: dict[UUID, Position] = {}

    async def dispatch(
        self,
        dispatch_id: str = "",
        *,
        attempt: int = 1,
        in_flight: Mapping[UUID, tuple[int, int]] = MappingProxyType({}),
        forget: bool = False,
    ) -> Dispatched:
        """One dispatch; `forget`: its result is lost."""
        given = DispatchInput(
            project_id=PROJECT,
            dispatch_id=dispatch_id or str(uuid4()),
            positions=self.positions,
            in_flight=dict(in_flight),
        )
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        dispatched = await environment.run(self.activities.dispatch, given)
        if not forget:
            self.positions = dispatched.positions
        return dispatched

    async def page(self, evaluation: Evaluation, origin: Origin, **changes: Any) -> ClaimedPage:
        known = {
            "project_id": PROJECT,
            "evaluation_id": evaluation.id,
            "dispatch_id": str(uuid4()),
            "origin": origin,
            "since": datetime.now(UTC) - timedelta(days=1),
            "until": datetime.now(UTC) + timedelta(seconds=1),
        }
        given = ClaimPageInput.model_validate(known | changes)
        return await ActivityEnvironment().run(self.activities.claim_page, given)

    def claims(self, dispatched: Dispatched | ClaimedPage) -> list[Claim]:
        return [claim for batch in dispatched.batches for claim in self.targets.claims_in(batch.ref)]

    def claimed(self, dispatched: Dispatched | ClaimedPage) -> set[UUID]:
        return {claim.target for claim in self.claims(dispatched)}

    def capture(self, count: int, at: datetime | None = None, **properties: Any) -> list[Event]:
        events = [generation(at, **properties) for _ in range(count)]
        self.world.events.insert(events)
        return events


def generation(at: datetime | None = None, **properties: Any) -> Event:
    return Event(
        project_id=PROJECT,
        event=GENERATION,
        uuid=uuid4(),
        distinct_id="user-1",
        timestamp=at or datetime.now(UTC),
        properties={"$ai_trace_id": "t", **properties},
    )


def _verdict(claim: Claim, target: Event) -> Event:
    properties = {"$ai_evaluation_id": str(claim.batch.evaluation_id), "$ai_evaluation_result": True}
    return target.model_copy(
        update={"event": EVALUATION, "uuid": claim.verdict_event_id, "properties": properties}
    )


def uuids(events: Sequence[Event]) -> set[UUID]:
    return {event.uuid for event in events}


@pytest.fixture
def stream(world: World) -> Stream:
    return Stream(world)


async def test_what_arrived_is_claimed_once(world: World, stream: Stream) -> None:
    stream.capture(3)  # before the evaluation is there
    evaluation = await world.evaluation(conditions=EVERYTHING)
    events = stream.capture(450)
    dispatched = await stream.dispatch()
    assert stream.claimed(dispatched) == uuids(events)
    assert [batch.size for batch in dispatched.batches] == [200, 200, 50]
    assert {batch.evaluation_name for batch in dispatched.batches} == {evaluation.name}
    again = await stream.dispatch()
    assert (again.batches, again.matched, again.filtered) == ((), 0, 0)


async def test_conditions_and_share_decide(world: World, stream: Stream) -> None:
    condition = {"key": "$ai_model", "value": "gpt-5", "operator": "exact", "type": "event"}
    await world.evaluation(conditions=[{"id": "a", "rollout_percentage": 40, "properties": [condition]}])
    wanted = stream.capture(60, **{"$ai_model": "gpt-5"})
    stream.capture(60, **{"$ai_model": "gpt-4"})
    dispatched = await stream.dispatch()
    assert stream.claimed(dispatched) == {one for one in uuids(wanted) if in_rollout(str(one), 40)}
    assert dispatched.matched + dispatched.filtered == 120


async def test_conditions_on_long_properties_read_them(world: World, stream: Stream) -> None:
    condition = {"key": "$ai_output", "value": "refund", "operator": "icontains", "type": "event"}
    await world.evaluation(conditions=[{"id": "a", "rollout_percentage": 100, "properties": [condition]}])
    wanted = stream.capture(2, **{"$ai_output": "A Refund is on its way."})
    stream.capture(2, **{"$ai_output": "No."})
    assert stream.claimed(await stream.dispatch()) == uuids(wanted)


async def test_an_event_that_is_sent_again_is_not_claimed_again(world: World, stream: Stream) -> None:
    await world.evaluation(conditions=EVERYTHING)
    events = stream.capture(5)
    await stream.dispatch()
    world.events.insert(events)
    new = stream.capture(1)
    assert stream.claimed(await stream.dispatch()) == uuids(new)


async def test_a_change_does_not_claim_what_is_sent_again(world: World, stream: Stream) -> None:
    evaluation = await world.evaluation(conditions=EVERYTHING)
    events = stream.capture(5)
    await stream.dispatch()
    changed = await world.registry.evaluations.update(
        PROJECT,
        evaluation.id,
        lambda now: now.model_copy(update={"evaluation_config": {"prompt": "Pass if it is short."}}),
    )
    assert changed is not None
    assert changed.version == 2
    world.events.insert(events)
    assert stream.claimed(await stream.dispatch()) == set()


async def test_an_arrival_that_is_shown_late_is_claimed(world: World, stream: Stream) -> None:
    await world.evaluation(conditions=EVERYTHING)
    events = stream.capture(5)
    await stream.dispatch()
    last = stream.targets.last_arrival(PROJECT)
    assert last is not None
    late = uuid4()
    world.events.connection.command(
        "INSERT INTO arrivals (project_id, ingested_at, uuid, timestamp, size) SELECT "
        f"{PROJECT}, ingested_at - toIntervalMicrosecond(1), toUUID('{late}'), timestamp, 10 FROM arrivals "
        f"WHERE project_id = {PROJECT} AND uuid = toUUID('{last.uuid}')"
    )
    assert stream.claimed(await stream.dispatch()) == {late}
    assert late not in uuids(events)


async def test_a_lost_result_is_found_again_and_gone_on_from(world: World, stream: Stream) -> None:
    await world.evaluation(conditions=EVERYTHING)
    first = stream.capture(250)
    lost = await stream.dispatch("the-dispatch", forget=True)
    second = stream.capture(30)
    found = await stream.dispatch("the-dispatch", attempt=2)
    assert stream.claimed(found) == uuids(first) | uuids(second)
    assert {batch.ref for batch in lost.batches} < {batch.ref for batch in found.batches}
    assert sum(batch.size for batch in found.batches) == 280
    assert (await stream.dispatch()).batches == ()


async def test_an_evaluation_without_room_waits_and_others_go_on(world: World, stream: Stream) -> None:
    slow = await world.evaluation(conditions=EVERYTHING)
    quick = await world.evaluation(conditions=EVERYTHING)
    await stream.dispatch()
    events = stream.capture(30)
    before = stream.positions
    dispatched = await stream.dispatch(in_flight={slow.id: (MAX_IN_FLIGHT - 10, 8)})
    sizes = {batch.ref.evaluation_id: batch.size for batch in dispatched.batches}
    assert sizes == {slow.id: 10, quick.id: 30}
    assert dispatched.blocked == (slow.id,)
    assert before[slow.id] != dispatched.positions[slow.id] != dispatched.positions[quick.id]
    rest = await stream.dispatch()
    assert {batch.ref.evaluation_id: batch.size for batch in rest.batches} == {slow.id: 20}
    assert stream.claimed(dispatched) | stream.claimed(rest) == uuids(events)


async def test_what_arrives_while_an_evaluation_is_paused_is_not_sampled(
    world: World, stream: Stream
) -> None:
    evaluation = await world.evaluation(conditions=EVERYTHING)
    await stream.dispatch()

    async def enable(enabled: bool) -> None:
        await world.registry.evaluations.update(
            PROJECT, evaluation.id, lambda now: now.model_copy(update={"enabled": enabled})
        )

    await enable(False)
    stream.capture(3)
    assert (await stream.dispatch()).positions == {}
    await enable(True)
    wanted = stream.capture(2)
    assert stream.claimed(await stream.dispatch()) == uuids(wanted)


async def test_without_consent_a_judge_passes_by_what_arrives(world: World, stream: Stream) -> None:
    judge = await world.evaluation(conditions=EVERYTHING)
    program = await world.evaluation(
        conditions=EVERYTHING,
        evaluation_type=EvaluationType.HOG,
        evaluation_config={"source": "return true"},
    )
    await world.registry.access.set_ai_consent(False)
    stream.capture(2)
    dispatched = await stream.dispatch()
    assert {batch.ref.evaluation_id for batch in dispatched.batches} == {program.id}
    assert dispatched.positions[judge.id].place == dispatched.positions[program.id].place


async def test_a_backfill_claims_history_newest_first_and_nothing_twice(world: World, stream: Stream) -> None:
    began = datetime.now(UTC)
    old = stream.capture(6, at=began - timedelta(hours=20))
    evaluation = await world.evaluation(conditions=EVERYTHING)
    live = stream.capture(2)
    await stream.dispatch()
    window = {"since": began - timedelta(hours=21), "until": datetime.now(UTC)}
    first = await stream.page(evaluation, Origin.BACKFILL, limit=4, **window)
    rest = await stream.page(evaluation, Origin.BACKFILL, before=first.before, **window)
    claimed = [*stream.claims(first), *stream.claims(rest)]
    assert uuids(old) <= {claim.target for claim in claimed}
    assert len({claim.target for claim in claimed}) == len(claimed)
    assert not uuids(live) & {claim.target for claim in claimed}
    assert min(claim.timestamp for claim in stream.claims(first)) >= max(
        claim.timestamp for claim in stream.claims(rest)
    )
    again = await stream.page(evaluation, Origin.BACKFILL, **window)
    assert again.batches == ()
    assert again.known == again.seen
    assert again.before is None


async def test_a_backfill_leaves_what_an_older_version_is_about_to_judge(
    world: World, stream: Stream
) -> None:
    evaluation = await world.evaluation(conditions=EVERYTHING)
    judged, waiting = stream.capture(2), stream.capture(3)
    claims = {claim.target: claim for claim in stream.claims(await stream.dispatch())}
    world.events.insert([_verdict(claims[event.uuid], event) for event in judged])
    changed = await world.registry.evaluations.update(
        PROJECT,
        evaluation.id,
        lambda now: now.model_copy(update={"evaluation_config": {"prompt": "Pass if it is short."}}),
    )
    assert changed is not None
    since = min(event.timestamp for event in judged)
    page = await stream.page(changed, Origin.BACKFILL, since=since)
    assert stream.claimed(page) & uuids([*judged, *waiting]) == uuids(judged)


async def test_a_sweep_claims_what_the_stream_has_missed(world: World, stream: Stream) -> None:
    evaluation = await world.evaluation(conditions=EVERYTHING)
    seen = stream.capture(2)
    await stream.dispatch()
    missed = stream.capture(3)
    swept = await stream.page(evaluation, Origin.LIVE)
    assert stream.claimed(swept) == uuids(missed)
    assert not uuids(seen) & stream.claimed(swept)
    assert (await stream.dispatch()).batches == ()


async def test_a_page_for_an_evaluation_that_judges_nothing_says_why(world: World, stream: Stream) -> None:
    paused = await world.evaluation(enabled=False, conditions=EVERYTHING)
    assert (await stream.page(paused, Origin.LIVE)).stopped == "paused"
    gone = paused.model_copy(update={"id": uuid4()})
    assert (await stream.page(gone, Origin.BACKFILL)).stopped == "deleted"
