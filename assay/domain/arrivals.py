"""How far an evaluation has come in the arrivals of its project, late ones included.

The store shows an arrival some time after the instant that it carries: an insert takes the instant when it
begins and shows its rows when it ends. So behind a place that was passed there can be new arrivals, though
not long behind. How many were passed is remembered for each of the last seconds; where there are more now,
some came late, and the whole second is looked at again (what was claimed of it is known).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from assay.contracts.evaluation_batches import Arrival, Place, Position

LOOK_BACK = timedelta(seconds=30)
"""How late an arrival may be shown: no insert runs longer than 20 seconds. `reconcile` finds later ones."""


def starting_at(since: datetime) -> Position:
    """The position of an evaluation that is to look at everything from an instant on."""
    return Position(since=since, place=Place(ingested_at=since))


def look_back_from(position: Position) -> datetime:
    """From when on arrivals behind the place are counted: a whole second, or the evaluation's beginning."""
    earliest = (position.place.ingested_at - LOOK_BACK).replace(microsecond=0)
    return max(position.since, earliest)


def late_seconds(position: Position, counts: Mapping[int, int]) -> list[int]:
    """The Unix seconds in which there is more now than was passed.

    Args:
        counts: arrivals per second from `look_back_from(position)` up to the place.
    """
    return [second for second, count in sorted(counts.items()) if count > position.passed.get(second, 0)]


def passed(position: Position, counts: Mapping[int, int], taken: Sequence[Arrival]) -> Position:
    """The position after arrivals were looked at.

    Args:
        counts: see `late_seconds`; the late ones among them were looked at, too.
        taken: arrivals after the place that were looked at, in order, without a gap.
    """
    place = position.place
    if taken:
        place = Place(ingested_at=taken[-1].ingested_at, uuid=taken[-1].uuid)
    moved = position.model_copy(update={"place": place})
    since = look_back_from(moved)
    total = Counter(counts) + Counter(unix_second(arrival.ingested_at) for arrival in taken)
    recent = {second: count for second, count in sorted(total.items()) if second >= int(since.timestamp())}
    return Position(since=since, place=place, passed=recent)


def unix_second(instant: datetime) -> int:
    """The whole second of an instant since 1970."""
    return int((instant - _EPOCH) // _SECOND)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
