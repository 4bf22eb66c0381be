"""`assay integrations`: projects' connections to other services."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Final
from uuid import UUID

import click
from pydantic import SecretStr

from assay.adapters.sql import SqlRegistry
from assay.contracts.evaluation_reports import EvaluationReportQuery
from assay.contracts.integrations import IntegrationKind
from assay.domain.report_messages.letter import one_line
from assay.domain.report_recipients import recipients_of
from assay.errors import SetupError
from assay.runtime.cli.registry import operators_registry
from assay.runtime.settings import load_settings, slack_bot_token
from assay.runtime.slack import slack_sender

_BOT_TOKEN: Final = re.compile(r"xoxb-[!-~]+")
"""Tokens of Slack bots; those of people, apps and configurations begin with other words."""

_MAX_NAME_LENGTH: Final = 255
_PAGE: Final = 100
"""Reports that are read at a time."""

_project = click.option("--project", type=int, required=True, help="Project that the integration is of.")


@click.group()
def integrations() -> None:
    """Manage the integrations that reports are delivered through.

    \b
    Example:
      assay integrations add slack --project 1 < bot-token.txt
    """


@integrations.group("add")
def add() -> None:
    """Add an integration.

    \b
    Example:
      assay integrations add slack --project 1 < bot-token.txt
    """


@add.command("slack")
@_project
@click.option("--name", help="Name of the workspace. Default: Slack is asked, which also tries the token.")
def add_slack(project: int, name: str | None) -> None:
    """Add a Slack workspace, and print the id that delivery targets name as integration_id, alone.

    The token of the Slack app's bot (xoxb-…, scope chat:write) is read from SLACK_BOT_TOKEN or from standard
    input, and kept encrypted. Adding a workspace again replaces its token; the id stays.

    \b
    Example:
      assay integrations add slack --project 1 < bot-token.txt
    """
    if name is not None and not 0 < len(name.strip()) <= _MAX_NAME_LENGTH:
        raise click.BadParameter(f"must have 1 to {_MAX_NAME_LENGTH} characters", param_hint="--name")
    asyncio.run(_add_slack(project, None if name is None else name.strip(), _bot_token()))


@integrations.command("list")
@_project
def list_integrations(project: int) -> None:
    """List the integrations of a project, oldest first.

    \b
    Example:
      assay integrations list --project 1
    """
    asyncio.run(_list(project))


@integrations.command("remove")
@click.argument("integration_id", type=int, metavar="ID")
@_project
@click.option("--force", is_flag=True, help="Remove it although reports are delivered through it.")
def remove(integration_id: int, project: int, force: bool) -> None:
    """Remove an integration.

    One that reports are delivered through stays, and the reports are named; with --force it is removed, and
    they go on without that recipient, which is an error of each run.

    \b
    Example:
      assay integrations remove 3 --project 1
    """
    asyncio.run(_remove(project, integration_id, force=force))


def _bot_token() -> SecretStr:
    """The token, from the environment or else from standard input.

    Raises:
        SetupError: what was found is no token of a bot.
    """
    token = slack_bot_token()
    if token is None:
        typed = (
            click.prompt("Bot token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
        )
        token = SecretStr(typed.strip())
    if not _BOT_TOKEN.fullmatch(token.get_secret_value()):
        raise SetupError("This is not the token of a Slack bot, which begins with xoxb-.")
    return token


async def _add_slack(project: int, name: str | None, token: SecretStr) -> None:
    async with operators_registry() as registry:
        if await registry.access.project(project) is None:
            raise SetupError(f"There is no project {project}: `assay projects create NAME` makes one.")
        if name is None:
            async with slack_sender(load_settings()) as slack:
                name = await slack.team(token)
        added = await registry.integrations.add(
            project, IntegrationKind.SLACK, name=name[:_MAX_NAME_LENGTH], token=token
        )
    click.echo(added.id)
    click.echo(f"Slack workspace: {added.name}", err=True)


async def _list(project: int) -> None:
    async with operators_registry() as registry:
        for each in await registry.integrations.list(project):
            click.echo(f"{each.id}  {each.kind}  {each.name}  {each.masked}  {each.created_at.isoformat()}")


async def _remove(project: int, integration_id: int, *, force: bool) -> None:
    async with operators_registry() as registry:
        if all(each.id != integration_id for each in await registry.integrations.list(project)):
            raise _no_integration(project, integration_id)
        used_by = await _reports_through(registry, project, integration_id)
        for line in used_by:
            click.echo(line, err=True)
        if used_by and not force:
            raise SetupError(
                f"Integration {integration_id} delivers these reports: change their delivery_targets, or"
                " remove it all the same with --force."
            )
        if not await registry.integrations.remove(project, integration_id):
            raise _no_integration(project, integration_id)
    click.echo(f"Removed {integration_id}.")


def _no_integration(project: int, integration_id: int) -> SetupError:
    return SetupError(
        f"Project {project} has no integration {integration_id}: `assay integrations list --project"
        f" {project}` shows the ids."
    )


async def _reports_through(registry: SqlRegistry, project: int, integration_id: int) -> list[str]:
    """A line for each report that is delivered through an integration, newest first."""
    lines: list[str] = []
    names: dict[UUID, str] = {}
    offset = 0
    while True:
        query = EvaluationReportQuery(limit=_PAGE, offset=offset)
        count, found = await registry.evaluation_reports.list(project, query)
        for report in found:
            recipients = recipients_of(report.delivery_targets)
            if all(recipient.integration_id != integration_id for recipient in recipients):
                continue
            if report.evaluation_id not in names:
                evaluation = await registry.evaluations.get(
                    project, report.evaluation_id, include_deleted=True
                )
                names[report.evaluation_id] = "" if evaluation is None else one_line(evaluation.name)
            lines.append(f"{report.id}  {names[report.evaluation_id]}")
        offset += len(found)
        if not found or offset >= count:
            return lines
