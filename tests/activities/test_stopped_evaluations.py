"""Who stops an evaluation tells about it, once; what was repaired meanwhile is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

from assay.adapters.testing import Reply
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationStatus,
    FailEvaluationInput,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.contracts.provider_keys import ProviderAccess, ProviderKey
from tests.activities.world import PROJECT, World


async def own_key(world: World) -> ProviderKey:
    access = ProviderAccess(provider=Provider.OPENAI, api_key=SecretStr("sk-own"))
    return await world.registry.provider_keys.create(PROJECT, "Own", access, created_by=None)


async def judged_by(world: World, key: ProviderKey, name: str) -> Evaluation:
    configured = ModelConfiguration(provider=key.provider, model="gpt-4.1", provider_key_id=key.id)
    return await world.evaluation(model_configuration=configured, name=name)


async def status_of(world: World, evaluation: Evaluation) -> tuple[EvaluationStatus, StatusReason | None]:
    found = await world.registry.evaluations.get(PROJECT, evaluation.id, include_deleted=True)
    assert found is not None
    return found.status, found.status_reason


async def fail(world: World, evaluation: Evaluation, **changes: Any) -> bool:
    failed = FailEvaluationInput(
        project_id=PROJECT, evaluation_id=evaluation.id, reason=StatusReason.HOG_ERROR, **changes
    )
    made: bool = await ActivityEnvironment().run(world.activities.fail_evaluation, failed)
    return made


def told(logs: Sequence[Any]) -> list[tuple[UUID, str, str]]:
    return [
        (UUID(entry["evaluation_id"]), entry["evaluation_name"], entry["reason"])
        for entry in logs
        if entry["event"] == "evaluation stopped"
    ]


async def test_of_runs_that_meet_a_refused_key_one_tells_what_stopped(world: World) -> None:
    key = await own_key(world)
    one, two = [await judged_by(world, key, name) for name in ("One", "Two")]
    runs = [world.run(evaluation) for evaluation in (one, two, one)]
    for _ in runs:
        world.model.enqueue(Reply(status=401))

    with capture_logs() as logs:
        judgements = await asyncio.gather(*(world.judge(run) for run in runs))

    assert {judgement.skip_reason for judgement in judgements} <= {"auth_error", "provider_key_not_ok"}
    reason = StatusReason.PROVIDER_KEY_INVALID
    assert sorted(told(logs)) == sorted([(one.id, "One", reason), (two.id, "Two", reason)])
    assert await status_of(world, one) == await status_of(world, two) == (EvaluationStatus.ERROR, reason)


async def test_an_empty_account_stops_and_tells_nothing(world: World) -> None:
    evaluation = await judged_by(world, await own_key(world), "One")
    world.model.enqueue(Reply(status=402))

    with capture_logs() as logs:
        assert (await world.judge(world.run(evaluation))).skip_reason == "quota_error"

    assert told(logs) == []
    assert await status_of(world, evaluation) == (EvaluationStatus.ACTIVE, None)


async def test_of_failures_one_stops_and_tells(world: World) -> None:
    evaluation = await world.evaluation(name="Broken")

    with capture_logs() as logs:
        made = await asyncio.gather(*(fail(world, evaluation) for _ in range(4)))

    assert sorted(made) == [False, False, False, True]
    assert told(logs) == [(evaluation.id, "Broken", "hog_error")]


async def test_what_was_switched_on_since_goes_on(world: World) -> None:
    evaluation = await world.evaluation()
    assert evaluation.active_since is not None
    before = evaluation.active_since - timedelta(microseconds=1)

    with capture_logs() as logs:
        assert await fail(world, evaluation, version=evaluation.version, active_since=before) is False

    assert told(logs) == []
    assert await status_of(world, evaluation) == (EvaluationStatus.ACTIVE, None)
    assert await fail(world, evaluation, active_since=evaluation.active_since) is True


async def test_what_is_deleted_is_left_alone(world: World) -> None:
    evaluation = await world.evaluation(deleted=True)

    with capture_logs() as logs:
        assert await fail(world, evaluation) is False

    assert told(logs) == []
    assert await status_of(world, evaluation) == (EvaluationStatus.ACTIVE, None)


def test_what_an_earlier_version_asked_for_can_still_be_read() -> None:
    old = {"project_id": 1, "evaluation_id": str(UUID(int=1)), "reason": "hog_error"}
    assert FailEvaluationInput.model_validate(old).active_since is None
