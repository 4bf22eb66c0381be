"""The activities of `run-evaluation` on real stores, and a real litellm call to a scripted provider."""

from __future__ import annotations

from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.sql import SqlRegistry
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationStatus,
    FailEvaluationInput,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.contracts.events import EVALUATION, EventRef, utc_day
from assay.errors import EvaluationNotFound, ModelNotFound, RateLimited, TargetNotFound, TrialBusy
from tests.activities.world import PROJECT, World


def stricter(current: Evaluation) -> EvaluationSpec:
    fields = set(EvaluationSpec.model_fields)
    spec = EvaluationSpec.model_validate(current.model_dump(include=fields))
    return spec.model_copy(update={"evaluation_config": {"prompt": "Fail unless it is a poem."}})


async def test_a_verdict_carries_its_reason_tokens_and_price(world: World) -> None:
    judgement = await world.judge(world.run(await world.evaluation()))

    assert (judgement.verdict, judgement.skip_reason) == (True, None)
    assert judgement.reasoning
    assert (judgement.provider, judgement.model, judgement.key_type) == ("openai", "gpt-5-mini", "posthog")
    assert judgement.input_tokens
    assert judgement.output_tokens
    assert judgement.cost_usd
    assert await world.used() == 1


async def test_a_recorded_verdict_is_never_paid_for_again(world: World) -> None:
    run = world.run(await world.evaluation(), answer="")
    first = await world.judge(run)
    await world.record(run, first)
    await world.record(run, first)

    again = await world.judge(run)

    assert again == first.model_copy(update={"already_recorded": True})
    assert again.verdict is False
    assert len(world.model.requests) == 1
    assert await world.used() == 1
    ref = EventRef(
        project_id=PROJECT, event=EVALUATION, uuid=first.verdict_event_id, day=utc_day(run.requested_at)
    )
    stored = world.events.find_event(ref)
    assert stored is not None
    assert (stored.distinct_id, stored.timestamp) == ("user-1", run.requested_at)
    assert stored.properties["$ai_trace_id"] == "trace-1"


async def test_a_changed_evaluation_reaches_a_verdict_of_its_own(world: World) -> None:
    evaluation = await world.evaluation()
    run = world.run(evaluation)
    first = await world.judge(run)

    await world.registry.evaluations.update(PROJECT, evaluation.id, stricter)
    second = await world.judge(run)

    assert second.evaluation_version == first.evaluation_version + 1
    assert second.verdict_event_id != first.verdict_event_id


async def test_a_failed_generation_is_skipped_without_asking(world: World) -> None:
    judgement = await world.judge(world.run(await world.evaluation(), **{"$ai_is_error": True}))

    assert (judgement.skip_reason, judgement.model) == ("trace_errored", None)
    assert not world.model.requests


@pytest.mark.parametrize("text", ["looks fine to me", "{}", '{"verdict": "perhaps", "reasoning": ""}', ""])
async def test_an_answer_that_does_not_fit_is_a_skip_that_names_the_model(world: World, text: str) -> None:
    world.model.enqueue(Reply(content=text))

    judgement = await world.judge(world.run(await world.evaluation()))

    assert (judgement.skip_reason, judgement.verdict) == ("unparsable_response", None)
    assert judgement.model == "gpt-5-mini"
    assert await world.used() == 0


async def test_not_applicable_only_where_it_is_allowed(world: World) -> None:
    world.model.enqueue(Reply(content='{"reasoning": "Nothing to judge.", "outcome": "not_applicable"}'))

    judgement = await world.judge(world.run(await world.evaluation(output_config={"allows_na": True})))

    assert (judgement.verdict, judgement.applicable, judgement.outcome) == (None, False, "not_applicable")


async def test_the_configured_model_is_asked(world: World) -> None:
    configured = ModelConfiguration(provider=Provider.OPENAI, model="gpt-4.1-nano")

    judgement = await world.judge(world.run(await world.evaluation(model_configuration=configured)))

    assert judgement.model == "gpt-4.1-nano"
    assert world.model.requests[0].body["model"] == "gpt-4.1-nano"


