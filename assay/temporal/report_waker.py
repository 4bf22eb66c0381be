"""Tells reports of results that were stored: seldom, and all of them together."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog

from assay.contracts.events import EVALUATION, Event
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_workflows import ResultsObserved
from assay.contracts.wire import parse_uuid
from assay.ports import ReportCalendar

log = structlog.get_logger(__name__)

OBSERVE_SECONDS: Final = 5.0
"""A report hears of results once in this time."""

KNOWN_SECONDS: Final = 30.0
"""How long it is believed which reports of an evaluation go by results."""

_MOST_PATIENT_SECONDS: Final = 60.0
_LAST_WORDS_SECONDS: Final = 2.0
_TOLD_TOGETHER: Final = 8

Tell = Callable[[ReportRef, ResultsObserved], Awaitable[None]]


class ReportWaker:
    """Counts verdicts per evaluation, and passes the counts on to the reports that go by them.

    While Temporal or the registry is away, it is tried again. What is not told when this process ends is
    found by the reports themselves, which count once an hour.

    Args:
        tell: tells a report.
        calendar: says which reports go by results.
    """

    def __init__(self, tell: Tell, calendar: ReportCalendar) -> None:
        self._tell = tell
        self._calendar = calendar
        self._seen: Counter[tuple[int, UUID]] = Counter()
        self._untold: Counter[ReportRef] = Counter()
        self._up_to = datetime.min.replace(tzinfo=UTC)
        self._known: dict[tuple[int, UUID], tuple[float, list[UUID]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def stored(self, events: Sequence[Event]) -> None:
        """Events were stored. Call it in the event loop; it returns at once."""
        found = Counter(filter(None, map(_reported, events)))
        if not found:
            return
        self._seen += found
        self._up_to = datetime.now(UTC)
        if self._task is None and not self._closing.is_set():
            self._task = asyncio.create_task(self._serve())

    async def aclose(self) -> None:
        """Tell what was not told yet, if that is quick, and end."""
        self._closing.set()
        if self._task is not None:
            task = self._task
            await asyncio.wait([task], timeout=_LAST_WORDS_SECONDS)
            task.cancel()

    async def _serve(self) -> None:
        try:
            pause = OBSERVE_SECONDS
            while self._seen or self._untold:
                await self._pause(pause)
                is_told = await self._pass_on()
                pause = OBSERVE_SECONDS if is_told else min(2 * pause, _MOST_PATIENT_SECONDS)
                if self._closing.is_set():
                    break
        finally:
            # No await since there was nothing left, so the next verdict starts a task of its own.
            self._task = None

    async def _pass_on(self) -> bool:
        """Tell everybody; whether all heard it. Those who did not, hear it the next time."""
        is_addressed = await self._address()
        up_to = self._up_to
        turns = asyncio.Semaphore(_TOLD_TOGETHER)

        async def tell(report: ReportRef) -> bool:
            async with turns:
                count = self._untold[report]
                try:
                    await self._tell(report, ResultsObserved(count=count, up_to=up_to))
                except Exception as error:  # whatever it is, results go on waiting to be told
                    log.warning("report not told", report_id=str(report.report_id), reason=str(error))
                    return False
            del self._untold[report]
            return True

        return all([*await asyncio.gather(*map(tell, list(self._untold))), is_addressed])

    async def _address(self) -> bool:
        """From evaluations to their reports; False if the registry could not say."""
        self._known = {
            key: known for key, known in self._known.items() if time.monotonic() - known[0] < KNOWN_SECONDS
        }
        for key in list(self._seen):
            try:
                reports = await self._reports(key)
            except Exception as error:  # likewise
                log.warning("reports not known", evaluation_id=str(key[1]), reason=str(error))
                return False
            count = self._seen.pop(key)
            self._untold.update({ReportRef(project_id=key[0], report_id=found): count for found in reports})
        return True

    async def _reports(self, key: tuple[int, UUID]) -> list[UUID]:
        if key not in self._known:
            self._known[key] = time.monotonic(), await self._calendar.threshold_reports(*key)
        return self._known[key][1]

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return


def _reported(event: Event) -> tuple[int, UUID] | None:
    """Project and evaluation of a verdict that reports count; None for everything else."""
    if event.event != EVALUATION or event.properties.get("$ai_evaluation_skipped") is True:
        return None
    evaluation_id = parse_uuid(event.properties.get("$ai_evaluation_id"))
    return None if evaluation_id is None else (event.project_id, evaluation_id)
