"""The models that embed texts, as the operator has chosen them."""

from __future__ import annotations

from functools import cache

from activities.embedding_models import HostedOrLocal, LocalOnly
from activities.hosted_embeddings import HostedEmbeddings
from activities.judge_models import JudgeModels
from activities.model_gate import ModelGate
from assay.adapters.embeddings import StaticEmbeddings
from assay.domain.embedding import hosted_model
from assay.ports import EmbeddingModels, Registry
from assay.runtime.settings import Settings


def embedding_models(
    settings: Settings, registry: Registry, *, models: JudgeModels, gate: ModelGate
) -> EmbeddingModels:
    """The local model, or the hosted one for the projects that it serves.

    Args:
        models, gate: shared with judging, whose keys are used.
    """
    local = _local_model()
    if settings.embedding_model is None:
        return LocalOnly(local)
    hosted = HostedEmbeddings(
        hosted_model(settings.embedding_model), access=registry.access, models=models, gate=gate
    )
    return HostedOrLocal(hosted, local)


@cache
def _local_model() -> StaticEmbeddings:
    """One for the whole process: its weights take tens of megabytes."""
    return StaticEmbeddings()
