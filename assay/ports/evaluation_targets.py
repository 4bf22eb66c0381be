"""What arrived to be judged, and the claims on it: which targets are judged for which evaluation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from assay.contracts.evaluation_batches import Arrival, BatchRef, Claim, Place
from assay.contracts.events import Event, EventRef


class EvaluationTargets(Protocol):
    """Generations in the order of their arrival, and claims; synchronous, like the event store it lives in.

    Claims are written by one writer per project (the workflow `evaluation-stream`): that is what keeps two
    batches from judging the same target.
    """

    def arrivals(self, project_id: int, *, after: Place, limit: int) -> list[Arrival]:
        """The first arrivals after a place, in order. One that was sent again arrives again."""

    def arrivals_per_second(self, project_id: int, *, since: datetime, up_to: Place) -> dict[int, int]:
        """Unix second of `ingested_at` → number of arrivals from `since` up to a place, inclusive both."""

    def arrivals_in(
        self, project_id: int, seconds: Collection[int], *, since: datetime, up_to: Place
    ) -> list[Arrival]:
        """The arrivals of some Unix seconds from `since` up to a place, inclusive both, in order."""

    def last_arrival(self, project_id: int) -> Place | None:
        """The newest arrival of a project; None if there is none, or only ones that are no longer kept."""

    def stored(self, project_id: int, *, after: Place, until: datetime, limit: int) -> list[Arrival]:
        """Generations by when the store took them, from the events themselves: slow, and complete.

        Args:
            until: exclusive.
        """

    def history(
        self,
        project_id: int,
        *,
        since: datetime,
        until: datetime,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Arrival]:
        """Generations of a window of timestamps, newest first (by timestamp, then uuid), each uuid once.

        Args:
            since, until: the window; half-open.
            before: only what comes after this one in that order.
        """

    def count_history(self, project_id: int, *, since: datetime, until: datetime) -> int:
        """How many generations `history` would return in all."""

    def properties(
        self, project_id: int, targets: Sequence[Arrival], *, long_values: Collection[str]
    ) -> Mapping[UUID, dict[str, Any]]:
        """Properties of generations, by uuid; those that are gone are missing.

        Args:
            long_values: which of the long properties (`$ai_input` …) to read besides all others.
        """

    def events(self, project_id: int, targets: Sequence[tuple[UUID, date]]) -> dict[UUID, Event]:
        """Generations in full, by uuid; those that are gone are missing."""

    def recorded(self, refs: Sequence[EventRef]) -> set[UUID]:
        """Which of these events are stored; all of one project and name. The ledger is asked this way."""

    def claim(self, claims: Sequence[Claim]) -> None:
        """Store claims, all of them or (on an error) possibly none; again changes nothing."""

    def claimed(
        self,
        project_id: int,
        evaluation_id: UUID,
        targets: Sequence[tuple[UUID, date]],
        *,
        version: int | None,
    ) -> set[UUID]:
        """Which targets are claimed for an evaluation.

        Args:
            version: only claims for that version of it; None: for any.
        """

    def claims_of(self, project_id: int, dispatch_id: str) -> list[Claim]:
        """What a dispatch has claimed, in the order of evaluation, batch, timestamp and uuid."""

    def claims_in(self, batch: BatchRef) -> list[Claim]:
        """The targets of a batch, ordered by timestamp and uuid. A target is in one batch of a version."""

    def unjudged(self, project_id: int, *, since: datetime, until: datetime, limit: int) -> list[Claim]:
        """The oldest claims of a time of claiming whose `verdict_event_id` is not in the store.

        Those that another version of the evaluation has judged are among them.
        """

    def claiming_projects(self, *, since: datetime) -> list[int]:
        """Projects with claims since then."""
