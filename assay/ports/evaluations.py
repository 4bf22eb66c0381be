"""Where evaluations are kept, and the count of those that ran on the operator's key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from assay.contracts.evaluations import (
    Evaluation,
    EvaluationQuery,
    EvaluationSpec,
    StatusReason,
    TrialPlace,
)


class EvaluationRepository(Protocol):
    """Evaluations of all projects; every call names the project, so no project sees another's."""

    async def create(self, project_id: int, spec: EvaluationSpec, *, created_by: int | None) -> Evaluation:
        """Store a new evaluation: `active` if enabled, else `paused`; version 1."""

    async def get(
        self, project_id: int, evaluation_id: UUID, *, include_deleted: bool = False
    ) -> Evaluation | None:
        """One evaluation, or None."""

    async def list(self, project_id: int, query: EvaluationQuery) -> tuple[int, list[Evaluation]]:
        """Number of matching evaluations that are not deleted, and one page of them."""

    async def update(
        self, project_id: int, evaluation_id: UUID, change: Callable[[Evaluation], EvaluationSpec]
    ) -> Evaluation | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. Status follows `enabled` when that changes, and
        the version grows when something that decides verdicts changes.
        """

    async def fail(
        self, project_id: int, evaluation_id: UUID, reason: StatusReason, *, version: int | None = None
    ) -> bool:
        """Put an active evaluation into `error`; True only for the call that made the transition.

        Args:
            version: the only one that this is about; None: whichever is stored.
        """


class TrialLedger(Protocol):
    """Counts verdicts on the operator's own model key, one row per verdict, so a retry counts once.

    A place is reserved before the model is asked, and confirmed or released afterwards; a reservation whose
    process died comes back by itself.
    """

    async def reserve(self, project_id: int, verdict_event_id: UUID, *, limit: int) -> TrialPlace:
        """Take one of `limit` places for this verdict."""

    async def confirm(self, project_id: int, verdict_event_id: UUID) -> None:
        """The verdict was reached: its place is used for good."""

    async def release(self, project_id: int, verdict_event_id: UUID) -> None:
        """Give a reserved place back because no verdict came of it; a confirmed one stays."""

    async def used(self, project_id: int) -> int:
        """Confirmed places."""
