from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluations import Provider
from assay.domain.embedding import (
    EMBEDDING_PROVIDERS,
    LONGEST_TEXT,
    MOST_CHARACTERS,
    MOST_TEXTS,
    SHORTEST_CUT,
    SentText,
    hosted_model,
    questions,
    sent_text,
    smaller_questions,
)
from assay.errors import SetupError
from assay.runtime.settings import load_settings

LENGTHS = st.lists(st.sampled_from([0, 1, 30, 5_000, LONGEST_TEXT, LONGEST_TEXT + 1, 90_000]), max_size=250)


@given(LENGTHS)
def test_questions_are_within_what_providers_take(lengths: list[int]) -> None:
    texts = [SentText(str(number), sent_text("x" * length)) for number, length in enumerate(lengths)]
    made = list(questions(texts))

    assert [text for question in made for text in question] == texts
    for question in made:
        assert 1 <= len(question) <= MOST_TEXTS
        assert sum(len(each.text) for each in question) <= MOST_CHARACTERS


@given(st.text(st.sampled_from(" \n\tx"), max_size=50), st.sampled_from([0, 1, LONGEST_TEXT]))
def test_what_is_sent_of_a_text_has_words_if_the_text_has(text: str, spaces: int) -> None:
    sent = sent_text(" " * spaces + text)

    assert bool(sent.strip()) == bool(text.strip())
    assert sent == text.lstrip()
    assert len(sent_text(text + "x" * LONGEST_TEXT)) == LONGEST_TEXT


def accepted(texts: Sequence[SentText], longest: int) -> Iterator[SentText]:
    """What a model takes in the end."""
    if all(len(each.text) <= longest for each in texts):
        yield from texts
    else:
        for smaller in smaller_questions(texts):
            yield from accepted(smaller, longest)


@given(st.lists(st.integers(1, LONGEST_TEXT), min_size=1, max_size=20), st.integers(2 * SHORTEST_CUT, 9_000))
def test_how_a_text_is_cut_depends_on_no_other(lengths: list[int], longest: int) -> None:
    texts = [SentText(str(number), "x" * length) for number, length in enumerate(lengths)]
    together = list(accepted(texts, longest))

    assert together == [each for text in texts for each in accepted([text], longest)]
    for whole, sent in zip(texts, together, strict=True):
        assert len(whole.text) == len(sent.text) or longest // 2 <= len(sent.text) <= longest


def test_cutting_has_an_end() -> None:
    assert smaller_questions([SentText("1", "x" * 2 * SHORTEST_CUT)]) == [[SentText("1", "x" * SHORTEST_CUT)]]
    assert smaller_questions([SentText("1", "x" * (2 * SHORTEST_CUT - 1))]) == []


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
