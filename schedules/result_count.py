"""How many new results a report has, as far as is known, and when to count them; pure.

Hints say that results were stored; they are quick, and can be lost, doubled or of results that do not count.
So nothing is decided by them: they only say when counting may be worth it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from assay.contracts.report_workflows import ResultsObserved

COUNT_EVERY: Final = timedelta(hours=1)
"""However little was heard of, results are counted after so long."""


@dataclass(frozen=True, slots=True)
class ResultCount:
    """What is known of the results since the last report.

    Attributes:
        pending: results heard of that the last count may not have seen.
        counted: results that the last count found.
        counted_until: up to where it looked; None: nobody has counted yet.
        held_until: counting is no use before; None: it is at any time.
    """

    pending: int = 0
    counted: int = 0
    counted_until: datetime | None = None
    held_until: datetime | None = None

    def heard(self, observed: ResultsObserved) -> Self:
        """After a hint; one that the last count has seen changes nothing."""
        if self.counted_until is not None and observed.up_to <= self.counted_until:
            return self
        return replace(self, pending=self.pending + observed.count)

    def counting(self) -> Self:
        """When a count begins: what is heard of from now on is not sure to be in it."""
        return replace(self, pending=0)

    def found(self, counted: int, until: datetime) -> Self:
        """After a count."""
        return replace(self, counted=counted, counted_until=until, held_until=None)

    def held(self, until: datetime | None) -> Self:
        """Do not count before `until`; None: whenever it may be worth it."""
        return replace(self, held_until=until)

    def is_to_count(self, threshold: int, now: datetime) -> bool:
        """Whether there may be enough results, or nobody has looked for long."""
        if self.held_until is not None:
            return now >= self.held_until
        return (
            self.counted_until is None
            or self.counted + self.pending >= threshold
            or now >= self.counted_until + COUNT_EVERY
        )

    def next_look(self) -> datetime | None:
        """When to count if nothing is heard of; None: at once."""
        if self.held_until is not None:
            return self.held_until
        return None if self.counted_until is None else self.counted_until + COUNT_EVERY
