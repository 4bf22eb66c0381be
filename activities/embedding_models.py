"""Which model embeds a project's texts, and vectors that are made once for the same text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import batched
from typing import Final

from activities.hosted_embeddings import HostedEmbeddings
from assay.ports import EmbeddingCache, EmbeddingModel

_AT_ONCE: Final = 400
"""Texts whose vectors are made and stored before the next: what a retry does not have to pay for again."""


class LocalOnly:
    """`assay.ports.EmbeddingModels` of an installation that embeds all texts itself."""

    def __init__(self, local: EmbeddingModel) -> None:
        self._local = local

    async def of(self, project_id: int) -> EmbeddingModel:
        """The one model that there is."""
        return self._local


class HostedOrLocal:
    """`assay.ports.EmbeddingModels`: the hosted model for projects that it serves, a local one for others.

    Vectors are kept by the name of their model, so those of the two never meet: a project that gives its
    consent has its texts embedded anew.
    """

    def __init__(self, hosted: HostedEmbeddings, local: EmbeddingModel) -> None:
        self._hosted = hosted
        self._local = local

    async def of(self, project_id: int) -> EmbeddingModel:
        """The model as things are now; raises what `HostedEmbeddings.serves` raises."""
        return self._hosted if await self._hosted.serves(project_id) else self._local


async def keep_vectors(
    model: EmbeddingModel, cache: EmbeddingCache, project_id: int, texts: Mapping[str, str]
) -> int:
    """See to it that texts have vectors by the name of a model.

    Args:
        texts: by their digests.

    Returns:
        How many vectors were made; the others were there.

    Raises:
        WorkError: what the model raises; what was made before is kept.
        StoreUnavailable: the cache did not answer.
    """
    found = await asyncio.to_thread(cache.find, project_id, model.name, list(texts))
    wanted = [digest for digest in texts if digest not in found]
    for digests in batched(wanted, _AT_ONCE):
        vectors = await model.embed(project_id, [texts[digest] for digest in digests])
        made = dict(zip(digests, vectors, strict=True))
        await asyncio.to_thread(cache.put, project_id, model.name, made)
    return len(wanted)
