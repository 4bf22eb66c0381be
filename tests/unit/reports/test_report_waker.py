"""Reports hear of results: together, again if they did not, and only those that go by results."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.contracts.events import EVALUATION, GENERATION, Event
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_workflows import ResultsObserved
from assay.errors import StoreUnavailable
from assay.temporal import report_waker
from assay.temporal.report_waker import ReportWaker

FIRST, SECOND = UUID(int=1), UUID(int=2)
REPORTS = {FIRST: [UUID(int=11), UUID(int=12)], SECOND: [UUID(int=21)]}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_waker, "OBSERVE_SECONDS", 0.02)
    monkeypatch.setattr(report_waker, "_MOST_PATIENT_SECONDS", 0.05)


def a_verdict(evaluation: object = FIRST, **changes: object) -> Event:
    values: dict[str, Any] = {
        "project_id": 1,
        "event": EVALUATION,
        "uuid": uuid4(),
        "distinct_id": "someone",
        "timestamp": datetime.now(UTC),
        "properties": {"$ai_evaluation_id": str(evaluation), "$ai_evaluation_result": True},
    }
    return Event.model_validate(values | changes)


class Listeners:
    """A registry that may be away, and reports that may not hear."""

    def __init__(self) -> None:
        self.told: list[tuple[UUID, int]] = []
        self.up_to: list[datetime] = []
        self.asked = 0
        self.away = 0
        self.deaf = 0

    async def threshold_reports(self, project_id: int, evaluation_id: UUID) -> list[UUID]:
        self.asked += 1
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        return REPORTS.get(evaluation_id, [])

    async def tell(self, report: ReportRef, observed: ResultsObserved) -> None:
        if self.deaf:
            self.deaf -= 1
            raise ConnectionError("no answer")
        self.told.append((report.report_id, observed.count))
        self.up_to.append(observed.up_to)

    def waker(self) -> ReportWaker:
        return ReportWaker(self.tell, self)  # type: ignore[arg-type]

    async def until(self, number: int) -> None:
        async with asyncio.timeout(40):
            while len(self.told) < number:  # noqa: ASYNC110  (nobody signals)
                await asyncio.sleep(0.005)


async def test_results_are_told_together_to_every_report() -> None:
    listeners, before = Listeners(), datetime.now(UTC)
    waker = listeners.waker()
    for _ in range(4):
        waker.stored([a_verdict(), a_verdict(), a_verdict(SECOND)])
    await listeners.until(3)
    await waker.aclose()
    assert sorted(listeners.told) == [(UUID(int=11), 8), (UUID(int=12), 8), (UUID(int=21), 4)]
    assert all(before <= up_to <= datetime.now(UTC) for up_to in listeners.up_to)


async def test_what_reports_do_not_count_is_not_told() -> None:
    listeners = Listeners()
    waker = listeners.waker()
    skipped = {"$ai_evaluation_id": str(FIRST), "$ai_evaluation_skipped": True}
    waker.stored(
        [
            a_verdict(event=GENERATION),
            a_verdict(properties=skipped),
            a_verdict("no uuid"),
            a_verdict(properties={}),
        ]
    )
    await waker.aclose()
    assert (listeners.told, listeners.asked) == ([], 0)


async def test_an_evaluation_is_not_looked_up_each_time() -> None:
    listeners = Listeners()
    waker = listeners.waker()
    for number in (2, 4, 6):
        waker.stored([a_verdict()])
        await listeners.until(number)
    await waker.aclose()
    assert listeners.asked == 1


async def test_what_was_not_heard_is_told_again() -> None:
    listeners = Listeners()
    listeners.away, listeners.deaf = 2, 1
    waker = listeners.waker()
    waker.stored([a_verdict(), a_verdict()])
    await listeners.until(2)
    await waker.aclose()
    assert sorted(listeners.told) == [(UUID(int=11), 2), (UUID(int=12), 2)]


async def test_what_is_left_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    listeners = Listeners()
    waker = listeners.waker()
    monkeypatch.setattr(report_waker, "OBSERVE_SECONDS", 60)
    waker.stored([a_verdict()])
    await waker.aclose()
    assert len(listeners.told) == 2
