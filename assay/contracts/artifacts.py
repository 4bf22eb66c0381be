"""What was made of something and is kept under a digest of what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from assay.contracts.base import Contract, UtcDatetime


class ArtifactKind(StrEnum):
    """What it is."""

    TEXT = "text"
    """What work is about, kept while the work goes on: histories carry its digest only."""
    SUMMARY = "summary"
    SUMMARY_PART = "summary_part"
    """Notes on one piece of a text that is too long to be read at once."""
    EVALUATION_SUMMARY = "evaluation_summary"
    EVALUATION_SUMMARY_PART = "evaluation_summary_part"
    TRANSLATION = "translation"
    SENTIMENT = "sentiment"
    """What a model says of one text."""
    CLUSTER_LABELS = "cluster_labels"
    """What a model answered to the question for names of some clusters."""


KEPT: Final[Mapping[ArtifactKind, timedelta]] = MappingProxyType(
    {
        ArtifactKind.TEXT: timedelta(days=2),
        ArtifactKind.SUMMARY: timedelta(days=7),
        ArtifactKind.SUMMARY_PART: timedelta(days=2),
        ArtifactKind.EVALUATION_SUMMARY: timedelta(days=7),
        ArtifactKind.EVALUATION_SUMMARY_PART: timedelta(days=2),
        ArtifactKind.TRANSLATION: timedelta(minutes=15),
        ArtifactKind.SENTIMENT: timedelta(days=7),
        ArtifactKind.CLUSTER_LABELS: timedelta(days=2),
    }
)
"""For how long: work waits at most a day for what it needs; answers are of use for as long as people look at
the same traces. A translation is kept for its workflow's attempts, and for who was told to ask again."""


class Artifact(Contract):
    """A stored artifact.

    Attributes:
        digest: of all that it was made from (`assay.domain.digests`): equal digests, equal work.
        subject: whose it is (id of a trace, a generation, an evaluation); empty where nobody asks by that.
        variant: which of several for the same subject (mode and model).
        source: mark of the state that the subject was in; empty where that is not known.
        body: any JSON value.
    """

    project_id: int
    kind: ArtifactKind
    digest: str
    subject: str = ""
    variant: str = ""
    source: str = ""
    body: Any
    created_at: UtcDatetime

    @property
    def expires_at(self) -> UtcDatetime:
        """When it is forgotten."""
        return self.created_at + KEPT[self.kind]
