"""The scores of trace reviews."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import Make

KEYS = [
    "id",
    "definition_id",
    "definition_name",
    "definition_kind",
    "definition_archived",
    "definition_version_id",
    "definition_version",
    "definition_config",
    "categorical_values",
    "numeric_value",
    "boolean_value",
    "created_at",
    "updated_at",
]
OPTIONS = [{"key": key, "label": key} for key in ("a", "b", "c")]
UNKNOWN = "0198b4b4-4f3a-7e5f-8c7e-2f4f1f6d2b11"
VALUES = ("categorical_values", "numeric_value", "boolean_value")


def given(definition: dict[str, Any], **value: Any) -> dict[str, Any]:
    return {"definition_id": definition["id"]} | value


async def test_one_score_of_each_kind(client: httpx.AsyncClient, url: str, make: Make, define: Make) -> None:
    colour = await define("categorical", "colour", options=OPTIONS, selection_mode="multiple")
    grade = await define("numeric", "Grade", max=5)
    polite = await define("boolean", "a polite one")
    created = await make(
        scores=[
            given(grade, numeric_value=4.5, boolean_value=None),
            given(colour, categorical_values=[" B ", "a"]),
            given(polite, boolean_value="no", definition_version_id=None),
        ]
    )
    assert [list(score) for score in created["scores"]] == [KEYS] * 3
    assert [score["definition_name"] for score in created["scores"]] == ["a polite one", "colour", "Grade"]
    assert [[score[name] for name in VALUES] for score in created["scores"]] == [
        [None, None, False],
        [["b", "a"], None, None],
        [None, "4.500000", None],
    ]
    assert [score["definition_config"] for score in created["scores"]] == [
        polite["config"],
        colour["config"],
        grade["config"],
    ]
    assert created["scores"][2]["definition_version_id"] == grade["current_version_id"]
    assert (await client.get(f"{url}{created['id']}/")).json() == created
    assert (await client.get(url)).json()["results"] == [created]


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (3, "3.000000"),
        ("3", "3.000000"),
        (" -0.5 ", "-0.500000"),
        (0.1, "0.100000"),
        ("999999.999999", "999999.999999"),
        (-999999.999999, "-999999.999999"),
        (1e-6, "0.000001"),
        ("1e2", "100.000000"),
        (0, "0.000000"),
    ],
)
async def test_numbers_are_exact(make: Make, define: Make, sent: Any, answered: str) -> None:
    created = await make(scores=[given(await define("numeric"), numeric_value=sent)])
    assert created["scores"][0]["numeric_value"] == answered


@pytest.mark.parametrize(
    "sent",
    ["x", "", True, [], "NaN", "Infinity", "1.0000000", 1e-7, 1000000, "1e99999999999", "1" * 1001, {}],
)
async def test_numbers_that_cannot_be_kept_are_refused(
    client: httpx.AsyncClient, url: str, define: Make, sent: Any
) -> None:
    body = {"trace_id": "t", "scores": [given(await define("numeric"), numeric_value=sent)]}
    assert_refused(await client.post(url, json=body), "scores[0].numeric_value")


@pytest.mark.parametrize(
    ("score", "named"),
    [
        ({}, "scores[0].definition_id"),
        ({"definition_id": None}, "scores[0].definition_id"),
        ({"definition_id": "zzz", "boolean_value": True}, "scores[0].definition_id"),
        ({"definition_id": UNKNOWN, "boolean_value": True}, "scores[0].definition_id"),
        ({"boolean_value": True, "definition_version_id": "zzz"}, "scores[0].definition_version_id"),
        ({"boolean_value": True, "definition_version_id": UNKNOWN}, "scores[0].definition_version_id"),
        ({"boolean_value": "maybe"}, "scores[0].boolean_value"),
        ({"categorical_values": "a"}, "scores[0].categorical_values"),
        ({"categorical_values": ["x" * 129]}, "scores[0].categorical_values"),
        ({"categorical_values": [None]}, "scores[0].categorical_values"),
        ({"categorical_values": []}, "scores[0].boolean_value"),
        ({"numeric_value": 1}, "scores[0].boolean_value"),
        ({"definition_id": ..., "boolean_value": None}, "scores[0]"),
        ({"boolean_value": False, "numeric_value": 0}, "scores[0]"),
        ("x", "scores[0]"),
    ],
    ids=str,
)
async def test_a_bad_score_is_named(
    client: httpx.AsyncClient, url: str, define: Make, score: Any, named: str
) -> None:
    definition = await define()
    if isinstance(score, dict) and score:
        score = given(definition) | {name: value for name, value in score.items() if value is not ...}
    review = (await client.post(url, json={"trace_id": "other"})).json()
    assert_refused(await client.post(url, json={"trace_id": "t", "scores": [score]}), named)
    assert_refused(await client.patch(f"{url}{review['id']}/", json={"scores": [score]}), named)
    assert (await client.get(url)).json()["results"] == [review]


async def test_the_first_bad_score_of_several_is_named(
    client: httpx.AsyncClient, url: str, define: Make
) -> None:
    one, two = await define(name="1"), await define(name="2")
    good = given(one, boolean_value=True)
    for scores, named in (
        ([good, given(two)], "scores[1]"),
        ([good, given(two, numeric_value=1)], "scores[1].boolean_value"),
        ([good, given(two, boolean_value=True), good], "scores[0].definition_id"),
    ):
        assert_refused(await client.post(url, json={"trace_id": "t", "scores": scores}), named)


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({"options": OPTIONS}, ["z"]),
        ({"options": OPTIONS}, ["a", "b"]),
        ({"options": OPTIONS}, ["a", "A"]),
        ({"options": OPTIONS, "selection_mode": "multiple"}, []),
        ({"options": OPTIONS, "selection_mode": "multiple", "min_selections": 2}, ["a"]),
        ({"options": OPTIONS, "selection_mode": "multiple", "max_selections": 1}, ["a", "b"]),
        ({"min": 1}, 0.999999),
        ({"max": 1}, "1.000001"),
        ({"min": 0.1, "step": 0.1}, 0.25),
    ],
)
async def test_values_that_do_not_fit_the_config(
    client: httpx.AsyncClient, url: str, define: Make, config: dict[str, Any], value: Any
) -> None:
    kind, field = (
        ("categorical", "categorical_values") if "options" in config else ("numeric", "numeric_value")
    )
    body = {"trace_id": "t", "scores": [given(await define(kind, **config), **{field: value})]}
    assert_refused(await client.post(url, json=body), f"scores[0].{field}")


async def test_steps_are_counted_in_exact_decimals(make: Make, define: Make) -> None:
    definition = await define("numeric", min=0.1, max=1, step=0.1)
    for number in (0.3, "0.7", 1):
        await make(trace_id=str(number), scores=[given(definition, numeric_value=number)])


async def test_a_value_is_checked_against_the_version_that_it_names(
    client: httpx.AsyncClient, root: str, url: str, make: Make, define: Make
) -> None:
    old = await define("numeric", max=5)
    new = (
        await client.post(f"{root}score_definitions/{old['id']}/new_version/", json={"config": {"max": 1}})
    ).json()
    await client.patch(f"{root}score_definitions/{old['id']}/", json={"archived": True, "name": "Renamed"})

    assert_refused(
        await client.post(url, json={"trace_id": "t", "scores": [given(old, numeric_value=5)]}),
        "scores[0].numeric_value",
    )
    named = given(old, numeric_value=5, definition_version_id=old["current_version_id"])
    (score,) = (await make(scores=[named]))["scores"]
    assert (score["definition_version"], score["definition_config"]) == (1, {"max": 5})
    assert (score["definition_name"], score["definition_archived"]) == ("Renamed", True)
    (score,) = (await make(trace_id="u", scores=[given(old, numeric_value=1)]))["scores"]
    assert (score["definition_version"], score["definition_version_id"]) == (2, new["current_version_id"])

    other = await define("numeric", max=9)
    mixed = given(other, numeric_value=1, definition_version_id=old["current_version_id"])
    response = await client.post(url, json={"trace_id": "v", "scores": [mixed]})
    assert_refused(response, "scores[0].definition_version_id")


async def test_a_definition_of_another_project_is_unknown(client: httpx.AsyncClient, define: Make) -> None:
    foreign = await define()
    body = {"trace_id": str(uuid4()), "scores": [given(foreign, boolean_value=True)]}
    response = await client.post("/api/environments/1/llm_analytics/trace_reviews/", json=body)
    assert_refused(response, "scores[0].definition_id")


async def test_patch_replaces_keeps_or_clears_the_scores(
    client: httpx.AsyncClient, url: str, make: Make, define: Make
) -> None:
    one, two = await define(name="1"), await define(name="2")
    created = await make(scores=[given(one, boolean_value=True)])
    item = f"{url}{created['id']}/"
    kept = (await client.patch(item, json={"comment": "c"})).json()
    assert kept["scores"] == created["scores"]
    both = [given(each, boolean_value=False) for each in (two, one)]
    replaced = (await client.patch(item, json={"scores": both})).json()
    assert [score["definition_id"] for score in replaced["scores"]] == [one["id"], two["id"]]
    assert created["scores"][0]["id"] not in [score["id"] for score in replaced["scores"]]
    assert (await client.patch(item, json={"scores": []})).json()["scores"] == []
    assert (await client.get(item)).json()["scores"] == []


def assert_refused(response: httpx.Response, named: str) -> None:
    answer = response.json()
    assert response.status_code == 400, answer
    assert list(answer) == ["type", "code", "detail", "attr"]
    assert (answer["type"], answer["code"], answer["attr"]) == ("validation_error", "invalid_input", "scores")
    assert answer["detail"].startswith(f"{named}: ")
