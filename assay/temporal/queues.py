"""Task queues, by the resource that their activities use up."""

from __future__ import annotations

from enum import StrEnum


class TaskQueue(StrEnum):
    """Names are API: operators scale and pause workers by them."""

    MAIN = "assay"
    """Workflows and quick activities (stores)."""

    LLM = "assay-llm"
    """Model calls: many in flight, little CPU."""

    COMPUTE = "assay-compute"
    """Hog programs: few in flight, all CPU."""
