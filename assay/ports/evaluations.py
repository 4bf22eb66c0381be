"""Where evaluations are kept, and the count of those that ran on the operator's key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
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

    async def active(self, project_id: int) -> Sequence[Evaluation]:
        """The active evaluations of a project that are not deleted, oldest first."""

    async def projects_with_active(self) -> Sequence[int]:
        """The projects that have such evaluations, in ascending order."""

    async def true_is_failure(self, project_id: int) -> frozenset[UUID]:
        """The evaluations of a project whose verdict `true` is the bad one, deleted ones included."""

    async def update(
        self, project_id: int, evaluation_id: UUID, change: Callable[[Evaluation], EvaluationSpec]
    ) -> Evaluation | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. Status follows `enabled` when that changes, and
        the version grows when something that decides verdicts changes.
        """

    async def fail(
        self,
        project_id: int,
        evaluation_id: UUID,
        reason: StatusReason,
        *,
        version: int | None = None,
        active_since: datetime | None = None,
    ) -> bool:
        """Put an active evaluation into `error`; True only for the call that made the transition.

        What the project's keys answer by now is no reason any more: an evaluation that has got a key does
        not stop for want of one, and one whose key is not `invalid` does not stop for that.

        Args:
            version: the only one that this is about; None: whichever is stored.
            active_since: one that has been active for less long is left alone: it was switched on after the
                caller looked. None: it does not matter.
        """


class TrialLedger(Protocol):
    """Counts verdicts on the operator's own model key, one row per verdict, so a retry counts once.

    A report that a model writes on that key counts as one verdict, by the id of its run.

    A place is reserved before the model is asked, and confirmed or released afterwards. There are never more
    places than the limit, whoever holds them. One that nobody has renewed for some minutes belongs to a
    process that is gone: it goes to the next who asks when there are no others left.
    """

    async def reserve(self, project_id: int, verdict_event_id: UUID, *, limit: int) -> TrialPlace:
        """Take one of `limit` places for this verdict, or renew the one it has."""

    async def reserve_many(
        self, project_id: int, verdict_event_ids: Collection[UUID], *, limit: int
    ) -> Mapping[UUID, TrialPlace]:
        """`reserve` for several verdicts at once; the first ones get the last places."""

    async def renew(self, project_id: int, verdict_event_ids: Collection[UUID]) -> None:
        """Keep reserved places for longer; what was lost stays lost."""

    async def confirm(self, project_id: int, verdict_event_id: UUID) -> None:
        """The verdict was reached: its place is used for good.

        A verdict whose place has gone to another does not count: it was paid for, and is kept.
        """

    async def release(self, project_id: int, verdict_event_id: UUID) -> None:
        """Give a reserved place back because no verdict came of it; a confirmed one stays."""

    async def settle_many(
        self, project_id: int, *, confirmed: Collection[UUID] = (), released: Collection[UUID] = ()
    ) -> frozenset[UUID]:
        """`confirm` and `release` for several verdicts at once.

        Returns:
            Those of `confirmed` that do not count.
        """

    async def used(self, project_id: int) -> int:
        """Confirmed places."""
