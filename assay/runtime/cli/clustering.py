"""`assay clustering`: put what happened into clusters, and look at what was found, over the API."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from assay.contracts.wire import parse_uuid
from assay.runtime.cli.project_api import (
    DETACHED,
    ProjectApi,
    Refused,
    Shown,
    open_api,
    reaching_api,
    where_options,
)

_POLL_SECONDS: Final = 1.0
_RUNS: Final = "llm_analytics/clustering_runs"
_JOBS: Final = "llm_analytics/clustering_jobs"
_OPTIONS: Final = {"job_id": "--job", "days": "--days", "max_items": "--max-items", "run_label": "--label"}
_KEYWORDS: Final = 5


@click.group()
def clustering() -> None:
    """Put what happened into clusters, and look at what was found.

    \b
    Example:
      assay clustering run
      assay clustering list
    """


@clustering.command()
@click.option("--job", metavar="NAME|ID", help="Clustering job. Default: the project has none.")
@click.option("--days", type=int, help="How far back items are looked for. Default: 7.")
@click.option("--max-items", type=int, help="Items at most: a sample of more. Default: 2000.")
@click.option("--label", help="Is appended to the id of the run.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show progress and clusters.")
@reaching_api("llm_analytics:write")
def run(
    *,
    job: str | None,
    days: int | None,
    max_items: int | None,
    label: str | None,
    wait: bool,
    project: int,
    url: str | None,
    api_key: str | None,
) -> None:
    """Put traces, generations or verdicts into clusters now.

    The run goes on without this command: Ctrl-C only stops the progress bar. If one of the same job is under
    way, that one is shown. Exit code 0: it is done, or there was nothing to do (or, with --no-wait, it has
    begun).

    \b
    Example:
      assay clustering run
      assay clustering run --job "Checkout assistant" --days 14 --max-items 5000
      assay clustering run --project 2 --label after-release --no-wait
    """
    given = {"days": days, "max_items": max_items, "run_label": label}
    body: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if job is not None:
        body["job_id"] = str(parse_uuid(job) or _job_named(job, url, api_key, project))
    where = where_options(url, project)
    with open_api(url, api_key, project, _RUNS) as api:
        try:
            begun = api.post("", body)
        except Refused as error:
            raise error.naming(_OPTIONS) from None
        begins = "is under way" if begun["already_running"] else "has begun"
        click.echo(f"Clustering run {begun['id']} of {_whose(begun)} {begins}.")
        if not wait:
            click.echo(f"Look at it: {_command(begun, where)}")
            return
        code = _watch(api, begun, where)
    raise SystemExit(code)


@clustering.command()
@click.argument("run_id", metavar="RUN", type=click.UUID)
@reaching_api("llm_analytics:read")
def show(run_id: UUID, *, project: int, url: str | None, api_key: str | None) -> None:
    """Show a run with its clusters; one that is under way is waited for.

    \b
    Example:
      assay clustering show 6f2f3754-8f04-54e7-9f77-bef009b634a7
    """
    with open_api(url, api_key, project, _RUNS) as api:
        code = _watch(api, api.get(f"{run_id}/", samples=0), where_options(url, project))
    raise SystemExit(code)


@clustering.command("list")
@click.option("--job", metavar="NAME|ID", help="Runs of this clustering job only.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Runs at most.")
@reaching_api("llm_analytics:read")
def list_runs(*, job: str | None, limit: int, project: int, url: str | None, api_key: str | None) -> None:
    """List clustering runs, newest first.

    \b
    Example:
      assay clustering list
      assay clustering list --job "Checkout assistant" --limit 5
    """
    query: dict[str, object] = {"limit": limit}
    if job is not None:
        query["job_id"] = str(parse_uuid(job) or _job_named(job, url, api_key, project))
    with open_api(url, api_key, project, _RUNS) as api:
        found = api.get("", **query)
    table = Table("Run", "Began (UTC)", "Of", "Status", "Items", "Clusters", box=None)
    for each in found["results"]:
        counts = each["counts"]
        table.add_row(
            each["id"],
            f"{datetime.fromisoformat(each['started_at']):%Y-%m-%d %H:%M}",
            escape(_whose(each)),
            each["status"],
            f"{counts['items']:,}",
            f"{counts['clusters']:,}",
        )
    Console().print(table)


def _job_named(name: str, url: str | None, api_key: str | None, project: int) -> str:
    """The id of a job.

    Raises:
        BadParameter: there is no job of this name.
    """
    with open_api(url, api_key, project, _JOBS) as api:
        jobs = api.get("")["results"]
    for job in jobs:
        if job["name"] == name:
            return str(job["id"])
    names = ", ".join(_quoted(job["name"]) for job in jobs) or "none"
    raise click.BadParameter(f"there is no job {_quoted(name)}; there are: {names}.", param_hint="'--job'")


def _watch(api: ProjectApi, shown: Shown, where: str) -> int:
    """Show a run until it has ended, and then what it has found; the exit code."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}", markup=False),
    )
    try:
        console = Console()
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(_whose(shown), total=None, step="")
            while True:
                shown = api.get(f"{shown['id']}/", samples=0)
                if shown["finished_at"] is not None:
                    break
                # How long its steps will take nobody knows: the bar only moves.
                bar.update(task, step=(shown["step"] or "").replace("-", " "))
                time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        click.echo(f"\nIt goes on without you. Look at it: {_command(shown, where)}")
        return DETACHED
    _report(shown)
    return int(shown["status"] == "failed")


def _report(shown: Shown) -> None:
    """What became of a run."""
    because = f" ({_printable(shown['reason'])})" if shown["reason"] else ""
    counts = shown["counts"]
    took = datetime.fromisoformat(shown["finished_at"]) - datetime.fromisoformat(shown["started_at"])
    click.echo(
        f"{shown['status'].capitalize()}{because}: {counts['items']:,} items of {counts['found']:,}, "
        f"{counts['clusters']:,} clusters, {counts['noise']:,} outliers, "
        f"in {timedelta(seconds=round(took.total_seconds()))}."
    )
    if shown["clusters"]:
        table = Table("Id", "Items", "Change", "Cluster", "Keywords", box=None)
        for cluster in shown["clusters"]:
            table.add_row(
                str(cluster["id"]),
                f"{cluster['size']:,}",
                cluster["change"] or "",
                _cell(cluster["title"] or ""),
                _cell(", ".join(cluster["keywords"][:_KEYWORDS])),
            )
        Console().print(table)
    if shown["status"] == "completed":
        click.echo(f"Page: {shown['url']}")


def _whose(shown: Shown) -> str:
    return _quoted(shown["job_name"]) if shown["job_name"] else "the project"


def _quoted(name: str) -> str:
    return f"“{_printable(name)}”"


def _cell(text: str) -> str:
    """A cell of a table that shows a text as it is."""
    return escape(_printable(text))


def _printable(text: str) -> str:
    """What people or models have written, without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text)


def _command(shown: Shown, where: str) -> str:
    return f"assay clustering show {shown['id']}{where}"
