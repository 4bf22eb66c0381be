"""Changing, enabling, deleting and restoring evaluations."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from assay.contracts.access import Project
from assay.contracts.evaluations import Provider, StatusReason
from assay.contracts.provider_keys import ProviderAccess
from assay.domain.conditions import compile_conditions
from tests.api.conftest import Make
from tests.harness.api import TRIAL_LIMIT, ApiWorld, error, judge

NOT_FOUND = error("invalid_request", "not_found", "Not found.")


async def test_patch_changes_what_is_sent_and_nothing_else(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(description="d", conditions=[{"id": "a"}])
    item = f"{url}{created['id']}/"
    changed = await client.patch(item, json={"name": "Kind"})
    assert changed.status_code == 200
    assert changed.json() == created | {"name": "Kind", "updated_at": changed.json()["updated_at"]}
    assert changed.json()["updated_at"] > created["updated_at"]
    assert (await client.get(item)).json() == changed.json()


async def test_an_empty_patch_is_accepted(client: httpx.AsyncClient, url: str, make: Make) -> None:
    created = await make()
    response = await client.patch(f"{url}{created['id']}/")
    assert (response.status_code, response.json()["name"]) == (200, created["name"])


async def test_put_needs_the_required_fields_and_keeps_the_others(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(description="d", enabled=True)
    response = await client.put(f"{url}{created['id']}/", json=judge(name="Kind"))
    assert response.status_code == 200
    assert response.json() == created | {"name": "Kind", "updated_at": response.json()["updated_at"]}


async def test_conditions_are_replaced_as_a_whole(client: httpx.AsyncClient, url: str, make: Make) -> None:
    created = await make(conditions=[{"id": "a"}, {"id": "b"}])
    response = await client.patch(f"{url}{created['id']}/", json={"conditions": [{"id": "c"}]})
    assert [condition["id"] for condition in response.json()["conditions"]] == ["c"]


async def test_a_model_configuration_is_replaced_by_an_object_and_kept_by_null(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(model_configuration={"provider": "openai", "model": "gpt-5-mini"})
    item = f"{url}{created['id']}/"
    for body in ({"model_configuration": None}, {}):
        kept = (await client.patch(item, json=body)).json()
        assert kept["model_configuration"] == created["model_configuration"]
    other = {"provider": "gemini", "model": "flash"}
    changed = (await client.patch(item, json={"model_configuration": other})).json()
    assert changed["model_configuration"] == other | {"provider_key_id": None, "provider_key_name": None}


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT"])
async def test_unknown_malformed_and_foreign_ids_are_not_found_even_with_a_bad_body(
    client: httpx.AsyncClient, url: str, make: Make, method: str
) -> None:
    created = await make()
    foreign = f"/api/environments/1/evaluations/{created['id']}/"
    for address in (f"{url}{uuid4()}/", f"{url}zzz/", f"{url}%00/", f"{url}{created['id']}x/", foreign):
        response = await client.request(method, address, json={"name": ""})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_delete_is_refused_for_every_id_without_looking(
    world: ApiWorld, client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make()
    for reference in (created["id"], uuid4(), "zzz"):
        response = await client.delete(f"{url}{reference}/")
        assert (response.status_code, response.content) == (405, b"")
        assert response.headers["allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    async with world.client(key=await world.new_key("evaluation:read")) as reader:
        response = await reader.delete(f"{url}{created['id']}/")
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert (await client.get(f"{url}{created['id']}/")).status_code == 200


async def test_deleting_hides_and_can_be_undone(client: httpx.AsyncClient, url: str, make: Make) -> None:
    created = await make()
    item = f"{url}{created['id']}/"
    response = await client.patch(item, json={"deleted": True})
    assert (response.status_code, response.json()["deleted"]) == (200, True)
    assert (await client.get(item)).status_code == 404
    assert (await client.get(url)).json()["count"] == 0
    assert (await client.put(item, json=judge(name="Found"))).status_code == 200
    restored = await client.patch(item, json={"deleted": False})
    assert (restored.status_code, restored.json()["deleted"]) == (200, False)
    assert (await client.get(item)).json() == restored.json()


async def test_an_evaluation_can_be_born_deleted(client: httpx.AsyncClient, url: str, make: Make) -> None:
    created = await make(deleted=True)
    assert created["deleted"] is True
    assert (await client.get(url)).json()["count"] == 0


async def test_enabled_drives_the_status(client: httpx.AsyncClient, url: str, make: Make) -> None:
    assert (await make(enabled=True))["status"] == "active"
    item = f"{url}{(await make())['id']}/"
    for enabled, status in ((True, "active"), (True, "active"), (False, "paused")):
        body = (await client.patch(item, json={"enabled": enabled})).json()
        assert (body["enabled"], body["status"], body["status_reason"]) == (enabled, status, None)


@pytest.fixture
def fail(world: ApiWorld, project: Project, make: Make) -> Any:
    """Make an enabled evaluation and put it into `error`."""

    async def fail(reason: StatusReason, **fields: Any) -> dict[str, Any]:
        created = await make(enabled=True, **fields)
        assert await world.registry.evaluations.fail(project.id, UUID(created["id"]), reason)
        return created

    return fail


async def test_switching_off_an_evaluation_in_error_changes_nothing(
    client: httpx.AsyncClient, url: str, fail: Any
) -> None:
    item = f"{url}{(await fail(StatusReason.TRIAL_LIMIT_REACHED))['id']}/"
    body = (await client.patch(item, json={"enabled": False})).json()
    assert (body["enabled"], body["status"], body["status_reason"]) == (False, "error", "trial_limit_reached")


async def test_enabling_clears_the_reason(client: httpx.AsyncClient, url: str, fail: Any) -> None:
    item = f"{url}{(await fail(StatusReason.TRIAL_LIMIT_REACHED))['id']}/"
    body = (await client.patch(item, json={"enabled": True})).json()
    assert (body["enabled"], body["status"], body["status_reason"]) == (True, "active", None)


@pytest.fixture
async def used_up_trial(world: ApiWorld, project: Project) -> None:
    for _ in range(TRIAL_LIMIT):
        await _use_a_place(world, project)


@pytest.mark.usefixtures("used_up_trial")
async def test_a_used_up_trial_keeps_judges_switched_off(
    client: httpx.AsyncClient, url: str, make: Make, fail: Any
) -> None:
    for evaluation in (await make(), await fail(StatusReason.TRIAL_LIMIT_REACHED)):
        response = await client.patch(f"{url}{evaluation['id']}/", json={"enabled": True})
        assert response.status_code == 400
        assert (response.json()["code"], response.json()["attr"]) == ("invalid_input", "enabled")
    running = await make(enabled=True)
    assert (await client.patch(f"{url}{running['id']}/", json={"enabled": True})).status_code == 200


@pytest.mark.usefixtures("used_up_trial")
async def test_a_used_up_trial_does_not_concern_hog(client: httpx.AsyncClient, url: str, make: Make) -> None:
    created = await make(evaluation_type="hog", evaluation_config={"source": "return true"})
    response = await client.patch(f"{url}{created['id']}/", json={"enabled": True})
    assert (response.status_code, response.json()["status"]) == (200, "active")


@pytest.mark.usefixtures("used_up_trial")
async def test_a_used_up_trial_does_not_concern_a_judge_on_the_projects_active_key(
    world: ApiWorld, project: Project, client: httpx.AsyncClient, url: str, make: Make
) -> None:
    paused = [await make(), await make(model_configuration={"provider": "anthropic", "model": "claude-x"})]
    await world.registry.provider_keys.create(
        project.id,
        "own",
        ProviderAccess(provider=Provider.OPENAI, api_key=SecretStr("sk-of-the-project")),
        created_by=None,
        set_as_active=True,
    )
    answers = [await client.patch(f"{url}{one['id']}/", json={"enabled": True}) for one in paused]
    assert [answer.status_code for answer in answers] == [200, 400]


async def test_one_free_place_in_the_trial_is_enough(
    world: ApiWorld, project: Project, client: httpx.AsyncClient, url: str, make: Make
) -> None:
    for _ in range(TRIAL_LIMIT - 1):
        await _use_a_place(world, project)
    item = f"{url}{(await make())['id']}/"
    assert (await client.patch(item, json={"enabled": True})).status_code == 200


async def test_a_model_that_is_not_allowed_must_be_changed_first(
    client: httpx.AsyncClient, url: str, fail: Any
) -> None:
    model = {"provider": "openai", "model": "gpt-5-pro"}
    item = f"{url}{(await fail(StatusReason.MODEL_NOT_ALLOWED, model_configuration=model))['id']}/"
    for body in ({"enabled": True}, {"enabled": True, "model_configuration": model}):
        response = await client.patch(item, json=body)
        assert (response.status_code, response.json()["attr"]) == (400, "enabled")
    other = {"provider": "openai", "model": "gpt-5-mini"}
    response = await client.patch(item, json={"enabled": True, "model_configuration": other})
    assert (response.status_code, response.json()["status"]) == (200, "active")


async def test_a_deleted_key_keeps_an_evaluation_switched_off(
    client: httpx.AsyncClient, url: str, fail: Any
) -> None:
    item = f"{url}{(await fail(StatusReason.PROVIDER_KEY_DELETED))['id']}/"
    response = await client.patch(item, json={"enabled": True})
    assert (response.status_code, response.json()["attr"]) == (400, "enabled")
    assert (await client.get(item)).json()["status_reason"] == "provider_key_deleted"


async def test_once_the_operator_has_a_key_it_can_be_switched_on_again(
    client: httpx.AsyncClient, url: str, fail: Any
) -> None:
    item = f"{url}{(await fail(StatusReason.PROVIDER_KEY_REQUIRED))['id']}/"
    response = await client.patch(item, json={"enabled": True})
    assert (response.status_code, response.json()["status"]) == (200, "active")


async def _use_a_place(world: ApiWorld, project: Project) -> None:
    verdict = uuid4()
    await world.registry.trial.reserve(project.id, verdict, limit=TRIAL_LIMIT)
    await world.registry.trial.confirm(project.id, verdict)


async def test_concurrent_changes_of_different_fields_are_both_kept(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    item = f"{url}{(await make())['id']}/"
    fields = {
        "name": "Kind",
        "description": "both",
        "enabled": True,
        "conditions": compile_conditions([{"id": "a", "rollout_percentage": 1, "properties": []}]),
    }
    responses = await asyncio.gather(*(client.patch(item, json={name: fields[name]}) for name in fields))
    assert {response.status_code for response in responses} == {200}
    final = (await client.get(item)).json()
    assert {name: final[name] for name in fields} == fields
