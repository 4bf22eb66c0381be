"""How many condition sets a request may hold, and how large they and the request may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api_shim.bodies import MAX_CONFIGURATION_BYTES
from api_shim.schemas.condition_sets import MAX_BYTES, MAX_PROPERTIES, MAX_SETS
from assay.domain.filters.parsing import MAX_BYTES as MAX_FILTER_BYTES
from tests.api.conftest import Make
from tests.harness.api import error, judge

Sets = list[dict[str, Any]]

TOO_MANY_SETS = f"Ensure this field has no more than {MAX_SETS} elements."
TOO_MANY_FILTERS = f"Ensure this field has no more than {MAX_PROPERTIES} elements."
TOO_LARGE = f"Ensure this field has no more than {MAX_BYTES} bytes."
TOO_LARGE_BODY = error(
    "invalid_request",
    "request_too_large",
    f"The request body is larger than {MAX_CONFIGURATION_BYTES} bytes.",
)


def sets_of(size: int, *, character: str = "x") -> Sets:
    """One set whose compact JSON, in a list, has so many bytes."""
    frame = '[{"id":"a","rollout_percentage":0,"properties":[{"key":"k","value":""}]}]'
    text, rest = divmod(size - len(frame), len(character.encode()))
    value = character * text + "x" * rest
    return [{"id": "a", "rollout_percentage": 0, "properties": [{"key": "k", "value": value}]}]


REFUSED: dict[str, tuple[Sets, str, str]] = {
    "sets": ([{"id": "a"}] * (MAX_SETS + 1), "conditions", TOO_MANY_SETS),
    "sets that are none": ([{}] * 100_000, "conditions", TOO_MANY_SETS),
    "bytes": (sets_of(MAX_BYTES + 1), "conditions", TOO_LARGE),
    "bytes of long characters": (sets_of(MAX_BYTES + 1, character="💥"), "conditions", TOO_LARGE),
    "bytes of other keys": ([{"id": "a", "label": "x" * MAX_BYTES}], "conditions", TOO_LARGE),
    "filters": (
        [{"id": "a"}, {"id": "b", "properties": [{}] * (MAX_PROPERTIES + 1)}],
        "conditions__1__properties",
        TOO_MANY_FILTERS,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_more_than_the_bounds_is_refused_by_every_method(
    client: httpx.AsyncClient, url: str, make: Make, name: str
) -> None:
    conditions, attr, detail = REFUSED[name]
    before = await make(conditions=[{"id": "a"}])
    item = f"{url}{before['id']}/"
    for response in (
        await client.post(url, json=judge(conditions=conditions)),
        await client.put(item, json=judge(conditions=conditions)),
        await client.patch(item, json={"conditions": conditions}),
    ):
        assert response.status_code == 400
        assert response.json() == error("validation_error", "max_length", detail, attr)
    assert (await client.get(item)).json() == before


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("sets", [TOO_MANY_SETS]),
        ("sets that are none", [TOO_MANY_SETS]),
        ("bytes", [TOO_LARGE]),
        ("filters", {"1": {"properties": ["There are more than 100 property filters altogether."]}}),
    ],
)
async def test_the_same_bounds_hold_where_programs_are_tried_out(
    client: httpx.AsyncClient, url: str, name: str, problem: Any
) -> None:
    """The event store of this client fails when it is touched: what is refused, was never looked for."""
    body = {"source": "return true", "conditions": REFUSED[name][0]}
    response = await client.post(f"{url}test_hog/", json=body)
    assert (response.status_code, response.json()) == (400, {"error": {"conditions": problem}})


@pytest.mark.parametrize(
    "sets",
    [
        lambda: [{"id": str(number)} for number in range(MAX_SETS)],
        lambda: [{"id": "a", "properties": [{}] * MAX_PROPERTIES}],
        lambda: sets_of(MAX_BYTES),
        lambda: [{"id": "a", "properties": [{"key": "k", "value": 10**30}]}],
    ],
    ids=["sets", "filters", "bytes", "a long integer"],
)
async def test_what_is_within_the_bounds_is_stored(make: Make, sets: Callable[[], Sets]) -> None:
    stored = (await make(conditions=sets()))["conditions"]
    assert [{name: each[name] for name in sent} for sent, each in zip(sets(), stored, strict=True)] == sets()


@pytest.mark.parametrize("character", ["x", "\x01", '"', "💥"], ids=["plain", "control", "quote", "long"])
async def test_all_that_filters_may_hold_can_be_sent_back_with_its_program(
    client: httpx.AsyncClient, url: str, make: Make, character: str
) -> None:
    text = character * ((MAX_FILTER_BYTES - 100) // len(character.encode()))
    each = {"key": "k", "operator": "icontains", "value": text}
    created = await make(conditions=[{"id": "a", "properties": [each]}])
    assert created["conditions"][0]["bytecode_error"] is None

    response = await client.put(f"{url}{created['id']}/", json=created)
    assert response.status_code == 200, response.text
    assert response.json()["conditions"] == created["conditions"]


async def test_of_a_list_of_bad_filters_the_first_is_told(client: httpx.AsyncClient, url: str) -> None:
    bad = [{"id": "a", "properties": [{}, 5, 6]}, {"id": "b", "properties": [7] * MAX_PROPERTIES}]
    response = await client.post(url, json=judge(conditions=bad))
    assert response.json() == error(
        "validation_error",
        "not_a_dict",
        'Expected a dictionary of items but got type "int".',
        "conditions__0__properties__1",
    )


async def test_larger_bodies_are_not_read(client: httpx.AsyncClient, url: str, make: Make) -> None:
    item = f"{url}{(await make())['id']}/"
    content = b'{"conditions": [' + b"{}," * 400_000 + b"{}]}"
    for method, target in (("POST", url), ("PUT", item), ("PATCH", item), ("POST", f"{url}test_hog/")):
        response = await client.request(
            method, target, content=content, headers={"Content-Type": "application/json"}
        )
        assert (response.status_code, response.json()) == (413, TOO_LARGE_BODY)
