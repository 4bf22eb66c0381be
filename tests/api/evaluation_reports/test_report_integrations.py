"""Slack targets of reports name integrations of the project."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from assay.contracts.access import Project
from assay.contracts.integrations import IntegrationKind
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

UNKNOWN = error(
    "validation_error",
    "invalid_input",
    "integration_id must be the id of a Slack integration of this project.",
    "delivery_targets",
)


async def connected(world: ApiWorld, project_id: int) -> int:
    """Id of a new integration."""
    added = await world.registry.integrations.add(
        project_id, IntegrationKind.SLACK, name="Acme", token=SecretStr("xoxb-token-of-a-bot")
    )
    return added.id


@pytest.fixture
async def slack(world: ApiWorld, project: Project) -> int:
    return await connected(world, project.id)


def to(integration_id: object) -> list[dict[str, Any]]:
    return [
        {"type": "email", "value": "a@b.c"},
        {"type": "slack", "integration_id": integration_id, "channel": "#quality", "note": 1.0},
    ]


async def test_an_integration_is_named_by_number_or_digits_and_kept_as_it_was_sent(
    client: httpx.AsyncClient, reports: str, make_report: Make, slack: int
) -> None:
    for named in (slack, str(slack)):
        created = await make_report(delivery_targets=to(named))
        assert created["delivery_targets"] == to(named)
        changed = await client.patch(f"{reports}{created['id']}/", json={"delivery_targets": to(slack)})
        assert (changed.status_code, changed.json()["delivery_targets"]) == (200, to(slack))


async def test_other_ids_are_refused(
    world: ApiWorld, client: httpx.AsyncClient, reports: str, make_report: Make, slack: int
) -> None:
    foreign = await connected(world, 1)
    item = f"{reports}{(await make_report(delivery_targets=to(slack)))['id']}/"
    for named in (foreign, str(foreign), 0, -slack, slack + 10**6, f"0{slack}", 2**63, "9" * 5000):
        targets = [*to(slack), *to(named)]
        response = await client.patch(item, json={"delivery_targets": targets})
        assert (response.status_code, response.json()) == (400, UNKNOWN), named
    assert (await client.get(item)).json()["delivery_targets"] == to(slack)


async def test_an_integration_that_was_removed_is_unknown_but_in_nobodys_way(
    world: ApiWorld, client: httpx.AsyncClient, project: Project, reports: str, make_report: Make
) -> None:
    slack = await connected(world, project.id)
    item = f"{reports}{(await make_report(delivery_targets=to(slack)))['id']}/"
    await world.registry.integrations.remove(project.id, slack)
    response = await client.patch(item, json={"delivery_targets": to(slack)})
    assert (response.status_code, response.json()) == (400, UNKNOWN)
    assert (await client.patch(item, json={"enabled": False})).status_code == 200
