"""Providers that are named where any text can stand."""

from __future__ import annotations

from assay.contracts.evaluations import Provider
from assay.errors import NotPossible


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
