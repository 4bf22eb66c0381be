"""The sample of an evaluation, worked out again from the words of the documentation and from nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sampled:
    """An evaluation as these tests make them: one condition set, one filter at most.

    Attributes:
        rollout: per cent.
        tier: value of the property `tier` that it is for; None: any.
        is_judge: whether a model is asked.
    """

    id: str
    project_id: int
    rollout: float
    tier: str | None
    is_judge: bool

    def takes(self, uuid: str, tier: str) -> bool:
        """Whether an event is in the sample: the first 32 bits of its MD5, modulo 10,000, decide."""
        bucket = int(hashlib.md5(uuid.encode(), usedforsecurity=False).hexdigest()[:8], 16) % 10_000
        return bucket < self.rollout * 100 and self.tier in (None, tier)

    def sample(self, captured: Iterable[Mapping[str, Any]]) -> set[str]:
        """The targets among captured generations: rows with `project_id`, `uuid` and `tier`."""
        return {
            row["uuid"]
            for row in captured
            if row["project_id"] == self.project_id and self.takes(row["uuid"], row["tier"])
        }


def conditions(rollout: float, tier: str | None) -> list[dict[str, Any]]:
    """The conditions of such an evaluation, as the API takes them."""
    filters = [{"key": "tier", "type": "event", "operator": "exact", "value": tier}] if tier else []
    return [{"id": "only", "rollout_percentage": rollout, "properties": filters}]
