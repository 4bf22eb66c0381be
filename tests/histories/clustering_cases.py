"""Cases of `clustering-run`: all goes well, waiting, names mended or missing, nothing to do, failed, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from temporalio.client import Client, WorkflowHandle

from assay.contracts.clustering_workflows import ItemsRead, ItemsSampled, LabelsWanted
from assay.errors import ModelNotFound, RequestRejected, StoreRejected, StoreUnavailable, UnsupportedFilter
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_clustering import ScriptedClustering, named, start

_FAULTY = ("Cluster 2: it is not named.",)

_RUNS: Mapping[str, Callable[[], ScriptedClustering]] = {
    "completed": ScriptedClustering,
    "mended": lambda: ScriptedClustering(answers=[named(1, problems=_FAULTY), named(1, 2)]),
    "not-mended": lambda: ScriptedClustering(
        wanted=LabelsWanted(groups=((1, 2), (3,), (4,))),
        answers=[named(1, problems=_FAULTY), named(1, problems=_FAULTY, cost_usd=None)],
    ),
    "refused": lambda: ScriptedClustering(
        wanted=LabelsWanted(groups=((1,), (2,))), faults={"label": [RequestRejected("flagged")]}
    ),
    "no-model": lambda: ScriptedClustering(
        wanted=LabelsWanted(groups=((1,), (2,))), faults={"label": [ModelNotFound("no such model: gpt-0")]}
    ),
    "no-consent": lambda: ScriptedClustering(wanted=LabelsWanted(skip="no_consent", carried=1)),
    "no-extras": lambda: ScriptedClustering(
        faults={
            "read": [StoreUnavailable("away")],
            "measure": [StoreRejected("a defect")],
            "sentiment": [StoreRejected("a defect")],
        }
    ),
    "waited": lambda: ScriptedClustering(ahead=["1_trace_20260503_120000", "1_trace_20260503_180000"]),
    "job-off": lambda: ScriptedClustering(skip="job_off"),
    "no-items": lambda: ScriptedClustering(sampled=ItemsSampled(found=0, drawn=0)),
    "no-text": lambda: ScriptedClustering(read=ItemsRead(with_text=0)),
    "not-opened": lambda: ScriptedClustering(faults={"open": [StoreRejected("a defect")]}),
    "failed": lambda: ScriptedClustering(faults={"sample": [UnsupportedFilter("The filter has no key.")]}),
    "not-closed": lambda: ScriptedClustering(
        faults={"cluster": [StoreRejected("a defect")], "close": [StoreRejected("a defect")]}
    ),
    "cancelled": lambda: ScriptedClustering(
        faults={"embed": [StoreUnavailable("away", retry_after=600)] * 9}
    ),
}


def _run(name: str) -> Any:
    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        scripted = _RUNS[name]()
        async with scripted.workers(client):
            handle = await start(client)
            if name == "cancelled":
                await until(lambda: "embed" in scripted.done)
                await handle.cancel()
            await asyncio.gather(handle.result(), return_exceptions=True)
        return handle

    return record


CLUSTERS: Mapping[str, Mapping[str, Any]] = {"clustering-run": {name: _run(name) for name in _RUNS}}
"""Workflow type → name of the case → the case."""
