from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluations import Provider
from assay.domain.embedding import (
    EMBEDDING_PROVIDERS,
    LONGEST_TEXT,
    MOST_CHARACTERS,
    MOST_TEXTS,
    batches,
    hosted_model,
)
from assay.errors import SetupError
from assay.runtime.settings import load_settings

LENGTHS = st.lists(st.sampled_from([0, 1, 30, 5_000, LONGEST_TEXT, LONGEST_TEXT + 1, 90_000]), max_size=250)


@given(LENGTHS)
def test_batches_hold_every_text_once_and_in_order(lengths: list[int]) -> None:
    texts = [f"{number}:".ljust(length, "x") for number, length in enumerate(lengths)]
    made = list(batches(texts))

    assert [text for batch in made for text in batch] == [text[:LONGEST_TEXT] for text in texts]
    for batch in made:
        assert 1 <= len(batch) <= MOST_TEXTS
        assert sum(map(len, batch)) <= MOST_CHARACTERS


@given(LENGTHS)
def test_batches_are_as_few_as_can_be_in_this_order(lengths: list[int]) -> None:
    made = list(batches(["x" * length for length in lengths]))

    for batch, following in pairwise(made):
        full = sum(map(len, batch)) + len(following[0]) > MOST_CHARACTERS
        assert full or len(batch) == MOST_TEXTS


@pytest.mark.parametrize(
    ("text", "provider", "model"),
    [
        ("openai/text-embedding-3-small", Provider.OPENAI, "text-embedding-3-small"),
        (" together_ai/BAAI/bge-base-en-v1.5\n", Provider.TOGETHER_AI, "BAAI/bge-base-en-v1.5"),
        ("azure_openai/our-deployment", Provider.AZURE_OPENAI, "our-deployment"),
    ],
)
def test_a_hosted_model(text: str, provider: Provider, model: str) -> None:
    found = hosted_model(text)

    assert (found.provider, found.model) == (provider, model)
    assert found.name == text.strip()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("text-embedding-3-small", "must be a provider and its model"),
        ("openai/", "must be a provider and its model"),
        ("/text-embedding-3-small", "must be a provider and its model"),
        ("anthropic/claude-haiku-4-5", "the providers are openai, gemini, openrouter"),
        ("OpenAI/text-embedding-3-small", "must be a provider and its model"),
        ("openai/../keys", "The parts of a model name"),
        ("azure_openai/a/b", "deployment holds no slash"),
        ("openai/a b", "letters, digits"),
    ],
)
def test_what_is_no_hosted_model_is_said_at_the_start(
    text: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_EMBEDDING_MODEL", text)
    with pytest.raises(SetupError, match=f"ASSAY_EMBEDDING_MODEL is not valid: .*{problem}"):
        load_settings()


def test_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_EMBEDDING_MODEL", raising=False)
    assert load_settings().embedding_model is None
    monkeypatch.setenv("ASSAY_EMBEDDING_MODEL", " openai/text-embedding-3-small ")
    assert load_settings().embedding_model == "openai/text-embedding-3-small"


def test_all_providers_but_one_embed() -> None:
    assert set(Provider) - set(EMBEDDING_PROVIDERS) == {Provider.ANTHROPIC}
