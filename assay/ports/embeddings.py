"""Vectors of texts: what makes them, and where they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from assay.contracts.embeddings import Vectors


class EmbeddingModel(Protocol):
    """Turns texts into vectors; similar texts get similar ones."""

    @property
    def name(self) -> str:
        """Which model it is: vectors of different models cannot be compared."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, in their order; blocks, so call it in a thread."""


class EmbeddingCache(Protocol):
    """Vectors by the digest of the text that they were made from; blocks."""

    def find(self, project_id: int, model: str, digests: Sequence[str]) -> Mapping[str, Vectors]:
        """The vectors (one dimension) that there are of these texts."""

    def put(self, project_id: int, model: str, vectors: Mapping[str, Vectors]) -> None:
        """Store vectors (one dimension) by digest; storing one again changes nothing."""