async def test_the_trial_ends_at_its_limit_and_stops_the_evaluation(
    registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer
) -> None:
    world = World(registry, events, model, limit=1)
    evaluation = await world.evaluation()
    assert (await world.judge(world.run(evaluation))).verdict is True

    judgement = await world.judge(world.run(evaluation))

    assert judgement.disable_reason is StatusReason.TRIAL_LIMIT_REACHED
    assert len(model.requests) == 1
    failed = FailEvaluationInput(
        project_id=PROJECT, evaluation_id=evaluation.id, reason=judgement.disable_reason
    )
    transitions = [
        await ActivityEnvironment().run(world.activities.fail_evaluation, failed) for _ in range(2)
    ]
    assert transitions == [True, False]
    stopped = await registry.evaluations.get(PROJECT, evaluation.id)
    assert stopped is not None
    assert (stopped.enabled, stopped.status) == (False, EvaluationStatus.ERROR)


@pytest.mark.parametrize(("says_version", "stops"), [(True, False), (False, True)])
async def test_a_late_failure_stops_no_repaired_evaluation(
    registry: SqlRegistry,
    events: ClickHouseEventStore,
    model: ScriptedModelServer,
    says_version: bool,
    stops: bool,
) -> None:
    """Runs that an earlier version started do not say which version they judged with."""
    world = World(registry, events, model, limit=0)
    evaluation = await world.evaluation()
    judgement = await world.judge(world.run(evaluation))
    assert judgement.disable_reason is StatusReason.TRIAL_LIMIT_REACHED
    await registry.evaluations.update(PROJECT, evaluation.id, stricter)

    failed = FailEvaluationInput(
        project_id=PROJECT,
        evaluation_id=evaluation.id,
        reason=judgement.disable_reason,
        version=judgement.evaluation_version if says_version else None,
    )
    failed = FailEvaluationInput.model_validate_json(failed.model_dump_json(exclude_none=True))

    assert await ActivityEnvironment().run(world.activities.fail_evaluation, failed) is stops
    stored = await registry.evaluations.get(PROJECT, evaluation.id)
    assert stored is not None
    assert (stored.version, stored.status is EvaluationStatus.ERROR) == (2, stops)


async def test_the_last_place_is_waited_for_while_another_run_holds_it(
    registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer
) -> None:
    world = World(registry, events, model, limit=1)
    evaluation = await world.evaluation()
    await registry.trial.reserve(PROJECT, uuid4(), limit=1)

    with pytest.raises(TrialBusy):
        await world.judge(world.run(evaluation))

    stored = await registry.evaluations.get(PROJECT, evaluation.id)
    assert stored is not None
    assert stored.status is EvaluationStatus.ACTIVE


async def test_without_model_access_the_evaluation_is_stopped(
    registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer
) -> None:
    world = World(registry, events, model, house=False)

    judgement = await world.judge(world.run(await world.evaluation()))

    assert judgement.disable_reason is StatusReason.PROVIDER_KEY_REQUIRED


async def test_a_429_is_an_error_with_the_wait_and_costs_no_place(world: World) -> None:
    world.model.enqueue(Reply(status=429, headers={"retry-after": "7"}))

    with pytest.raises(RateLimited) as raised:
        await world.judge(world.run(await world.evaluation()))

    assert raised.value.retry_after == 7
    assert await world.used() == 0


async def test_an_unknown_model_is_named(world: World) -> None:
    world.model.enqueue(Reply(status=404))

    with pytest.raises(ModelNotFound):
        await world.judge(world.run(await world.evaluation()))


async def test_what_is_not_there_is_said(world: World) -> None:
    evaluation = await world.evaluation()
    run = world.run(evaluation)
    missing = run.target.model_copy(update={"uuid": uuid4()})

    with pytest.raises(TargetNotFound):
        await world.judge(run.model_copy(update={"target": missing}))
    with pytest.raises(EvaluationNotFound):
        await world.judge(run.model_copy(update={"evaluation_id": uuid4()}))
