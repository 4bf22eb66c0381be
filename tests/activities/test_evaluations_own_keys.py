"""Judging on a project's own provider key, and on the operator's where there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import update
from structlog.testing import capture_logs

from activities.judge_models import JudgeModels, NoModel
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.sql import SqlRegistry
from assay.adapters.sql.tables import ProviderKeyRow
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Evaluation, ModelConfiguration, Provider, StatusReason
from assay.contracts.events import EVALUATION, EventRef, utc_day
from assay.contracts.models import ModelReply, ModelRequest
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess, ProviderKey, ProviderKeyChange
from assay.domain.provider_keys import ERROR_PAUSE
from assay.errors import (
    ProviderAuthenticationFailed,
    ProviderKeyUnreadable,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
)
from tests.activities.world import PROJECT, World

SECRET = "sk-own-secret-that-must-not-be-seen"
OUT_OF_CREDIT = {"error": {"message": "No credit left.", "code": "insufficient_quota"}}


async def own_key(
    world: World, provider: Provider = Provider.OPENAI, *, active: bool = False, secret: str = SECRET
) -> ProviderKey:
    access = ProviderAccess(provider=provider, api_key=SecretStr(secret))
    return await world.registry.provider_keys.create(
        PROJECT, "Own", access, created_by=None, set_as_active=active
    )


async def refuse(world: World, key: ProviderKey) -> None:
    check = KeyCheck(state=KeyState.INVALID, error_message="Refused.")
    assert (await world.registry.provider_keys.report(PROJECT, key.id, check, version=key.version)).told


async def judged_by(world: World, key: ProviderKey | None, model: str = "gpt-4.1") -> Evaluation:
    configured = ModelConfiguration(
        provider=Provider.OPENAI, model=model, provider_key_id=None if key is None else key.id
    )
    return await world.evaluation(model_configuration=configured)


async def age(world: World, key: ProviderKey, by: timedelta) -> None:
    """Let time pass since the key was last changed, and used."""
    world.clock.ahead += by.total_seconds()
    earlier = (await stored(world, key)).updated_at - by
    async with world.registry.database.write() as session:
        await session.execute(
            update(ProviderKeyRow).where(ProviderKeyRow.id == key.id).values(updated_at=earlier)
        )


async def stored(world: World, key: ProviderKey) -> ProviderKey:
    found = await world.registry.provider_keys.get(PROJECT, key.id)
    assert found is not None
    return found


def secrets_used(world: World) -> list[str]:
    return [request.headers["authorization"] for request in world.model.requests]


async def test_an_own_key_pays_and_takes_no_place_in_the_trial(
    registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer
) -> None:
    world = World(registry, events, model, house=False, limit=0)
    key = await own_key(world)

    judgement = await world.judge(world.run(await judged_by(world, key)))

    assert (judgement.verdict, judgement.model) == (True, "gpt-4.1")
    assert (judgement.key_type, judgement.key_id) == ("byok", key.id)
    assert secrets_used(world) == [f"Bearer {SECRET}"]
    assert await world.used() == 0
    assert (await stored(world, key)).last_used_at is not None


async def test_without_a_configuration_the_active_key_and_its_default_model(world: World) -> None:
    key = await own_key(world, active=True)

    judgement = await world.judge(world.run(await world.evaluation()))

    assert (judgement.provider, judgement.model, judgement.key_id) == ("openai", "gpt-5-mini", key.id)
    assert secrets_used(world) == [f"Bearer {SECRET}"]
    assert await world.used() == 0


async def test_a_configuration_without_a_key_uses_the_active_key_of_its_provider(world: World) -> None:
    key = await own_key(world, active=True)

    judgement = await world.judge(world.run(await judged_by(world, None)))

    assert (judgement.model, judgement.key_id) == ("gpt-4.1", key.id)


async def test_an_active_key_for_another_provider_does_not_count(world: World) -> None:
    await own_key(world, Provider.GEMINI, active=True)

    judgement = await world.judge(world.run(await judged_by(world, None)))

    assert (judgement.key_type, judgement.key_id) == ("posthog", None)
    assert secrets_used(world) == ["Bearer sk-house"]
    assert await world.used() == 1


async def test_an_active_key_that_is_not_ok_leaves_the_trial(world: World) -> None:
    await refuse(world, await own_key(world, active=True))

    judgement = await world.judge(world.run(await world.evaluation()))

    assert (judgement.verdict, judgement.key_type) == (True, "posthog")


@pytest.mark.parametrize(
    ("state", "stops"),
    [
        (KeyState.INVALID, StatusReason.PROVIDER_KEY_INVALID),
        (KeyState.ERROR, None),
        (KeyState.UNKNOWN, None),
    ],
)
async def test_a_key_that_is_not_ok_is_a_skip_and_a_refused_one_stops_who_was_enabled_with_it(
    world: World, state: KeyState, stops: StatusReason | None
) -> None:
    key = await own_key(world)
    await world.registry.provider_keys.report(PROJECT, key.id, KeyCheck(state=state), version=key.version)

    judgement = await world.judge(world.run(await judged_by(world, key)))

    assert (judgement.skip_reason, judgement.disable_reason) == ("provider_key_not_ok", stops)
    assert (judgement.model, judgement.key_id) == (None, None)
    assert not world.model.requests
    assert await world.used() == 0


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        (Reply(status=401, body={"error": {"message": f"{SECRET}?"}}), KeyState.INVALID, "auth_error"),
        (Reply(status=402), KeyState.ERROR, "quota_error"),
        (Reply(status=429, body=OUT_OF_CREDIT), KeyState.ERROR, "quota_error"),
    ],
    ids=["401", "402", "out of credit"],
)
async def test_a_refused_key_is_marked_and_the_run_skipped(
    world: World, reply: Reply, state: KeyState, reason: str
) -> None:
    key = await own_key(world)
    evaluation = await judged_by(world, key)
    world.model.enqueue(reply)

    judgement = await world.judge(world.run(evaluation))

    assert (judgement.skip_reason, judgement.disable_reason) == (reason, None)
    assert (judgement.model, judgement.key_type, judgement.key_id) == ("gpt-4.1", "byok", key.id)
    marked = await stored(world, key)
    assert marked.state is state
    assert marked.error_message
    assert SECRET not in marked.error_message
    again = await world.judge(world.run(evaluation))
    assert again.skip_reason == "provider_key_not_ok"
    assert len(world.model.requests) == 1


@pytest.mark.parametrize("own", [True, False], ids=["own key", "trial"])
async def test_what_a_provider_forbids_is_the_requests_fault(world: World, own: bool) -> None:
    """OpenRouter answers 403 to a text that moderation flags, others to a model that a key may not use."""
    key = await own_key(world)
    evaluation = await judged_by(world, key if own else None)
    world.model.enqueue(Reply(status=403, body={"error": {"message": "The input was flagged."}}))

    judgement = await world.judge(world.run(evaluation))

    assert (judgement.skip_reason, judgement.disable_reason) == ("permission_error", None)
    assert judgement.reasoning == "openai answered 403: The input was flagged."
    assert (await stored(world, key)).state is KeyState.OK
    assert (await world.judge(world.run(evaluation))).verdict is True
    assert await world.used() == (0 if own else 1)


@pytest.mark.parametrize("active", [False, True], ids=["configured", "active"])
async def test_a_key_in_error_rests_is_tried_again_and_heals(world: World, active: bool) -> None:
    key = await own_key(world, active=active)
    evaluation = await judged_by(world, None if active else key)
    world.model.enqueue(Reply(status=402))

    assert (await world.judge(world.run(evaluation))).skip_reason == "quota_error"
    await age(world, key, ERROR_PAUSE - timedelta(minutes=1))
    resting = await world.judge(world.run(evaluation))
    assert resting.key_id is None
    assert (await stored(world, key)).state is KeyState.ERROR

    await age(world, key, ERROR_PAUSE)
    world.model.enqueue(Reply(status=402))
    assert (await world.judge(world.run(evaluation))).skip_reason == "quota_error"
    assert (await world.judge(world.run(evaluation))).key_id is None  # it rests once more

    await age(world, key, ERROR_PAUSE)
    healed = await world.judge(world.run(evaluation))
    assert (healed.verdict, healed.key_id) == (True, key.id)
    marked = await stored(world, key)
    assert (marked.state, marked.error_message, marked.version) == (KeyState.OK, None, key.version)


@pytest.mark.parametrize("active", [False, True], ids=["configured", "active"])
async def test_an_invalid_key_waits_for_a_person(world: World, active: bool) -> None:
    key = await own_key(world, active=active)
    await refuse(world, key)
    await age(world, key, timedelta(days=30))

    judgement = await world.judge(world.run(await judged_by(world, None if active else key)))

    assert judgement.key_id is None
    assert f"Bearer {SECRET}" not in secrets_used(world)


@pytest.mark.parametrize("late", [Reply(status=402), Reply()], ids=["out of credit", "success"])
async def test_a_late_answer_does_not_mend_a_key_that_was_refused_meanwhile(
    registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer, late: Reply
) -> None:
    async def refuse_the_key() -> None:
        await refuse(world, key)

    world = World(registry, events, model, asks=Meanwhile(model, refuse_the_key))
    key = await own_key(world)
    error = KeyCheck(state=KeyState.ERROR, error_message="No credit.")
    assert (await registry.provider_keys.report(PROJECT, key.id, error, version=key.version)).told
    await age(world, key, ERROR_PAUSE)
    model.enqueue(late)

    with suppress(QuotaExceeded):
        await world.judge(world.run(await judged_by(world, key)))

    assert secrets_used(world) == [f"Bearer {SECRET}"]
    assert (await stored(world, key)).state is KeyState.INVALID


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (500, ProviderUnavailable)])
async def test_limits_and_outages_say_nothing_about_a_key(
    world: World, status: int, error: type[Exception]
) -> None:
    key = await own_key(world)
    evaluation = await judged_by(world, key)
    world.model.enqueue(Reply(status=status))

    with pytest.raises(error):
        await world.judge(world.run(evaluation))

    assert (await stored(world, key)).state is KeyState.OK


class Meanwhile(LiteLLM):
    """Does something between the choice of a key and the call that is made with it."""

    def __init__(self, model: ScriptedModelServer, action: Callable[[], Awaitable[object]]) -> None:
        super().__init__({}, base_urls={Provider.OPENAI: model.base_url})
        self._action = action

    async def complete(self, request: ModelRequest, access: ProviderAccess | None = None) -> ModelReply:
        await self._action()
        return await super().complete(request, access)


async def test_what_a_call_with_the_old_secret_met_is_not_held_against_the_new_one(
    registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer
) -> None:
    async def change_the_key() -> None:
        change = ProviderKeyChange(api_key=SecretStr("sk-own-the-next"))
        await registry.provider_keys.change(PROJECT, key.id, change, checked=key.version)

    world = World(registry, events, model, asks=Meanwhile(model, change_the_key))
    key = await own_key(world)
    model.enqueue(Reply(status=401))

    with pytest.raises(ProviderAuthenticationFailed):
        await world.judge(world.run(await judged_by(world, key)))

    assert secrets_used(world) == [f"Bearer {SECRET}"]
    assert (await stored(world, key)).state is KeyState.OK


async def test_the_operators_refused_key_is_the_operators_weather(world: World) -> None:
    key = await own_key(world)
    world.model.enqueue(Reply(status=401))

    with pytest.raises(ProviderAuthenticationFailed):
        await world.judge(world.run(await world.evaluation()))

    assert (await stored(world, key)).state is KeyState.OK


async def test_a_key_under_a_lost_secret_is_an_error_that_says_so(world: World) -> None:
    key = await own_key(world)
    async with world.registry.database.write() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE provider_keys SET sealed_with = 'gone'")

    with pytest.raises(ProviderKeyUnreadable, match="ASSAY_SECRET_KEYS") as raised:
        await world.judge(world.run(await judged_by(world, key)))

    assert raised.value.retryable  # another worker may have the secret already
    assert not world.model.requests


async def test_a_key_that_was_deleted_this_very_moment_stops_the_evaluation(world: World) -> None:
    gone = ModelConfiguration(provider=Provider.OPENAI, model="m", provider_key_id=uuid4())

    chosen = await JudgeModels(world.registry, LiteLLM({})).choose(PROJECT, gone)

    assert chosen == NoModel("provider_key_deleted", StatusReason.PROVIDER_KEY_DELETED)


def at_the_public_address(provider: Provider) -> LiteLLM:
    return LiteLLM({provider: HouseAccess(api_key=SecretStr("sk-house"))})


async def test_at_a_public_address_the_trial_is_for_the_listed_models(
    registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer
) -> None:
    world = World(registry, events, model, asks=at_the_public_address(Provider.OPENAI))

    judgement = await world.judge(world.run(await judged_by(world, None, "gpt-5-pro")))

    assert judgement.disable_reason is StatusReason.MODEL_NOT_ALLOWED
    assert await world.used() == 0


@pytest.mark.parametrize(
    ("asks", "served_by", "name"),
    [
        (at_the_public_address, Provider.OPENAI, "gpt-5-nano"),
        (at_the_public_address, Provider.OPENROUTER, "anything/at-all"),
        (
            lambda provider: LiteLLM(
                {provider: HouseAccess(api_key=SecretStr("sk-house"), base_url="https://gateway.example")}
            ),
            Provider.OPENAI,
            "our-own-model",
        ),
    ],
    ids=["listed", "no list", "gateway"],
)
async def test_what_a_trial_may_use(
    world: World, asks: Callable[[Provider], LiteLLM], served_by: Provider, name: str
) -> None:
    configured = ModelConfiguration(provider=served_by, model=name)

    chosen = await JudgeModels(world.registry, asks(served_by)).choose(PROJECT, configured)

    assert not isinstance(chosen, NoModel)
    assert (chosen.provider, chosen.model, chosen.access) == (served_by, name, None)


async def test_a_provider_without_any_key_stops_the_evaluation(world: World) -> None:
    configured = ModelConfiguration(provider=Provider.ANTHROPIC, model="claude-haiku-4-5")

    judgement = await world.judge(world.run(await world.evaluation(model_configuration=configured)))

    assert judgement.disable_reason is StatusReason.PROVIDER_KEY_REQUIRED


async def test_the_secret_is_in_no_payload_no_event_and_no_log(world: World) -> None:
    key = await own_key(world)
    evaluation = await judged_by(world, key)
    run = world.run(evaluation)
    with capture_logs() as logs:
        judgement = await world.judge(run)
        await world.record(run, judgement)
        world.model.enqueue(Reply(status=401, body={"error": {"message": f"Wrong key {SECRET}."}}))
        refused = await world.judge(world.run(evaluation))
    ref = EventRef(
        project_id=PROJECT, event=EVALUATION, uuid=judgement.verdict_event_id, day=utc_day(run.requested_at)
    )
    verdict = world.events.find_event(ref)
    assert verdict is not None
    assert verdict.properties["$ai_evaluation_key_type"] == "byok"
    assert verdict.properties["$ai_evaluation_key_id"] == str(key.id)
    for shown in (
        run.model_dump_json(),
        judgement.model_dump_json(),
        refused.model_dump_json(),
        verdict.model_dump_json(),
        repr(logs),
    ):
        assert SECRET not in shown
