"""Model providers: asking them, and asking about them."""

from __future__ import annotations

from typing import Protocol

from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelReply, ModelRequest
from assay.contracts.provider_keys import KeyCheck, ProviderAccess


class LanguageModel(Protocol):
    """Model providers behind one call."""

    def offers(self, provider: Provider) -> bool:
        """Whether the operator's house access covers this provider."""

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once, without retries of its own; failures are the model errors of `assay.errors`."""


class ProviderDirectory(Protocol):
    """What providers say about a key."""

    async def check(self, access: ProviderAccess) -> KeyCheck:
        """Ask the provider whether it takes the key; never raises for what the provider does."""

    async def models(self, access: ProviderAccess) -> list[str]:
        """The names of the models that the key may use; empty where the provider does not say."""
