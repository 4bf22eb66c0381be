"""`judge-batch` on real stores, and real litellm calls to a scripted provider."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.failing_targets import HOPELESS
from activities.model_gate import GateKey
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.event_writer import BlockEventWriter
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import Reply
from assay.contracts.evaluation_batches import BatchTally
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationStatus,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.contracts.events import Event
from assay.contracts.models import ModelReply, ModelRequest
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess, ProviderKeyChange
from assay.domain.governor import FIRST_WINDOW
from assay.domain.provider_keys import ERROR_PAUSE
from assay.domain.readable import TargetText, target_text
from assay.errors import (
    CircuitOpen,
    EventsRejected,
    JudgeUnavailable,
    ProviderUnavailable,
    QuotaExceeded,
    StoreUnavailable,
    TargetNotFound,
    TimedOut,
    TrialBusy,
)
from tests.activities.batch_world import BatchWorld
from tests.activities.test_evaluations import stricter
from tests.activities.test_evaluations_own_keys import age, judged_by, own_key, stored
from tests.activities.world import PROJECT, World

PASS = Reply(content='{"reasoning": "It helps.", "verdict": true}')
LIMITED = Reply(status=429, headers={"retry-after": "0.05"})


def slow(seconds: float) -> Reply:
    return dataclasses.replace(PASS, delay_seconds=seconds)


def in_flight() -> float:
    return REGISTRY.get_sample_value("assay_model_calls_in_flight", {"provider": "openai"}) or 0.0


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  (any condition)
            await asyncio.sleep(0.05)


def changed(evaluation: Evaluation, **changes: object) -> EvaluationSpec:
    fields = set(EvaluationSpec.model_fields)
    return EvaluationSpec.model_validate(evaluation.model_dump(include=fields) | changes)


@pytest.fixture
async def writer(events: ClickHouseEventStore) -> AsyncIterator[BlockEventWriter]:
    writer = BlockEventWriter(events)
    yield writer
    await writer.aclose()


@pytest.fixture
def batches(world: World, writer: BlockEventWriter) -> BatchWorld:
    return BatchWorld(world, writer)


async def state(world: World, evaluation: Evaluation) -> tuple[EvaluationStatus, StatusReason | None]:
    found = await world.registry.evaluations.get(PROJECT, evaluation.id)
    assert found is not None
    return found.status, found.status_reason


def assert_judged(tally: BatchTally, size: int) -> None:
    assert (tally.size, tally.judged + tally.recorded_before, tally.stopped) == (size, size, None)


async def test_every_target_gets_its_verdict_and_is_asked_about_once(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 40)

    tally = await batches.judge(given)

    assert tally.outcomes == {"pass": 20, "fail": 20}
    assert (tally.size, tally.recorded_before, tally.stopped, tally.unpriced) == (40, 0, None, 0)
    assert tally.cost_usd > 0
    assert tally.input_tokens > 0
    assert tally.output_tokens > 0
    verdicts = batches.verdicts(given)
    claims = {claim.target: claim for claim in batches.targets.claims_in(given.batch.ref)}
    assert verdicts.keys() == claims.keys()
    for target, verdict in verdicts.items():
        assert verdict.uuid == claims[target].verdict_event_id
        assert verdict.timestamp == claims[target].timestamp
        assert verdict.properties["$ai_evaluation_trigger"] == "live"
        assert verdict.properties["$ai_input_tokens"]
    assert batches.asked == 40
    assert await batches.world.used() == 40

    again = await batches.judge(given)

    assert (again.recorded_before, again.judged) == (40, 0)
    assert batches.asked == 40


async def test_a_second_attempt_pays_only_for_what_was_in_flight(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 60)
    batches.world.model.enqueue(*[PASS] * 30, *[Reply(hang=True)] * 30)
    environment = ActivityEnvironment()
    attempt = asyncio.create_task(batches.judge(given, environment=environment))
    await eventually(lambda: len(batches.verdicts(given)) == 30)

    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    batches.world.model.reset()
    tally = await batches.judge(given, attempt=2)

    assert (tally.recorded_before, tally.judged, batches.asked) == (30, 30, 30)
    assert len(batches.verdicts(given)) == 60
    assert await batches.world.used() == 60


async def test_a_cancelled_attempt_keeps_what_it_has_reached(
    world: World, events: ClickHouseEventStore
) -> None:
    store = Holding(events)
    writer = BlockEventWriter(store)  # type: ignore[arg-type]  # only `insert` is called
    batches = BatchWorld(world, writer)
    given = batches.claimed(await world.evaluation(), FIRST_WINDOW)
    environment = ActivityEnvironment()
    attempt = asyncio.create_task(batches.judge(given, environment=environment))
    calls = in_flight()
    await batches.until_asked(FIRST_WINDOW)
    await eventually(lambda: in_flight() == calls)

    environment.cancel()
    store.goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await attempt

    assert len(batches.verdicts(given)) == FIRST_WINDOW
    await writer.aclose()


async def test_a_burst_of_429_is_waited_for_and_costs_no_verdict(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 30)
    batches.world.model.enqueue(*[LIMITED] * FIRST_WINDOW)

    tally = await batches.judge(given)

    assert_judged(tally, 30)
    assert not tally.skip_reasons
    assert batches.asked == 30 + FIRST_WINDOW


async def test_single_accidents_are_put_again(batches: BatchWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.judging.MODEL_CALL_TIMEOUT", timedelta(seconds=1))
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 30)
    accidents = [Reply(status=500), Reply(status=503), Reply(drop=True), Reply(hang=True), LIMITED]
    for accident in accidents:
        batches.world.model.enqueue(accident, *[PASS] * 4)

    tally = await batches.judge(given)

    assert_judged(tally, 30)
    assert not tally.skip_reasons
    assert batches.asked == 30 + len(accidents)


async def test_what_is_the_targets_own_fault_is_skipped_with_the_reason(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 12)
    too_long = {"error": {"message": "too long", "code": "context_length_exceeded", "type": "context length"}}
    batches.world.model.enqueue(
        Reply(content="no idea"),
        Reply(content="{"),
        Reply(status=400, body={"error": {"message": "This is not possible."}}),
        Reply(status=403, body={"error": {"message": "The input was flagged."}}),
        Reply(status=400, body=too_long),
        Reply(finish_reason="length"),
    )

    tally = await batches.judge(given)

    assert tally.skip_reasons == {
        "unparsable_response": 2,
        "request_rejected": 1,
        "permission_error": 1,
        "context_window_exceeded": 1,
        "output_limit_exceeded": 1,
    }
    assert (tally.judged, tally.stopped, batches.asked) == (12, None, 12)
    reasons = Counter(
        verdict.properties.get("$ai_evaluation_reasoning") for verdict in batches.verdicts(given).values()
    )
    assert reasons["openai answered 403: The input was flagged."] == 1
    assert await batches.world.used() == 6


async def test_an_outage_parks_the_batch_and_it_goes_on_by_itself(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 50)
    outage = [Reply(status=500)] * 200
    batches.world.model.enqueue(*[PASS] * 10, *outage)

    with pytest.raises(CircuitOpen) as parked:
        await batches.judge(given)

    assert 1 <= (parked.value.retry_after or 0) < 75
    assert "provider_unavailable" in parked.value.detail
    before, reads = batches.asked, batches.targets.reads
    assert before < 10 + 60  # five round trips, each of half the calls of the one before
    assert len(batches.verdicts(given)) == 10
    with pytest.raises(CircuitOpen):
        await batches.judge(given, attempt=2)
    assert (batches.asked, batches.targets.reads) == (before, reads)

    batches.world.clock.ahead += 10
    with pytest.raises(CircuitOpen):
        await batches.judge(given, attempt=3)
    assert batches.asked == before + 1  # the probe

    batches.world.clock.ahead += 60
    batches.world.model.reset()
    tally = await batches.judge(given, attempt=4)

    assert (tally.recorded_before, tally.judged, batches.asked) == (10, 40, 40)
    assert not tally.skip_reasons
    assert await state(batches.world, evaluation) == (EvaluationStatus.ACTIVE, None)


async def test_a_long_outage_costs_no_target_its_verdict(batches: BatchWorld) -> None:
    given = batches.claimed(await batches.world.evaluation(), 3)
    batches.world.model.enqueue(*[Reply(status=500)] * 100)
    for attempt in range(1, 16):
        with pytest.raises((CircuitOpen, ProviderUnavailable)):
            await batches.judge(given, attempt=attempt)
        batches.world.clock.ahead += 100

    batches.world.model.reset()
    tally = await batches.judge(given, attempt=16)

    assert_judged(tally, 3)
    assert not tally.skip_reasons


async def test_a_target_that_always_fails_costs_others_nothing_and_is_skipped(
    world: World, writer: BlockEventWriter
) -> None:
    model = Poisoned(world)
    batches = BatchWorld(World(world.registry, world.events, world.model, asks=model), writer)
    evaluation = await world.evaluation()
    given = batches.claimed(evaluation, 40, answers=[*["fine"] * 39, "poison"])
    key = GateKey(Provider.OPENAI)

    tally, attempt = None, 0
    while tally is None:
        attempt += 1
        with suppress(ProviderUnavailable):
            tally = await batches.judge(given, attempt=attempt)
        assert batches.world.asking.gate.blocked_for(key) == 0
        assert_judged(await batches.judge(batches.claimed(evaluation, 10)), 10)

    assert tally.skip_reasons == {"provider_unavailable": 1}
    assert tally.judged + tally.recorded_before == 40
    assert HOPELESS <= model.poisoned <= HOPELESS + 1  # the second may come too soon to count
    assert len(batches.verdicts(given)) == 40


async def test_a_target_that_always_fails_leaves_an_open_circuit_to_others(
    world: World, writer: BlockEventWriter
) -> None:
    model = Poisoned(world)
    batches = BatchWorld(World(world.registry, world.events, world.model, asks=model), writer)
    evaluation = await world.evaluation()
    given = batches.claimed(evaluation, 40, answers=[*["fine"] * 39, "poison"])
    for attempt in (1, 2):
        with pytest.raises(ProviderUnavailable):
            await batches.judge(given, attempt=attempt)
        await batches.judge(batches.claimed(evaluation, 10))
    others = batches.claimed(evaluation, 10)
    world.model.enqueue(*[Reply(status=500)] * 100)
    for attempt in range(1, 9):
        with suppress(ProviderUnavailable, CircuitOpen):
            await batches.judge(others, attempt=attempt)
    assert batches.world.asking.gate.blocked_for(GateKey(Provider.OPENAI)) > 0
    world.model.reset()
    batches.world.clock.ahead += 60
    poisoned = model.poisoned

    with pytest.raises(ProviderUnavailable):
        await batches.judge(given, attempt=3)

    assert model.poisoned == poisoned
    assert_judged(await batches.judge(others, attempt=9), 10)
    with pytest.raises(ProviderUnavailable):
        await batches.judge(given, attempt=4)
    assert model.poisoned == poisoned + 1


async def test_a_key_that_is_refused_stops_its_evaluation_and_no_other(batches: BatchWorld) -> None:
    world = batches.world
    keys = [await own_key(world, secret=f"sk-own-{number}-secret") for number in range(4)]
    evaluations = [await judged_by(world, key) for key in keys]
    given = [batches.claimed(evaluation, 30) for evaluation in evaluations]
    world.model.rejected_keys.update({"sk-own-0-secret", "sk-own-1-secret"})

    tallies = await asyncio.gather(*map(batches.judge, given))

    assert [tally.stopped for tally in tallies] == ["provider_key_invalid"] * 2 + [None] * 2
    assert [tally.judged for tally in tallies] == [0, 0, 30, 30]
    assert not any(batches.verdicts(refused) for refused in given[:2])
    assert [(await stored(world, key)).state for key in keys] == [KeyState.INVALID] * 2 + [KeyState.OK] * 2
    active = (EvaluationStatus.ACTIVE, None)
    failed = (EvaluationStatus.ERROR, StatusReason.PROVIDER_KEY_INVALID)
    assert [await state(world, evaluation) for evaluation in evaluations] == [failed] * 2 + [active] * 2
    assert batches.asked <= 60 + 2 * FIRST_WINDOW
    before = batches.asked
    assert (await batches.judge(given[0], attempt=2)).stopped == "provider_key_invalid"
    assert batches.asked == before
    assert await world.used() == 0


async def test_a_key_that_nobody_has_checked_is_waited_for(batches: BatchWorld) -> None:
    world = batches.world
    key = await own_key(world)
    unchecked = KeyCheck(state=KeyState.UNKNOWN)
    await world.registry.provider_keys.report(PROJECT, key.id, unchecked, version=key.version)
    given = batches.claimed(await judged_by(world, key), 5)

    with pytest.raises(JudgeUnavailable) as parked:
        await batches.judge(given)

    assert 60 <= (parked.value.retry_after or 0) < 75
    assert not batches.asked
    checked = KeyCheck(state=KeyState.OK)
    await world.registry.provider_keys.report(PROJECT, key.id, checked, version=key.version)
    assert_judged(await batches.judge(given, attempt=2), 5)


async def test_a_key_without_credit_rests_and_the_batch_waits_for_it(batches: BatchWorld) -> None:
    world = batches.world
    key = await own_key(world)
    given = batches.claimed(await judged_by(world, key), 20)
    world.model.enqueue(*[Reply(status=402)] * FIRST_WINDOW)

    with pytest.raises((CircuitOpen, QuotaExceeded)):
        await batches.judge(given)
    assert batches.asked == FIRST_WINDOW
    with pytest.raises(QuotaExceeded) as resting:
        await batches.judge(given, attempt=2)
    assert 60 <= (resting.value.retry_after or 0) < 75
    assert (await stored(world, key)).state is KeyState.ERROR

    await age(world, key, ERROR_PAUSE)
    tally = await batches.judge(given, attempt=3)

    assert_judged(tally, 20)
    assert batches.asked == FIRST_WINDOW + 20
    assert (await stored(world, key)).state is KeyState.OK


async def test_a_secret_that_is_replaced_is_used_at_once(batches: BatchWorld) -> None:
    world = batches.world
    key = await own_key(world)
    given = batches.claimed(await judged_by(world, key), 20)
    world.model.enqueue(*[Reply(status=402)] * FIRST_WINDOW)
    with pytest.raises((CircuitOpen, QuotaExceeded)):
        await batches.judge(given)

    change = ProviderKeyChange(api_key=SecretStr("sk-the-next-secret"))
    await world.registry.provider_keys.change(PROJECT, key.id, change)

    assert_judged(await batches.judge(given, attempt=2), 20)
    assert world.model.requests[-1].headers["authorization"] == "Bearer sk-the-next-secret"


async def test_the_operators_refused_key_is_weather(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 10)
    batches.world.model.rejected_keys.add("sk-house")

    with pytest.raises(CircuitOpen):
        await batches.judge(given)

    assert await state(batches.world, evaluation) == (EvaluationStatus.ACTIVE, None)
    assert not batches.verdicts(given)
    batches.world.clock.ahead += 60
    batches.world.model.reset()
    assert_judged(await batches.judge(given, attempt=2), 10)


async def test_an_unknown_model_parks_until_somebody_names_another(batches: BatchWorld) -> None:
    evaluation = await judged_by(batches.world, None, "gpt-4.1")
    given = batches.claimed(evaluation, 20)
    batches.world.model.enqueue(*[Reply(status=404)] * FIRST_WINDOW)

    with pytest.raises(JudgeUnavailable) as parked:
        await batches.judge(given)

    assert 60 <= (parked.value.retry_after or 0) < 75
    assert batches.asked <= FIRST_WINDOW
    batches.world.model.reset()
    other = ModelConfiguration(provider=Provider.OPENAI, model="gpt-4o")
    await batches.world.registry.evaluations.update(
        PROJECT, evaluation.id, lambda current: changed(current, model_configuration=other)
    )
    tally = await batches.judge(given, attempt=2)
    assert_judged(tally, 20)
    versions = {v.properties["$ai_evaluation_version"] for v in batches.verdicts(given).values()}
    assert versions == {evaluation.version + 1}


async def test_the_trial_ends_at_its_limit_for_all_batches_together(
    world: World, writer: BlockEventWriter
) -> None:
    batches = BatchWorld(world, writer, limit=50)
    evaluations = [await world.evaluation() for _ in range(2)]
    given = [batches.claimed(evaluation, 40) for evaluation in evaluations]

    async def finished(number: int) -> BatchTally:
        for attempt in range(1, 50):
            try:
                return await batches.judge(given[number], attempt=attempt)
            except TrialBusy:
                await asyncio.sleep(0.05)
        raise AssertionError("busy for ever")

    tallies = await asyncio.gather(finished(0), finished(1))

    assert "trial_limit_reached" in {tally.stopped for tally in tallies}
    assert await world.used() == 50
    assert sum(len(batches.verdicts(batch)) for batch in given) == 50
    assert batches.asked == 50
    for evaluation, tally in zip(evaluations, tallies, strict=True):
        stopped = (EvaluationStatus.ERROR, StatusReason.TRIAL_LIMIT_REACHED)
        expected = stopped if tally.stopped else (EvaluationStatus.ACTIVE, None)
        assert await state(world, evaluation) == expected


async def test_places_that_others_hold_are_waited_for(world: World, writer: BlockEventWriter) -> None:
    batches = BatchWorld(world, writer, limit=5)
    other = uuid4()
    await world.registry.trial.reserve(PROJECT, other, limit=5)
    evaluation = await world.evaluation()
    given = batches.claimed(evaluation, 5)

    with pytest.raises(TrialBusy):
        await batches.judge(given)

    await world.registry.trial.release(PROJECT, other)
    tally = await batches.judge(given, attempt=2)
    assert (tally.recorded_before, tally.judged, tally.stopped) == (4, 1, None)
    assert batches.asked == 5


async def test_a_pause_takes_effect_in_the_middle(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 100)
    batches.world.model.enqueue(*[slow(0.4)] * 100)
    judging = asyncio.create_task(batches.judge(given))
    await batches.until_asked(FIRST_WINDOW)

    await batches.world.registry.evaluations.update(
        PROJECT, evaluation.id, lambda current: changed(current, enabled=False)
    )
    tally = await judging

    assert tally.stopped == "paused"
    assert tally.judged == len(batches.verdicts(given)) == batches.asked < 100
    assert await batches.world.used() == tally.judged
    resumed = await batches.world.registry.evaluations.update(
        PROJECT, evaluation.id, lambda current: changed(current, enabled=True)
    )
    assert resumed is not None
    assert (await batches.judge(given)).stopped is None
    assert len(batches.verdicts(given)) == 100


async def test_a_changed_prompt_judges_what_is_left(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    given = batches.claimed(evaluation, 40)
    batches.world.model.enqueue(*[slow(0.7)] * 24)
    judging = asyncio.create_task(batches.judge(given))
    await batches.until_asked(FIRST_WINDOW)
    await batches.world.registry.evaluations.update(PROJECT, evaluation.id, stricter)

    assert_judged(await judging, 40)

    versions = Counter(
        verdict.properties["$ai_evaluation_version"] for verdict in batches.verdicts(given).values()
    )
    assert versions[1] + versions[2] == 40
    assert versions[2] > 0
    assert batches.asked == 40


async def test_what_was_paid_for_waits_for_the_store(world: World, events: ClickHouseEventStore) -> None:
    store = Refusing(events)
    writer = BlockEventWriter(store)  # type: ignore[arg-type]  # only `insert` is called
    batches = BatchWorld(world, writer)
    given = batches.claimed(await world.evaluation(), 60)
    store.refuses = 3

    assert_judged(await batches.judge(given), 60)

    assert store.refused == 3
    assert batches.asked == 60
    assert len(batches.verdicts(given)) == 60
    await writer.aclose()


async def test_a_worker_that_is_stopped_commits_what_it_has_asked(batches: BatchWorld) -> None:
    given = batches.claimed(await batches.world.evaluation(), 40)
    batches.world.model.enqueue(*[slow(0.3)] * FIRST_WINDOW)
    environment = ActivityEnvironment()
    judging = asyncio.create_task(batches.judge(given, environment=environment))
    await batches.until_asked(FIRST_WINDOW)

    environment.worker_shutdown()
    with pytest.raises(TimedOut):
        await judging

    committed = len(batches.verdicts(given))
    assert committed == batches.asked < 40
    assert (await batches.judge(given, attempt=2)).recorded_before == committed
    assert batches.asked == 40


async def test_targets_that_are_gone_are_looked_for_and_then_skipped(batches: BatchWorld) -> None:
    given = batches.claimed(await batches.world.evaluation(), 3, stored=False)

    for attempt in (1, 2):
        with pytest.raises(TargetNotFound):
            await batches.judge(given, attempt=attempt)
    tally = await batches.judge(given, attempt=3)

    assert tally.skip_reasons == {"generation_not_found": 3}
    assert batches.asked == 0


async def test_without_consent_nothing_is_asked(batches: BatchWorld) -> None:
    given = batches.claimed(await batches.world.evaluation(), 3)
    await batches.world.registry.access.set_ai_consent(False)

    tally = await batches.judge(given)

    assert (tally.stopped, tally.judged, batches.asked) == ("ai_consent_missing", 0, 0)


async def test_a_defect_in_one_target_keeps_no_other_from_its_verdict(
    batches: BatchWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = batches.claimed(await batches.world.evaluation(), 10, answers=["fine", "broken"])
    monkeypatch.setattr("activities.judging.target_text", text_or_defect)

    for attempt in (1, 2):
        with pytest.raises(ZeroDivisionError):
            await batches.judge(given, attempt=attempt)
        assert len(batches.verdicts(given)) == batches.asked == 5
    tally = await batches.judge(given, attempt=3)

    assert tally.skip_reasons == {"judge_defect": 5}
    assert len(batches.verdicts(given)) == 10


async def test_a_verdict_that_the_store_refuses_costs_no_other(
    world: World, events: ClickHouseEventStore
) -> None:
    writer = BlockEventWriter(Picky(events))
    batches = BatchWorld(world, writer)
    given = batches.claimed(await world.evaluation(), 20)
    world.model.enqueue(Reply(content='{"reasoning": "unspeakable", "verdict": true}'))

    tally = await batches.judge(given)

    assert tally.skip_reasons == {"verdict_rejected": 1}
    assert (tally.judged, batches.asked) == (20, 20)
    assert len(batches.verdicts(given)) == 19  # the other one has not even its trace
    assert (await batches.judge(given)).recorded_before == 20
    await writer.aclose()


async def test_a_target_that_two_versions_claimed_for_a_batch_is_judged_once(batches: BatchWorld) -> None:
    evaluation = await batches.world.evaluation()
    now = await batches.world.registry.evaluations.update(PROJECT, evaluation.id, stricter)
    assert now is not None
    given = batches.claimed(now, 6, versions=(2, 1))

    assert_judged(await batches.judge(given), 6)
    assert batches.asked == 6
    assert (await batches.judge(given)).recorded_before == 6


async def test_targets_that_do_not_fit_the_memory_together_take_turns(
    world: World, writer: BlockEventWriter
) -> None:
    batches = BatchWorld(world, writer, memory_bytes=1)
    given = [batches.claimed(await world.evaluation(), 10) for _ in range(3)]

    for tally in await asyncio.gather(*map(batches.judge, given)):
        assert_judged(tally, 10)


async def test_who_waits_for_memory_goes_home_with_the_worker(world: World, writer: BlockEventWriter) -> None:
    batches = BatchWorld(world, writer, memory_bytes=1)
    evaluation = await world.evaluation()
    first, second = batches.claimed(evaluation, 1), batches.claimed(evaluation, 1)
    world.model.enqueue(slow(1.0))
    judging = asyncio.create_task(batches.judge(first))
    await batches.until_asked(1)
    environment = ActivityEnvironment()
    waiting = asyncio.create_task(batches.judge(second, environment=environment))
    await eventually(lambda: batches.targets.reads == 3)  # claims, events, and the claims of the second

    environment.worker_shutdown()
    with pytest.raises(TimedOut):
        await waiting

    assert_judged(await judging, 1)
    assert batches.targets.reads == 3


def text_or_defect(event: str, properties: Mapping[str, Any]) -> TargetText:
    if "broken" in str(properties):
        raise ZeroDivisionError
    return target_text(event, properties)


class Poisoned(LiteLLM):
    """A model that never answers questions about poison.

    Attributes:
        poisoned: how many of them there were.
    """

    def __init__(self, world: World) -> None:
        url = world.model.base_url
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=url, api_version=None)
        super().__init__({Provider.OPENAI: access}, base_urls={Provider.OPENAI: url})
        self.poisoned = 0

    async def complete(self, request: ModelRequest, access: ProviderAccess | None = None) -> ModelReply:
        if "poison" in str(request.messages):
            self.poisoned += 1
            await asyncio.sleep(0.01)
            raise ProviderUnavailable("openai answered 500")
        return await super().complete(request, access)


class Picky:
    """An event store that refuses a word."""

    def __init__(self, events: ClickHouseEventStore) -> None:
        self._events = events

    def insert(self, events: Sequence[Event]) -> None:
        if any("unspeakable" in str(event.properties) for event in events):
            raise EventsRejected("A word is not allowed.")
        self._events.insert(events)


class Holding:
    """An event store that takes its time.

    Attributes:
        goes_on: set it, and inserts go on.
    """

    def __init__(self, events: ClickHouseEventStore) -> None:
        self._events = events
        self.goes_on = threading.Event()

    def insert(self, events: Sequence[Event]) -> None:
        assert self.goes_on.wait(30)
        self._events.insert(events)


class Refusing:
    """An event store that is away for some inserts."""

    def __init__(self, events: ClickHouseEventStore) -> None:
        self._events = events
        self.refuses = 0
        self.refused = 0

    def insert(self, events: Sequence[Event]) -> None:
        if self.refused < self.refuses:
            self.refused += 1
            raise StoreUnavailable("The event store does not answer.")
        self._events.insert(events)
