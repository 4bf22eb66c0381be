"""What a model may be called: real names pass, and no name means anything in the path of a URL."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assay.contracts.evaluations import Provider
from assay.domain.judging import DEFAULT_MODELS, TRIAL_MODELS
from assay.domain.model_names import MODEL_NAME_PATTERN, model_name_problem

REAL = [
    (Provider.OPENAI, "gpt-4o-2024-08-06"),
    (Provider.OPENAI, "ft:gpt-4o-mini-2024-07-18:acme::AbCd1234"),
    (Provider.ANTHROPIC, "claude-sonnet-4-5@20250929"),
    (Provider.GEMINI, "models/gemini-2.5-flash"),
    (Provider.OPENROUTER, "openai/gpt-4o:free"),
    (Provider.FIREWORKS, "accounts/fireworks/models/llama-v3p1-8b-instruct"),
    (Provider.AZURE_OPENAI, "My_deployment-1.0"),
    (Provider.OPENROUTER, "~anthropic/claude-sonnet-latest"),
    (Provider.FIREWORKS, "accounts/fireworks/models/mixtral-8x7b#accounts/alice/deployments/12345678"),
    (Provider.TOGETHER_AI, "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    *DEFAULT_MODELS.items(),
    *((provider, name) for provider, names in TRIAL_MODELS.items() for name in names),
]


@pytest.mark.parametrize(("provider", "name"), REAL)
def test_real_names(provider: Provider, name: str) -> None:
    assert model_name_problem(name, provider) is None
    assert re.match(MODEL_NAME_PATTERN, name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        ".",
        "..",
        "../../../admin/keys?x=",
        "a/../b",
        "a/./b",
        "a//b",
        "/a",
        "a/",
        "a/..",
        "a?b",
        "a b",
        "a\n",
        "%2e%2e/a",
        "..%2fa",
        "..\\a",
        "a;b",
        "a\x00",
        "é",
        "\uff0e\uff0e/a",
        "a\u2215b",
    ],
)
def test_names_that_no_model_has(name: str) -> None:
    assert model_name_problem(name) is not None


def test_a_deployment_is_one_segment() -> None:
    assert model_name_problem("a/b", Provider.AZURE_OPENAI) is not None
    assert model_name_problem("a/b", Provider.OPENAI) is None


@pytest.mark.parametrize("provider", [Provider.GEMINI, Provider.AZURE_OPENAI])
@pytest.mark.parametrize("name", ["a#b", "~a"])
def test_what_has_a_meaning_in_a_path_is_not_in_names_that_get_there(provider: Provider, name: str) -> None:
    assert model_name_problem(name, provider) is not None
    assert model_name_problem(name, Provider.OPENROUTER) is None


@given(st.text() | st.text("a.:/@%?#\\-+_~", max_size=8), st.sampled_from(Provider))
@example("a/.../b", Provider.GEMINI)
def test_what_passes_stays_what_it_is_in_a_path(name: str, provider: Provider) -> None:
    problem = model_name_problem(name, provider)
    if problem is not None:
        assert problem.endswith(".")
        return
    assert re.match(MODEL_NAME_PATTERN, name)
    if provider not in {Provider.GEMINI, Provider.AZURE_OPENAI}:
        return  # it is sent in the body
    parts = urlsplit(f"https://api.example.com/v1/models/{name}:generateContent")
    assert (parts.query, parts.fragment) == ("", "")
    assert parts.path == posixpath.normpath(parts.path) == unquote(parts.path)
    assert parts.path == f"/v1/models/{name}:generateContent"
