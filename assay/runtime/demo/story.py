"""Capture traces, create an evaluation, run it on each, show the verdicts as they come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from temporalio.client import WorkflowFailureError

from assay.contracts.evaluations import RunEvaluationResult
from assay.errors import SetupError
from assay.runtime.demo.traces import Captured, capture_traces
from assay.runtime.embedded import Embedded
from assay.temporal.failures import failure_message

_CRITERIA = (
    "Pass if the answer is correct by the article in the prompt, answers the question asked and is polite. "
    "Fail if it is empty, evades, contradicts the article or itself, or is rude."
)
_CONCURRENCY = 8
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
    console.print(f"[bold]1.[/] Capturing traces of a support bot with the PostHog SDK → {engine.api_url}")
    captured = await asyncio.to_thread(capture_traces, engine.api_url, project.token)
    console.print(f"   {len(captured)} traces, {3 * len(captured)} events acknowledged.")
    key, secret = await engine.stores.registry.access.create_key(
        project_id=project.id, scopes=["evaluation:write"], label="assay demo"
    )
    try:
        headers = {"Authorization": f"Bearer {secret}"}
        base_url = f"{engine.api_url}/api/environments/{project.id}"
        async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30) as client:
            evaluation = await _create_evaluation(client)
            console.print(f"[bold]2.[/] Created evaluation “{evaluation['name']}” ({evaluation['id']})")
            console.print(f"[bold]3.[/] Judging each generation with a durable workflow; judge: {judge}")
            runs = await _run_all(engine, client, str(evaluation["id"]), captured, console)
    finally:
        await engine.stores.registry.access.revoke_key(key.id)
    _show(console, runs)


async def _create_evaluation(client: httpx.AsyncClient) -> dict[str, object]:
    response = await client.post(
        "/evaluations/",
        json={
            "name": "Support answer quality",
            "description": "Made by `assay demo`.",
            "enabled": True,
            "evaluation_type": "llm_judge",
            "evaluation_config": {"prompt": _CRITERIA},
            "output_type": "boolean",
            "output_config": {"allows_na": False},
        },
    )
    _require_success(response)
    created: dict[str, object] = response.json()
    return created


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
