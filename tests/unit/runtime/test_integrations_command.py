"""`assay integrations`, against a Slack on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from assay.adapters.sql import SqlRegistry, bootstrap, migrate, open_registry
from assay.adapters.testing import SlackReply, SlackServer
from assay.contracts.evaluation_reports import EvaluationReportSpec
from assay.contracts.evaluations import EvaluationSpec, EvaluationType, OutputType
from assay.runtime.cli import cli

SECRET = "the secret of the operator"
TOKEN = "xoxb-scripted"

type Assay = Callable[..., Result]


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackServer]:
    with SlackServer(token=TOKEN) as server:
        yield server


@pytest.fixture
def slack(workspace: SlackServer) -> SlackServer:
    workspace.reset()
    return workspace


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A registry with projects 1 and 2."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'registry.sqlite'}"

    async def fill() -> None:
        await migrate(url)
        registry = open_registry(url, secrets=[SECRET])
        await bootstrap(registry, api_key=None, project_token=None, user_email="a@b", ai_consent=True)
        await registry.access.create_project("Other")
        await registry.close()

    asyncio.run(fill())
    return url


@pytest.fixture
def assay(url: str, slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assay:
    """Run `assay integrations` with these arguments."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_DATABASE_URL", url)
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ASSAY_SECRET_KEYS", SECRET)
    monkeypatch.setenv("ASSAY_SLACK_BASE_URL", slack.base_url)
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)

    def assay(*arguments: str, token: str | None = None) -> Result:
        return CliRunner().invoke(cli, ["integrations", *arguments], input=token)

    return assay


def tokens(url: str, project: int = 1) -> dict[int, tuple[str, str]]:
    """Id → name and token of the integrations of a project."""

    async def read(registry: SqlRegistry) -> dict[int, tuple[str, str]]:
        found = {}
        for each in await registry.integrations.list(project):
            token = await registry.integrations.token(project, each.id)
            found[each.id] = (each.name, (token or SecretStr("")).get_secret_value())
        await registry.close()
        return found

    return asyncio.run(read(open_registry(url, secrets=[SECRET])))


def test_the_id_is_printed_alone_and_slack_names_the_workspace(assay: Assay, url: str) -> None:
    added = assay("add", "slack", "--project", "1", token=f"{TOKEN}\n")
    assert (added.exit_code, added.stdout) == (0, "1\n")
    assert "Scripted Workspace" in added.stderr
    assert TOKEN not in added.output
    assert tokens(url) == {1: ("Scripted Workspace", TOKEN)}


def test_the_token_can_come_from_the_environment(
    assay: Assay, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    assert assay("add", "slack", "--project", "2", token="xoxb-not-read").stdout == "1\n"
    assert tokens(url, 2) == {1: ("Scripted Workspace", TOKEN)}


def test_with_a_name_slack_is_not_asked(assay: Assay, url: str) -> None:
    added = assay("add", "slack", "--project", "1", "--name", " Acme ", token="xoxb-unknown-to-slack")
    assert (added.exit_code, added.stdout) == (0, "1\n")
    assert tokens(url) == {1: ("Acme", "xoxb-unknown-to-slack")}


def test_adding_again_replaces_the_token(assay: Assay, url: str) -> None:
    for token in ("xoxb-first", "xoxb-second"):
        assert assay("add", "slack", "--project", "1", "--name", "Acme", token=token).stdout == "1\n"
    assert tokens(url) == {1: ("Acme", "xoxb-second")}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (SlackReply(error="invalid_auth"), "is not valid"),
        (SlackReply(status=503), "out of order"),
        (SlackReply(status=429, headers={"Retry-After": "1"}), "asks for a pause"),
    ],
    ids=["refused", "out-of-order", "limited"],
)
def test_what_slack_says_is_told_and_nothing_is_stored(
    assay: Assay, url: str, slack: SlackServer, reply: SlackReply, words: str
) -> None:
    slack.enqueue(reply)
    refused = assay("add", "slack", "--project", "1", token=TOKEN)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert words in refused.stderr
    assert TOKEN not in refused.output
    assert tokens(url) == {}


