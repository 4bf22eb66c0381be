"""Sentiment: what a model says of a text, and the messages of the workflow `sentiment-batch`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from assay.contracts.base import Contract

Share = Annotated[float, Field(ge=0, le=1)]


class SentimentLabel(StrEnum):
    """How somebody feels; in the order that decides between equal scores."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class SentimentScores(Contract):
    """What a model says of one text: probabilities, which make one together."""

    positive: Share
    neutral: Share
    negative: Share
