"""Pages and filters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api_shim.app import create_app
from tests.api.conftest import Make
from tests.harness.api import KEY, ApiWorld, call, error, judge

SIZE = 12


@pytest.fixture(scope="module")
async def crowd(world: ApiWorld) -> AsyncIterator[tuple[httpx.AsyncClient, str, list[str]]]:
    """A client, the list of a project with `SIZE` evaluations, and their ids, newest first."""
    project = await world.new_project()
    url = f"/api/environments/{project.id}/evaluations/"
    async with world.client() as client:
        created = [(await client.post(url, json=judge(name=f"n{i:02}"))).json() for i in range(SIZE)]
        yield client, url, [evaluation["id"] for evaluation in reversed(created)]


async def ids(client: httpx.AsyncClient, url: str, **params: str) -> list[str]:
    response = await client.get(url, params=params)
    assert response.status_code == 200, response.text
    return [evaluation["id"] for evaluation in response.json()["results"]]


async def test_the_body_of_a_page(crowd: tuple) -> None:
    client, url, newest_first = crowd
    body = (await client.get(url)).json()
    assert list(body) == ["count", "next", "previous", "results"]
    assert (body["count"], body["next"], body["previous"]) == (SIZE, None, None)
    assert [evaluation["id"] for evaluation in body["results"]] == newest_first


async def test_neighbours_are_absolute_with_sorted_keys_and_keep_other_parameters(crowd: tuple) -> None:
    client, url, _ = crowd
    params = {"search": "n", "order_by": "-name", "limit": "1", "other": "a b&c", "empty": ""}
    body = (await client.get(url, params=params | {"offset": "2"})).json()
    kept = "limit=1&offset={}&order_by=-name&other=a+b%26c&search=n"
    assert body["next"] == f"http://assay.test{url}?empty=&{kept.format(3)}"
    assert body["previous"] == f"http://assay.test{url}?empty=&{kept.format(1)}"


async def test_neighbours_of_odd_addresses(world: ApiWorld, crowd: tuple) -> None:
    client, url, _ = crowd
    body = (await client.get(f"{url}?other=b&limit=1&other=a&limit=2")).json()
    assert body["next"] == f"http://assay.test{url}?limit=2&offset=2&other=b&other=a"
    body = (await client.get("/api/environments/@current/evaluations?limit=1&offset=1")).json()
    assert body["previous"] == "http://assay.test/api/environments/@current/evaluations?limit=1"
    assert (await client.get(body["previous"])).status_code == 200
    raw = {"query_string": b"limit=1&other=\xff", "headers": [(b"authorization", f"Bearer {KEY}".encode())]}
    status, content = await call(create_app(world.deps()), "GET", url, **raw)
    assert status == 200
    assert b"other=%C3%BF" in content


async def test_the_first_page_is_named_without_an_offset(crowd: tuple) -> None:
    client, url, _ = crowd
    for offset in ("1", "3"):
        body = (await client.get(url, params={"limit": "3", "offset": offset})).json()
        assert body["previous"] == f"http://assay.test{url}?limit=3"


async def test_past_the_end_there_is_only_a_way_back(crowd: tuple) -> None:
    client, url, _ = crowd
    body = (await client.get(url, params={"limit": "5", "offset": "50"})).json()
    assert (body["count"], body["next"], body["results"]) == (SIZE, None, [])
    assert body["previous"] == f"http://assay.test{url}?limit=5&offset=45"


@pytest.mark.parametrize("limit", ["0", "-1", "", "abc", "1.5", "9" * 5000])
async def test_a_bad_limit_means_the_default(crowd: tuple, limit: str) -> None:
    client, url, newest_first = crowd
    assert await ids(client, url, limit=limit) == newest_first


@pytest.mark.parametrize("offset", ["-1", "", "abc"])
async def test_a_bad_offset_means_the_start(crowd: tuple, offset: str) -> None:
    client, url, newest_first = crowd
    assert await ids(client, url, offset=offset) == newest_first


async def test_limits_are_capped(crowd: tuple) -> None:
    client, url, _ = crowd
    body = (await client.get(url, params={"limit": "100000", "offset": "9" * 30})).json()
    assert body["results"] == []
    assert dict(parse_qsl(urlsplit(body["previous"]).query))["limit"] == "1000"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, SIZE + 3), offset=st.integers(0, SIZE), order=st.sampled_from(["", "name", "-name"])
)
async def test_walking_the_pages_visits_every_row_once(
    crowd: tuple, limit: int, offset: int, order: str
) -> None:
    client, url, newest_first = crowd
    expected = newest_first[::-1] if order == "name" else newest_first
    seen: list[str] = []
    address = f"{url}?limit={limit}&offset={offset}&order_by={order}"
    while address:
        body = (await client.get(address)).json()
        assert len(body["results"]) <= limit
        seen += [evaluation["id"] for evaluation in body["results"]]
        address = body["next"]
    assert seen == expected[offset:]
    back = (await client.get(f"{url}?limit={limit}&offset={SIZE}&order_by={order}")).json()["previous"]
    before: set[str] = set()
    while back:
        body = (await client.get(back)).json()
        before |= {evaluation["id"] for evaluation in body["results"]}
        back = body["previous"]
    assert before == set(expected)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("true", True), ("True", True), ("2", True), ("false", False), ("False", False), ("3", False)]
    + [(ignored, None) for ignored in ("TRUE", "1", "0", "maybe", "")],
)
async def test_boolean_filters(
    client: httpx.AsyncClient, url: str, make: Make, value: str, meaning: bool | None
) -> None:
    on, off = (await make(enabled=True))["id"], (await make())["id"]
    expected = {True: {on}, False: {off}, None: {on, off}}[meaning]
    assert set(await ids(client, url, enabled=value)) == expected
    for one in (on, off):
        response = await client.get(f"{url}{one}/", params={"enabled": value})
        assert response.status_code == (200 if one in expected else 404)


async def test_filters_by_ids(client: httpx.AsyncClient, url: str, make: Make) -> None:
    first, second, third = [(await make())["id"] for _ in range(3)]
    assert set(await ids(client, url, id__in=f"{first}, {third.upper()},{uuid4()}")) == {first, third}
    assert set(await ids(client, url, id__in="")) == {first, second, third}
    assert await ids(client, url, id__in=str(uuid4())) == []
    assert (await client.get(f"{url}{first}/", params={"id__in": second})).status_code == 404


async def test_a_malformed_id_is_refused(client: httpx.AsyncClient, url: str) -> None:
    response = await client.get(url, params={"id__in": f"{uuid4()},zzz"})
    assert response.status_code == 400
    assert response.json() == error("validation_error", "invalid_input", "Enter a valid UUID.", "id__in")


async def test_order(client: httpx.AsyncClient, url: str, make: Make) -> None:
    b, a, c = [(await make(name=name))["id"] for name in ("b", "a", "c")]
    await client.patch(f"{url}{b}/", json={"description": "later"})
    assert await ids(client, url) == [c, a, b]
    assert await ids(client, url, order_by="") == [c, a, b]
    assert await ids(client, url, order_by="name") == [a, b, c]
    assert await ids(client, url, order_by="-name,created_at") == [c, b, a]
    assert await ids(client, url, order_by="created_at") == [b, a, c]
    assert await ids(client, url, order_by="-updated_at") == [b, c, a]


@pytest.mark.parametrize("order", ["zzz", "-zzz", "name,zzz", "deleted", "{zzz}"])
async def test_an_unknown_order_is_refused(client: httpx.AsyncClient, url: str, order: str) -> None:
    response = await client.get(url, params={"order_by": order})
    bad = order.rpartition(",")[2]
    detail = f"Select a valid choice. {bad} is not one of the available choices."
    assert response.status_code == 400
    assert response.json() == error("validation_error", "invalid_choice", detail, "order_by")


async def test_search_looks_into_name_and_description_in_any_case(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    name, text, neither = (
        (await make(name="Straße 100%"))["id"],
        (await make(description="about the STRASSE_100%"))["id"],
        (await make(name="other"))["id"],
    )
    assert set(await ids(client, url, search="strasse")) == {name, text}
    assert set(await ids(client, url, search="100%")) == {name, text}
    assert set(await ids(client, url, search="e_1")) == {text}
    assert set(await ids(client, url, search="")) == {name, text, neither}
    assert (await client.get(f"{url}{neither}/", params={"search": "strasse"})).status_code == 404


async def test_search_refuses_null_characters(client: httpx.AsyncClient, url: str) -> None:
    response = await client.get(url, params={"search": "a\0b"})
    assert (response.status_code, response.json()["attr"]) == (400, "search")


async def test_unknown_parameters_are_ignored(crowd: tuple) -> None:
    client, url, newest_first = crowd
    assert await ids(client, url, name="x", evaluation_type="hog") == newest_first
