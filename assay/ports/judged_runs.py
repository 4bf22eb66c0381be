"""The runs of an evaluation as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from assay.contracts.evaluation_summaries import JudgedRun, RunFilter


class JudgedRuns(Protocol):
    """Verdicts of evaluations that pass, fail or do not apply; calls block, use a thread.

    A verdict that was written again counts once, as it was written last.
    """

    def newest(
        self,
        project_id: int,
        evaluation_id: UUID,
        *,
        which: RunFilter,
        generation_ids: Sequence[UUID] = (),
        limit: int,
    ) -> list[JudgedRun]:
        """The newest runs by their timestamps, newest first.

        Args:
            generation_ids: only runs on these generations; none: on any.
            limit: the most.
        """
