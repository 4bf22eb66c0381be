"""What a window leaves behind: summaries as events, vectors, and no question asked twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, override

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.embedding_models import LocalOnly
from activities.summary_embeddings import SummaryEmbeddingActivities
from assay.adapters.embeddings import StaticEmbeddings
from assay.adapters.testing import Reply
from assay.adapters.testing.replies import scripted_reply
from assay.contracts.artifacts import ArtifactKind
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.embeddings import KeepVectors
from assay.contracts.summarization import SummarizationInput
from assay.contracts.summarization_windows import EmbedSummary, WindowRef
from assay.domain.summary_windows import HOUR
from assay.errors import ArtifactMissing
from assay.temporal.ids import answer_id
from tests.workflows.scripted_batches import until
from tests.workflows.summarization_windows.world import WindowWorld
from workflows.summarization import Summarization

STEPS = (
    "plan-summarization-window",
    "prepare-summary-item",
    "ask-summary",
    "record-summary",
    "embed-summary",
)


def properties(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row["properties_text"])
    return found


def present[Value](value: Value | None) -> Value:
    assert value is not None
    return value


async def test_traces_are_summarised_as_events_with_vectors(world: WindowWorld) -> None:
    ref = await world.job(filters=[{"key": "$ai_model", "value": "gpt-4o"}])
    for trace in ("Bern", "Rome"):
        world.generation(trace)
    last = world.generation("Rome", "It snows.", **{"$ai_model": "another"})
    world.generation("Oslo", **{"$ai_model": "another"})

    result = await world.run(ref)

    counts = result.progress.counts
    assert (result.outcome, counts.queried, counts.summarised, counts.embedded) == ("completed", 2, 2, 2)
    rows = {properties(row)["$ai_trace_id"]: row for row in world.told()}
    assert rows.keys() == {"Bern", "Rome"}
    told = properties(rows["Rome"])
    job = present(await world.registry.clustering_jobs.get(world.project_id, present(ref.job_id)))
    assert told.keys() == {
        "$ai_trace_id",
        "$ai_batch_run_id",
        "$ai_clustering_job_id",
        "$ai_clustering_job_name",
        "$ai_summary_mode",
        "$ai_summary_model",
        "$ai_summary_title",
        "$ai_summary_flow_diagram",
        "$ai_summary_bullets",
        "$ai_summary_interesting_notes",
        "$ai_text_repr_length",
        "$ai_event_count",
        "trace_timestamp",
    }
    assert (told["$ai_clustering_job_id"], told["$ai_clustering_job_name"]) == (str(job.id), job.name)
    assert (told["$ai_summary_mode"], told["$ai_event_count"]) == ("detailed", 2)
    assert told["trace_timestamp"] == last.timestamp.isoformat()
    assert all(bullet.keys() == {"text", "line_refs"} for bullet in told["$ai_summary_bullets"])
    assert {row["distinct_id"] for row in rows.values()} == {f"trace_summary_{world.project_id}"}
    assert {row["timestamp"] for row in rows.values()} == {world.since + HOUR}
    assert world.vectors() == 2


async def test_a_window_that_is_done_again_asks_nobody_and_writes_the_same(world: WindowWorld) -> None:
    ref = await world.job()
    for trace in ("Bern", "Rome", "Oslo"):
        world.generation(trace, f"It rains in {trace}.")
    await world.run(ref)
    before = sorted(world.told(), key=lambda row: row["uuid"])

    counts = (await world.run(ref)).progress.counts
    assert (counts.cached, counts.summarised, counts.embedded) == (3, 0, 3)
    assert len(world.model.asked) == 3
    assert sorted(world.told(), key=lambda row: row["uuid"]) == before
    assert world.vectors() == 3


async def test_two_jobs_share_summaries_and_each_has_its_events(world: WindowWorld) -> None:
    world.generation("Bern")
    refs = [await world.job(), await world.job()]
    for ref in refs:
        await world.run(ref)
    assert len(world.model.asked) == 1
    jobs = {properties(row)["$ai_clustering_job_id"] for row in world.told()}
    assert jobs == {str(ref.job_id) for ref in refs}


async def test_generations(world: WindowWorld) -> None:
    ref = await world.job(AnalysisLevel.GENERATION)
    world.generation("Rome")
    last = world.generation("Rome", "It snows.", **{"$ai_input_tokens": 900})
    world.stores.events.insert([last.model_copy(update={"timestamp": last.timestamp + timedelta(minutes=1)})])
    alone = world.generation("")

    counts = (await world.run(ref)).progress.counts
    assert (counts.sampled, counts.summarised, counts.embedded) == (2, 2, 2)
    told = [properties(row) for row in world.told("$ai_generation_summary")]
    assert {each["$ai_generation_id"]: each.get("$ai_trace_id") for each in told} == {
        str(last.uuid): "Rome",
        str(alone.uuid): None,
    }
    assert not any("$ai_event_count" in each for each in told)
    assert world.told() == []


async def test_a_worker_killed_after_any_step_pays_for_nothing_twice(world: WindowWorld) -> None:
    ref = await world.job()
    for trace in ("Bern", "Rome"):
        world.generation(trace, f"It rains in {trace}.")
    world.fails_after.left.update(STEPS)

    result = await world.run(ref)

    assert result.outcome == "completed"
    assert not +world.fails_after.left
    assert (len(world.model.asked), len(world.told()), world.vectors()) == (2, 2, 2)


async def test_each_hour_has_its_own_traces(world: WindowWorld) -> None:
    ref = await world.job()
    for hours_ago in range(3):
        world.generation(f"trace of {hours_ago}", hours_ago=hours_ago)
        world.generation("trace of all", hours_ago=hours_ago)
    result = await world.run(ref, hours=3)
    assert result.progress.windows >= 3
    assert {properties(row)["$ai_trace_id"]: row["timestamp"] for row in world.told()} == {
        "trace of 0": world.since + HOUR,
        "trace of all": world.since + HOUR,
        "trace of 1": world.since,
        "trace of 2": world.since - HOUR,
    }


async def test_a_trace_that_the_model_refuses_keeps_no_other_from_its_summary(world: WindowWorld) -> None:
    ref = await world.job()
    for trace in ("Bern", "Rome"):
        world.generation(trace)

    def refuses(body: dict[str, Any]) -> Reply:
        if "Bern" in json.dumps(body):
            return Reply(status=400, body={"error": {"message": "This text is not accepted."}})
        return scripted_reply("/v1/chat/completions", body)

    world.model.answer = refuses
    result = await world.run(ref)
    counts = result.progress.counts
    assert (result.outcome, counts.summarised) == ("incomplete", 1)
    assert sum(counts.failed.values()) == 1
    assert [properties(row)["$ai_trace_id"] for row in world.told()] == ["Rome"]


async def test_what_says_nothing_or_is_gone_is_skipped(world: WindowWorld) -> None:
    ref = await world.job()
    event = world.generation("silent")
    world.stores.events.insert([event.model_copy(update={"properties": {"$ai_trace_id": "silent"}})])
    counts = (await world.run(ref)).progress.counts
    assert (counts.skipped, world.told(), world.model.asked) == ({"nothing_said": 1}, [], [])


async def test_a_summary_that_somebody_asked_for_is_joined(world: WindowWorld) -> None:
    ref = await world.job()
    world.generation("Bern")
    world.model.open.clear()
    handle = await world.start(ref)
    await until(lambda: len(world.model.asked) == 1)
    second = await world.start(await world.job())
    history: list[str] = []
    while "await-summary" not in history:
        history = [
            event.activity_task_scheduled_event_attributes.activity_type.name
            for event in (await second.fetch_history()).events
        ]
    world.model.open.set()
    for each in (handle, second):
        assert (await each.result()).progress.counts.summarised == 1
    assert (len(world.model.asked), len(world.told())) == (1, 2)


async def test_a_summary_of_a_window_is_that_of_a_request(world: WindowWorld) -> None:
    ref = await world.job()
    world.generation("Bern")
    await world.run(ref)
    [found] = (
        await world.registry.artifacts.latest(
            world.project_id, ArtifactKind.SUMMARY, ["Bern"], "trace/detailed/"
        )
    ).values()
    marks = world.stores.traces.marks(world.project_id, ["Bern"])
    assert found.source == marks["Bern"]
    run = world.client.get_workflow_handle_for(Summarization.run, answer_id("summarization", found.digest))
    started = (await run.fetch_history()).events[0].workflow_execution_started_event_attributes
    [given] = await world.client.data_converter.decode(started.input.payloads, [SummarizationInput])
    assert (given.mode, given.model, given.refresh) == ("detailed", None, False)


class CountedEmbeddings(StaticEmbeddings):
    """A model that counts what it is given, by a name of its own."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.count = 0

    @override
    async def embed(self, project_id: int, texts: Mapping[str, str], keep: KeepVectors) -> None:
        self.count += len(texts)
        await super().embed(project_id, texts, keep)


