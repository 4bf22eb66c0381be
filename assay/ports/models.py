"""Model providers: asking them, and asking about them."""

from __future__ import annotations

from typing import Protocol

from assay.contracts.evaluations import Provider
from assay.contracts.models import (
    ChatReply,
    ChatRequest,
    EmbeddingReply,
    EmbeddingRequest,
    ModelReply,
    ModelRequest,
)
from assay.contracts.provider_keys import KeyCheck, ProviderAccess


class LanguageModel(Protocol):
    """Model providers behind one call."""

    def offers(self, provider: Provider) -> bool:
        """Whether the operator's house access covers this provider."""

    def is_public(self, provider: Provider) -> bool:
        """Whether that access goes to the provider's public address, not to one of the operator's own."""

    async def complete(self, request: ModelRequest, access: ProviderAccess | None = None) -> ModelReply:
        """Ask once, without retries of its own; failures are the model errors of `assay.errors`.

        Args:
            access: a project's own key, of the request's provider; None asks on the operator's house access.
        """

    async def chat(self, request: ChatRequest, access: ProviderAccess | None = None) -> ChatReply:
        """One turn of a conversation with tools; otherwise like `complete`."""

    async def embed(self, request: EmbeddingRequest, access: ProviderAccess | None = None) -> EmbeddingReply:
        """The vectors of texts; otherwise like `complete`."""


class ProviderDirectory(Protocol):
    """What providers say about a key."""

    def endpoint_problem(self, url: str) -> str | None:
        """What is wrong with an Azure endpoint, in one sentence; None if it may be called."""

    async def check(self, access: ProviderAccess) -> KeyCheck:
        """Ask the provider whether it takes the key; never raises for what the provider does.

        What can be seen without asking (`endpoint_problem`, the key's format) is part of the check.
        """

    async def models(self, access: ProviderAccess) -> list[str]:
        """The names of the models that the key may use; empty where the provider does not say."""
