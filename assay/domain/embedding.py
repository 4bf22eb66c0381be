"""Which model embeds texts, and how texts are put to one that is asked over a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from assay.contracts.evaluations import Provider
from assay.domain.model_names import model_name_problem
from assay.domain.portions import portions

LONGEST_TEXT: Final = 24_000
"""Characters of a text that count; some 8,000 tokens, which is what most models take."""

SHORTEST_CUT: Final = 200
"""Characters; a model for which this is too long has another problem."""

MOST_TEXTS: Final = 100
"""In one question: Gemini takes no more, the others do."""

MOST_CHARACTERS: Final = 200_000
"""In one question: below 300,000 tokens, which is what OpenAI takes, in any language."""

EMBEDDING_PROVIDERS: Final = tuple(provider for provider in Provider if provider is not Provider.ANTHROPIC)
"""Anthropic has no models that embed."""


class SentText(NamedTuple):
    """A text as it is sent, and the digest of the whole of it."""

    digest: str
    text: str


class HostedModel(NamedTuple):
    """A model that a provider embeds texts with."""

    provider: Provider
    model: str

    @property
    def name(self) -> str:
        """What its vectors are kept under."""
        return f"{self.provider}/{self.model}"


def hosted_model(text: str) -> HostedModel:
    """The model that an operator names.

    Raises:
        ValueError: it is none; one sentence for the operator.

    >>> hosted_model("openai/text-embedding-3-small").model
    'text-embedding-3-small'
    """
    provider, _, model = text.strip().partition("/")
    if provider not in EMBEDDING_PROVIDERS or not model:
        raise ValueError(
            "must be a provider and its model, such as openai/text-embedding-3-small; the providers are "
            + ", ".join(EMBEDDING_PROVIDERS)
        )
    problem = model_name_problem(model, Provider(provider))
    if problem is not None:
        raise ValueError(problem.removesuffix("."))
    return HostedModel(Provider(provider), model)


def sent_text(text: str) -> str:
    """What of a text is sent: up to `LONGEST_TEXT` characters, from the first that is no space.

    Whatever is cut off at its end, a text that has words keeps one. Empty: it has none.
    """
    return text.lstrip()[:LONGEST_TEXT]


def questions(texts: Iterable[SentText]) -> Iterator[list[SentText]]:
    """Texts in their order, as many at a time as go into one question."""
    return portions(texts, length=_length, most=MOST_TEXTS, most_characters=MOST_CHARACTERS)


def smaller_questions(texts: Sequence[SentText]) -> list[Sequence[SentText]]:
    """What is asked instead of a question that is too long for the model.

    A text is cut only when it is alone, always to half of itself, so its vector depends on nothing else.

    Returns:
        Two questions for several texts, and for one its first half; none if that would be too short.
    """
    if len(texts) > 1:
        middle = len(texts) // 2
        return [texts[:middle], texts[middle:]]
    [alone] = texts
    half = alone.text[: len(alone.text) // 2]
    return [[alone._replace(text=half)]] if len(half) >= SHORTEST_CUT else []


def _length(sent: SentText) -> int:
    return len(sent.text)
