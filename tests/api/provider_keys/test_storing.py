"""Storing, showing and changing provider keys."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from assay.adapters.sql.tables import ProviderKeyRow
from assay.contracts.provider_keys import KeyCheck, KeyState
from tests.api.llm_analytics import AZURE, NEW_SECRET, SECRET, Api, key_body
from tests.harness.api import ApiWorld, error
from tests.harness.providers import REFUSED, ScriptedProviders

KEYS = [
    "id",
    "provider",
    "name",
    "state",
    "error_message",
    "api_key_masked",
    "azure_endpoint_display",
    "api_version_display",
    "created_at",
    "created_by",
    "last_used_at",
]
NOT_FOUND = error("invalid_request", "not_found", "Not found.")


async def test_a_key_that_the_provider_takes_is_stored(api: Api, providers: ScriptedProviders) -> None:
    response = await api.client.post(api.keys, json=key_body())

    assert response.status_code == 201
    created = response.json()
    assert list(created) == KEYS
    assert (created["provider"], created["name"]) == ("openai", "Production")
    assert (created["state"], created["error_message"]) == ("ok", None)
    assert created["api_key_masked"] == "sk-p...seen"
    assert (created["azure_endpoint_display"], created["api_version_display"]) == (None, None)
    assert created["created_by"]["email"] == "first@example.com"
    assert created["last_used_at"] is None
    assert (await api.client.get(f"{api.keys}{created['id']}/")).json() == created
    assert [access.api_key.get_secret_value() for access in providers.checked] == [SECRET]
    assert await api.active_key() is None


async def test_a_key_that_the_provider_refuses_is_not_stored(api: Api, providers: ScriptedProviders) -> None:
    providers.answers[SECRET] = REFUSED
    response = await api.client.post(api.keys, json=key_body(set_as_active=True))
    assert (response.status_code, response.json()) == (
        400,
        error("validation_error", "invalid_input", "The key is wrong.", "api_key"),
    )
    assert (await api.client.get(api.keys)).json()["count"] == 0


@pytest.mark.parametrize("state", [KeyState.ERROR, KeyState.UNKNOWN])
async def test_a_key_that_could_not_be_checked_is_not_stored(
    api: Api, providers: ScriptedProviders, state: KeyState
) -> None:
    providers.answers[SECRET] = KeyCheck(state=state)
    response = await api.client.post(api.keys, json=key_body())
    assert (response.status_code, response.json()["attr"]) == (400, "api_key")


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"provider": ...}, "provider", "required"),
        ({"provider": "acme"}, "provider", "invalid_choice"),
        ({"name": ...}, "name", "required"),
        ({"name": " "}, "name", "blank"),
        ({"name": "x" * 256}, "name", "max_length"),
        ({"name": None}, "name", "null"),
        ({"api_key": ...}, "api_key", "invalid_input"),
        ({"api_key": ""}, "api_key", "blank"),
        ({"api_key": "pk-1"}, "api_key", "invalid_input"),
        ({"provider": "anthropic"}, "api_key", "invalid_input"),
        ({"api_version": "x" * 21}, "api_version", "max_length"),
        ({"set_as_active": "maybe"}, "set_as_active", "invalid_input"),
        (AZURE | {"azure_endpoint": ...}, "azure_endpoint", "invalid_input"),
        (AZURE | {"azure_endpoint": ""}, "azure_endpoint", "invalid_input"),
        (AZURE | {"azure_endpoint": "http://acme.openai.azure.com"}, "azure_endpoint", "invalid_input"),
        (AZURE | {"azure_endpoint": "https://openai.azure.com.evil.com"}, "azure_endpoint", "invalid_input"),
    ],
)
async def test_what_a_new_key_must_have(api: Api, fields: dict[str, Any], attr: str, code: str) -> None:
    response = await api.client.post(api.keys, json=key_body(**fields))
    assert response.status_code == 400
    assert (response.json()["type"], response.json()["attr"]) == ("validation_error", attr)
    assert response.json()["code"] == code
    assert (await api.client.get(api.keys)).json()["count"] == 0


async def test_azure_shows_its_endpoint_and_a_default_version(api: Api, providers: ScriptedProviders) -> None:
    created = await api.new_key(**AZURE)
    assert created["azure_endpoint_display"] == "https://acme.openai.azure.com"
    assert created["api_version_display"] == "2024-10-21"
    assert providers.checked[0].azure_endpoint == "https://acme.openai.azure.com"
    other = await api.new_key(**AZURE, api_version="2025-01-01")
    assert other["api_version_display"] == "2025-01-01"


async def test_an_endpoint_counts_for_azure_alone(api: Api, providers: ScriptedProviders) -> None:
    created = await api.new_key(azure_endpoint="http://169.254.169.254", api_version="1")
    assert (created["azure_endpoint_display"], created["api_version_display"]) == (None, None)
    assert providers.checked[0].azure_endpoint is None


async def test_azures_fields_may_be_null_for_others(api: Api) -> None:
    await api.new_key(azure_endpoint=None, api_version=None)
    version = (await api.new_key(**AZURE, api_version=None))["api_version_display"]
    assert version == "2024-10-21"


async def test_set_as_active(api: Api) -> None:
    created = await api.new_key(set_as_active=True)
    assert await api.active_key() == created["id"]
    await api.new_key()
    assert await api.active_key() == created["id"]


async def test_short_keys_are_not_shown_at_all(api: Api) -> None:
    assert (await api.new_key(provider="gemini", api_key="12345678"))["api_key_masked"] == "****"


async def test_the_list_is_newest_first_and_has_pages(api: Api) -> None:
    made = [(await api.new_key(name=f"{number}"))["id"] for number in range(3)]
    page = (await api.client.get(api.keys, params={"limit": 2})).json()
    assert (page["count"], [key["id"] for key in page["results"]]) == (3, [made[2], made[1]])
    rest = (await api.client.get(page["next"])).json()
    assert [key["id"] for key in rest["results"]] == [made[0]]


async def test_a_patch_of_the_name_asks_nobody(api: Api, providers: ScriptedProviders) -> None:
    created = await api.new_key()
    providers.checked.clear()
    response = await api.client.patch(f"{api.keys}{created['id']}/", json={"name": "Spare"})
    assert (response.status_code, response.json()) == (200, created | {"name": "Spare"})
    assert providers.checked == []


async def test_a_new_secret_is_checked_first(api: Api, providers: ScriptedProviders) -> None:
    created = await api.new_key()
    item = f"{api.keys}{created['id']}/"
    providers.answers[NEW_SECRET] = REFUSED
    refused = await api.client.patch(item, json={"api_key": NEW_SECRET, "name": "Spare"})
    assert (refused.status_code, refused.json()["attr"]) == (400, "api_key")
    assert (await api.client.get(item)).json() == created

    providers.answers.clear()
    changed = await api.client.patch(item, json={"api_key": NEW_SECRET, "set_as_active": True})
    assert (changed.status_code, changed.json()) == (200, created | {"api_key_masked": "sk-p...ther"})
    assert await api.active_key() is None


async def test_a_new_secret_of_azure_is_checked_at_its_endpoint(
    api: Api, providers: ScriptedProviders
) -> None:
    item = f"{api.keys}{(await api.new_key(**AZURE))['id']}/"
    await api.client.patch(item, json={"api_key": "another-azure-secret"})
    moved = {"azure_endpoint": "https://emca.openai.azure.com", "api_key": "a-third-azure-secret"}
    assert (await api.client.patch(item, json=moved)).json()["state"] == "ok"
    assert [access.azure_endpoint for access in providers.checked[1:]] == [
        "https://acme.openai.azure.com",
        "https://emca.openai.azure.com",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"azure_endpoint": "https://acme.openai.azure.com/openai"},
        {"azure_endpoint": "https://ACME.openai.azure.com:443"},
        {"api_version": "2025-01-01"},
    ],
)
async def test_another_place_on_the_same_host_makes_the_state_unknown(
    api: Api, providers: ScriptedProviders, change: dict[str, str]
) -> None:
    created = await api.new_key(**AZURE)
    providers.checked.clear()
    response = await api.client.patch(f"{api.keys}{created['id']}/", json=change)
    shown = {f"{name}_display": value for name, value in change.items()}
    assert (response.status_code, response.json()) == (200, created | shown | {"state": "unknown"})
    assert providers.checked == []


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    "endpoint",
    [
        "https://emca.openai.azure.com",
        "https://acme.openai.azure.com.openai.azure.com",
        "https://acme.openai.azure.com:8443",
    ],
)
async def test_a_stored_key_is_not_sent_to_another_host(
    api: Api, providers: ScriptedProviders, endpoint: str, method: str
) -> None:
    created = await api.new_key(**AZURE)
    item = f"{api.keys}{created['id']}/"
    moved = key_body(**AZURE | {"azure_endpoint": endpoint, "api_key": ...})

    response = await api.client.request(method, item, json=moved)

    assert (response.status_code, response.json()["attr"]) == (400, "azure_endpoint")
    assert "api_key" in response.json()["detail"]
    assert (await api.client.post(f"{item}validate/")).json() == created
    assert {access.azure_endpoint for access in providers.checked} == {AZURE["azure_endpoint"]}
    with_the_key = await api.client.request(method, item, json=moved | {"api_key": "another-azure-key"})
    assert (with_the_key.status_code, with_the_key.json()["azure_endpoint_display"]) == (200, endpoint)


async def test_a_place_is_decided_for_the_key_that_was_looked_at(api: Api) -> None:
    """The place is on the host of the key that was there before, not on that of the key that came meanwhile."""
    before = await api.new_key(**AZURE | {"azure_endpoint": "https://emca.openai.azure.com"})
    item = f"{api.keys}{before['id']}/"

    async def body() -> AsyncIterator[bytes]:
        key_of_somebody_else = {name: AZURE[name] for name in ("azure_endpoint", "api_key")}
        assert (await api.client.patch(item, json=key_of_somebody_else)).status_code == 200
        yield json.dumps({"azure_endpoint": "https://emca.openai.azure.com/openai"}).encode()

    response = await api.client.patch(item, content=body(), headers={"Content-Type": "application/json"})

    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    stored = (await api.client.get(item)).json()
    assert stored["azure_endpoint_display"] == AZURE["azure_endpoint"]


@pytest.mark.parametrize("endpoint", ["http://acme.openai.azure.com", "https://example.com", "", None])
async def test_a_place_that_is_not_azures_is_refused(api: Api, endpoint: str | None) -> None:
    created = await api.new_key(**AZURE)
    item = f"{api.keys}{created['id']}/"
    response = await api.client.patch(item, json={"azure_endpoint": endpoint})
    assert (response.status_code, response.json()["attr"]) == (400, "azure_endpoint")
    assert (await api.client.get(item)).json() == created


async def test_the_provider_stays(api: Api) -> None:
    item = f"{api.keys}{(await api.new_key())['id']}/"
    response = await api.client.patch(item, json={"provider": "gemini"})
    assert (response.status_code, response.json()["attr"]) == (400, "provider")
    assert (await api.client.patch(item, json={"provider": "openai"})).status_code == 200


async def test_put_needs_name_and_provider_but_no_secret(api: Api) -> None:
    created = await api.new_key()
    item = f"{api.keys}{created['id']}/"
    response = await api.client.put(item, json={"name": "Spare", "provider": "openai"})
    assert (response.status_code, response.json()) == (200, created | {"name": "Spare"})
    response = await api.client.put(item, json={"name": "Spare"})
    assert (response.status_code, response.json()["attr"]) == (400, "provider")


async def test_a_key_that_changes_while_the_provider_is_asked_is_not_written_over(
    api: Api, providers: ScriptedProviders
) -> None:
    item = f"{api.keys}{(await api.new_key())['id']}/"
    for number, (path, body) in enumerate(
        ((item, {"api_key": "sk-the-slow-one"}), (f"{item}validate/", None))
    ):
        providers.meanwhile = partial(api.client.patch, item, json={"api_key": f"sk-proj-new-{number:04}"})
        response = await api.client.request("PATCH" if body else "POST", path, json=body)
        assert (response.status_code, response.json()["code"]) == (409, "conflict")
        assert (await api.client.get(item)).json()["api_key_masked"] == f"sk-p...{number:04}"


async def test_no_transaction_is_open_while_the_provider_is_asked(
    api: Api, providers: ScriptedProviders, world: ApiWorld
) -> None:
    """A check inside a transaction would hold the write lock, and this write would wait for it in vain."""

    async def write() -> None:
        await asyncio.wait_for(world.registry.access.create_project("Meanwhile"), timeout=5)

    providers.meanwhile = write
    item = f"{api.keys}{(await api.new_key())['id']}/"
    for method, path, body in (
        ("PATCH", item, {"api_key": NEW_SECRET}),
        ("POST", f"{item}validate/", None),
        ("POST", api.validations, {"api_key": SECRET}),
    ):
        providers.meanwhile = write
        assert (await api.client.request(method, path, json=body)).status_code == 200
        assert providers.meanwhile is None


async def test_validate_tells_and_stores_what_the_provider_says(
    api: Api, providers: ScriptedProviders
) -> None:
    created = await api.new_key()
    item = f"{api.keys}{created['id']}/"
    providers.answers[SECRET] = REFUSED
    response = await api.client.post(f"{item}validate/")
    refused = created | {"state": "invalid", "error_message": "The key is wrong."}
    assert (response.status_code, response.json()) == (200, refused)
    assert (await api.client.get(item)).json() == refused

    providers.answers.clear()
    assert (await api.client.post(f"{item}validate")).json() == created


async def test_validating_at_the_same_time_is_no_conflict(api: Api) -> None:
    item = f"{api.keys}{(await api.new_key())['id']}/"

    answers = await asyncio.gather(*(api.client.post(f"{item}validate/") for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    assert {answer.json()["state"] for answer in answers} == {"ok"}


async def test_validate_without_the_secret_says_so_and_writes_nothing(
    world: ApiWorld, api: Api, providers: ScriptedProviders
) -> None:
    """Another process may have the secret: what this one lacks says nothing about the key."""
    created = await api.new_key()
    item = f"{api.keys}{created['id']}/"
    sealed_with = await seal_with(world, created["id"], "another")

    response = await api.client.post(f"{item}validate/")

    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert "ASSAY_SECRET_KEYS" in response.json()["detail"]
    assert "store the key again" in response.json()["detail"]
    assert (await api.client.get(item)).json() == created
    assert await seal_with(world, created["id"], sealed_with) == "another"
    assert len(providers.checked) == 1
    assert (await api.client.post(f"{item}validate/")).json() == created


async def test_a_key_whose_secret_is_gone_is_mended_by_storing_it_again(world: ApiWorld, api: Api) -> None:
    created = await api.new_key()
    await seal_with(world, created["id"], "gone")
    mended = await api.client.patch(f"{api.keys}{created['id']}/", json={"api_key": NEW_SECRET})
    assert mended.json()["state"] == "ok"
    assert (await api.client.post(f"{api.keys}{created['id']}/validate/")).json()["state"] == "ok"


async def seal_with(world: ApiWorld, key_id: str, fingerprint: str) -> str:
    """Say that a key is sealed with another secret; returns what was there."""
    async with world.registry.database.write() as session:
        row = await session.get_one(ProviderKeyRow, UUID(key_id))
        before, row.sealed_with = row.sealed_with, fingerprint
        return before


async def test_trying_a_key_stores_nothing(api: Api, providers: ScriptedProviders) -> None:
    providers.answers[SECRET] = REFUSED
    response = await api.client.post(api.validations, json={"api_key": SECRET})
    said = {"state": "invalid", "error_message": "The key is wrong.", "error_field": None}
    assert (response.status_code, response.json()) == (200, said)
    assert list(response.json()) == list(said)
    wrong_place = AZURE | {"azure_endpoint": "https://example.com"}
    response = await api.client.post(api.validations, json=wrong_place)
    assert (response.status_code, response.json()["error_field"]) == (200, "azure_endpoint")
    assert (await api.client.get(api.keys)).json()["count"] == 0


@pytest.mark.parametrize(
    "body", [{}, {"api_key": ""}, {"api_key": None}, {"api_key": SECRET, "provider": "acme"}]
)
async def test_trying_needs_a_key_and_a_provider(api: Api, body: dict[str, str | None]) -> None:
    response = await api.client.post(api.validations, json=body)
    assert (response.status_code, list(response.json())) == (400, ["detail"])


async def test_the_secret_is_in_no_answer_and_no_log(api: Api, providers: ScriptedProviders) -> None:
    providers.answers[NEW_SECRET] = REFUSED
    bodies = []
    with capture_logs() as logs:
        item = f"{api.keys}{(await api.new_key())['id']}/"
        for method, path, body in (
            ("GET", api.keys, None),
            ("GET", item, None),
            ("PATCH", item, {"api_key": NEW_SECRET}),
            ("PATCH", item, {"api_key": [SECRET]}),
            ("PATCH", item, {"api_key": "x" * 2001}),
            ("POST", f"{item}validate/", None),
            ("POST", api.validations, {"api_key": SECRET}),
            ("POST", f"{api.config}set_active_key/", {"key_id": item.split("/")[-2]}),
            ("GET", api.config, None),
            ("GET", f"{item}dependent_configs/", None),
        ):
            bodies.append((await api.client.request(method, path, json=body)).text)
    for secret in (SECRET, NEW_SECRET):
        assert secret not in "".join(bodies)
        assert secret not in repr(logs)
    assert SECRET not in repr(providers.checked)


async def test_unknown_malformed_and_foreign_keys_are_not_found(api: Api) -> None:
    created = await api.new_key()
    foreign = api.keys.replace(f"/{api.project.id}/", "/1/")
    for item in (f"{api.keys}{uuid4()}/", f"{api.keys}zzz/", f"{foreign}{created['id']}/"):
        for method, path in (
            ("GET", item),
            ("PATCH", item),
            ("DELETE", item),
            ("DELETE", f"{item}?replacement_key_id={uuid4()}"),
            ("POST", f"{item}validate/"),
            ("POST", f"{item}assign/"),
            ("GET", f"{item}dependent_configs/"),
        ):
            response = await api.client.request(method, path)
            assert (response.status_code, response.json()) == (404, NOT_FOUND), (method, path)


async def test_reading_needs_no_admin_and_writing_does(
    api: Api, member: Api, providers: ScriptedProviders
) -> None:
    created = await api.new_key()
    providers.checked.clear()
    item = f"{api.keys}{created['id']}/"
    for path in (api.keys, item, f"{item}dependent_configs/"):
        assert (await member.client.get(path)).status_code == 200
    for method, path in (
        ("POST", api.keys),
        ("PUT", item),
        ("PATCH", item),
        ("DELETE", item),
        ("POST", f"{item}validate/"),
        ("POST", f"{item}assign/"),
        ("POST", api.validations),
    ):
        response = await member.client.request(method, path, json=key_body())
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied"), (method, path)
        assert response.json()["type"] == "authentication_error"
    assert providers.checked == []
    assert (await api.client.get(item)).json() == created


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [
        ("llm_provider_key:read", (200, 403)),
        ("llm_provider_key:write", (200, 200)),
        ("evaluation:write", (403, 403)),
    ],
)
async def test_scopes(
    world: ApiWorld, api: Api, providers: ScriptedProviders, scope: str, statuses: tuple[int, int]
) -> None:
    reads, writes = statuses
    item = f"{api.keys}{(await api.new_key())['id']}/"
    async with world.client(key=await world.new_key(scope), providers=providers) as client:
        assert (await client.get(item)).status_code == reads
        assert (await client.get(f"{item}dependent_configs/")).status_code == reads
        assert (await client.patch(item, json={"name": "Spare"})).status_code == writes
        assert (await client.post(f"{item}validate/")).status_code == writes
        assert (await client.post(api.validations, json={"api_key": SECRET})).status_code == writes
