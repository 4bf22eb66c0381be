"""Evaluations that judge with provider keys: attaching, deleting, replacing, assigning."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from assay.contracts.evaluations import StatusReason
from tests.api.conftest import Make
from tests.api.llm_analytics import NEW_SECRET, SECRET, Api
from tests.harness.api import TRIAL_LIMIT, ApiWorld
from tests.harness.providers import REFUSED, ScriptedProviders


def model(key: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"provider": "openai", "model": "gpt-5-mini", "provider_key_id": key and key["id"]} | fields


@pytest.fixture
def show(client: httpx.AsyncClient, url: str) -> Any:
    """An evaluation as it is now."""

    async def show(evaluation: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(f"{url}{evaluation['id']}/")).json()
        return found

    return show


async def test_an_evaluation_names_a_key_and_shows_its_name(
    api: Api, client: httpx.AsyncClient, url: str, make: Make, show: Any
) -> None:
    key = await api.new_key()
    created = await make(model_configuration=model(key))
    assert created["model_configuration"] == model(key) | {"provider_key_name": "Production"}
    item = f"{url}{created['id']}/"
    kept = await client.patch(item, json={"name": "Kind"})
    assert kept.json()["model_configuration"] == created["model_configuration"]
    [listed] = (await client.get(url)).json()["results"]
    assert listed["model_configuration"] == created["model_configuration"]
    detached = await client.patch(item, json={"model_configuration": model()})
    assert detached.json()["model_configuration"] == model() | {"provider_key_name": None}


async def test_a_key_of_another_provider_or_project_is_refused(
    world: ApiWorld, api: Api, client: httpx.AsyncClient, url: str, make: Make
) -> None:
    gemini = await api.new_key(provider="gemini", api_key="a-gemini-key-1234")
    foreign = await Api(client, await world.new_project()).new_key()
    item = f"{url}{(await make())['id']}/"
    for key in (gemini, foreign):
        response = await client.patch(item, json={"model_configuration": model(key)})
        assert (response.status_code, response.json()["code"]) == (400, "invalid_input")
        assert response.json()["attr"] == "model_configuration__provider_key_id"


async def test_deleting_stops_active_evaluations(api: Api, make: Make, show: Any) -> None:
    key = await api.new_key(set_as_active=True)
    active = await make(enabled=True, model_configuration=model(key))
    paused = await make(model_configuration=model(key))

    response = await api.client.delete(f"{api.keys}{key['id']}/")

    assert (response.status_code, response.content) == (204, b"")
    assert (await api.client.get(f"{api.keys}{key['id']}/")).status_code == 404
    stopped = await show(active)
    assert (stopped["enabled"], stopped["status"]) == (False, "error")
    assert stopped["status_reason"] == "provider_key_deleted"
    assert stopped["model_configuration"] == model() | {"provider_key_name": None}
    assert (await show(paused))["status"] == "paused"
    assert await api.active_key() is None


async def test_who_stops_an_evaluation_tells_about_it_once(
    api: Api, make: Make, providers: ScriptedProviders
) -> None:
    deleted, refused = await api.new_key(), await api.new_key()
    one = await make(enabled=True, model_configuration=model(deleted), name="One")
    two = await make(enabled=True, model_configuration=model(refused), name="Two")
    await make(model_configuration=model(refused))
    providers.answers[SECRET] = REFUSED
    validate = f"{api.keys}{refused['id']}/validate/"
    before = [stopped_so_far(reason) for reason in ("provider_key_deleted", "provider_key_invalid")]

    with capture_logs() as logs:
        for _ in range(2):
            await api.client.delete(f"{api.keys}{deleted['id']}/")
            await asyncio.gather(*(api.client.post(validate) for _ in range(3)))

    told = [
        (entry["project_id"], entry["evaluation_id"], entry["evaluation_name"], entry["reason"])
        for entry in logs
        if entry["event"] == "evaluation stopped"
    ]
    assert told == [
        (api.project.id, one["id"], "One", "provider_key_deleted"),
        (api.project.id, two["id"], "Two", "provider_key_invalid"),
    ]
    after = [stopped_so_far(reason) for reason in ("provider_key_deleted", "provider_key_invalid")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]


def stopped_so_far(reason: str) -> float:
    return REGISTRY.get_sample_value("assay_evaluations_stopped_total", {"reason": reason}) or 0


async def test_a_key_found_refused_stops_the_judges_that_use_it(
    api: Api, url: str, make: Make, show: Any, providers: ScriptedProviders
) -> None:
    key = await api.new_key(set_as_active=True)
    named = await make(enabled=True, model_configuration=model(key))
    falling = await make(enabled=True, model_configuration=model())
    paused = await make(model_configuration=model(key))
    gemini = await make(enabled=True, model_configuration=model(provider="gemini"))
    providers.answers[SECRET] = REFUSED

    checked = await api.client.post(f"{api.keys}{key['id']}/validate/")

    assert (checked.status_code, checked.json()["state"]) == (200, "invalid")
    for each in (named, falling):
        now = await show(each)
        assert (now["enabled"], now["status"], now["status_reason"]) == (
            False,
            "error",
            "provider_key_invalid",
        )
    assert (await show(paused))["status"] == "paused"
    assert await show(gemini) == gemini


@pytest.mark.parametrize("mended", [True, False], ids=["new secret", "enabled all the same"])
async def test_what_a_refused_key_stopped_can_be_enabled_again(
    api: Api, url: str, make: Make, providers: ScriptedProviders, mended: bool
) -> None:
    key = await api.new_key(set_as_active=True)
    stopped = [
        await make(enabled=True, model_configuration=model(key)),
        await make(enabled=True, model_configuration=model()),
    ]
    providers.answers[SECRET] = REFUSED
    await api.client.post(f"{api.keys}{key['id']}/validate/")
    if mended:
        await api.client.patch(f"{api.keys}{key['id']}/", json={"api_key": NEW_SECRET})

    for each in stopped:
        off = await api.client.patch(f"{url}{each['id']}/", json={"enabled": False})
        assert off.json()["status_reason"] == "provider_key_invalid"
        on = await api.client.patch(f"{url}{each['id']}/", json={"enabled": True})
        assert (on.status_code, on.json()["status"], on.json()["status_reason"]) == (200, "active", None)


async def test_giving_another_key_enables_what_a_refused_one_stopped(
    api: Api, make: Make, show: Any, providers: ScriptedProviders
) -> None:
    key, other = await api.new_key(), await api.new_key(name="Other", api_key=NEW_SECRET)
    stopped = await make(enabled=True, model_configuration=model(key))
    providers.answers[SECRET] = REFUSED
    await api.client.post(f"{api.keys}{key['id']}/validate/")

    body = {"evaluation_ids": [stopped["id"]], "enable": True}
    response = await api.client.post(f"{api.keys}{other['id']}/assign/", json=body)

    assert response.json() == {"configs_updated": 1, "evals_enabled": 1}
    now = await show(stopped)
    assert (now["status"], now["model_configuration"]["provider_key_name"]) == ("active", "Other")


async def test_a_replacement_takes_over(api: Api, make: Make, show: Any) -> None:
    key, heir = await api.new_key(set_as_active=True), await api.new_key(name="Heir")
    evaluation = await make(enabled=True, model_configuration=model(key))

    response = await api.client.delete(f"{api.keys}{key['id']}/", params={"replacement_key_id": heir["id"]})

    assert response.status_code == 204
    shown = await show(evaluation)
    assert (shown["status"], shown["model_configuration"]["provider_key_name"]) == ("active", "Heir")
    assert await api.active_key() == heir["id"]


async def test_what_cannot_take_over(api: Api) -> None:
    key = await api.new_key()
    gemini = await api.new_key(provider="gemini", api_key="a-gemini-key-1234")
    for candidate in (str(uuid4()), "zzz", key["id"], gemini["id"]):
        response = await api.client.delete(
            f"{api.keys}{key['id']}/", params={"replacement_key_id": candidate}
        )
        assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert (await api.client.get(f"{api.keys}{key['id']}/")).status_code == 200


async def test_of_two_deletions_one_finds_the_key(api: Api) -> None:
    item = f"{api.keys}{(await api.new_key())['id']}/"
    responses = await asyncio.gather(*(api.client.delete(item) for _ in range(2)))
    assert sorted(response.status_code for response in responses) == [204, 404]


async def test_dependents(api: Api, make: Make) -> None:
    key, other = await api.new_key(), await api.new_key(name="Other")
    using = await make(model_configuration=model(key))
    await make()

    response = await api.client.get(f"{api.keys}{key['id']}/dependent_configs/")

    assert response.status_code == 200
    assert response.json() == {
        "evaluations": [{"id": using["id"], "name": "Polite", "model_configuration_id": using["id"]}],
        "alternative_keys": [{"id": other["id"], "name": "Other", "provider": "openai"}],
    }


async def test_evaluations_on_trial(api: Api, make: Make) -> None:
    key = await api.new_key()
    on_trial = await make(enabled=True, model_configuration=model())
    await make(model_configuration=model(key))
    await make(model_configuration=model(provider="gemini"))
    await make()
    found = await api.client.get(f"{api.keys}trial_evaluations/", params={"provider": "openai"})
    assert found.status_code == 200
    assert found.json() == {"evaluations": [{"id": on_trial["id"], "name": "Polite", "enabled": True}]}
    for params in ({}, {"provider": "acme"}):
        response = await api.client.get(f"{api.keys}trial_evaluations/", params=params)
        assert (response.status_code, list(response.json())) == (400, ["detail"])


async def test_at_most_fifty_are_listed(api: Api, make: Make) -> None:
    for _ in range(51):
        await make(model_configuration=model())
    found = await api.client.get(f"{api.keys}trial_evaluations/", params={"provider": "openai"})
    assert len(found.json()["evaluations"]) == 50


async def test_assigning(world: ApiWorld, api: Api, make: Make, show: Any) -> None:
    key = await api.new_key()
    paused = await make(model_configuration=model())
    broken = await make(enabled=True, model_configuration=model())
    await world.registry.evaluations.fail(
        api.project.id, UUID(broken["id"]), StatusReason.TRIAL_LIMIT_REACHED
    )
    gemini = await make(model_configuration=model(provider="gemini"))
    ids = [paused["id"], broken["id"], gemini["id"]]

    response = await api.client.post(f"{api.keys}{key['id']}/assign/", json={"evaluation_ids": ids})
    assert (response.status_code, response.json()) == (200, {"configs_updated": 2, "evals_enabled": 0})
    mended = await show(broken)
    assert (mended["status"], mended["model_configuration"]["provider_key_id"]) == ("paused", key["id"])
    assert await show(gemini) == gemini

    body = {"evaluation_ids": ids, "enable": True}
    response = await api.client.post(f"{api.keys}{key['id']}/assign/", json=body)
    assert (response.status_code, response.json()) == (200, {"configs_updated": 2, "evals_enabled": 2})
    assert (await show(paused))["status"] == "active"


async def test_assigning_needs_evaluations(api: Api) -> None:
    item = f"{api.keys}{(await api.new_key())['id']}/assign/"
    for body in ({}, {"evaluation_ids": []}):
        response = await api.client.post(item, json=body)
        assert (response.status_code, list(response.json())) == (400, ["detail"])
    response = await api.client.post(item, json={"evaluation_ids": ["zzz"]})
    assert response.status_code == 400
    assert response.json()["attr"].startswith("evaluation_ids")


@pytest.mark.parametrize(
    "reason",
    [
        StatusReason.TRIAL_LIMIT_REACHED,
        StatusReason.MODEL_NOT_ALLOWED,
        StatusReason.PROVIDER_KEY_DELETED,
    ],
)
async def test_an_attached_key_answers_every_objection_to_enabling(
    world: ApiWorld, api: Api, url: str, make: Make, reason: StatusReason
) -> None:
    key = await api.new_key()
    for _ in range(TRIAL_LIMIT):
        verdict = uuid4()
        await world.registry.trial.reserve(api.project.id, verdict, limit=TRIAL_LIMIT)
        await world.registry.trial.confirm(api.project.id, verdict)
    created = await make(enabled=True, model_configuration=model(model="gpt-5-pro"))
    await world.registry.evaluations.fail(api.project.id, UUID(created["id"]), reason)
    item = f"{url}{created['id']}/"
    refused = await api.client.patch(item, json={"enabled": True})
    assert (refused.status_code, refused.json()["attr"]) == (400, "enabled")

    body = {"enabled": True, "model_configuration": model(key, model="gpt-5-pro")}
    enabled = await api.client.patch(item, json=body)

    assert (enabled.status_code, enabled.json()["status"]) == (200, "active")
    assert enabled.json()["status_reason"] is None


async def test_a_model_that_is_still_not_on_the_list_keeps_an_evaluation_off(
    world: ApiWorld, api: Api, client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(enabled=True, model_configuration=model(model="gpt-5-pro"))
    await world.registry.evaluations.fail(api.project.id, UUID(created["id"]), StatusReason.MODEL_NOT_ALLOWED)
    item = f"{url}{created['id']}/"
    body = {"enabled": True, "model_configuration": model(model="o1-pro")}
    assert (await client.patch(item, json=body)).status_code == 400
    assert (await client.patch(item, json=body | {"model_configuration": model()})).status_code == 200
