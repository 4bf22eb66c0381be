"""The order of the steps of a run, and what becomes of it when one of them fails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError

from assay.contracts.clustering_runs import ClusteringRunStatus
from assay.contracts.clustering_workflows import (
    ClusteringRunResult,
    ClustersLabelled,
    ItemsRead,
    ItemsSampled,
    LabelsWanted,
)
from assay.domain.clustering_rows import clustering_run_uuid
from assay.errors import (
    ModelNotFound,
    RateLimited,
    RequestRejected,
    RunAhead,
    SetupError,
    StoreRejected,
    StoreUnavailable,
    UnsupportedFilter,
)
from assay.temporal.search_attributes import OUTCOME
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_clustering import GIVEN, ScriptedClustering, named, start

STEPS = [
    "open",
    "sample",
    "read",
    "embed",
    "cluster",
    "plan",
    "label",
    "measure",
    "sentiment",
    "emit",
    "close",
]


async def _run(server: Client, scripted: ScriptedClustering) -> tuple[ClusteringRunResult, str]:
    """How a run ends, and what people read about it."""
    async with scripted.workers(server):
        handle = await start(server)
        result: ClusteringRunResult = await handle.result()
        return result, await _details(handle)


async def _details(handle: WorkflowHandle[Any, Any]) -> str:
    shown: WorkflowMetadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return shown.current_details


async def _outcome(handle: WorkflowHandle[Any, Any]) -> str | None:
    return (await handle.describe()).typed_search_attributes.get(OUTCOME)


async def test_a_run_goes_through_all_steps_once(server: Client) -> None:
    scripted = ScriptedClustering()
    async with scripted.workers(server):
        handle = await start(server)
        result: ClusteringRunResult = await handle.result()
        details, outcome = await _details(handle), await _outcome(handle)
    assert scripted.done == STEPS
    assert (result.outcome, result.items, result.clusters, result.noise) == ("completed", 18, 3, 4)
    assert result.labelled == {"model": 2, "previous": 1, "keywords": 0}
    assert outcome == "completed"
    [closed], [emitted] = scripted.closed, scripted.emitted
    assert (closed.outcome, closed.reason, closed.id) == (
        ClusteringRunStatus.COMPLETED,
        "",
        clustering_run_uuid(handle.id),
    )
    assert closed.numbers == emitted.numbers
    assert (closed.numbers.labelled_by_model, closed.numbers.carried, closed.numbers.cost_usd) == (2, 1, 0.01)
    assert "✅ 3 clusters" in details
    assert "Checkout" in details
    assert "| Since the last run | 1 kept, 2 born |" in details


async def test_the_window_ends_when_the_run_is_due(server: Client) -> None:
    due = datetime(2026, 5, 4, 12, tzinfo=UTC)
    scripted = ScriptedClustering()
    async with scripted.workers(server):
        await (await start(server, GIVEN.model_copy(update={"at": due}))).result()
        handle = await start(server)
        await handle.result()
        started = (await handle.describe()).start_time
    assert [each.at for each in scripted.opened] == [due, started]


async def test_a_run_waits_for_one_after_the_other_until_its_turn_comes(server: Client) -> None:
    scripted = ScriptedClustering(
        ahead=["1_trace_a", "1_trace_b"],
        faults={"open": [StoreUnavailable("away"), None, RunAhead("It waits."), None, RunAhead("It waits.")]},
    )
    result, details = await _run(server, scripted)
    assert result.outcome == "completed"
    assert [each.waits_for for each in scripted.opened] == [
        "", "", "1_trace_a", "1_trace_a", "1_trace_b", "1_trace_b",
    ]  # fmt: skip
    assert scripted.done[-len(STEPS) :] == STEPS
    assert "Waits" not in details


async def test_people_read_which_run_is_waited_for(server: Client) -> None:
    waits = RunAhead("It waits.", retry_after=600)
    scripted = ScriptedClustering(ahead=["1_trace_a"], faults={"open": [None, waits]})
    async with scripted.workers(server):
        handle = await start(server)
        await until(lambda: len(scripted.opened) == 2)
        assert "## Waits for run 1_trace_a of the same job" in await _details(handle)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    [closed] = scripted.closed
    assert (closed.outcome, closed.reason.partition(":")[0]) == (ClusteringRunStatus.FAILED, "cancelled")


@pytest.mark.parametrize(
    ("changes", "reason", "steps"),
    [
        pytest.param({"skip": "job_off"}, "job_off", 1, id="job-off"),
        pytest.param({"sampled": ItemsSampled(found=0, drawn=0)}, "no_items", 2, id="no-items"),
        pytest.param(
            {"sampled": ItemsSampled(skip="job_gone", found=0, drawn=0)}, "job_gone", 2, id="job-gone"
        ),
        pytest.param({"read": ItemsRead(with_text=0)}, "no_text", 3, id="no-text"),
    ],
)
async def test_where_there_is_nothing_to_do_the_run_says_why(
    server: Client, changes: dict[str, Any], reason: str, steps: int
) -> None:
    scripted = ScriptedClustering(**changes)
    result, details = await _run(server, scripted)
    assert (result.outcome, result.reason) == ("skipped", reason)
    assert scripted.done == [*STEPS[:steps], "close"]
    assert scripted.closed[0].outcome is ClusteringRunStatus.SKIPPED
    assert scripted.closed[0].reason.startswith(f"{reason}: ")
    assert "⏭️ skipped" in details


async def test_faulty_names_are_mended_once(server: Client) -> None:
    scripted = ScriptedClustering(
        answers=[named(1, problems=("Cluster 2: it is not named.",)), named(1, 2, cost_usd=None)]
    )
    result, _ = await _run(server, scripted)
    assert [each.is_repair for each in scripted.asked] == [False, True]
    assert scripted.asked[1].problems == ("Cluster 2: it is not named.",)
    assert result.labelled["model"] == 2
    assert scripted.closed[0].numbers.cost_usd is None


async def test_what_stays_faulty_has_names_of_keywords(server: Client) -> None:
    problem = ("Cluster 2: it is not named.",)
    scripted = ScriptedClustering(answers=[named(1, problems=problem), named(1, problems=problem)])
    result, details = await _run(server, scripted)
    assert len(scripted.asked) == 2
    assert result.labelled == {"model": 1, "previous": 1, "keywords": 1}
    assert "did not name 1" in scripted.closed[0].numbers.label_problem
    assert "did not name 1" in details


async def test_a_model_that_fails_is_not_asked_about_the_next_clusters(server: Client) -> None:
    scripted = ScriptedClustering(
        wanted=LabelsWanted(groups=((1,), (2,))), faults={"label": [ModelNotFound("no such model: gpt-0")]}
    )
    result, details = await _run(server, scripted)
    assert len(scripted.asked) == 1
    assert (result.outcome, result.labelled["model"]) == ("completed", 0)
    assert "no such model: gpt-0" in details
    assert scripted.done[-3:] == ["sentiment", "emit", "close"]


async def test_a_question_that_is_refused_keeps_no_others_from_their_answers(server: Client) -> None:
    scripted = ScriptedClustering(
        wanted=LabelsWanted(groups=((1,), (2,))), faults={"label": [RequestRejected("flagged")]}
    )
    result, _ = await _run(server, scripted)
    assert len(scripted.asked) == 2
    assert result.labelled["model"] == 1
    assert "request_rejected" in scripted.closed[0].numbers.label_problem


async def test_weather_is_waited_for(server: Client) -> None:
    scripted = ScriptedClustering(
        faults={"label": [RateLimited("slow", retry_after=0)], "sample": [StoreUnavailable("away")]}
    )
    result, _ = await _run(server, scripted)
    assert result.labelled["model"] == 2
    assert scripted.closed[0].numbers.label_problem == ""


async def test_without_consent_nobody_is_asked(server: Client) -> None:
    scripted = ScriptedClustering(wanted=LabelsWanted(skip="no_consent", carried=1))
    result, details = await _run(server, scripted)
    assert scripted.asked == []
    assert (result.outcome, result.labelled["keywords"]) == ("completed", 2)
    assert "has not agreed to AI data processing" in details


async def test_a_consent_that_is_withdrawn_meanwhile_ends_the_questions(server: Client) -> None:
    scripted = ScriptedClustering(
        wanted=LabelsWanted(groups=((1,), (2, 3), (4,))),
        answers=[
            named(1),
            named(2, problems=("Cluster 3: it is not named.",)),
            ClustersLabelled(skip="no_consent"),
        ],
    )
    result, details = await _run(server, scripted)
    assert len(scripted.asked) == 3
    assert (result.outcome, result.labelled["model"]) == ("completed", 2)
    assert scripted.closed[0].numbers.cost_usd == 0.02
    assert "has not agreed to AI data processing" in details


async def test_a_run_goes_on_without_numbers_and_sentiment(server: Client) -> None:
    scripted = ScriptedClustering(
        faults={"measure": [StoreRejected("a defect")], "sentiment": [StoreRejected("a defect")]}
    )
    result, details = await _run(server, scripted)
    assert result.outcome == "completed"
    assert "No numbers" in details
    assert "No sentiment" in details
    assert len(scripted.closed[0].numbers.problems) == 2


async def test_what_is_not_installed_fails_the_run_at_once(server: Client) -> None:
    scripted = ScriptedClustering(faults={"embed": [SetupError("The embedding model is not installed.")]})
    async with scripted.workers(server):
        handle = await start(server)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    [closed] = scripted.closed
    assert closed.reason == "setup_error: The embedding model is not installed."
    assert scripted.done.count("embed") == 1


@pytest.mark.parametrize("step", ["sample", "read", "embed", "cluster", "plan", "emit"])
async def test_a_step_that_cannot_be_done_fails_the_run_and_its_row(server: Client, step: str) -> None:
    scripted = ScriptedClustering(faults={step: [UnsupportedFilter("The filter has no key.")]})
    async with scripted.workers(server):
        handle = await start(server)
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        outcome = await _outcome(handle)
    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, outcome) == ("unsupported_filter", "failed")
    [closed] = scripted.closed
    assert (closed.outcome, closed.reason) == ("failed", "unsupported_filter: The filter has no key.")
    assert scripted.done[-2:] == [step, "close"]


async def test_a_cancelled_run_is_closed_as_failed_and_ends_as_cancelled(server: Client) -> None:
    scripted = ScriptedClustering(faults={"embed": [StoreUnavailable("away", retry_after=600)] * 9})
    async with scripted.workers(server):
        handle = await start(server)
        await until(lambda: "embed" in scripted.done)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        outcome = await _outcome(handle)
    assert isinstance(failure.value.cause, CancelledError)
    assert outcome == "cancelled"
    [closed] = scripted.closed
    assert (closed.outcome, closed.id) == (ClusteringRunStatus.FAILED, clustering_run_uuid(handle.id))
    assert closed.reason.startswith("cancelled: ")
