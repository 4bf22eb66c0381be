"""The lexicon classifier: how a text feels, from its words alone.

A multinomial logistic regression on the numbers of `features`; `docs/sentiment-backends.md` says what it was
fitted on, and how well it does. English only: of other languages it sees emojis and little else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from assay.contracts.sentiment import SentimentScores
from assay.domain.sentiment.coefficients import COEFFICIENTS, INTERCEPTS
from assay.domain.sentiment.features import features_of
from assay.domain.sentiment.words import english, words_version

NEUTRAL: Final = SentimentScores(positive=0.0, neutral=1.0, negative=0.0)
"""What a text without a letter, a digit or a sign says."""

_VERSION: Final = "2"
"""Of the features and the coefficients."""


def lexicon_name() -> str:
    """The name of the model: another one whenever its answers may be others."""
    return f"vader-{words_version()}-logistic-{_VERSION}"


def classify(texts: Sequence[str]) -> list[SentimentScores]:
    """The scores of texts, in their order."""
    words = english()
    return [scored(features_of(text, words)) if text.strip() else NEUTRAL for text in texts]


def scored(features: Sequence[float]) -> SentimentScores:
    """Probabilities: the softmax of a weighted sum for each label."""
    sums = [
        intercept + math.fsum(weight * value for weight, value in zip(weights, features, strict=True))
        for intercept, weights in zip(INTERCEPTS, COEFFICIENTS, strict=True)
    ]
    largest = max(sums)
    negative, neutral, positive = (math.exp(found - largest) for found in sums)
    total = negative + neutral + positive
    return SentimentScores(positive=positive / total, neutral=neutral / total, negative=negative / total)
