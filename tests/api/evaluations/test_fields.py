"""Every field of an evaluation: form, defaults, refusals."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assay.domain.conditions import compile_conditions
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error, judge

KEYS = [
    "id",
    "name",
    "description",
    "enabled",
    "status",
    "status_reason",
    "evaluation_type",
    "evaluation_config",
    "output_type",
    "output_config",
    "conditions",
    "model_configuration",
    "created_at",
    "updated_at",
    "created_by",
    "deleted",
]
SHORT = [
    "id",
    "name",
    "description",
    "enabled",
    "status",
    "status_reason",
    "evaluation_type",
    "output_type",
    "created_at",
    "updated_at",
]
REQUIRED = ("required", "This field is required.")
NULL = ("null", "This field may not be null.")
BLANK = ("blank", "This field may not be blank.")
STRING = ("invalid_input", "Not a valid string.")
BOOLEAN = ("invalid_input", "Must be a valid boolean.")
NO_SEGMENT = 'The parts of a model name between slashes may be neither empty nor "." or "..".'
NO_CHARACTER = "A model name holds letters, digits and . _ - : @ + ~ # / only."
NUL = ("null_characters_not_allowed", "Null characters are not allowed.")

BAD_FIELDS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"name": None}, "name", *NULL),
    ({"name": ""}, "name", *BLANK),
    ({"name": "  "}, "name", *BLANK),
    ({"name": []}, "name", *STRING),
    ({"name": "x" * 401}, "name", "max_length", "Ensure this field has no more than 400 characters."),
    ({"name": "a\0"}, "name", *NUL),
    ({"description": None}, "description", *NULL),
    ({"description": {}}, "description", *STRING),
    ({"enabled": None}, "enabled", *NULL),
    ({"enabled": "maybe"}, "enabled", *BOOLEAN),
    ({"evaluation_type": None}, "evaluation_type", *NULL),
    ({"evaluation_type": "zzz"}, "evaluation_type", "invalid_choice", '"zzz" is not a valid choice.'),
    ({"evaluation_type": ""}, "evaluation_type", "invalid_choice", '"" is not a valid choice.'),
    ({"evaluation_config": None}, "evaluation_config", *NULL),
    ({"output_type": None}, "output_type", *NULL),
    ({"output_type": "numeric"}, "output_type", "invalid_choice", '"numeric" is not a valid choice.'),
    ({"output_config": None}, "output_config", *NULL),
    ({"conditions": None}, "conditions", *NULL),
    ({"conditions": "x"}, "conditions", "not_a_list", 'Expected a list of items but got type "str".'),
    ({"conditions": {}}, "conditions", "not_a_list", 'Expected a list of items but got type "dict".'),
    (
        {"conditions": ["x"]},
        "conditions__0__non_field_errors",
        "invalid_input",
        "Invalid data. Expected a dictionary, but got str.",
    ),
    ({"conditions": [{}]}, "conditions__0__id", *REQUIRED),
    ({"conditions": [{"id": "a"}, {"id": None}]}, "conditions__1__id", *NULL),
    (
        {"conditions": [{"id": "x" * 101}]},
        "conditions__0__id",
        "max_length",
        "Ensure this field has no more than 100 characters.",
    ),
    (
        {"conditions": [{"id": "a", "rollout_percentage": 100.5}]},
        "conditions__0__rollout_percentage",
        "max_value",
        "Ensure this value is less than or equal to 100.",
    ),
    (
        {"conditions": [{"id": "a", "rollout_percentage": -1}]},
        "conditions__0__rollout_percentage",
        "min_value",
        "Ensure this value is greater than or equal to 0.",
    ),
    ({"conditions": [{"id": "a", "rollout_percentage": None}]}, "conditions__0__rollout_percentage", *NULL),
    (
        {"conditions": [{"id": "a", "properties": {}}]},
        "conditions__0__properties",
        "not_a_list",
        'Expected a list of items but got type "dict".',
    ),
    (
        {"conditions": [{"id": "a", "properties": [5]}]},
        "conditions__0__properties__0",
        "not_a_dict",
        'Expected a dictionary of items but got type "int".',
    ),
    ({"conditions": [{"id": "a", "properties": [{"value": "\0"}]}]}, "conditions", *NUL),
    ({"conditions": [{"id": "a", "other\0": 1}]}, "conditions", *NUL),
    (
        {"model_configuration": "gpt-5"},
        "model_configuration__non_field_errors",
        "invalid_input",
        "Invalid data. Expected a dictionary, but got str.",
    ),
    ({"model_configuration": {}}, "model_configuration__provider", *REQUIRED),
    (
        {"model_configuration": {"provider": "minimax", "model": "m"}},
        "model_configuration__provider",
        "invalid_choice",
        '"minimax" is not a valid choice.',
    ),
    ({"model_configuration": {"provider": "openai"}}, "model_configuration__model", *REQUIRED),
    ({"model_configuration": {"provider": "openai", "model": ""}}, "model_configuration__model", *BLANK),
    (
        {"model_configuration": {"provider": "openai", "model": "m" * 101}},
        "model_configuration__model",
        "max_length",
        "Ensure this field has no more than 100 characters.",
    ),
    *(
        (
            {"model_configuration": {"provider": "gemini", "model": name}},
            "model_configuration__model",
            "invalid_input",
            problem,
        )
        for name, problem in [
            ("../../../admin/keys?x=", NO_SEGMENT),
            ("a//b", NO_SEGMENT),
            ("/a", NO_SEGMENT),
            ("gemini pro", NO_CHARACTER),
            ("x?y", NO_CHARACTER),
            ("%2e%2e", NO_CHARACTER),
        ]
    ),
    (
        {"model_configuration": {"provider": "azure_openai", "model": "team/gpt-5-mini"}},
        "model_configuration__model",
        "invalid_input",
        "The name of an Azure OpenAI deployment holds no slash.",
    ),
    (
        {"model_configuration": {"provider": "openai", "model": "m", "provider_key_id": "zzz"}},
        "model_configuration__provider_key_id",
        "invalid_input",
        "Must be a valid UUID.",
    ),
    ({"deleted": None}, "deleted", *NULL),
    ({"deleted": "maybe"}, "deleted", *BOOLEAN),
]


@pytest.mark.parametrize(("fields", "problem"), [(fields, problem) for fields, *problem in BAD_FIELDS])
async def test_a_bad_field_is_refused_by_every_method(
    client: httpx.AsyncClient, url: str, make: Make, fields: dict[str, Any], problem: list[str]
) -> None:
    attr, code, detail = problem
    before = await make()
    item = f"{url}{before['id']}/"
    for response in (
        await client.post(url, json=judge(**fields)),
        await client.put(item, json=judge(**fields)),
        await client.patch(item, json=fields),
    ):
        assert response.status_code == 400
        assert response.json() == error("validation_error", code, detail, attr)
    assert (await client.get(item)).json() == before
    assert (await client.get(url)).json()["count"] == 1


@pytest.mark.parametrize("field", ["name", "evaluation_type", "output_type"])
async def test_required_fields(client: httpx.AsyncClient, url: str, make: Make, field: str) -> None:
    item = f"{url}{(await make())['id']}/"
    for response in (
        await client.post(url, json=judge(**{field: ...})),
        await client.put(item, json=judge(**{field: ...})),
    ):
        assert response.status_code == 400
        assert response.json() == error("validation_error", *REQUIRED, field)


async def test_only_the_first_problem_in_the_order_of_the_fields_is_told(
    client: httpx.AsyncClient, url: str
) -> None:
    response = await client.post(url, json={"deleted": "x", "enabled": "x", "name": "ok", "output_type": "x"})
    assert response.json() == error("validation_error", *BOOLEAN, "enabled")


async def test_the_smallest_evaluation(client: httpx.AsyncClient, url: str) -> None:
    response = await client.post(url, json=judge())
    body = response.json()
    assert response.status_code == 201
    assert list(body) == KEYS
    assert UUID(body["id"])
    assert body["created_at"] == body["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", body["created_at"])
    del body["id"], body["created_at"], body["updated_at"], body["created_by"]
    assert body == {
        "name": "Polite",
        "description": "",
        "enabled": False,
        "status": "paused",
        "status_reason": None,
        "evaluation_type": "llm_judge",
        "evaluation_config": {"prompt": "Is it polite?"},
        "output_type": "boolean",
        "output_config": {"allows_na": False},
        "conditions": [],
        "model_configuration": None,
        "deleted": False,
    }


async def test_created_by_is_the_caller(world: ApiWorld, make: Make) -> None:
    user = await world.registry.access.first_user()
    author = (await make())["created_by"]
    assert list(author) == [
        "id",
        "uuid",
        "distinct_id",
        "first_name",
        "last_name",
        "email",
        "is_email_verified",
        "hedgehog_config",
        "role_at_organization",
    ]
    assert (author["id"], author["uuid"], author["email"]) == (user.id, str(user.uuid), "first@example.com")
    assert author["hedgehog_config"] is None


async def test_all_fields_are_stored_and_read_back_alike(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(
        name=" trimmed ",
        description=5,
        enabled="yes",
        output_config={"allows_na": True},
        conditions=[
            {"id": "a", "rollout_percentage": 12.5, "properties": [{"key": "k", "value": [1, None]}]}
        ],
        model_configuration={"provider": "anthropic", "model": " claude ", "provider_key_id": None},
    )
    assert (created["name"], created["description"], created["enabled"]) == ("trimmed", "5", True)
    assert created["status"] == "active"
    assert created["output_config"] == {"allows_na": True}
    assert created["conditions"] == [
        {
            "id": "a",
            "rollout_percentage": 12.5,
            "properties": [{"key": "k", "value": [1, None]}],
            "bytecode": None,
            "bytecode_error": "Filter 1, value: a list must hold texts, numbers and booleans only.",
        }
    ]
    assert created["model_configuration"] == {
        "provider": "anthropic",
        "model": "claude",
        "provider_key_id": None,
        "provider_key_name": None,
    }
    assert (await client.get(f"{url}{created['id']}/")).json() == created
    assert (await client.get(url)).json()["results"] == [created]


async def test_the_longest_name(make: Make) -> None:
    assert (await make(name="ß" * 400))["name"] == "ß" * 400


async def test_a_condition_gets_its_defaults_and_keeps_what_only_the_client_knows(make: Make) -> None:
    created = await make(
        conditions=[{"id": 5}, {"id": "b", "rollout_percentage": "50.0", "label": {"kept": "as sent"}}]
    )
    compiled = {"bytecode": compile_conditions([{}])[0]["bytecode"], "bytecode_error": None}
    assert created["conditions"] == [
        {"id": "5", "rollout_percentage": 100, "properties": [], **compiled},
        {"id": "b", "rollout_percentage": 50, "properties": [], "label": {"kept": "as sent"}, **compiled},
    ]


async def test_read_only_and_unknown_fields_are_ignored(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    ignored = {
        "id": str(uuid4()),
        "status": "error",
        "status_reason": "trial_limit_reached",
        "created_at": "2000-01-01T00:00:00Z",
        "updated_at": None,
        "created_by": 7,
        "version": 99,
        "project_id": 1,
        "target": "trace",
    }
    created = await make(**ignored)
    assert created["id"] != ignored["id"]
    assert (created["status"], created["status_reason"]) == ("paused", None)
    assert list(created) == KEYS
    changed = await client.patch(f"{url}{created['id']}/", json=ignored)
    assert changed.status_code == 200
    assert changed.json() == created | {"updated_at": changed.json()["updated_at"]}


async def test_an_unknown_provider_key_is_refused(client: httpx.AsyncClient, url: str, make: Make) -> None:
    fields = {"model_configuration": {"provider": "openai", "model": "m", "provider_key_id": str(uuid4())}}
    item = f"{url}{(await make())['id']}/"
    for response in (await client.post(url, json=judge(**fields)), await client.patch(item, json=fields)):
        assert response.status_code == 400
        assert response.json()["code"] == "invalid_input"
        assert response.json()["attr"] == "model_configuration__provider_key_id"


async def test_the_short_form_for_clients_with_little_room(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make()
    body = (await client.get(url, headers={"X-PostHog-Client": "mcp"})).json()
    assert list(body["results"][0]) == SHORT
    assert body["results"] == [{name: created[name] for name in SHORT}]
    assert (await client.get(url, headers={"X-PostHog-Client": "web"})).json()["results"] == [created]


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_known = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text() | _json,
        "description": st.text() | _json,
        "enabled": st.booleans() | _json,
        "evaluation_type": st.sampled_from(["llm_judge", "hog"]) | _json,
        "evaluation_config": st.fixed_dictionaries({"prompt": st.text() | _json, "source": _json}) | _json,
        "output_type": st.just("boolean") | _json,
        "output_config": st.fixed_dictionaries({"allows_na": st.booleans() | _json}) | _json,
        "conditions": st.lists(
            st.fixed_dictionaries(
                {"id": st.text() | _json},
                optional={"rollout_percentage": st.floats() | _json, "properties": st.lists(_json) | _json},
            )
            | _json,
            max_size=3,
        )
        | _json,
        "model_configuration": st.fixed_dictionaries(
            {"provider": st.just("openai") | _json, "model": st.text() | _json},
            optional={"provider_key_id": st.uuids().map(str) | _json},
        )
        | _json,
        "deleted": st.booleans() | _json,
    },
)


_bodies = _known.map(lambda fields: judge(**fields)) | _known | _json


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies)
@example(body=judge(name="\ud800"))
@example(body=judge(conditions=[{"id": "a", "rollout_percentage": float("nan")}]))
@example(body=judge(description="\0"))
async def test_any_json_is_accepted_or_refused_in_the_standard_body(
    client: httpx.AsyncClient, url: str, make: Make, body: Any
) -> None:
    content = json.dumps(body).encode()  # writes NaN and lone surrogates, as a careless client would
    item = f"{url}{(await make())['id']}/"
    for method, address in (("POST", url), ("PATCH", item), ("PUT", item)):
        response = await client.request(
            method, address, content=content, headers={"Content-Type": "application/json"}
        )
        answer = response.json()
        if response.is_success:
            assert list(answer) == KEYS
            unchanged = await client.patch(f"{url}{answer['id']}/", json={"name": answer["name"]})
            assert unchanged.json() == answer | {"updated_at": unchanged.json()["updated_at"]}
        else:
            assert response.status_code == 400
            assert list(answer) == ["type", "code", "detail", "attr"]
            assert answer["type"] in ("validation_error", "invalid_request")
