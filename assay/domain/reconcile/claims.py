"""Which claims without a verdict are gaps, and which of them are worth another try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from assay.contracts.evaluation_batches import BatchRef, Claim, Origin
from assay.contracts.reconcile import Gap, Hold
from assay.domain.evaluations import verdict_event_id
from assay.domain.reconcile.marks import SETTLED
from assay.domain.sampling import AUTOMATIC

LONGEST_REST: Final = timedelta(hours=1)
"""How long a batch that came to nothing is left alone at most."""

Group = tuple[UUID, Origin]
"""Claims that wait, or do not, together: of one evaluation and origin."""


def later_verdicts(claim: Claim, current_version: int) -> list[UUID]:
    """The verdicts of its target that later versions of the evaluation may have reached instead."""
    return [
        verdict_event_id(
            project_id=claim.batch.project_id,
            evaluation_id=claim.batch.evaluation_id,
            version=version,
            target=claim.target,
            trigger=AUTOMATIC,
        )
        for version in range(claim.evaluation_version + 1, current_version + 1)
    ]


@dataclass(slots=True)
class OpenBatch:
    """A batch with claims that have no verdict, of an evaluation that judges."""

    ref: BatchRef
    origin: Origin
    oldest: datetime
    claims: int = 0


class Comparison:
    """Counts claims without a verdict, page by page.

    Args:
        carried: holds that are not compared again now.
        compared: claims made before this are in a hold, if it is carried.

    Attributes:
        batches: those of evaluations that judge, by when their oldest claim was made first seen first.
        waiting: claims of evaluations that do not.
    """

    def __init__(self, carried: Iterable[Hold], compared: datetime) -> None:
        self._holds: dict[Group, Hold] = {_group(hold): hold for hold in carried}
        self._carried = frozenset(self._holds)
        self._compared = compared
        self.batches: dict[BatchRef, OpenBatch] = {}
        self.waiting = sum(hold.claims for hold in self._holds.values())

    def add(self, claim: Claim, claimed_at: datetime, *, waits: bool) -> None:
        """Count a claim."""
        group = (claim.batch.evaluation_id, claim.origin)
        if group in self._carried and claimed_at < self._compared:
            return
        self._hold(group, claimed_at)
        if waits:
            self.waiting += 1
            return
        batch = self.batches.setdefault(claim.batch, OpenBatch(claim.batch, claim.origin, claimed_at))
        batch.oldest = min(batch.oldest, claimed_at)
        batch.claims += 1

    @property
    def held(self) -> tuple[Hold, ...]:
        """What the next run has to compare again, in a fixed order."""
        return tuple(self._holds[group] for group in sorted(self._holds))

    def _hold(self, group: Group, claimed_at: datetime) -> None:
        known = self._holds.get(group)
        evaluation_id, origin = group
        self._holds[group] = Hold(
            evaluation_id=evaluation_id,
            origin=origin,
            oldest=min(known.oldest, claimed_at) if known else claimed_at,
            newest=max(known.newest, claimed_at) if known else claimed_at,
            claims=known.claims + 1 if known else 1,
        )


@dataclass(frozen=True, slots=True)
class BatchRun:
    """The latest run of a batch.

    Attributes:
        closed_at: None while it runs or is parked.
    """

    closed_at: datetime | None


def rests(batch: OpenBatch, run: BatchRun | None, now: datetime) -> bool:
    """Whether a batch that has ended without all its verdicts is left alone for now.

    One that ends so again and again is tried at growing distances, a quarter of its age apart.

    Args:
        run: None if there is none that anybody remembers.
    """
    if run is None or run.closed_at is None:
        return False
    return now < run.closed_at + min((run.closed_at - batch.oldest) / 4, LONGEST_REST)


def is_lost(run: BatchRun | None, claimed_at: datetime | None, now: datetime) -> bool:
    """Whether a batch that a stream waits for has ended without telling it.

    A batch tells before it ends, so a while after its end nothing is under way any more.

    Args:
        run: None if there is none that anybody remembers: it ended long ago, or was not started yet.
        claimed_at: when its oldest target was claimed; None if it has none any more.
    """
    if run is not None:
        return run.closed_at is not None and run.closed_at <= now - SETTLED
    return claimed_at is None or claimed_at <= now - SETTLED


def allot(gaps: Mapping[int, Sequence[Gap]], limit: int) -> dict[int, tuple[Gap, ...]]:
    """Which gaps are closed now: projects take turns until the limit is reached.

    Args:
        gaps: project id → its gaps, the most urgent first.
    """
    taken: dict[int, list[Gap]] = {}
    for turn in range(max(map(len, gaps.values()), default=0)):
        for project_id in sorted(gaps):
            if turn < len(gaps[project_id]) and limit > 0:
                taken.setdefault(project_id, []).append(gaps[project_id][turn])
                limit -= 1
    return {project_id: tuple(mine) for project_id, mine in taken.items()}


def _group(hold: Hold) -> Group:
    return hold.evaluation_id, hold.origin
