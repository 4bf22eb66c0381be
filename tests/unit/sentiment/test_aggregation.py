"""How messages feel together."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.sentiment import SentimentLabel, SentimentScores
from assay.domain.sentiment.aggregation import sentiment_of

WEIGHTS = st.integers(0, 10_000)


@st.composite
def scores(draw: st.DrawFn) -> SentimentScores:
    weights = [draw(WEIGHTS) + 1e-9 for _ in range(3)]
    positive, neutral, negative = (weight / sum(weights) for weight in weights)
    return SentimentScores(positive=positive, neutral=neutral, negative=negative)


def said(positive: float, neutral: float, negative: float) -> SentimentScores:
    return SentimentScores(positive=positive, neutral=neutral, negative=negative)


def test_nothing_is_neutral() -> None:
    found = sentiment_of({})
    assert found.model_dump() == {
        "label": "neutral",
        "score": 0.0,
        "scores": {"positive": 0.0, "neutral": 0.0, "negative": 0.0},
        "messages": {},
        "message_count": 0,
    }


def test_scores_are_rounded_and_averaged() -> None:
    found = sentiment_of({"0": said(0.12342, 0.37658, 0.5), "2": said(0.7, 0.2, 0.1)})
    assert found.messages["0"].scores == said(0.1234, 0.3766, 0.5)
    assert (found.messages["0"].label, found.messages["0"].score) == (SentimentLabel.NEGATIVE, 0.5)
    assert found.scores == said(0.4117, 0.2883, 0.3)
    assert (found.label, found.score, found.message_count) == (SentimentLabel.POSITIVE, 0.4117, 2)


@pytest.mark.parametrize(
    ("given_scores", "label"),
    [((0.4, 0.4, 0.2), "positive"), ((0.2, 0.4, 0.4), "neutral"), ((0.4, 0.2, 0.4), "positive")],
)
def test_of_equal_scores_the_first_label_wins(given_scores: tuple[float, float, float], label: str) -> None:
    found = sentiment_of({"0": said(*given_scores)})
    assert found.label == label
    assert found.messages["0"].label == label


@given(st.lists(scores(), min_size=1, max_size=30))
def test_the_whole_is_the_mean_of_its_messages(many: list[SentimentScores]) -> None:
    found = sentiment_of({str(number): each for number, each in enumerate(many)})

    assert found.message_count == len(found.messages) == len(many)
    for label in SentimentLabel:
        values = [getattr(message.scores, label) for message in found.messages.values()]
        assert getattr(found.scores, label) == pytest.approx(sum(values) / len(values), abs=5.1e-5)
        assert min(values) - 1e-9 <= getattr(found.scores, label) <= max(values) + 1e-9
    assert sum(found.scores.model_dump().values()) == pytest.approx(1, abs=3e-4)
    for each in (found, *found.messages.values()):
        assert each.score == getattr(each.scores, each.label) == max(each.scores.model_dump().values())


@given(st.lists(scores(), min_size=1, max_size=10), st.randoms())
def test_the_order_of_messages_does_not_matter(many: list[SentimentScores], chance: Random) -> None:
    shuffled = list(many)
    chance.shuffle(shuffled)
    one = sentiment_of({str(number): each for number, each in enumerate(many)})
    other = sentiment_of({str(number): each for number, each in enumerate(shuffled)})
    assert (one.label, one.scores) == (other.label, other.scores)