@pytest.mark.parametrize("token", ["", "xoxp-of-a-person", "xoxb-", "xoxb-two words", "xapp-1"])
def test_other_tokens_are_refused_unseen(assay: Assay, url: str, token: str) -> None:
    refused = assay("add", "slack", "--project", "1", token=token)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "begins with xoxb-" in refused.stderr
    assert not token or token not in refused.output.replace("begins with xoxb-", "")
    assert tokens(url) == {}


def test_projects_that_there_are_not_and_names_that_cannot_be_are_refused(assay: Assay, url: str) -> None:
    unknown = assay("add", "slack", "--project", "99", token=TOKEN)
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "There is no project 99" in unknown.stderr
    for name in (" ", "x" * 256):
        assert assay("add", "slack", "--project", "1", "--name", name, token=TOKEN).exit_code == 2
    assert tokens(url) == {}


def test_they_are_listed_without_their_tokens(assay: Assay) -> None:
    assert assay("list", "--project", "1").stdout == ""
    for name in ("Acme", "Größe"):
        assay("add", "slack", "--project", "1", "--name", name, token="xoxb-a-token-of-a-bot")
    listed = assay("list", "--project", "1")
    assert listed.exit_code == 0
    rows = [line.split("  ") for line in listed.stdout.splitlines()]
    assert [row[:4] for row in rows] == [
        ["1", "slack", "Acme", "xoxb...-bot"],
        ["2", "slack", "Größe", "xoxb...-bot"],
    ]
    assert assay("list", "--project", "2").stdout == ""


def test_one_is_removed_from_its_own_project_only(assay: Assay, url: str) -> None:
    assay("add", "slack", "--project", "1", "--name", "Acme", token=TOKEN)
    for integration, project in (("1", "2"), ("7", "1")):
        refused = assay("remove", integration, "--project", project)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert f"has no integration {integration}" in refused.stderr
    assert tokens(url) == {1: ("Acme", TOKEN)}
    assert assay("remove", "1", "--project", "1").stdout == "Removed 1.\n"
    assert tokens(url) == {}
    assert assay("add", "slack", "--project", "1", "--name", "Acme", token=TOKEN).stdout == "2\n"


def a_report(url: str, targets: list[dict[str, Any]], *, deleted: bool = False) -> UUID:
    """Store a report of project 1, on an evaluation named Helpful."""

    async def store(registry: SqlRegistry) -> UUID:
        judged = EvaluationSpec(
            name="Helpful",
            evaluation_type=EvaluationType.HOG,
            evaluation_config={"source": "return true"},
            output_type=OutputType.BOOLEAN,
            output_config={},
        )
        evaluation = await registry.evaluations.create(1, judged, created_by=None)
        spec = EvaluationReportSpec(
            evaluation_id=evaluation.id, trigger_threshold=10, delivery_targets=targets, deleted=deleted
        )
        report = await registry.evaluation_reports.create(1, spec, created_by=None)
        await registry.close()
        return report.id

    return asyncio.run(store(open_registry(url, secrets=[SECRET])))


def test_one_that_reports_are_delivered_through_is_removed_by_force_only(assay: Assay, url: str) -> None:
    assay("add", "slack", "--project", "1", "--name", "Acme", token=TOKEN)
    through = {"type": "slack", "integration_id": "1", "channel": "#quality"}
    using = a_report(url, [{"type": "email", "value": "a@b.c"}, through])
    others = [a_report(url, [through | {"integration_id": 2}]), a_report(url, [through], deleted=True)]

    refused = assay("remove", "1", "--project", "1")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"{using}  Helpful" in refused.stderr
    assert not any(str(other) in refused.stderr for other in others)
    assert "--force" in refused.stderr
    assert tokens(url) == {1: ("Acme", TOKEN)}

    removed = assay("remove", "1", "--project", "1", "--force")
    assert (removed.exit_code, removed.stdout) == (0, "Removed 1.\n")
    assert str(using) in removed.stderr
    assert tokens(url) == {}

    again = assay("remove", "1", "--project", "1")
    assert again.exit_code == 1
    assert "has no integration 1" in again.stderr
