"""The activity `evaluate-hog` on real stores and real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.evaluations import EvaluationActivities
from activities.hog_evaluations import HogEvaluationActivities
from activities.judge_models import JudgeModels
from activities.judging import Judge
from activities.model_gate import ModelGate
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.hog.processes import HogProcesses
from assay.adapters.llm import LiteLLM
from assay.adapters.sql import SqlRegistry
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationType,
    FailEvaluationInput,
    Judgement,
    OutputType,
    RecordVerdictInput,
    RunEvaluationInput,
    StatusReason,
)
from assay.contracts.events import EVALUATION, Event, EventRef, utc_day
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.domain.hog_evaluations import MAX_REASONING
from assay.domain.verdicts import judgement_of
from assay.errors import (
    EvaluationNotFound,
    HogDefect,
    HogUnavailable,
    TargetNotFound,
    UnsupportedEvaluation,
    WorkError,
)
from assay.ports import HogRunner
from tests.activities.world import PROJECT, a_run
from tests.harness.hog import hog_processes


@pytest.fixture(scope="module")
async def processes() -> AsyncIterator[HogProcesses]:
    async with hog_processes() as processes:
        yield processes


class HogWorld:
    """The activity, and shortcuts to what it works on."""

    def __init__(self, registry: SqlRegistry, events: ClickHouseEventStore, processes: HogRunner) -> None:
        self.registry, self.events, self.processes = registry, events, processes
        self.activities = HogEvaluationActivities(registry=registry, events=events, hog=processes)
        asks = LiteLLM({}, base_urls={})
        judge = Judge(JudgeModels(registry, asks), ModelGate(asks))
        self.others = EvaluationActivities(registry=registry, events=events, judge=judge, trial_eval_limit=0)

    async def evaluation(
        self, source: str, *, allows_na: bool = False, compiled: bool = True, **config: Any
    ) -> Evaluation:
        if compiled:
            config = {"bytecode": (await self.processes.compile(source, owner="test")).bytecode} | config
        spec = EvaluationSpec(
            name="Short enough",
            enabled=True,
            evaluation_type=EvaluationType.HOG,
            evaluation_config={"source": source, **config},
            output_type=OutputType.BOOLEAN,
            output_config={"allows_na": allows_na},
        )
        return await self.registry.evaluations.create(PROJECT, spec, created_by=None)

    def run(self, evaluation: Evaluation, answer: str = "short", **properties: Any) -> RunEvaluationInput:
        return a_run(self.events, evaluation, answer, **properties)

    async def evaluate(self, run: RunEvaluationInput) -> Judgement:
        return await ActivityEnvironment().run(self.activities.evaluate, run)

    async def judgement(self, source: str, *, allows_na: bool = False, **properties: Any) -> Judgement:
        """Of a new evaluation with this source, on a new event."""
        return await self.evaluate(self.run(await self.evaluation(source, allows_na=allows_na), **properties))

    async def fail(self, evaluation: Evaluation, judgement: Judgement) -> bool:
        assert judgement.disable_reason is not None
        failed = FailEvaluationInput(
            project_id=PROJECT,
            evaluation_id=evaluation.id,
            reason=judgement.disable_reason,
            version=judgement.evaluation_version,
        )
        return await ActivityEnvironment().run(self.others.fail_evaluation, failed)

    async def record(self, run: RunEvaluationInput, judgement: Judgement) -> Event:
        await ActivityEnvironment().run(
            self.others.record_verdict, RecordVerdictInput(run=run, judgement=judgement)
        )
        ref = EventRef(
            project_id=PROJECT,
            event=EVALUATION,
            uuid=judgement.verdict_event_id,
            day=utc_day(run.requested_at),
        )
        stored = self.events.find_event(ref)
        assert stored is not None
        return stored


@pytest.fixture
def world(registry: SqlRegistry, events: ClickHouseEventStore, processes: HogProcesses) -> HogWorld:
    return HogWorld(registry, events, processes)


async def test_a_verdict_has_what_was_printed_and_no_model(world: HogWorld) -> None:
    evaluation = await world.evaluation("print('seen', event.event) return position(output, 'short') > 0")
    run = world.run(evaluation)

    judgement = await world.evaluate(run)

    assert (judgement.verdict, judgement.applicable, judgement.skip_reason) == (True, None, None)
    assert judgement.reasoning == "seen $ai_generation"
    assert (judgement.model, judgement.provider, judgement.input_tokens) == (None, None, None)
    assert (judgement.evaluation_version, judgement.allows_na) == (1, False)
    properties = (await world.record(run, judgement)).properties
    assert properties["$ai_evaluation_runtime"] == "hog"
    assert properties["$ai_evaluation_result"] is True
    assert properties["$ai_evaluation_reasoning"] == "seen $ai_generation"
    assert "$ai_model" not in properties
    assert "$ai_evaluation_skipped" not in properties


@pytest.mark.parametrize(
    ("source", "verdict", "applicable"),
    [("return null", None, False), ("return false", False, True), ("return true", True, True)],
)
async def test_not_applicable_where_it_is_allowed(
    world: HogWorld, source: str, verdict: bool | None, applicable: bool
) -> None:
    judgement = await world.judgement(source, allows_na=True)
    assert (judgement.verdict, judgement.applicable) == (verdict, applicable)
    assert (judgement.skip_reason, judgement.disable_reason) == (None, None)


async def test_a_recorded_verdict_is_not_reached_again(world: HogWorld) -> None:
    run = world.run(await world.evaluation("print(generateUUIDv4()) return true"))
    first = await world.evaluate(run)
    await world.record(run, first)

    assert await world.evaluate(run) == first.model_copy(update={"already_recorded": True})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print('before')\nreturn nowhere", "line 2, column 8"),
        ("print('before') return 1", "integer: 1"),
        ("print('before') return null", "null"),
        ("print('before') throw Error('rude')", "Error('rude')"),
        ("print('before') while (true) { }", "Limit exceeded"),
    ],
)
async def test_a_program_at_fault_stops_its_evaluation_and_says_why(
    world: HogWorld, source: str, said: str
) -> None:
    judgement = await world.judgement(source)

    assert (judgement.skip_reason, judgement.disable_reason) == ("hog_error", StatusReason.HOG_ERROR)
    assert (judgement.verdict, judgement.applicable) == (None, None)
    error, printed = judgement.reasoning.split("\n\n")
    assert said in error
    assert printed == "before"


async def test_an_event_at_fault_is_skipped_and_the_evaluation_goes_on(world: HogWorld) -> None:
    run = world.run(await world.evaluation("print('before') return jsonParse(output).ok"), "no JSON")

    judgement = await world.evaluate(run)

    assert (judgement.skip_reason, judgement.disable_reason) == ("hog_input_error", None)
    sentence, error, printed = judgement.reasoning.split("\n\n")
    assert sentence.endswith("evaluated.")
    assert error.startswith("Runtime error: line 1, column ")
    assert printed == "before"
    stored = await world.record(run, judgement)
    assert stored.properties["$ai_evaluation_skip_reason"] == "hog_input_error"
    assert "$ai_evaluation_result" not in stored.properties
    assert judgement_of(stored).reasoning == judgement.reasoning


async def test_a_failed_generation_is_a_target_like_any_other(world: HogWorld) -> None:
    judgement = await world.judgement("return properties['$ai_is_error']", **{"$ai_is_error": True})
    assert judgement.verdict is True


async def test_what_was_stored_before_programs_were_compiled_runs_too(world: HogWorld) -> None:
    evaluation = await world.evaluation("return true", compiled=False)
    assert (await world.evaluate(world.run(evaluation))).verdict is True


@pytest.mark.parametrize("bytecode", [None, ["_H", 1, 33], ["assay-hog", 0, "[]"], "text", []])
async def test_what_another_version_compiled_is_compiled_anew(world: HogWorld, bytecode: Any) -> None:
    evaluation = await world.evaluation("return true", bytecode=bytecode)
    assert (await world.evaluate(world.run(evaluation))).verdict is True


async def test_a_stored_source_that_does_not_compile_stops_the_evaluation(world: HogWorld) -> None:
    judgement = await world.evaluate(world.run(await world.evaluation("return (", compiled=False)))
    assert judgement.disable_reason is StatusReason.HOG_ERROR
    assert judgement.reasoning.startswith("Compilation error: line 1, column ")


async def test_long_reasoning_is_cut_for_the_history(world: HogWorld) -> None:
    judgement = await world.judgement(
        "for (let i := 0; i < 500; i := i + 1) { print(output) } return true", answer="💥" * 100
    )
    assert len(judgement.reasoning) == MAX_REASONING
    assert judgement.reasoning.endswith("…")
    assert len(judgement.model_dump_json().encode()) < 256 * 1024 / 2


async def test_what_is_not_there_is_said(world: HogWorld) -> None:
    evaluation = await world.evaluation("return true")
    run = world.run(evaluation)
    missing = run.target.model_copy(update={"uuid": uuid4()})

    with pytest.raises(TargetNotFound):
        await world.evaluate(run.model_copy(update={"target": missing}))
    with pytest.raises(EvaluationNotFound):
        await world.evaluate(run.model_copy(update={"evaluation_id": uuid4()}))


async def test_an_evaluation_that_became_a_judge_is_refused(world: HogWorld) -> None:
    evaluation = await world.evaluation("return true")
    run = world.run(evaluation)

    def judge(current: Evaluation) -> EvaluationSpec:
        fields = current.model_dump(include=set(EvaluationSpec.model_fields))
        return EvaluationSpec.model_validate(
            fields | {"evaluation_type": "llm_judge", "evaluation_config": {"prompt": "Is it?"}}
        )

    await world.registry.evaluations.update(PROJECT, evaluation.id, judge)
    with pytest.raises(UnsupportedEvaluation, match="llm_judge"):
        await world.evaluate(run)


async def test_without_processes_the_run_is_worth_another_attempt(
    registry: SqlRegistry, events: ClickHouseEventStore, world: HogWorld
) -> None:
    evaluation = await world.evaluation("return true")
    closed = HogProcesses(processes=1, memory_mb=256)
    await closed.close()

    with pytest.raises(HogUnavailable) as raised:
        await HogWorld(registry, events, closed).evaluate(world.run(evaluation))
    assert raised.value.retryable


class ScriptedRunner:
    """Runs nothing and answers what it is told."""

    def __init__(self, answer: HogOutcome | WorkError) -> None:
        self.answer = answer
        self.owners: list[object] = []

    async def compile(self, source: str, *, owner: object) -> CompiledProgram:
        self.owners.append(owner)
        return CompiledProgram([])

    async def evaluate(
        self,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        owner: object,
        allows_na: bool,
        limits: Limits,
    ) -> list[HogOutcome | WorkError]:
        self.owners.append(owner)
        return [self.answer for _ in targets]


@pytest.mark.parametrize(
    ("error", "is_retried"), [(HogUnavailable("too busy"), True), (HogDefect("KeyError"), False)]
)
async def test_what_is_not_the_programs_fault_is_no_judgement(
    registry: SqlRegistry, events: ClickHouseEventStore, error: WorkError, is_retried: bool
) -> None:
    world = HogWorld(registry, events, ScriptedRunner(error))

    with pytest.raises(type(error)) as raised:
        await world.evaluate(world.run(await world.evaluation("return true", compiled=False)))
    assert raised.value.retryable is is_retried


async def test_projects_take_turns_for_processes(registry: SqlRegistry, events: ClickHouseEventStore) -> None:
    runner = ScriptedRunner(HogOutcome(verdict=True))
    world = HogWorld(registry, events, runner)

    await world.evaluate(world.run(await world.evaluation("return true", compiled=False)))

    assert runner.owners == [("run", PROJECT)] * 2


async def test_a_late_failure_stops_no_repaired_program(world: HogWorld) -> None:
    evaluation = await world.evaluation("return 1")
    judgement = await world.evaluate(world.run(evaluation))
    assert judgement.disable_reason is StatusReason.HOG_ERROR

    def repair(current: Evaluation) -> EvaluationSpec:
        fields = current.model_dump(include=set(EvaluationSpec.model_fields))
        return EvaluationSpec.model_validate(fields | {"evaluation_config": {"source": "return true"}})

    repaired = await world.registry.evaluations.update(PROJECT, evaluation.id, repair)
    assert await world.fail(evaluation, judgement) is False
    assert await world.registry.evaluations.get(PROJECT, evaluation.id) == repaired

    broken_again = await world.registry.evaluations.update(PROJECT, evaluation.id, lambda _: evaluation)
    assert broken_again is not None
    judgement = await world.evaluate(world.run(broken_again))
    assert await world.fail(evaluation, judgement) is True
