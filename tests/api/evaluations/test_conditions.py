"""Condition sets: what the engine adds to them, and that it is the engine that does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from assay.contracts.access import Project
from assay.domain.filters.parsing import MAX_FILTERS
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, judge

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
PLAN = {"key": "plan", "value": "pro", "operator": "exact", "type": "event"}
COHORT = {"key": "id", "value": 5, "operator": "in", "type": "cohort"}


def answer(condition: dict[str, Any], properties: dict[str, Any], *, now: datetime = NOW) -> Any:
    """What the program of a returned set says about an event."""
    values = {"properties": properties, "person": {"properties": {}}}
    return HogMachine(now=lambda: now).load(condition["bytecode"]).run(values, Limits())


async def test_every_set_gets_a_program_beside_what_was_sent(make: Make) -> None:
    sent = {"id": "a", "rollout_percentage": 12.5, "properties": [PLAN], "label": "kept"}
    [stored] = (await make(conditions=[sent]))["conditions"]

    assert {name: stored[name] for name in sent} == sent
    assert stored.keys() - sent.keys() == {"bytecode", "bytecode_error"}
    assert stored["bytecode_error"] is None
    assert isinstance(stored["bytecode"], list)
    assert answer(stored, {"plan": "pro"}) is True
    assert answer(stored, {"plan": "free"}) is False


async def test_a_set_without_filters_has_a_program_that_takes_everything(make: Make) -> None:
    [stored] = (await make(conditions=[{"id": "all"}]))["conditions"]

    assert stored["bytecode_error"] is None
    assert answer(stored, {}) is True


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (COHORT, "'cohort'"),
        ({"key": "f", "operator": "flag_evaluates_to", "value": True}, "flag"),
        ({"key": "a", "operator": "regex", "value": "("}, "missing )"),
        ({"key": "a", "value": [1, None]}, "list"),
        ({}, "key"),
    ],
    ids=["cohort", "flag", "pattern", "value", "empty"],
)
async def test_a_filter_that_cannot_be_compiled_is_stored_and_explained(
    make: Make, entry: dict[str, Any], reason: str
) -> None:
    sent = {"id": "a", "rollout_percentage": 100, "properties": [PLAN, entry]}
    broken, sound = (await make(conditions=[sent, {"id": "b", "properties": [PLAN]}]))["conditions"]

    assert broken["properties"] == sent["properties"]
    assert broken["bytecode"] is None
    assert broken["bytecode_error"].startswith("Filter 2, ")
    assert reason in broken["bytecode_error"]
    assert sound["bytecode_error"] is None
    assert answer(sound, {"plan": "pro"}) is True


async def test_what_clients_send_for_the_program_is_replaced(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    forged = {"bytecode": ["_H", 1, 29], "bytecode_error": "x"}
    created = await make(conditions=[{"id": "a", "properties": [PLAN], **forged}])
    expected = (await make(conditions=[{"id": "a", "properties": [PLAN]}]))["conditions"]
    assert created["conditions"] == expected

    item = f"{url}{created['id']}/"
    echoed = (await client.patch(item, json={"conditions": created["conditions"]})).json()
    assert echoed["conditions"] == expected
    changed = created["conditions"][0] | {"properties": [COHORT]}
    for response in (
        await client.patch(item, json={"conditions": [changed]}),
        await client.put(item, json=judge(conditions=[changed])),
    ):
        [stored] = response.json()["conditions"]
        assert (stored["bytecode"], stored["properties"]) == (None, [COHORT])
        assert "'cohort'" in stored["bytecode_error"]


async def test_the_program_is_read_back_by_every_method(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    conditions = [
        {"id": "a", "properties": [PLAN, {"key": "n", "operator": "lt", "value": 1.7976931348623157e308}]},
        {"id": "b", "properties": [COHORT]},
        {"id": "c", "properties": [{"key": "ß💥\u2028", "operator": "icontains", "value": ["\\", '"']}]},
    ]
    created = await make(conditions=conditions)
    item = f"{url}{created['id']}/"

    assert (await client.get(item)).json() == created
    assert (await client.get(url)).json()["results"] == [created]
    renamed = (await client.patch(item, json={"name": "Other"})).json()
    assert renamed["conditions"] == created["conditions"]
    assert answer(renamed["conditions"][0], {"plan": "pro", "n": 1.7976931348623155e308}) is True
    assert answer(renamed["conditions"][0], {"plan": "pro", "n": 1.7976931348623157e308}) is False
    assert answer(renamed["conditions"][2], {"ß💥\u2028": "a\\b"}) is True


async def test_dates_relative_to_now_stay_relative(make: Make) -> None:
    recent = {"key": "at", "operator": "is_date_after", "value": "-7d"}
    [stored] = (await make(conditions=[{"id": "a", "properties": [recent]}]))["conditions"]
    properties = {"at": "2026-03-25T00:00:00Z"}

    assert answer(stored, properties) is True
    assert answer(stored, properties, now=NOW.replace(month=4, day=2)) is False


async def test_conditions_that_an_older_version_stored_are_compiled_with_the_next_change(
    world: ApiWorld, project: Project, client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(conditions=[{"id": "a", "properties": [PLAN]}, {"id": "b", "properties": [COHORT]}])
    older = [
        {"id": "a", "rollout_percentage": 100, "properties": [PLAN]},
        {"id": "b", "rollout_percentage": 100, "properties": [COHORT], "bytecode": ["assay-hog", 0, []]},
    ]
    await world.registry.evaluations.update(
        project.id,
        UUID(created["id"]),
        lambda current: current.model_copy(update={"conditions": tuple(older)}),
    )
    item = f"{url}{created['id']}/"
    assert (await client.get(item)).json()["conditions"] == older

    assert (await client.patch(item, json={"name": "Other"})).json()["conditions"] == created["conditions"]


async def test_all_sets_together_have_the_room_of_one_list(make: Make) -> None:
    large = {"id": "large", "properties": [PLAN] * MAX_FILTERS}
    created = await make(conditions=[large, {"id": "more", "properties": [PLAN]}, {"id": "all"}])

    errors = [condition["bytecode_error"] for condition in created["conditions"]]
    assert errors[0] is None
    assert f"{MAX_FILTERS} property filters altogether" in errors[1]
    assert errors[2] is None


@pytest.mark.parametrize("number", [3, 40])
async def test_expressions_that_come_to_too_much_are_stored_with_the_reason(make: Make, number: int) -> None:
    large = {"key": "plan", "operator": "regex", "value": "a{0,1000}" * 9}
    sets = [{"id": str(each), "properties": [large | {"key": str(each)}]} for each in range(number)]
    created = await make(conditions=[*sets, {"id": "all"}])

    errors = [condition["bytecode_error"] for condition in created["conditions"]]
    assert [error is None for error in errors] == [True] * 2 + [False] * (number - 2) + [True]
    assert "too large altogether" in errors[2]
