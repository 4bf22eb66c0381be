"""What reports read of the event store: verdicts by their arrival."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol
from uuid import UUID

from assay.contracts.report_data import Bucket, ReportedResult, Window

__all__ = ["Bucket", "ReportData", "ReportedResult", "VerdictArrivals", "Window"]


class ReportData(Protocol):
    """Verdicts of evaluations, each once however often it was written; calls block, use a thread.

    Skipped verdicts are in nothing of this; verdicts that do not apply are (`na`). `true_is_failure` of the
    evaluation swaps `pass` and `fail`.
    """

    def count(self, window: Window) -> int:
        """How many results arrived."""

    def outcome_counts(self, window: Window, *, true_is_failure: bool) -> dict[str, int]:
        """Outcome → results."""

    def buckets(self, window: Window, *, by: str, true_is_failure: bool) -> list[Bucket]:
        """Outcomes over time, oldest first.

        Args:
            by: `hour` or `day` (UTC).
        """

    def results(
        self,
        window: Window,
        *,
        true_is_failure: bool,
        outcome: str | None = None,
        order: str = "recent",
        limit: int,
    ) -> list[ReportedResult]:
        """Some results.

        Args:
            outcome: only of this one.
            order: `recent` (newest arrival first), `random` (the same for the same window) or `score`.
            limit: the most; they come from at most that many.
        """

    def reasons(
        self, window: Window, *, true_is_failure: bool, outcome: str, limit: int
    ) -> list[tuple[str, int]]:
        """The most frequent reasonings of an outcome, with how often."""

    def nth_last_arrival(self, project_id: int, evaluation_id: UUID, n: int) -> datetime | None:
        """When the n-th last result arrived; None if there are fewer."""


class VerdictArrivals(Protocol):
    """Whether every verdict has arrived, of all projects; calls block, use a thread.

    A process that dies in the middle of an insert can leave verdicts without an arrival.
    """

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """A time in pieces that can be swept one by one, in order, without a gap."""

    def restore(self, since: datetime, until: datetime) -> int:
        """Enter the verdicts of a time that never arrived, as arriving now; returns how many there were.

        Doing it again, or twice at once, lets no verdict count twice.

        Args:
            since, until: when the store took them; half-open. No insert of that time may still be running.
        """
