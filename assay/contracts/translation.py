"""Translations: the messages of the workflow `translation`, and what it makes."""

from __future__ import annotations

from assay.contracts.base import Contract, HistoryContract


class TranslationInput(HistoryContract):
    """What to translate.

    Attributes:
        digest: of the work; the text is kept under it.
        target_language: a code, or whatever the caller wrote.
    """

    project_id: int
    digest: str
    target_language: str


class TranslateText(HistoryContract):
    """One question to a model.

    Attributes:
        is_repeated: whether an answer has been asked for already and was of no use.
    """

    work: TranslationInput
    is_repeated: bool = False


class TextTranslated(HistoryContract):
    """What came of a question.

    Attributes:
        digest: the answer is kept under it.
        is_usable: whether it holds a translation.
        cost_usd: None when the price is unknown.
    """

    digest: str
    is_usable: bool
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class TranslationMade(HistoryContract):
    """The end of a workflow.

    Attributes:
        digest: the translation is kept under it.
    """

    digest: str


class TranslatedText(Contract):
    """A model's answer as it is kept.

    Attributes:
        translation: None if the answer holds none.
        provider, model: who was asked.
        cost_usd: None when the price is unknown.
    """

    translation: str | None
    provider: str
    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
