"""The sentiment model that asks a language model, on the key of the project whose texts they are."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Final

from activities.model_answers import ModelAnswers, Question
from assay.contracts.sentiment import SentimentScores
from assay.domain.sentiment.classifier import NEUTRAL
from assay.domain.sentiment.questions import (
    PROMPT_VERSION,
    SCHEMA,
    SCHEMA_NAME,
    USUAL_MODEL,
    UnreadableSentiment,
    question_batches,
    read_sentiment,
    sentiment_question,
)
from assay.errors import AnswerUnusable

_ABOUT: Final = "sentiment"


def llm_name(model: str | None) -> str:
    """The name of a model, or of whichever is usual; another one whenever the question is."""
    return f"{model or 'usual'}-prompt-{PROMPT_VERSION}"


class LlmSentiment:
    """`assay.ports.SentimentModel` on language models.

    Args:
        answers: asks them.
        model: which; None for the usual one of the provider whose key is used.
    """

    backend = "llm"
    is_third_party = True

    def __init__(self, answers: ModelAnswers, model: str | None = None) -> None:
        self._answers = answers
        self._model = model

    @property
    def name(self) -> str:
        """See `SentimentModel.name`."""
        return llm_name(self._model)

    def portions(self, texts: Sequence[str]) -> Iterator[Sequence[str]]:
        """See `SentimentModel.portions`: what fits one question."""
        return question_batches(texts)

    async def classify(self, project_id: int, texts: Sequence[str]) -> Sequence[SentimentScores]:
        """See `SentimentModel.classify`. Blank texts are neutral, and nobody is asked about them.

        Raises:
            AnswerUnusable: the model did not tell how each text feels, also after it was told so.
            WorkError: it gave no answer.
        """
        told = [at for at, text in enumerate(texts) if text.strip()]
        found: list[SentimentScores] = []
        for portion in self.portions([texts[at] for at in told]):
            found += await self._asked(project_id, portion)
        scores = [NEUTRAL] * len(texts)
        for at, one in zip(told, found, strict=True):
            scores[at] = one
        return scores

    async def _asked(self, project_id: int, texts: Sequence[str]) -> list[SentimentScores]:
        problem: str | None = None
        for _ in range(2):
            question = Question(
                project_id=project_id,
                about=_ABOUT,
                messages=sentiment_question(texts, boundary=secrets.token_hex(16), problem=problem),
                schema_name=SCHEMA_NAME,
                json_schema=dict(SCHEMA),
                usual_model=USUAL_MODEL,
                model=self._model,
            )
            answer = await self._answers.put(question)
            try:
                return read_sentiment(answer.text, len(texts))
            except UnreadableSentiment as unreadable:
                problem = str(unreadable)
        raise AnswerUnusable(f"The model did not tell how {len(texts)} texts feel. {problem}")
