"""Authentication, scopes and projects: the table of refusals, and their order."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from assay.adapters.sql.tables import OrganizationRow, ProjectRow
from assay.contracts.access import Project
from tests.harness.api import KEY, ApiWorld, error, judge

URL = "/api/environments/1/evaluations/"
NO_CREDENTIALS = error(
    "authentication_error", "not_authenticated", "Authentication credentials were not provided."
)
UNKNOWN_PROJECT = error("invalid_request", "not_found", "Project not found.")


@pytest.fixture
async def stranger(world: ApiWorld):
    async with world.client(key=None) as client:
        yield client


@pytest.fixture
async def foreign_project(world: ApiWorld) -> int:
    """A project of an organisation that the first user is no member of."""
    organization_id = uuid4()
    async with world.registry.database.write() as session:
        session.add(OrganizationRow(id=organization_id, name="Others", ai_consent=True))
        await session.flush()
        project = ProjectRow(organization_id=organization_id, name="Theirs", token=f"phc_{organization_id}")
        session.add(project)
        await session.flush()
        return project.id


async def test_no_credentials(stranger: httpx.AsyncClient) -> None:
    response = await stranger.get(URL)
    assert (response.status_code, response.json()) == (401, NO_CREDENTIALS)
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwdw==", KEY])
async def test_a_header_without_a_bearer_key_is_no_credential(
    stranger: httpx.AsyncClient, header: str
) -> None:
    response = await stranger.get(URL, headers={"Authorization": header})
    assert (response.status_code, response.json()) == (401, NO_CREDENTIALS)


@pytest.mark.parametrize(
    ("request_parts", "place"),
    [
        ({"headers": {"Authorization": "Bearer phx_wrong"}}, "Authorization header"),
        ({"headers": {"Authorization": "Bearer pha_wrong"}}, "Authorization header"),
        ({"json": {"personal_api_key": "phx_wrong"}}, "body"),
        ({"json": {"personal_api_key": ["phx_wrong"]}}, "body"),
        ({"data": {"personal_api_key": "phx_wrong"}}, "body"),
        ({"params": {"personal_api_key": "phx_wrong"}}, "query string"),
    ],
)
async def test_an_unknown_key_names_the_place_it_was_found_in(
    stranger: httpx.AsyncClient, request_parts: dict, place: str
) -> None:
    response = await stranger.post(URL, **request_parts)
    body = response.json()
    assert response.status_code == 401
    assert (body["type"], body["code"], body["attr"]) == (
        "authentication_error",
        "authentication_failed",
        None,
    )
    assert place in body["detail"]
    assert "phx_wrong" not in response.text
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize(
    "request_parts",
    [
        {"headers": {"Authorization": f"Bearer {KEY}"}},
        {"headers": {"Authorization": f"bearer   {KEY} "}},
        {"params": {"personal_api_key": KEY}},
    ],
)
async def test_a_key_is_found(stranger: httpx.AsyncClient, request_parts: dict) -> None:
    assert (await stranger.get(URL, **request_parts)).status_code == 200


async def test_a_key_is_found_in_each_kind_of_body(stranger: httpx.AsyncClient) -> None:
    body = judge(personal_api_key=KEY)
    assert (await stranger.post(URL, json=body)).status_code == 201
    form = body | {"evaluation_config": '{"prompt": "Is it polite?"}'}
    assert (await stranger.post(URL, data=form)).status_code == 201
    files = {name: (None, value) for name, value in form.items()}
    assert (await stranger.post(URL, files=files)).status_code == 201


@pytest.mark.parametrize(
    "request_parts",
    [
        {"headers": {"Authorization": "Bearer phx_wrong"}, "json": {"personal_api_key": KEY}},
        {"headers": {"Authorization": "Bearer phx_wrong"}, "params": {"personal_api_key": KEY}},
        {"json": {"personal_api_key": "phx_wrong"}, "params": {"personal_api_key": KEY}},
    ],
)
async def test_only_the_first_key_found_is_tried(stranger: httpx.AsyncClient, request_parts: dict) -> None:
    response = await stranger.post(URL, **request_parts)
    assert response.json()["code"] == "authentication_failed"


async def test_a_body_that_cannot_be_read_holds_no_key(stranger: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    response = await stranger.post(URL, content=b"{", headers=headers)
    assert (response.status_code, response.json()) == (401, NO_CREDENTIALS)
    response = await stranger.post(URL, content=b"{", headers=headers, params={"personal_api_key": KEY})
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


async def test_a_revoked_key_is_refused(world: ApiWorld) -> None:
    key, secret = await world.registry.access.create_key(project_id=None, scopes=["*"], label="short-lived")
    async with world.client(key=secret) as client:
        assert (await client.get(URL)).status_code == 200
        await world.registry.access.revoke_key(key.id)
        assert (await client.get(URL)).status_code == 401


@pytest.mark.parametrize(
    ("granted", "method", "missing"),
    [
        (["evaluation:read"], "GET", None),
        (["evaluation:read"], "HEAD", None),
        (["evaluation:read"], "OPTIONS", None),
        (["evaluation:write"], "GET", None),
        (["evaluation:write"], "POST", None),
        (["*"], "POST", None),
        (["dataset:write", "evaluation:read"], "POST", "evaluation:write"),
        (["dataset:write"], "GET", "evaluation:read"),
        (["dataset:write"], "OPTIONS", "evaluation:read"),
        ([], "GET", "evaluation:read"),
    ],
)
async def test_scopes(world: ApiWorld, granted: list[str], method: str, missing: str | None) -> None:
    async with world.client(key=await world.new_key(*granted)) as client:
        response = await client.request(method, URL, json=judge() if method == "POST" else None)
    if missing is None:
        assert response.status_code in (200, 201)
    else:
        body = response.json()
        assert response.status_code == 403
        assert (body["type"], body["code"], body["attr"]) == (
            "authentication_error",
            "permission_denied",
            None,
        )
        assert missing in body["detail"]


@pytest.mark.parametrize("reference", ["zzz", "999999", "-1", "1.0", "٣", "9" * 30, "@other", "%00"])
async def test_an_unknown_project_is_not_found(client: httpx.AsyncClient, reference: str) -> None:
    response = await client.get(f"/api/environments/{reference}/evaluations/")
    assert (response.status_code, response.json()) == (404, UNKNOWN_PROJECT)


async def test_current_is_the_project_of_the_caller(client: httpx.AsyncClient) -> None:
    created = (await client.post("/api/environments/@current/evaluations/", json=judge())).json()
    response = await client.get(f"{URL}{created['id']}/")
    assert response.status_code == 200


async def test_a_key_that_is_limited_to_another_project(world: ApiWorld, project: Project) -> None:
    async with world.client(key=await world.new_key("*", project_id=project.id)) as client:
        assert (await client.get(f"/api/environments/{project.id}/evaluations/")).status_code == 200
        response = await client.get(URL)
    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"
    assert " 1" in response.json()["detail"]


async def test_a_project_of_another_organization(client: httpx.AsyncClient, foreign_project: int) -> None:
    response = await client.get(f"/api/environments/{foreign_project}/evaluations/")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


async def test_the_key_comes_before_the_scope_the_scope_before_the_project_and_that_before_the_body(
    world: ApiWorld, stranger: httpx.AsyncClient, foreign_project: int
) -> None:
    unknown, foreign = (
        "/api/environments/999999/evaluations/",
        f"/api/environments/{foreign_project}/evaluations/",
    )
    assert (await stranger.post(unknown, json=[])).status_code == 401
    async with world.client(key=await world.new_key("evaluation:read")) as reader:
        assert "evaluation:write" in (await reader.post(unknown, json=[])).json()["detail"]
        assert (await reader.get(unknown)).status_code == 404
    async with world.client() as client:
        assert (await client.post(foreign, json=[])).status_code == 403
        assert (await client.request("DELETE", unknown)).status_code == 404


async def test_the_key_is_asked_for_before_the_method_is_looked_up(
    world: ApiWorld, stranger: httpx.AsyncClient
) -> None:
    assert (await stranger.delete(URL)).status_code == 401
    async with world.client(key=await world.new_key("dataset:read")) as client:
        response = await client.delete(URL)
    assert response.status_code == 405
    assert response.json() == error("invalid_request", "method_not_allowed", 'Method "DELETE" not allowed.')
    assert response.headers["allow"] == "GET, POST, HEAD, OPTIONS"
