"""The evaluation settings of a project."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.api.llm_analytics import Api
from tests.harness.api import TRIAL_LIMIT, ApiWorld, error
from tests.harness.providers import REFUSED, ScriptedProviders

KEYS = [
    "trial_eval_limit",
    "trial_evals_used",
    "trial_evals_remaining",
    "active_provider_key",
    "created_at",
    "updated_at",
]


async def test_settings_are_there_when_they_are_first_looked_at(api: Api) -> None:
    first, again = await asyncio.gather(*(api.client.get(api.config) for _ in range(2)))
    assert (first.status_code, list(first.json())) == (200, KEYS)
    assert first.json() == again.json()
    assert first.json()["active_provider_key"] is None
    assert (first.json()["trial_eval_limit"], first.json()["trial_evals_used"]) == (TRIAL_LIMIT, 0)
    assert first.json()["trial_evals_remaining"] == TRIAL_LIMIT


async def test_the_trial_counts_verdicts_and_never_goes_below_zero(world: ApiWorld, api: Api) -> None:
    for _ in range(TRIAL_LIMIT + 1):  # the operator has lowered the limit since
        verdict = uuid4()
        await world.registry.trial.reserve(api.project.id, verdict, limit=TRIAL_LIMIT + 1)
        await world.registry.trial.confirm(api.project.id, verdict)
    body = (await api.client.get(api.config)).json()
    assert (body["trial_evals_used"], body["trial_evals_remaining"]) == (TRIAL_LIMIT + 1, 0)


async def test_the_active_key_is_shown_without_what_is_write_only(api: Api) -> None:
    key = await api.new_key()
    response = await api.client.post(f"{api.config}set_active_key/", json={"key_id": key["id"]})
    assert (response.status_code, list(response.json())) == (200, KEYS)
    assert response.json()["active_provider_key"] == key
    again = await api.client.post(f"{api.config}set_active_key", json={"key_id": key["id"]})
    assert again.json()["active_provider_key"] == key
    assert (await api.client.get(api.config)).json() == again.json()


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ({}, "required", "This field is required."),
        ({"key_id": "zzz"}, "invalid_input", "Must be a valid UUID."),
        ({"key_id": None}, "null", "This field may not be null."),
    ],
)
async def test_a_key_must_be_named(api: Api, body: dict[str, str], code: str, detail: str) -> None:
    response = await api.client.post(f"{api.config}set_active_key/", json=body)
    assert response.status_code == 400
    assert response.json() == error("validation_error", code, detail, "key_id")


async def test_an_unknown_key_and_one_of_another_project(world: ApiWorld, api: Api) -> None:
    foreign = await Api(api.client, await world.new_project()).new_key()
    for key_id in (str(uuid4()), foreign["id"]):
        response = await api.client.post(f"{api.config}set_active_key/", json={"key_id": key_id})
        assert (response.status_code, list(response.json())) == (404, ["detail"])


async def test_a_key_that_is_not_ok_cannot_be_the_active_one(world: ApiWorld, api: Api) -> None:
    key = await api.new_key()
    await world.registry.provider_keys.report(api.project.id, UUID(key["id"]), REFUSED, version=1)
    response = await api.client.post(f"{api.config}set_active_key/", json={"key_id": key["id"]})
    assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert "invalid" in response.json()["detail"]


async def test_scopes(world: ApiWorld, api: Api, providers: ScriptedProviders) -> None:
    body = {"key_id": (await api.new_key())["id"]}
    for scope, reads, writes in (
        ("evaluation:read", 200, 403),
        ("evaluation:write", 200, 200),
        ("llm_provider_key:write", 403, 403),
    ):
        async with world.client(key=await world.new_key(scope), providers=providers) as client:
            assert (await client.get(api.config)).status_code == reads
            assert (await client.post(f"{api.config}set_active_key/", json=body)).status_code == writes


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT", "POST"])
async def test_there_is_nothing_else_to_do_with_them(api: Api, method: str) -> None:
    assert (await api.client.request(method, api.config)).status_code == 405
