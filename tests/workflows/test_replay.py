"""Recorded histories replay: a change that would break running workflows fails here."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from assay.contracts.evaluations import RunEvaluationInput
from assay.runtime.workers import WORKFLOWS
from assay.temporal.plugin import AssayPlugin

HISTORIES = sorted((Path(__file__).parents[1] / "histories").glob("*/*.json"))


def _load(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_a_recorded_history_replays(path: Path) -> None:
    await Replayer(workflows=WORKFLOWS, plugins=[AssayPlugin()]).replay_workflow(_load(path))


def test_every_workflow_type_has_a_recorded_history() -> None:
    recorded = {path.parent.name for path in HISTORIES}
    registered = {workflow._Definition.must_from_class(cls).name for cls in WORKFLOWS}
    assert registered <= recorded


@workflow.defn(name="run-evaluation", sandboxed=False)
class Changed:
    """What `run-evaluation` would be if somebody put a timer first."""

    @workflow.run
    async def run(self, run: RunEvaluationInput) -> None:
        await workflow.sleep(1)


async def test_replay_notices_a_changed_workflow() -> None:
    path = next(path for path in HISTORIES if path.stem.endswith("pass"))
    with pytest.raises(NondeterminismError):
        await Replayer(workflows=[Changed], plugins=[AssayPlugin()]).replay_workflow(_load(path))
