"""Models that turn texts into vectors."""

from assay.adapters.embeddings.static import StaticEmbeddings

__all__ = ["StaticEmbeddings"]
