"""Where artifacts are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from assay.contracts.artifacts import Artifact, ArtifactKind


class ArtifactRepository(Protocol):
    """Artifacts of all projects; every call names the project. What has expired is not there."""

    async def put(self, artifact: Artifact) -> None:
        """Store an artifact; one of the same kind and digest is replaced. What has expired is removed."""

    async def put_all(self, artifacts: Sequence[Artifact]) -> None:
        """Store artifacts of different digests, all or none; else like `put`."""

    async def get(self, project_id: int, kind: ArtifactKind, digest: str) -> Artifact | None:
        """One artifact, or None."""

    async def get_all(
        self, project_id: int, kind: ArtifactKind, digests: Sequence[str]
    ) -> Mapping[str, Artifact]:
        """Those of these artifacts that there are, by their digests."""

    async def latest(
        self, project_id: int, kind: ArtifactKind, subjects: Sequence[str], variant: str
    ) -> Mapping[str, Artifact]:
        """The newest artifact of each of these subjects that has one of this variant."""
