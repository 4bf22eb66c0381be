"""Activities with the real names and types whose outcomes a test scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from temporalio import activity

from assay.contracts.evaluations import (
    EvaluationType,
    FailEvaluationInput,
    Judgement,
    RecordVerdictInput,
    RunEvaluationInput,
)
from assay.contracts.events import EventRef
from assay.errors import WorkError
from assay.temporal.ids import manual_trigger


class ScriptedActivities:
    """Plays a list of outcomes of a judge or a program, the last one for ever; records every call."""

    def __init__(self, *judge: Judgement | WorkError, record: tuple[WorkError, ...] = ()) -> None:
        self._judge = list(judge)
        self._record = list(record)
        self.judged_at: list[datetime] = []
        self.judged_on: list[str] = []
        self.hog_timeouts: list[timedelta | None] = []
        self.recorded: list[RecordVerdictInput] = []
        self.failed: list[FailEvaluationInput] = []

    @activity.defn(name="judge-target")
    async def judge(self, run: RunEvaluationInput) -> Judgement:
        return self._next()

    @activity.defn(name="evaluate-hog")
    async def evaluate_hog(self, run: RunEvaluationInput) -> Judgement:
        self.hog_timeouts.append(activity.info().start_to_close_timeout)
        return self._next()

    def _next(self) -> Judgement:
        self.judged_at.append(activity.info().started_time)
        self.judged_on.append(activity.info().task_queue)
        outcome = self._judge.pop(0) if len(self._judge) > 1 else self._judge[0]
        if isinstance(outcome, WorkError):
            raise outcome
        return outcome

    @activity.defn(name="record-verdict")
    async def record_verdict(self, record: RecordVerdictInput) -> None:
        if self._record:
            raise self._record.pop(0)
        self.recorded.append(record)

    @activity.defn(name="fail-evaluation")
    async def fail_evaluation(self, failed: FailEvaluationInput) -> bool:
        self.failed.append(failed)
        return True

    @property
    def all(self) -> list[object]:
        return [self.judge, self.evaluate_hog, self.record_verdict, self.fail_evaluation]


def a_run(**changes: object) -> RunEvaluationInput:
    now = datetime.now(UTC)
    values: dict[str, object] = {
        "project_id": 1,
        "evaluation_id": uuid4(),
        "evaluation_name": "Helpfulness",
        "evaluation_type": EvaluationType.LLM_JUDGE,
        "target": EventRef(project_id=1, event="$ai_generation", uuid=uuid4(), day=now.date()),
        "trigger": manual_trigger(now),
        "requested_at": now,
    }
    return RunEvaluationInput.model_validate(values | changes)


def a_hog_run(**changes: object) -> RunEvaluationInput:
    return a_run(**{"evaluation_name": "Short enough", "evaluation_type": EvaluationType.HOG, **changes})


def a_hog_judgement(**changes: object) -> Judgement:
    """What a program reaches: nothing of a model."""
    none = dict.fromkeys(("provider", "model", "key_type", "input_tokens", "output_tokens", "cost_usd"))
    return a_judgement(**{"reasoning": "length 31\nok", **none, **changes})


def a_judgement(**changes: object) -> Judgement:
    values: dict[str, object] = {
        "evaluation_version": 3,
        "verdict_event_id": UUID("0b6f2a52-4e43-5a86-9a0c-8f3f0b0d9d11"),
        "verdict": True,
        "reasoning": "It answers the question.",
        "provider": "openai",
        "model": "gpt-5-mini",
        "key_type": "posthog",
        "input_tokens": 120,
        "output_tokens": 18,
        "cost_usd": 0.000066,
    }
    return Judgement.model_validate(values | changes)
