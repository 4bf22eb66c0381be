"""Providers that are named where any text can stand."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema

from assay.contracts.evaluations import Provider
from assay.contracts.wire import Text
from assay.errors import NotPossible

ProviderName = Annotated[
    str,
    Text(blank=True),
    WithJsonSchema({"type": "string", "enum": [provider.value for provider in Provider]}),
]
"""Name of a provider, for `chosen_provider` to read: it refuses in other words than fields are refused."""


def chosen_provider(name: str) -> Provider:
    """The provider of this name.

    Raises:
        NotPossible: no name, or an unknown one; says which there are.
    """
    try:
        return Provider(name)
    except ValueError:
        known = ", ".join(Provider)
        raise NotPossible(
            f"Unknown provider: choose one of {known}." if name else f"Choose a provider: one of {known}."
        ) from None
