"""`assay backfill`: let an evaluation judge a time window of history, over the API."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import click
from rich.progress import BarColumn, Progress, TextColumn

from assay.contracts.wire import iso_utc
from assay.runtime.cli.moments import Moment
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
_AT_WORK: Final = ("running", "cancelling")

_OPTIONS: Final = {"evaluation_id": "--evaluation", "since": "--since", "until": "--until"}
_COMMANDS: Final = ("pause", "resume", "cancel")


@click.command()
@click.option("--evaluation", type=click.UUID, metavar="ID", help="Evaluation that judges.")
@click.option("--since", type=Moment(), help="Beginning of the window: ISO date or time, or 24h, 7d (ago).")
@click.option("--until", type=Moment(), help="End of the window, exclusive. Default: now.")
@click.option("--no-wait", is_flag=True, help="Start and leave, without a progress bar.")
@click.option("--watch", type=click.UUID, metavar="ID", help="Show the progress of a backfill.")
@click.option("--pause", type=click.UUID, metavar="ID", help="Pause a backfill: what is claimed is judged.")
@click.option("--resume", type=click.UUID, metavar="ID", help="Let a paused backfill go on.")
@click.option("--cancel", type=click.UUID, metavar="ID", help="Cancel a backfill: verdicts stay.")
@reaching_api("evaluation:write")
def backfill(
    evaluation: UUID | None,
    since: datetime | None,
    until: datetime | None,
    *,
    no_wait: bool,
    project: int,
    url: str | None,
    api_key: str | None,
    **existing: UUID | None,
) -> None:
    """Let an evaluation judge a time window of history, newest first.

    What it has judged already is not judged again, live traffic goes first, and the backfill goes on without
    this command: Ctrl-C only stops the progress bar. Exit code 0: the window is through (or, with --no-wait
    and the commands for a backfill, the API took it).

    \b
    Example:
      assay backfill --evaluation 0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10 --since 7d
      assay backfill --evaluation 0199d0a5-… --since 2026-11-01 --until 2026-11-08T12:00:00Z --no-wait
      assay backfill --watch 6f2f3754-8f04-44e7-9f77-bef009b634a7
      assay backfill --pause 6f2f3754-8f04-44e7-9f77-bef009b634a7    # --resume, --cancel
    """
    chosen = [(command, backfill_id) for command, backfill_id in existing.items() if backfill_id is not None]
    window = evaluation is not None or since is not None or until is not None or no_wait
    if len(chosen) + window != 1:
        raise click.UsageError(
            "Give --evaluation and --since, or one of --watch, --pause, --resume and --cancel."
        )
    where = where_options(url, project)
    with open_api(url, api_key, project, "evaluation_backfills") as api:
        if not chosen:
            body = _body(evaluation, since, until)
            code = _start(api, body, where, wait=not no_wait)
        else:
            code = _go_on(api, *chosen[0], where)
    raise SystemExit(code)


def _body(evaluation: UUID | None, since: datetime | None, until: datetime | None) -> dict[str, str]:
    for option, value in (("--evaluation", evaluation), ("--since", since)):
        if value is None:
            raise click.UsageError(f"Missing option '{option}'.")
    window = {"since": since, "until": until}
    times = {name: iso_utc(instant) for name, instant in window.items() if instant is not None}
    return {"evaluation_id": str(evaluation), **times}


def _start(api: ProjectApi, body: dict[str, str], where: str, *, wait: bool) -> int:
    try:
        shown = api.post("", body)
    except Refused as error:
        raise error.naming(_OPTIONS) from None
    click.echo(f"Backfill {shown['id']}: {_name(shown)}, {shown['since']} to {shown['until']}.")
    if wait:
        return _watch(api, UUID(shown["id"]), where)
    click.echo(f"Watch it: {_command('watch', shown['id'], where)}")
    return 0


def _go_on(api: ProjectApi, command: str, backfill_id: UUID, where: str) -> int:
    if command not in _COMMANDS:
        return _watch(api, backfill_id, where)
    _report(api.post(f"{backfill_id}/{command}/"), where)
    return 0


def _watch(api: ProjectApi, backfill_id: UUID, where: str) -> int:
    """Show the progress until there is none any more; the exit code."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[facts]}"))
    try:
        with Progress(*columns) as bar:
            shown = api.get(f"{backfill_id}/")
            task = bar.add_task(_name(shown), total=None, facts="")
            while True:
                # Without a count of the window there is no end to draw: the bar only moves.
                total = None if shown["done"] is None else 1.0
                bar.update(task, total=total, completed=shown["done"] or 0.0, facts=_facts(shown))
                if shown["status"] not in _AT_WORK:
                    break
                time.sleep(_POLL_SECONDS)
                shown = api.get(f"{backfill_id}/")
    except KeyboardInterrupt:
        click.echo(f"\nIt goes on without you. Watch it: {_command('watch', backfill_id, where)}")
        return DETACHED
    _report(shown, where)
    return 0 if shown["status"] == "completed" else 1


def _facts(shown: Shown) -> str:
    facts = [f"{shown['judged']:,} judged", f"${shown['cost_usd']:,.4f}"]
    if shown["done"] is not None:
        facts.insert(0, f"{int(shown['done'] * 100)} %")
    if shown["status"] in _AT_WORK:
        if shown["remaining_cost_usd"]:
            facts.append(f"${shown['remaining_cost_usd']:,.4f} to come")
        if shown["remaining_seconds"]:
            facts.append(f"{timedelta(seconds=round(shown['remaining_seconds']))} left")
    return ", ".join(facts)


def _report(shown: Shown, where: str) -> None:
    """What became of it so far, and how to go on."""
    because = f" ({shown['reason']})" if shown["reason"] else ""
    click.echo(f"{shown['status'].capitalize()}{because}: {_outcomes(shown)}.")
    unpriced = f", and {shown['unpriced']:,} calls of unknown price" if shown["unpriced"] else ""
    click.echo(
        f"{shown['input_tokens']:,} tokens in, {shown['output_tokens']:,} out, "
        f"${shown['cost_usd']:,.4f}{unpriced}."
    )
    if shown["last_error"]:
        click.echo(f"  {shown['last_error']}", err=True)
    if shown["status"] == "paused":
        click.echo(f"Go on: {_command('resume', shown['id'], where)}")


def _outcomes(shown: Shown) -> str:
    verdicts = ", ".join(f"{count:,} {word}" for word, count in sorted(shown["outcomes"].items()))
    told = [
        f"{shown['judged']:,} judged" + (f" ({verdicts})" if verdicts else ""),
        f"{shown['known'] + shown['recorded_before']:,} judged or claimed before",
        f"{shown['filtered']:,} not admitted",
    ]
    for name in ("outstanding", "unreported"):
        if shown[name]:
            told.append(f"{shown[name]:,} {name}")
    return ", ".join(told)


def _name(shown: Shown) -> str:
    return str(shown["evaluation"]["name"])


def _command(option: str, backfill_id: object, where: str) -> str:
    return f"assay backfill --{option} {backfill_id}{where}"
