"""Who goes first where work waits for a worker: first by priority, then by turns of the projects."""

from __future__ import annotations

from enum import IntEnum

from temporalio.common import Priority


class Rank(IntEnum):
    """Priority keys, the smaller the sooner."""

    MANUAL = 1
    """Somebody waits for it."""
    ONLINE = 2
    REPORTS = 3
    SUMMARIES = 4
    BACKFILL = 5


def fair(rank: Rank, project_id: int) -> Priority:
    """The priority of a workflow or activity, whose project takes turns with the others of its rank."""
    return Priority(priority_key=rank, fairness_key=str(project_id))
