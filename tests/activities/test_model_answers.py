"""Questions that are about no evaluation: on whose key they are asked, and how long they wait."""

from __future__ import annotations

from uuid import UUID

import pytest
from pydantic import SecretStr

from activities.judge_models import JudgeModels
from activities.model_answers import ModelAnswer, ModelAnswers, Question
from activities.model_gate import GateKey, ModelGate
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelMessage
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess, ProviderKey, ProviderKeyChange
from assay.errors import (
    AnswerEmpty,
    ProviderAuthenticationFailed,
    ProviderKeyRefused,
    ProviderKeyRequired,
    TimedOut,
)
from tests.activities.world import PROJECT, World

OWN = "sk-own"
OUT_OF_CREDIT = {"error": {"message": "No credit left.", "code": "insufficient_quota"}}


class Asking:
    """Answers on the world's registry and model."""

    def __init__(self, world: World, *, house: bool = True, maximum: int = 64) -> None:
        self.world = world
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=world.model.base_url, api_version=None)
        asks = LiteLLM(
            {Provider.OPENAI: access} if house else {}, base_urls={Provider.OPENAI: world.model.base_url}
        )
        self.gate = ModelGate(asks, maximum=maximum)
        self.answers = ModelAnswers(
            artifacts=world.registry.artifacts,
            models=JudgeModels(world.registry, asks),
            gate=self.gate,
            turn_seconds=0.05,
        )

    async def ask(self, model: str | None = None) -> ModelAnswer:
        question = Question(
            project_id=PROJECT,
            about="test",
            messages=(ModelMessage(role="user", content="Is it?"),),
            schema_name="answer",
            json_schema={"type": "object", "properties": {}, "required": [], "additionalProperties": False},
            usual_model="gpt-4.1-mini",
            model=model,
        )
        return await self.answers.ask(question)

    async def own_key(self) -> ProviderKey:
        access = ProviderAccess(provider=Provider.OPENAI, api_key=SecretStr(OWN))
        return await self.world.registry.provider_keys.create(
            PROJECT, "Own", access, created_by=None, set_as_active=True
        )

    @property
    def keys(self) -> list[str]:
        """The keys that questions came with."""
        return [request.headers["authorization"] for request in self.world.model.requests]


@pytest.fixture
def asking(world: World) -> Asking:
    return Asking(world)


async def test_without_a_key_the_operator_is_asked(asking: Asking, model: ScriptedModelServer) -> None:
    answer = await asking.ask()
    assert answer.provider is Provider.OPENAI
    assert model.requests[0].body["model"] == "gpt-4.1-mini"
    assert asking.keys == ["Bearer sk-house"]


async def test_the_projects_key_asks_for_any_model(asking: Asking, model: ScriptedModelServer) -> None:
    await asking.own_key()
    await asking.ask("gpt-whatever")
    assert model.requests[0].body["model"] == "gpt-whatever"
    assert asking.keys == [f"Bearer {OWN}"]


@pytest.mark.parametrize("how", ["refused", "out of credit"])
async def test_a_refused_key_is_never_replaced_by_the_operators(
    asking: Asking, model: ScriptedModelServer, how: str
) -> None:
    await asking.own_key()
    if how == "refused":
        model.rejected_keys.add(OWN)
    else:
        model.enqueue(Reply(status=429, body=OUT_OF_CREDIT))
    with pytest.raises(ProviderKeyRefused, match="refuses the project's active key") as refused:
        await asking.ask()
    assert not refused.value.retryable
    for wanted in (None, "gpt-4.1"):
        with pytest.raises(ProviderKeyRefused, match="active key is not usable"):
            await asking.ask(wanted)
    assert asking.keys == [f"Bearer {OWN}"]


async def test_a_key_that_was_never_checked_is_not_replaced_either(asking: Asking) -> None:
    key = await asking.own_key()
    check = KeyCheck(state=KeyState.UNKNOWN)
    await asking.world.registry.provider_keys.report(PROJECT, key.id, check, version=key.version)
    with pytest.raises(ProviderKeyRefused, match="unknown"):
        await asking.ask()
    assert asking.keys == []


async def test_a_key_that_is_another_by_now_is_worth_another_try(
    asking: Asking, model: ScriptedModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await asking.own_key()
    model.rejected_keys.add(OWN)
    keys = asking.world.registry.provider_keys
    report = keys.report

    async def late(project_id: int, key_id: UUID, check: KeyCheck, *, version: int) -> object:
        await keys.change(PROJECT, key.id, ProviderKeyChange(api_key=SecretStr("sk-new")))
        return await report(project_id, key_id, check, version=version)

    monkeypatch.setattr(keys, "report", late)
    with pytest.raises(ProviderAuthenticationFailed):
        await asking.ask()
    await asking.ask()
    assert asking.keys == [f"Bearer {OWN}", "Bearer sk-new"]
    assert (await keys.get(PROJECT, key.id)).state is KeyState.OK


async def test_without_any_key_nobody_is_asked(world: World) -> None:
    with pytest.raises(ProviderKeyRequired, match="no key") as required:
        await Asking(world, house=False).ask()
    assert type(required.value) is ProviderKeyRequired


async def test_nothing_is_an_answer_for_who_can_use_it(asking: Asking, model: ScriptedModelServer) -> None:
    model.enqueue(Reply(content="  "))
    with pytest.raises(AnswerEmpty):
        await asking.ask()


async def test_a_question_that_gets_no_turn_does_not_begin(world: World, model: ScriptedModelServer) -> None:
    asking = Asking(world, maximum=1)
    async with asking.gate.turn(GateKey(Provider.OPENAI), owner="others"):
        with pytest.raises(TimedOut) as timed_out:
            await asking.ask()
    assert timed_out.value.retryable
    assert asking.keys == []
    await asking.ask()
