"""Whole runs: what they leave behind, and that nothing is paid for or told twice."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from assay.adapters.testing import Reply
from assay.adapters.testing.replies import scripted_reply
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import NOISE, ClusteringRunQuery
from assay.contracts.clustering_workflows import (
    ClusteringPlan,
    ClusteringRunInput,
    ClusteringRunResult,
    ClusteringStep,
    LabelClusters,
)
from assay.errors import RequestRejected
from assay.temporal.queues import TaskQueue
from tests.harness.answers import answering
from tests.stores.registry.support import spec
from tests.workflows.clustering_runs.world import TOPICS, ClusteringWorld, topic_of

STEPS = (
    "open-clustering-run",
    "sample-clustering-items",
    "read-clustering-items",
    "embed-clustering-items",
    "cluster-items",
    "plan-cluster-labels",
    "label-clusters",
    "measure-clusters",
    "measure-cluster-sentiment",
    "emit-clusters",
    "close-clustering-run",
)


async def test_traces_are_put_into_clusters_and_told_of(world: ClusteringWorld) -> None:
    job = await world.job(filters=[{"key": "$ai_model", "value": "gpt-4o"}])
    world.ask_all(20)
    world.ask("card", 99, **{"$ai_model": "another"})

    result = await world.run(job)

    row = await world.row(result)
    assert (result.outcome, row.status, row.reason) == ("completed", "completed", "")
    assert (row.counts.found, row.counts.items, row.counts.clusters) == (60, 60, result.clusters)
    assert row.finished_at is not None
    [told] = world.told()
    clusters = [each for each in told["$ai_clusters"] if each["cluster_id"] != NOISE]
    assert {topic_of(each) for each in clusters} == {(topic, 1.0) for topic in TOPICS}
    assert told["$ai_clustering_run_id"] == row.run_id == result.run_id
    assert told["$ai_total_items_analyzed"] == told["$ai_clustering_items_listed"] == 60
    assert told["$ai_clustering_params"] == row.parameters
    for cluster in clusters:
        assert cluster["title"].startswith("All about ")
        assert (cluster["label_source"], cluster["change"]) == ("model", "born")
        assert cluster["metrics"]["avg_cost"] == pytest.approx(0.25)
        assert cluster["metrics"]["sentiment"]["items"] == cluster["size"]
        assert cluster["keywords"]
        ranks = sorted(entry["rank"] for entry in cluster["traces"].values())
        assert ranks == list(range(cluster["size"]))
    assert len(world.model.asked) == 1
    assert row.next_cluster_id == 1 + max(each["cluster_id"] for each in clusters)


async def test_a_worker_killed_after_any_step_tells_once_and_pays_once(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(8)
    world.fails_after.left.update(STEPS)

    result = await world.run(job)

    assert result.outcome == "completed"
    assert not +world.fails_after.left
    assert len(world.model.asked) == 1
    assert len(world.told()) == 1
    query = ClusteringRunQuery()
    assert [each.id for each in (await world.registry.clustering_runs.list(world.project_id, query))[1]] == [
        result.id
    ]


async def test_a_run_that_is_done_again_finds_the_same(world: ClusteringWorld) -> None:
    world.ask_all(8)
    first, second = await world.job(), await world.job()
    found = [world.clusters(await world.run(job)) for job in (first, second)]
    assert [each.shape for each in found[0]] == [each.shape for each in found[1]]


async def test_a_day_that_is_done_again_replaces_its_event(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(8)
    await world.run(job)
    await world.run(job)
    assert (len(world.told()), len(world.model.asked)) == (1, 1)
    world.ask_all(8, first=8)
    result = await world.run(job)
    [told] = world.told()
    assert told["$ai_total_items_analyzed"] == result.items == 48
    assert len(world.model.asked) == 2


@pytest.mark.parametrize("items", [0, 1, 2, 5, 20])
async def test_few_items(world: ClusteringWorld, items: int) -> None:
    job = await world.job()
    for number in range(items):
        world.ask("parcel", number)
    result = await world.run(job)
    row = await world.row(result)
    if not items:
        assert (result.outcome, result.reason) == ("skipped", "no_items")
        assert row.reason.startswith("no_items: ")
        assert world.told() == []
        return
    assert (result.outcome, result.items) == ("completed", items)
    [told] = world.told()
    placed = Counter({each["cluster_id"]: len(each["traces"]) for each in told["$ai_clusters"]})
    assert placed.total() == items
    assert placed[NOISE] == row.counts.noise == result.noise


async def test_a_project_without_jobs_has_runs_of_its_own(world: ClusteringWorld) -> None:
    world.ask_all(4)
    result = await world.run(None)
    [told] = world.told()
    assert (result.outcome, told["$ai_clustering_job_id"]) == ("completed", "")
    await world.job()
    assert (await world.run(None, days_later=1)).reason == "has_jobs"


async def test_generations(world: ClusteringWorld) -> None:
    job = await world.job(AnalysisLevel.GENERATION)
    events = [world.ask(topic, number) for topic in TOPICS for number in range(6)]
    await world.run(job)
    [told] = world.told("generation")
    listed = {key: entry for each in told["$ai_clusters"] for key, entry in each["traces"].items()}
    assert listed.keys() == {str(event.uuid) for event in events}
    assert all(listed[str(event.uuid)]["generation_id"] == str(event.uuid) for event in events)


@pytest.mark.parametrize(("inverted", "outcome", "pass_rate"), [(False, "pass", 1.0), (True, "fail", 0.0)])
async def test_verdicts_mean_what_their_evaluation_says(
    world: ClusteringWorld, inverted: bool, outcome: str, pass_rate: float
) -> None:
    judge = spec(output_config={"allows_na": False, "true_is_failure": inverted})
    evaluation = await world.registry.evaluations.create(world.project_id, judge, created_by=None)
    for number in range(6):
        world.judge(evaluation.id, number)
    result = await world.run(await world.job(AnalysisLevel.EVALUATION))
    samples = world.stores.clustering_artefacts.samples(world.project_id, result.id, per_cluster=1)
    texts = [placed.item.text for cluster in samples.values() for placed in cluster]
    assert texts
    assert all(f"Verdict: {outcome}\n" in text for text in texts)
    rates = {cluster.metrics.pass_rate for cluster in world.clusters(result) if cluster.metrics is not None}
    assert rates == {pass_rate}


async def test_nobody_is_asked_once_the_consent_is_withdrawn(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(8)
    world.model.answer = lambda _: Reply(status=400, body={"error": {"message": "not accepted"}})
    result = await world.run(job)
    asked = len(world.model.asked)
    row = await world.row(result)
    plan = ClusteringPlan(id=row.id, run_id=row.run_id, since=row.window_start, until=row.window_end)
    step = ClusteringStep(given=ClusteringRunInput(project_id=world.project_id, job_id=job), plan=plan)
    clusters = tuple(each.shape.id for each in world.clusters(result))
    [label] = world.activities[TaskQueue.LLM]

    await world.registry.access.set_ai_consent(False)
    found = await ActivityEnvironment().run(label, LabelClusters(step=step, clusters=clusters))

    assert (found.skip, found.labelled) == ("no_consent", ())
    assert len(world.model.asked) == asked
    await world.registry.access.set_ai_consent(True)
    with pytest.raises(RequestRejected):
        await ActivityEnvironment().run(label, LabelClusters(step=step, clusters=clusters))


async def test_clusters_keep_their_identity_and_their_names(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(20)
    first = await world.run(job)
    for topic in TOPICS:
        world.ask(topic, 50)
        world.ask(topic, 51)
    asked = len(world.model.asked)

    second = await world.run(job, days_later=1)

    before, after = (
        {topic_of(each)[0]: each for each in told["$ai_clusters"] if each["cluster_id"] != NOISE}
        for told in world.told()
    )
    for topic in TOPICS:
        assert after[topic]["cluster_id"] == before[topic]["cluster_id"]
        assert (after[topic]["change"], after[topic]["label_source"]) == ("kept", "previous")
        assert after[topic]["title"] == before[topic]["title"]
        assert after[topic]["previous_cluster_ids"] == [before[topic]["cluster_id"]]
        assert after[topic]["similarity"] >= 0.8
    assert len(world.model.asked) == asked
    assert (await world.row(second)).previous == first.id
    assert world.told()[1]["$ai_clustering_previous_run_id"] == first.run_id


async def test_a_model_that_makes_mistakes_is_asked_once_more(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(8)
    replies = [answering({"clusters": []})]

    def answer(body: dict[str, Any]) -> Reply:
        return replies.pop() if replies else scripted_reply("/v1/chat/completions", body)

    world.model.answer = answer
    result = await world.run(job)
    assert len(world.model.asked) == 2
    assert "it is not named" in world.model.asked[1]["messages"][-1]["content"]
    assert result.labelled["model"] == result.clusters


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(answering("no JSON"), id="invalid"),
        pytest.param(
            answering({"clusters": [{"cluster": "1; DROP", "title": "x", "description": []}]}), id="hostile"
        ),
        pytest.param(Reply(content='{"clusters": [', finish_reason="length"), id="truncated"),
        pytest.param(Reply(content=""), id="empty"),
        pytest.param(Reply(status=400, body={"error": {"message": "not accepted"}}), id="refused"),
        pytest.param(Reply(status=401, body={"error": {"message": "a wrong key"}}), id="wrong key"),
    ],
)
async def test_without_names_of_use_clusters_have_keywords(world: ClusteringWorld, reply: Reply) -> None:
    job = await world.job()
    world.ask_all(8)
    world.model.answer = lambda _: reply
    result = await world.run(job)
    await _named_by_keywords(world, result)
    assert 1 <= len(world.model.asked) <= 2


async def test_without_a_model_or_consent_clusters_have_keywords(unasked: ClusteringWorld) -> None:
    job = await unasked.job()
    unasked.ask_all(8)
    result = await unasked.run(job)
    await _named_by_keywords(unasked, result)
    assert unasked.model.asked == []


async def test_clusters_of_events_are_no_traces(world: ClusteringWorld) -> None:
    world.ask_all(4)
    await world.run(await world.job())
    result = await world.run(await world.job(), days_later=1)
    assert result.items == 12


async def _named_by_keywords(world: ClusteringWorld, result: ClusteringRunResult) -> None:
    assert (result.outcome, result.labelled["model"]) == ("completed", 0)
    assert result.labelled["keywords"] == result.clusters
    row = await world.row(result)
    assert row.parameters["labels"]["problem"]
    [told] = world.told()
    titles = [each["title"] for each in told["$ai_clusters"]]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    assert json.dumps(told)
