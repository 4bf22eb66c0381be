"""The default sentiment model: `assay.domain.sentiment.classifier`, in processes that compute."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import batched, chain
from typing import Final

from assay.adapters.compute import ComputeProcesses
from assay.contracts.sentiment import SentimentScores
from assay.domain.sentiment.classifier import classify, lexicon_name
from assay.domain.together import all_of

_AT_ONCE: Final = 1000
"""Texts in a call: half a second of computing, so that others have their turn between two."""


class LexiconSentiment:
    """`assay.ports.SentimentModel` that works at once; English only.

    Args:
        compute: where texts are classified.
    """

    backend = "lexicon"
    is_third_party = False

    def __init__(self, compute: ComputeProcesses) -> None:
        self._compute = compute

    @cached_property
    def name(self) -> str:
        """See `SentimentModel.name`."""
        return lexicon_name()

    def portions(self, texts: Sequence[str]) -> Sequence[Sequence[str]]:
        """See `SentimentModel.portions`: all together."""
        return [texts]

    async def classify(self, project_id: int, texts: Sequence[str]) -> Sequence[SentimentScores]:
        """See `SentimentModel.classify`.

        Raises:
            ComputeUnavailable: the process that computed ended.
        """
        calls = (self._compute.run(classify, list(batch)) for batch in batched(texts, _AT_ONCE))
        return list(chain.from_iterable(await all_of(calls)))
