"""Which model embeds texts, and how texts are put to one that is asked over a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from assay.contracts.evaluations import Provider
from assay.domain.model_names import model_name_problem

LONGEST_TEXT: Final = 24_000
"""Characters of a text that count; some 8,000 tokens, which is what most models take."""

MOST_TEXTS: Final = 100
"""In one question: Gemini takes no more, the others do."""

MOST_CHARACTERS: Final = 200_000
"""In one question: below 300,000 tokens, which is what OpenAI takes, in any language."""

EMBEDDING_PROVIDERS: Final = tuple(provider for provider in Provider if provider is not Provider.ANTHROPIC)
"""Anthropic has no models that embed."""


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


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts cut to `LONGEST_TEXT`, in their order, as many at a time as go into one question."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        cut = text[:LONGEST_TEXT]
        if batch and (len(batch) == MOST_TEXTS or characters + len(cut) > MOST_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(cut)
        characters += len(cut)
    if batch:
        yield batch
