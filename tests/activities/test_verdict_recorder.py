"""Verdicts are written as they come, whatever becomes of the ones before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from activities.batches import Verdict
from activities.verdict_recorder import VerdictRecorder
from assay.contracts.evaluation_batches import BatchRef, Claim, Origin
from assay.contracts.evaluations import Judgement
from assay.errors import EventsRejected, StoreUnavailable


def verdict(number: int) -> Verdict:
    claim = Claim(
        batch=BatchRef(project_id=1, evaluation_id=UUID(int=0), dispatch_id="d", number=0),
        evaluation_version=1,
        target=uuid4(),
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        size=1,
        origin=Origin.LIVE,
        verdict_event_id=UUID(int=number),
    )
    return claim, Judgement(evaluation_version=1, verdict_event_id=UUID(int=number)), None


class Ledger:
    """Where verdicts go.

    Attributes:
        failures: raised by the next writes, in turn.
        numbers: of the verdicts that are written.
    """

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.numbers: list[int] = []

    async def write(self, verdicts: Sequence[Verdict]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.numbers += [judgement.verdict_event_id.int for _, judgement, _ in verdicts]


async def test_a_write_that_fails_for_good_costs_none_that_come_later() -> None:
    ledger = Ledger(EventsRejected("no"))
    recorder = VerdictRecorder(ledger.write)
    recorder.add(verdict(1))
    await asyncio.sleep(0)  # 1 is being written
    recorder.add(verdict(2))
    while not recorder.is_broken:  # noqa: ASYNC110  (it tells nobody)
        await asyncio.sleep(0)
    recorder.add(verdict(3))

    with pytest.raises(EventsRejected):
        await recorder.flush()

    assert ledger.numbers == [2, 3]
    recorder.add(verdict(4))
    await recorder.close()
    assert ledger.numbers == [2, 3, 4]


async def test_who_is_cancelled_while_the_store_is_away_tries_once_more() -> None:
    ledger = Ledger(StoreUnavailable("away"))
    recorder = VerdictRecorder(ledger.write)
    recorder.add(verdict(1))
    while recorder.is_in_order:  # noqa: ASYNC110  (it tells nobody)
        await asyncio.sleep(0)

    await recorder.close()

    assert ledger.numbers == [1]
