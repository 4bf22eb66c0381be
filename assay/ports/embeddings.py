"""Vectors of texts: what makes them, and where they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from assay.contracts.embeddings import KeepVectors, Vectors


class EmbeddingModel(Protocol):
    """Turns texts into vectors; similar texts get similar ones."""

    @property
    def name(self) -> str:
        """Which model it is: vectors of different models cannot be compared."""

    @property
    def is_third_party(self) -> bool:
        """Whether texts leave the installation, which a project's organisation has to consent to."""

    async def embed(self, project_id: int, texts: Mapping[str, str], keep: KeepVectors) -> None:
        """Make the vectors of texts; a text without words has zeros.

        Args:
            project_id: whose texts they are, which decides who is asked with which key.
            texts: by their digests.
            keep: gets vectors as soon as they are made: what was paid for is kept, whatever comes then.

        Raises:
            WorkError: there is nobody to ask, or they did not answer; or what `keep` raises.
        """


class EmbeddingModels(Protocol):
    """Which model embeds a project's texts."""

    async def of(self, project_id: int) -> EmbeddingModel:
        """The model as things are now.

        It may be another one the next time, by the name of which nothing is found that this one made: ask
        once for what belongs together, and keep the name.
        """


class EmbeddingCache(Protocol):
    """Vectors by the digest of the text that they were made from; blocks."""

    def find(self, project_id: int, model: str, digests: Sequence[str]) -> Mapping[str, Vectors]:
        """The vectors (one dimension) that there are of these texts."""

    def put(self, project_id: int, model: str, vectors: Mapping[str, Vectors]) -> None:
        """Store vectors (one dimension) by digest; storing one again changes nothing."""
