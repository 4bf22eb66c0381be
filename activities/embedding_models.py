"""Which model embeds a project's texts, and vectors that are made once for the same text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from activities.hosted_embeddings import HostedEmbeddings
from activities.keeping import keep_paid
from assay.contracts.embeddings import Vectors
from assay.ports import EmbeddingCache, EmbeddingModel


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
        WorkError: what the model raises; what was made before, and at the same time, is kept.
        StoreUnavailable: the cache did not answer.
    """

    async def keep(made: Mapping[str, Vectors]) -> None:
        await keep_paid(partial(asyncio.to_thread, cache.put, project_id, model.name, made))

    found = await asyncio.to_thread(cache.find, project_id, model.name, list(texts))
    wanted = {digest: text for digest, text in texts.items() if digest not in found}
    if wanted:
        await model.embed(project_id, wanted, keep)
    return len(wanted)
