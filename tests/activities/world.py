"""The activities of `run-evaluation` on real stores and a scripted provider."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.evaluations import EvaluationActivities
from activities.judge_models import JudgeModels
from activities.judging import Judge
from activities.model_gate import ModelGate
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.sql import SqlRegistry
from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationType,
    Judgement,
    OutputType,
    Provider,
    RecordVerdictInput,
    RunEvaluationInput,
)
from assay.contracts.events import Event, EventRef
from assay.temporal.ids import manual_trigger

PROJECT = 1
GOOD = "Open the sign-in page and choose “Forgot password”."


class Clock:
    """A monotonic clock that can be put forward.

    Attributes:
        ahead: seconds by which it is ahead of the real one.
    """

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


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
        asks: LiteLLM | None = None,
    ) -> None:
        self.registry, self.events, self.model = registry, events, model
        self.clock = Clock()
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=model.base_url, api_version=None)
        asks = asks or LiteLLM(
            {Provider.OPENAI: access} if house else {}, base_urls={Provider.OPENAI: model.base_url}
        )
        self.asking = Judge(JudgeModels(registry, asks), ModelGate(asks, clock=self.clock))
        self.activities = EvaluationActivities(
            registry=registry, events=events, judge=self.asking, trial_eval_limit=limit
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
        return a_run(self.events, evaluation, answer, **properties)

    async def judge(self, run: RunEvaluationInput) -> Judgement:
        return await ActivityEnvironment().run(self.activities.judge, run)

    async def record(self, run: RunEvaluationInput, judgement: Judgement) -> None:
        await ActivityEnvironment().run(
            self.activities.record_verdict, RecordVerdictInput(run=run, judgement=judgement)
        )

    async def used(self) -> int:
        return await self.registry.trial.used(PROJECT)


def a_run(
    events: ClickHouseEventStore, evaluation: Evaluation, answer: str = GOOD, **properties: Any
) -> RunEvaluationInput:
    """A run of the evaluation on a generation that was captured just now."""
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
    events.insert([target])
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
