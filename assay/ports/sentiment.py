"""Who says how a text feels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from assay.contracts.sentiment import SentimentScores


class SentimentModel(Protocol):
    """A backend that classifies texts."""

    @property
    def backend(self) -> str:
        """`lexicon`, `onnx` or `llm`."""

    @property
    def name(self) -> str:
        """Which model it is, and which version: answers of different models are not mixed."""

    @property
    def is_third_party(self) -> bool:
        """Whether texts leave the installation, which a project's organisation has to consent to."""

    def portions(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        """Texts, in their order, cut as they are best put to it: what it says of each portion can be kept."""

    async def classify(self, project_id: int, texts: Sequence[str]) -> Sequence[SentimentScores]:
        """The scores of texts, in their order.

        Args:
            project_id: whose texts they are; a model that costs money is asked on its account.

        Raises:
            SetupError: the model is not installed, or cannot be read.
            WorkError: it gave no answer.
        """
