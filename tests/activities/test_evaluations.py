"""The activities of `run-evaluation` on real stores, and a real litellm call to a scripted provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.evaluations import EvaluationActivities
from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.sql import SqlRegistry, bootstrap, migrate, open_registry
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationStatus,
    EvaluationType,
    FailEvaluationInput,
    Judgement,
    ModelConfiguration,
    OutputType,
    Provider,
    RecordVerdictInput,
    RunEvaluationInput,
    StatusReason,
)
from assay.contracts.events import EVALUATION, Event, EventRef, utc_day
from assay.errors import EvaluationNotFound, ModelNotFound, RateLimited, TargetNotFound, TrialBusy
from assay.runtime.settings import prepare_environment_for_litellm
from assay.temporal.ids import manual_trigger

PROJECT = 1
GOOD = "Open the sign-in page and choose “Forgot password”."


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEventStore]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[SqlRegistry]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'registry.sqlite'}"
    await migrate(url)
    registry = open_registry(url, secrets=["a-secret-for-this-test"])
    await bootstrap(registry, api_key=None, project_token=None, user_email="a@b", ai_consent=True)
    yield registry
    await registry.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedModelServer]:
    prepare_environment_for_litellm()
    with ScriptedModelServer() as server:
        yield server


@pytest.fixture
def model(provider: ScriptedModelServer) -> ScriptedModelServer:
    provider.reset()
    return provider


class World:
    """The activities, and shortcuts to what they work on."""

    def __init__(
        self,
        registry: SqlRegistry,
        events: ClickHouseEventStore,
        model: ScriptedModelServer,
        *,
        house: bool = True,
        limit: int = 100,
    ) -> None:
        self.registry, self.events, self.model = registry, events, model
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=model.base_url, api_version=None)
        self.activities = EvaluationActivities(
            registry=registry,
            events=events,
            model=LiteLLM({Provider.OPENAI: access} if house else {}),
            trial_eval_limit=limit,
        )

    async def evaluation(self, **changes: Any) -> Evaluation:
        spec = {
            "name": "Helpfulness",
            "enabled": True,
            "evaluation_type": EvaluationType.LLM_JUDGE,
            "evaluation_config": {"prompt": "Pass if the answer helps."},
            "output_type": OutputType.BOOLEAN,
            "output_config": {"allows_na": False},
        }
        return await self.registry.evaluations.create(
            PROJECT, EvaluationSpec.model_validate(spec | changes), created_by=None
        )

    def run(self, evaluation: Evaluation, answer: str = GOOD, **properties: Any) -> RunEvaluationInput:
        target = Event(
            project_id=PROJECT,
            event="$ai_generation",
            uuid=uuid4(),
            distinct_id="user-1",
            timestamp=datetime.now(UTC),
            properties={
                "$ai_trace_id": "trace-1",
                "$ai_input": [{"role": "user", "content": "How do I reset my password?"}],
                "$ai_output_choices": [{"role": "assistant", "content": answer}],
                **properties,
            },
        )
        self.events.insert([target])
        now = datetime.now(UTC)
        return RunEvaluationInput(
            project_id=PROJECT,
            evaluation_id=evaluation.id,
            evaluation_name=evaluation.name,
            evaluation_type=evaluation.evaluation_type,
            target=EventRef.of(target),
            trigger=manual_trigger(now),
            requested_at=now,
        )

    async def judge(self, run: RunEvaluationInput) -> Judgement:
        return await ActivityEnvironment().run(self.activities.judge, run)

    async def record(self, run: RunEvaluationInput, judgement: Judgement) -> None:
        await ActivityEnvironment().run(
            self.activities.record_verdict, RecordVerdictInput(run=run, judgement=judgement)
        )

    async def used(self) -> int:
        return await self.registry.trial.used(PROJECT)


@pytest.fixture
def world(registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer) -> World:
    return World(registry, events, model)


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

    def stricter(current: Evaluation) -> EvaluationSpec:
        fields = set(EvaluationSpec.model_fields)
        spec = EvaluationSpec.model_validate(current.model_dump(include=fields))
        return spec.model_copy(update={"evaluation_config": {"prompt": "Fail unless it is a poem."}})

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
