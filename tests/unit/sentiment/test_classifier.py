"""The lexicon classifier."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.sentiment import SentimentLabel, SentimentScores
from assay.domain.sentiment.classifier import NEUTRAL, classify, lexicon_name, scored
from assay.domain.sentiment.coefficients import COEFFICIENTS, INTERCEPTS
from assay.domain.sentiment.features import FEATURES, features_of
from assay.domain.sentiment.words import english, words_version

ANY_TEXT = st.text() | st.lists(
    st.sampled_from(["not", "very", "good", "BAD", "but", "no", "!!", "?", "😡", ":)", "@me", "the", "’"])
).map(" ".join)

POSITIVE = [
    "That's perfect, thank you so much 😍",
    "I love how fast it works!",
    "this is awesome :)",
    "It was slow at first but now it is great",
    "👍👍",
]
NEUTRAL_TEXTS = [
    "Please help me write a function that sorts a list.",
    "What is the capital of France?",
    "I would like to share a file with my team.",
    "Create a table with true and false values",
    "def f(x): return x + 1",
]
NEGATIVE = [
    "This doesn't work at all!!",
    "The answer is wrong again. Why?",
    "You are useless",
    "I'm really frustrated, it still fails",
    "The docs are nice but the product is terrible",
    "😡😡",
]


def scores(text: str) -> SentimentScores:
    [found] = classify([text])
    return found


def label(text: str) -> SentimentLabel:
    found = scores(text)
    return max(SentimentLabel, key=lambda one: getattr(found, one))


@pytest.mark.parametrize(
    ("glued", "apart"),
    [
        ("I love it😍", "I love it 😍"),
        ("this is terrible😡thanks", "this is terrible 😡 thanks"),
        ("good❤️bad", "good ❤️ bad"),
        ("broken😡😡😡", "broken 😡😡😡"),
        ("love👩\u200d💻", "love 👩\u200d💻"),
    ],
)
def test_an_emoji_hides_no_word(glued: str, apart: str) -> None:
    assert features_of(glued, english()) == features_of(apart, english())
    assert features_of(glued, english())[FEATURES.index("balance")] != 0


def test_emojis_in_a_row_are_one_word() -> None:
    length = FEATURES.index("length")
    assert features_of("fine 😡😡😡", english())[length] == features_of("fine 😡", english())[length]


@pytest.mark.parametrize("text", POSITIVE)
def test_praise_is_positive(text: str) -> None:
    assert label(text) is SentimentLabel.POSITIVE


@pytest.mark.parametrize("text", NEUTRAL_TEXTS)
def test_questions_and_orders_are_neutral(text: str) -> None:
    assert label(text) is SentimentLabel.NEUTRAL


@pytest.mark.parametrize("text", NEGATIVE)
def test_complaints_are_negative(text: str) -> None:
    assert label(text) is SentimentLabel.NEGATIVE


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("it is good", "it is not good"),
        ("it is good", "it isn’t good"),
        ("it is very good", "it is good"),
        ("it is good", "it is somewhat good"),
        ("it is GOOD", "it is good"),
        ("it is good 😊", "it is good"),
        ("it is good", "it is good 😡"),
        ("it is bad but it is good", "it is good but it is bad"),
        ("it is not bad", "it is bad"),
        ("it does work", "it does not work"),
    ],
)
def test_what_stands_around_a_word_counts(more: str, less: str) -> None:
    def balance(text: str) -> float:
        found = scores(text)
        return found.positive - found.negative

    assert balance(more) > balance(less)


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_is_neutral(text: str) -> None:
    assert scores(text) == NEUTRAL


@pytest.mark.parametrize("text", ["…", "https://great.example/love", "@love", "#"])
def test_what_has_no_words_is_mostly_neutral(text: str) -> None:
    assert label(text) is SentimentLabel.NEUTRAL


@given(ANY_TEXT)
def test_scores_are_probabilities(text: str) -> None:
    found = scores(text)
    assert found.positive + found.neutral + found.negative == pytest.approx(1)


@given(st.lists(ANY_TEXT, max_size=5))
def test_a_text_is_scored_by_itself(texts: list[str]) -> None:
    assert classify(texts) == [scores(text) for text in texts]


@given(ANY_TEXT)
def test_features_are_bounded(text: str) -> None:
    found = features_of(text, english())
    assert len(found) == len(FEATURES)
    assert all(math.isfinite(value) and -8 <= value <= 8 for value in found)


def test_a_text_without_feelings_stays_neutral_at_any_length() -> None:
    sentence = "The report lists the revenue of three divisions and the plan for the next year. "
    for count in (1, 5, 30):
        assert label(sentence * count) is SentimentLabel.NEUTRAL


def test_one_kind_word_sways_a_short_text_more_than_a_long_one() -> None:
    plain = "The table lists the costs of each site and the staff. "
    found = [scores(plain * count + "Thanks!").positive for count in (1, 4, 16, 64)]
    assert all(shorter > longer for shorter, longer in pairwise(found))


def test_the_coefficients_fit_the_features() -> None:
    assert len(INTERCEPTS) == len(COEFFICIENTS) == len(SentimentLabel)
    assert {len(row) for row in COEFFICIENTS} == {len(FEATURES)}
    assert scored([0.0] * len(FEATURES)).neutral < 1


def test_the_name_tells_of_the_words() -> None:
    assert words_version() in lexicon_name()