async def test_the_same_text_is_embedded_once_by_each_model(world: WindowWorld) -> None:
    world.generation("Bern")
    await world.run(await world.job())
    artifacts = world.registry.artifacts
    [found] = (
        await artifacts.latest(world.project_id, ArtifactKind.SUMMARY, ["Bern"], "trace/detailed/")
    ).values()
    order = EmbedSummary(project_id=world.project_id, digest=found.digest)
    for name, times in ((StaticEmbeddings.name, 0), ("another", 1)):
        model = CountedEmbeddings(name)
        embed = SummaryEmbeddingActivities(
            artifacts=artifacts, models=LocalOnly(model), cache=world.stores.embeddings
        ).embed
        for _ in range(2):
            await ActivityEnvironment().run(embed, order)
        assert model.count == times
    with pytest.raises(ArtifactMissing):
        await ActivityEnvironment().run(embed, order.model_copy(update={"digest": "0" * 64}))


async def test_a_project_without_jobs_is_summarised_by_its_configuration(world: WindowWorld) -> None:
    ref = WindowRef(project_id=world.project_id)
    await world.registry.clustering_config.set_event_filters(
        world.project_id, [{"key": "$ai_model", "value": "gpt-4o"}]
    )
    world.generation("Bern")
    world.generation("Oslo", **{"$ai_model": "another"})
    assert (await world.run(ref)).outcome == "completed"
    [told] = map(properties, world.told())
    assert told["$ai_trace_id"] == "Bern"
    assert not told.keys() & {"$ai_clustering_job_id", "$ai_clustering_job_name"}

    await world.job()
    assert (await world.run(ref)).outcome == "skipped"


