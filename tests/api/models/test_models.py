"""Which models there are to judge with."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from assay.contracts.evaluations import Provider
from assay.domain.judging import DEFAULT_MODELS, TRIAL_MODELS
from tests.api.llm_analytics import SECRET, Api
from tests.harness.api import ApiWorld
from tests.harness.providers import ScriptedProviders


@pytest.mark.parametrize("provider", Provider)
async def test_without_a_key_the_models_of_the_trial(api: Api, provider: Provider) -> None:
    response = await api.client.get(api.models, params={"provider": provider.value})
    assert response.status_code == 200
    names = TRIAL_MODELS.get(provider, ())
    assert response.json() == {"models": [{"id": name, "posthog_available": True} for name in names]}


async def test_with_a_key_what_the_provider_lists(api: Api, providers: ScriptedProviders) -> None:
    providers.listed = ["gpt-5-mini", "gpt-6-imaginary"]
    key = await api.new_key()
    providers.checked.clear()
    response = await api.client.get(api.models, params={"provider": "openai", "key_id": key["id"]})
    assert response.status_code == 200
    assert response.json() == {
        "models": [
            {"id": "gpt-5-mini", "posthog_available": True},
            {"id": "gpt-6-imaginary", "posthog_available": False},
        ]
    }
    assert [access.api_key.get_secret_value() for access in providers.checked] == [SECRET]


async def test_where_the_provider_lists_nothing_there_is_what_is_known(api: Api) -> None:
    openai = await api.new_key()
    fireworks = await api.new_key(provider="fireworks", api_key="a-fireworks-key")
    for provider, key in (("openai", openai), ("fireworks", fireworks)):
        response = await api.client.get(api.models, params={"provider": provider, "key_id": key["id"]})
        known = [model["id"] for model in response.json()["models"]]
        assert known == list(TRIAL_MODELS.get(Provider(provider), ()))


async def test_a_key_that_nobody_can_read_lists_what_is_known(
    world: ApiWorld, api: Api, providers: ScriptedProviders
) -> None:
    key = await api.new_key()
    async with world.registry.database.write() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            f"UPDATE provider_keys SET sealed_with = 'gone' WHERE project_id = {api.project.id}"
        )
    providers.listed = ["never asked for"]
    response = await api.client.get(api.models, params={"provider": "openai", "key_id": key["id"]})
    assert response.status_code == 200
    assert "never asked for" not in response.text


async def test_refusals(world: ApiWorld, api: Api) -> None:
    key = (await api.new_key())["id"]
    foreign = (await Api(api.client, await world.new_project()).new_key())["id"]
    cases: list[tuple[dict[str, Any], int]] = [
        ({}, 400),
        ({"provider": ""}, 400),
        ({"provider": "acme"}, 400),
        ({"provider": "openai", "key_id": str(uuid4())}, 404),
        ({"provider": "openai", "key_id": "zzz"}, 404),
        ({"provider": "openai", "key_id": foreign}, 404),
        ({"provider": "gemini", "key_id": key}, 400),
    ]
    for params, status in cases:
        response = await api.client.get(api.models, params=params)
        assert (response.status_code, list(response.json())) == (status, ["detail"]), params
    unknown = await api.client.get(api.models, params={"provider": "acme"})
    assert all(provider.value in unknown.json()["detail"] for provider in Provider)


async def test_scopes(world: ApiWorld, api: Api) -> None:
    for scope, status in (("evaluation:read", 200), ("llm_provider_key:write", 403)):
        async with world.client(key=await world.new_key(scope)) as client:
            assert (await client.get(api.models, params={"provider": "openai"})).status_code == status


def test_every_default_judge_may_be_used_on_trial() -> None:
    for provider, names in TRIAL_MODELS.items():
        assert DEFAULT_MODELS[provider] in names
