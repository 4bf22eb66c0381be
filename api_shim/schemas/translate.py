"""Body and answer of a translation."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict

from assay.contracts.wire import RequestModel, ResponseModel, Text

_TEXT_CHARACTERS = 10_000
_LANGUAGE_CHARACTERS = 10


class TranslateRequest(RequestModel):
    """A text, and the language to translate it into."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"text": "¿Cómo restablezco mi contraseña?", "target_language": "en"}}
    )

    text: Annotated[str, Text(max_length=_TEXT_CHARACTERS)]
    """What to translate."""
    target_language: Annotated[str, Text(max_length=_LANGUAGE_CHARACTERS)] = "en"
    """Code of the language; one that is not known goes to the model as it is."""


class TranslateResponse(ResponseModel):
    """A translated text."""

    translation: str
    """Empty if the model answered with nothing."""
    detected_language: None = None
    """Always null: nobody detects it."""
    provider: str
    """The model provider that was asked."""