async def test_without_consent_nothing_is_sent_anywhere(world: WindowWorld) -> None:
    ref = await world.job()
    world.generation("Bern")
    await world.registry.access.set_ai_consent(False)
    result = await world.run(ref)
    assert (result.outcome, result.progress.mark >= world.since + HOUR) == ("skipped", True)
    assert (world.model.asked, world.told()) == ([], [])


async def test_a_job_that_is_off_gone_or_of_another_level_does_nothing(world: WindowWorld) -> None:
    world.generation("Bern")
    gone = await world.job()
    await world.registry.clustering_jobs.delete(world.project_id, present(gone.job_id))
    for ref in (await world.job(enabled=False), gone, await world.job(AnalysisLevel.EVALUATION)):
        assert (await world.run(ref)).outcome == "skipped"
    assert world.model.asked == []


async def test_where_no_model_can_be_asked_nothing_is_read(keyless: WindowWorld) -> None:
    ref = await keyless.job()
    keyless.generation("Bern")
    result = await keyless.run(ref)
    assert (result.outcome, result.progress.counts.sampled) == ("skipped", 0)


async def test_a_filter_that_cannot_be_evaluated_fails_the_run_in_words(world: WindowWorld) -> None:
    ref = await world.job(filters=[{"key": "plan", "value": "x", "type": "cohort"}])
    with pytest.raises(WorkflowFailureError) as failure:
        await world.run(ref)
    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "unsupported_filter"
    assert "cohort" in cause.message
