"""Configurations per type: what is accepted, what is stored, when it is judged."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluations import EvaluationType, OutputType
from assay.domain.evaluation_config import normalized_configs
from assay.errors import FieldError
from tests.api.conftest import Make
from tests.harness.api import judge

HOG = {"evaluation_type": "hog", "evaluation_config": {"source": "return true"}}


def normalized(kind: str, config: Any, output: Any = None) -> tuple[Any, Any]:
    return normalized_configs(
        EvaluationType(kind), OutputType.BOOLEAN, config, {} if output is None else output
    )


@pytest.mark.parametrize(
    ("kind", "config", "stored"),
    [
        ("llm_judge", {"prompt": " Is it?\n"}, {"prompt": "Is it?"}),
        ("llm_judge", {"prompt": "p", "model": "x", "source": "y"}, {"prompt": "p"}),
        ("hog", {"source": "\n return true \n"}, {"source": "\n return true \n"}),
        ("hog", {"source": "s", "bytecode": ["_H"], "prompt": "p"}, {"source": "s"}),
    ],
)
def test_stored_forms(kind: str, config: dict[str, Any], stored: dict[str, Any]) -> None:
    assert normalized(kind, config) == (stored, {"allows_na": False})


@pytest.mark.parametrize("kind", ["llm_judge", "hog"])
@pytest.mark.parametrize("text", [..., None, "", " \n", 5, True, ["p"], {"a": "p"}])
def test_a_text_that_is_missing_or_blank(kind: str, text: Any) -> None:
    key = {"llm_judge": "prompt", "hog": "source"}[kind]
    with pytest.raises(FieldError, match=key) as caught:
        normalized(kind, {} if text is ... else {key: text})
    assert (caught.value.attr, caught.value.field_code) == ("config", "invalid_input")


@pytest.mark.parametrize("config", [None, "x", 5, [], [["prompt", "p"]]])
def test_a_config_that_is_no_object(config: Any) -> None:
    with pytest.raises(FieldError, match="evaluation_config"):
        normalized("llm_judge", config)
    with pytest.raises(FieldError, match="output_config"):
        normalized_configs(EvaluationType.HOG, OutputType.BOOLEAN, {"source": "s"}, config)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        *((value, True) for value in (True, 1, 1.0, "Yes", "on", "t", "1")),
        *((value, False) for value in (False, 0, "no", "OFF", "f", "0")),
    ],
)
def test_spellings_of_allows_na(value: Any, stored: bool) -> None:
    _, output = normalized("hog", {"source": "s"}, {"allows_na": value, "other": 1})
    assert output == {"allows_na": stored}


@pytest.mark.parametrize("value", [None, "", "maybe", 2, 0.5, [], {}, float("nan")])
def test_allows_na_that_is_no_truth_value(value: Any) -> None:
    with pytest.raises(FieldError, match="allows_na") as caught:
        normalized("hog", {"source": "s"}, {"allows_na": value})
    assert caught.value.attr == "config"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_config = _json | st.fixed_dictionaries({}, optional={"prompt": _json, "source": _json, "allows_na": _json})


@given(st.sampled_from(["llm_judge", "hog"]), _config, _config)
def test_any_config_is_refused_or_has_a_stored_form_that_stays(kind: str, config: Any, output: Any) -> None:
    try:
        stored = normalized(kind, config, output)
    except FieldError as refused:
        attr = refused.attr
    else:
        attr = "config"
        assert normalized(kind, *stored) == stored
    assert attr == "config"


BAD: list[dict[str, Any]] = [
    {"evaluation_config": {}},
    {"evaluation_config": {"prompt": " "}},
    {"evaluation_config": "x"},
    {"evaluation_config": []},
    {"output_config": {"allows_na": "maybe"}},
    {"output_config": "x"},
    {"evaluation_type": "hog"},
    {"evaluation_type": "hog", "evaluation_config": {"source": ""}},
    {"evaluation_config": {"source": "return true"}},
]


@pytest.mark.parametrize("fields", BAD)
async def test_a_bad_config_is_refused_whichever_other_fields_come_with_it(
    client: httpx.AsyncClient, url: str, make: Make, fields: dict[str, Any]
) -> None:
    item = f"{url}{(await make())['id']}/"
    for response in (
        await client.post(url, json=judge(**fields)),
        await client.put(item, json=judge(**fields)),
        await client.patch(item, json=fields),
    ):
        body = response.json()
        assert response.status_code == 400
        assert (body["type"], body["code"], body["attr"]) == ("validation_error", "invalid_input", "config")


async def test_a_config_that_is_left_out_is_judged_too(client: httpx.AsyncClient, url: str) -> None:
    response = await client.post(url, json=judge(evaluation_config=...))
    assert (response.status_code, response.json()["attr"]) == (400, "config")


async def test_the_stored_form_is_what_is_returned(client: httpx.AsyncClient, url: str, make: Make) -> None:
    created = await make(evaluation_config={"prompt": "  Is it? ", "extra": 1}, output_config={})
    assert created["evaluation_config"] == {"prompt": "Is it?"}
    assert created["output_config"] == {"allows_na": False}
    item = f"{url}{created['id']}/"
    changed = (await client.patch(item, json={"output_config": {"allows_na": "yes"}})).json()
    assert changed["output_config"] == {"allows_na": True}
    assert changed["evaluation_config"] == {"prompt": "Is it?"}


async def test_a_change_of_type_is_judged_with_the_config_that_results(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    item = f"{url}{(await make())['id']}/"
    changed = (await client.patch(item, json=HOG)).json()
    assert (changed["evaluation_type"], changed["evaluation_config"]["source"]) == ("hog", "return true")
    assert "prompt" not in changed["evaluation_config"]
    response = await client.patch(item, json={"evaluation_type": "llm_judge"})
    assert (response.status_code, response.json()["attr"]) == (400, "config")


async def test_null_characters_are_refused_by_name(client: httpx.AsyncClient, url: str) -> None:
    response = await client.post(url, json=judge(evaluation_config={"prompt": "a\0b"}))
    assert (response.status_code, response.json()["attr"]) == (400, "evaluation_config")
    assert response.json()["code"] == "null_characters_not_allowed"
