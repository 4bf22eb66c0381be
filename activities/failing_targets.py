"""Which targets have failed before: one that fails wherever others succeed must not keep them waiting."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from uuid import UUID

from activities.model_gate import GateKey

REPEATED = 2
"""Failures from which a target, not its key, is held responsible."""

HOPELESS = 6
"""Failures after which a target is given up."""

_DEFECTS = 3
"""Unexpected failures after which a target is given up."""

_REMEMBERED = 10_000
"""Targets that are remembered; more than fail at the same time, unless everything does."""


@dataclass(frozen=True, slots=True)
class _Record:
    """Failures of a target.

    Attributes:
        failures: all of them.
        count: the first one, and those since with an answer to another question in between.
        answers: of the key at the time of the last one, see `Governor.answers`.
    """

    key: GateKey
    failures: int
    count: int
    answers: int


class FailingTargets:
    """Remembers the failures of targets, by the uuid of their verdict. One per process.

    A failure after which nobody had an answer until the target failed again is an outage, and counts once.

    Args:
        remembered: targets at most; the least recent failures are forgotten first.
    """

    def __init__(self, *, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._records: OrderedDict[UUID, _Record] = OrderedDict()
        self._defects: Counter[UUID] = Counter()

    def failed(self, verdict_id: UUID, key: GateKey, answers: int) -> None:
        """The provider gave no answer about a target.

        Args:
            answers: see `ModelGate.answers`.
        """
        known = self._records.get(verdict_id)
        failures = count = 1
        if known is not None and known.key == key:
            failures = known.failures + 1
            count = known.count + (answers > known.answers)
        self._records[verdict_id] = _Record(key, failures, count, answers)
        self._records.move_to_end(verdict_id)
        while len(self._records) > self._remembered:
            self._records.popitem(last=False)

    def is_first(self, verdict_id: UUID) -> bool:
        """Whether the target has failed once, so that it may have been an accident."""
        record = self._records.get(verdict_id)
        return record is not None and record.failures == 1

    def is_repeated(self, verdict_id: UUID) -> bool:
        """Whether the target has failed again after others had their answer."""
        return self._count(verdict_id) >= REPEATED

    def is_hopeless(self, verdict_id: UUID) -> bool:
        """Whether it has done so too often to be asked about again."""
        return self._count(verdict_id) >= HOPELESS

    def is_defective(self, verdict_id: UUID) -> bool:
        """Note that judging failed in a way that nobody foresaw; whether that was once too often."""
        self._defects[verdict_id] += 1
        given_up = self._defects[verdict_id] >= _DEFECTS
        if given_up or len(self._defects) > self._remembered:
            del self._defects[verdict_id if given_up else next(iter(self._defects))]
        return given_up

    def forget(self, verdict_id: UUID) -> None:
        """There is a judgement."""
        self._records.pop(verdict_id, None)

    def _count(self, verdict_id: UUID) -> int:
        record = self._records.get(verdict_id)
        return 0 if record is None else record.count
