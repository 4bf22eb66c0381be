"""Batches of Hog runs on real stores and real processes: every target one verdict, whatever happens in between."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.batches import Batches
from activities.evaluation_states import EvaluationStates
from activities.hog_batches import HogBatchActivities
from assay.adapters.event_writer import BlockEventWriter
from assay.contracts.evaluation_batches import BatchTally, EvaluationBatchInput
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationStatus,
    EvaluationType,
    StatusReason,
)
from assay.errors import TargetNotFound
from tests.activities.batch_world import BatchWorld
from tests.activities.world import PROJECT, World
from tests.harness.hog import hog_processes

SHORT = "print('length', length(output)) return position(output, 'sign-in') > 0"


class HogWorld(BatchWorld):
    """The activity for Hog, and shortcuts to what it works on."""

    def __init__(self, world: World, writer: BlockEventWriter, hog: Any) -> None:
        super().__init__(world, writer)
        batches = Batches(
            registry=world.registry,
            targets=self.targets,
            writer=writer,
            states=EvaluationStates(world.registry),
        )
        self.hog = HogBatchActivities(registry=world.registry, batches=batches, hog=hog, processes=1)

    async def evaluation(self, source: str = SHORT, **changes: Any) -> Evaluation:
        return await self.world.evaluation(
            evaluation_type=EvaluationType.HOG, evaluation_config={"source": source}, **changes
        )

    async def change(self, evaluation: Evaluation, **changes: Any) -> Evaluation:
        changed = await self.world.registry.evaluations.update(
            PROJECT, evaluation.id, lambda now: now.model_copy(update=changes)
        )
        assert changed is not None
        return changed

    async def evaluate(self, given: EvaluationBatchInput, *, attempt: int = 1) -> BatchTally:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        return await environment.run(self.hog.evaluate, given)


@pytest.fixture
async def hog(world: World) -> AsyncIterator[HogWorld]:
    writer = BlockEventWriter(world.events)
    async with hog_processes() as processes:
        yield HogWorld(world, writer, processes)
    await writer.aclose()


async def test_every_target_has_its_verdict_at_its_own_time(hog: HogWorld) -> None:
    given = hog.claimed(await hog.evaluation(), 70)
    tally = await hog.evaluate(given)
    assert tally == BatchTally(size=70, outcomes={"pass": 35, "fail": 35})
    verdicts = hog.verdicts(given)
    claims = {claim.target: claim for claim in hog.targets.claims_in(given.batch.ref)}
    assert verdicts.keys() == claims.keys()
    for target, verdict in verdicts.items():
        assert verdict.uuid == claims[target].verdict_event_id
        assert verdict.timestamp == claims[target].timestamp
        assert verdict.properties["$ai_evaluation_trigger"] == "live"
        assert verdict.properties["$ai_evaluation_reasoning"].startswith("length ")


async def test_a_second_attempt_finds_everything_in_the_ledger(hog: HogWorld) -> None:
    given = hog.claimed(await hog.evaluation(), 20)
    await hog.evaluate(given)
    assert await hog.evaluate(given, attempt=2) == BatchTally(size=20, recorded_before=20)


async def test_a_program_that_fails_stops_its_evaluation_and_the_rest_is_judged_when_it_is_repaired(
    hog: HogWorld,
) -> None:
    evaluation = await hog.evaluation("return position(output, 'sign-in') > 0 ? true : nobody")
    given = hog.claimed(evaluation, 20)
    stopped = await hog.evaluate(given)
    assert stopped.stopped == "hog_error"
    assert "nobody" in stopped.stopped_because
    stored = await hog.world.registry.evaluations.get(PROJECT, evaluation.id)
    assert stored is not None
    assert (stored.status, stored.status_reason) == (EvaluationStatus.ERROR, StatusReason.HOG_ERROR)
    assert (await hog.evaluate(given)).stopped == "hog_error"

    await hog.change(evaluation, enabled=True, evaluation_config={"source": SHORT})
    rest = await hog.evaluate(given)
    assert rest.stopped is None
    assert rest.recorded_before == stopped.judged
    assert rest.judged == 20 - stopped.judged
    versions = {verdict.properties["$ai_evaluation_version"] for verdict in hog.verdicts(given).values()}
    assert versions <= {1, 2}
    assert len(hog.verdicts(given)) == 20


async def test_what_an_older_version_judged_is_not_judged_again(hog: HogWorld) -> None:
    evaluation = await hog.evaluation()
    given = hog.claimed(evaluation, 8)
    await hog.evaluate(given)
    await hog.change(evaluation, evaluation_config={"source": "return false"})
    assert await hog.evaluate(given) == BatchTally(size=8, recorded_before=8)


async def test_a_paused_or_deleted_evaluation_judges_nothing(hog: HogWorld) -> None:
    evaluation = await hog.evaluation()
    given = hog.claimed(evaluation, 3)
    await hog.change(evaluation, enabled=False)
    assert await hog.evaluate(given) == BatchTally(size=3, stopped="paused")
    await hog.change(evaluation, deleted=True)
    assert await hog.evaluate(given) == BatchTally(size=3, stopped="deleted")
    assert hog.verdicts(given) == {}


async def test_an_evaluation_that_became_a_judge_judges_nothing_here(hog: HogWorld) -> None:
    evaluation = await hog.evaluation()
    given = hog.claimed(evaluation, 3)
    await hog.change(
        evaluation,
        evaluation_type=EvaluationType.LLM_JUDGE,
        evaluation_config={"prompt": "Pass if it is short."},
    )
    assert (await hog.evaluate(given)).stopped == "evaluation_type_changed"


async def test_a_target_that_is_gone_is_looked_for_again_and_then_skipped(hog: HogWorld) -> None:
    given = hog.claimed(await hog.evaluation(), 2, stored=False)
    for attempt in (1, 2):
        with pytest.raises(TargetNotFound):
            await hog.evaluate(given, attempt=attempt)
    tally = await hog.evaluate(given, attempt=3)
    assert tally.skip_reasons == {"generation_not_found": 2}
    assert await hog.evaluate(given, attempt=4) == BatchTally(size=2, recorded_before=2)


async def test_a_fault_of_the_event_skips_the_event(hog: HogWorld) -> None:
    given = hog.claimed(await hog.evaluation("return jsonParse(properties['$ai_trace_id']) == 1"), 3)
    assert (await hog.evaluate(given)).skip_reasons == {"hog_input_error": 3}
    assert len(hog.verdicts(given)) == 3
