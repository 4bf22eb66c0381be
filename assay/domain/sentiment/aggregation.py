"""From the scores of messages to how a generation or a trace feels."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import Final

from assay.contracts.base import Contract
from assay.contracts.sentiment import SentimentLabel, SentimentScores

_DIGITS: Final = 4


class MessageSentiment(Contract):
    """How one message feels.

    Attributes:
        score: that of the label.
    """

    label: SentimentLabel
    score: float
    scores: SentimentScores


class Sentiment(MessageSentiment):
    """How all messages of something feel together; without any, neutral with zeros.

    Attributes:
        messages: by their keys.
    """

    messages: Mapping[str, MessageSentiment]
    message_count: int


def sentiment_of(messages: Mapping[str, SentimentScores]) -> Sentiment:
    """How messages feel, one by one and together: the mean of their rounded scores, rounded.

    Every message counts the same, whichever generation it is in.

    Args:
        messages: scores by key.
    """
    each = {key: _judged(_rounded(scores)) for key, scores in messages.items()}
    together = _judged(_mean([message.scores for message in each.values()]))
    return Sentiment(
        label=together.label,
        score=together.score,
        scores=together.scores,
        messages=each,
        message_count=len(each),
    )


def _judged(scores: SentimentScores) -> MessageSentiment:
    label = _label(scores)
    return MessageSentiment(label=label, score=getattr(scores, label), scores=scores)


def _label(scores: SentimentScores) -> SentimentLabel:
    """The label with the highest score, of equal ones the first; neutral if there are none."""
    highest = max(SentimentLabel, key=lambda label: getattr(scores, label))
    return highest if getattr(scores, highest) else SentimentLabel.NEUTRAL


def _rounded(scores: SentimentScores) -> SentimentScores:
    return _scores({label: getattr(scores, label) for label in SentimentLabel})


def _mean(many: list[SentimentScores]) -> SentimentScores:
    return _scores(
        {label: fsum(getattr(one, label) for one in many) / max(len(many), 1) for label in SentimentLabel}
    )


def _scores(values: Mapping[SentimentLabel, float]) -> SentimentScores:
    return SentimentScores(**{label.value: round(value, _DIGITS) for label, value in values.items()})
