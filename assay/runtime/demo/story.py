"""Capture traces, let a program judge them as they arrive and a model on request, show the verdicts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError

from assay.contracts.evaluation_batches import BatchTally
from assay.contracts.evaluations import RunEvaluationResult
from assay.errors import SetupError
from assay.runtime.demo.traces import Captured, capture_traces
from assay.runtime.embedded import Embedded
from assay.temporal.failures import failure_message
from assay.temporal.ids import evaluation_stream_id

_CRITERIA = (
    "Pass if the answer is correct by the article in the prompt, answers the question asked and is polite. "
    "Fail if it is empty, evades, contradicts the article or itself, or is rude."
)
_JUDGE = {
    "name": "Support answer quality",
    "enabled": False,
    "evaluation_type": "llm_judge",
    "evaluation_config": {"prompt": _CRITERIA},
    "output_config": {"allows_na": False},
}
_PROGRAM = {
    "name": "Says something, briefly",
    "enabled": True,
    "evaluation_type": "hog",
    "evaluation_config": {
        "source": "let words := length(splitByString(' ', trim(output)))\n"
        "print(words, 'words')\n"
        "return trim(output) != '' and words <= 60"
    },
    "output_config": {},
    "conditions": [{"id": "all", "rollout_percentage": 100, "properties": []}],
}
_CONCURRENCY = 8
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.25
_STYLES = {"pass": "green", "fail": "red", "skipped": "yellow", "not applicable": "cyan", "failed": "magenta"}


@dataclass(frozen=True, slots=True)
class _Run:
    captured: Captured
    verdict: str
    reason: str
    url: str | None


async def tell(engine: Embedded, console: Console, *, judge: str) -> None:
    """Run the demonstration against a running engine.

    Args:
        judge: what judges, in words; shown to the viewer.
    """
    project = engine.bootstrapped.project
    key, secret = await engine.stores.registry.access.create_key(
        project_id=project.id, scopes=["evaluation:write"], label="assay demo"
    )
    try:
        headers = {"Authorization": f"Bearer {secret}"}
        base_url = f"{engine.api_url}/api/environments/{project.id}"
        async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30) as client:
            program = await _create_evaluation(client, _PROGRAM)
            console.print(f"[bold]1.[/] Enabled “{program['name']}”, a Hog program, for all that arrives")
            host = engine.api_url
            console.print(f"[bold]2.[/] Capturing traces of a support bot with the PostHog SDK → {host}")
            captured = await asyncio.to_thread(capture_traces, host, project.token)
            console.print(f"   {len(captured)} traces, {3 * len(captured)} events acknowledged.")
            console.print("[bold]3.[/] The program judges each generation by itself, in durable batches")
            await _watch(engine, str(program["id"]), len(captured), console)
            evaluation = await _create_evaluation(client, _JUDGE)
            console.print(f"[bold]4.[/] Created evaluation “{evaluation['name']}” ({evaluation['id']})")
            console.print(f"[bold]5.[/] Judging each generation on request; judge: {judge}")
            runs = await _run_all(engine, client, str(evaluation["id"]), captured, console)
            await _disable(client, str(program["id"]))
    finally:
        await engine.stores.registry.access.revoke_key(key.id)
    _show(console, runs)


async def _create_evaluation(client: httpx.AsyncClient, what: Mapping[str, object]) -> dict[str, object]:
    shared = {"description": "Made by `assay demo`.", "output_type": "boolean"}
    response = await client.post("/evaluations/", json=shared | dict(what))
    _require_success(response)
    created: dict[str, object] = response.json()
    return created


async def _disable(client: httpx.AsyncClient, evaluation_id: str) -> None:
    """What a demonstration has enabled must not judge what its viewer sends afterwards."""
    _require_success(await client.patch(f"/evaluations/{evaluation_id}/", json={"enabled": False}))


async def _watch(engine: Embedded, evaluation_id: str, expected: int, console: Console) -> None:
    """Wait until the batches of an evaluation have judged so many targets, and show what they found."""
    query = f'WorkflowType = "evaluation-batch" AND AssayEvaluation = "{evaluation_id}"'
    outcomes: Counter[str] = Counter()
    for _ in range(int(_PATIENCE_SECONDS / _POLL_SECONDS)):
        await asyncio.sleep(_POLL_SECONDS)
        outcomes.clear()
        async for batch in engine.temporal.list_workflows(query):
            if batch.status is WorkflowExecutionStatus.COMPLETED:
                handle = engine.temporal.get_workflow_handle(batch.id, result_type=BatchTally)
                outcomes.update((await handle.result()).outcomes)
        if outcomes.total() >= expected:
            break
    words = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in sorted(outcomes.items()))
    url = engine.workflow_url(evaluation_stream_id(engine.bootstrapped.project.id))
    console.print(
        f"   {words or 'no verdicts yet'}. The stream in the Temporal UI: {url or '(the UI is off)'}"
    )


async def _run_all(
    engine: Embedded,
    client: httpx.AsyncClient,
    evaluation_id: str,
    captured: Sequence[Captured],
    console: Console,
) -> list[_Run]:
    gate = asyncio.Semaphore(_CONCURRENCY)
    tally: Counter[str] = Counter()
    columns = (TextColumn("   judged"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("", total=len(captured))

        async def one(target: Captured) -> _Run:
            async with gate:
                run = await _run(engine, client, evaluation_id, target)
            tally[run.verdict] += 1
            words = ", ".join(f"{count} {verdict}" for verdict, count in sorted(tally.items()))
            progress.update(task, advance=1, description=words)
            return run

        return await asyncio.gather(*(one(target) for target in captured))


async def _run(engine: Embedded, client: httpx.AsyncClient, evaluation_id: str, target: Captured) -> _Run:
    response = await client.post(
        "/evaluation_runs/",
        json={
            "evaluation_id": evaluation_id,
            "target_event_id": str(target.uuid),
            "timestamp": target.timestamp.isoformat(),
        },
    )
    _require_success(response)
    workflow_id = response.json()["workflow_id"]
    url = engine.workflow_url(workflow_id)
    handle = engine.temporal.get_workflow_handle(workflow_id, result_type=RunEvaluationResult)
    try:
        result = await handle.result()
    except WorkflowFailureError as error:
        return _Run(target, "failed", failure_message(error.cause), url)
    return _Run(target, _verdict_word(result), result.reasoning or result.skip_reason or "", url)


def _require_success(response: httpx.Response) -> None:
    """Say in one sentence what the API refused; without consent to AI processing, nothing is judged."""
    if response.is_error:
        detail = response.json().get("detail", response.text)
        raise SetupError(f"The demonstration was refused ({response.status_code}): {detail}")


def _verdict_word(result: RunEvaluationResult) -> str:
    if result.skipped:
        return "skipped"
    if result.verdict is None:
        return "not applicable"
    return "pass" if result.verdict else "fail"


def _show(console: Console, runs: Sequence[_Run]) -> None:
    table = Table(title="Verdicts", show_lines=False, expand=False)
    table.add_column("#", justify="right")
    table.add_column("Verdict")
    table.add_column("Question", max_width=36)
    table.add_column("Reason", max_width=70)
    for number, run in enumerate(runs, start=1):
        style = _STYLES[run.verdict]
        verdict = f"[{style} link={run.url}]{run.verdict}[/]" if run.url else f"[{style}]{run.verdict}[/]"
        table.add_row(str(number), verdict, escape(run.captured.exchange.question), escape(run.reason))
    console.print(table)
    console.print("Each run in the Temporal UI:")
    for number, run in enumerate(runs, start=1):
        console.print(f"{number:>4}  {run.url or '(the UI is off)'}", soft_wrap=True, highlight=False)
