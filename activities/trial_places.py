"""The places in the trial that a batch holds: taken several at a time before models are asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from assay.contracts.evaluations import TrialPlace
from assay.errors import StoreUnavailable
from assay.ports import TrialLedger

log = structlog.get_logger(__name__)

_RENEW_EVERY_SECONDS = 120.0
"""A place that is not renewed for some minutes is given to others."""


class TrialPlaces:
    """Reserves places for verdicts, and settles them.

    Args:
        limit: places of the project.
    """

    def __init__(self, trial: TrialLedger, project_id: int, *, limit: int) -> None:
        self._trial = trial
        self._project_id = project_id
        self._limit = limit
        self._held: set[UUID] = set()
        self._taking = asyncio.Lock()

    async def take(self, verdict_id: UUID, coming: Callable[[], Iterable[UUID]]) -> TrialPlace:
        """A place for a verdict, and in the same go for some that are wanted next, if there are more.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with self._taking:
            if verdict_id in self._held:
                return TrialPlace.RESERVED
            wanted = dict.fromkeys([verdict_id, *coming()])
            places = await self._trial.reserve_many(self._project_id, list(wanted), limit=self._limit)
            self._held.update(uuid for uuid, place in places.items() if place is TrialPlace.RESERVED)
            return places[verdict_id]

    async def settle(self, verdicts: Collection[UUID], skipped: Collection[UUID]) -> None:
        """Use up the places of verdicts, and give those of skipped ones back; only held ones count.

        If the registry is away they come back by themselves: what was paid for matters more than the count.
        """
        confirmed, released = self._held.intersection(verdicts), self._held.intersection(skipped)
        if not confirmed and not released:
            return
        try:
            await self._trial.settle_many(self._project_id, confirmed=confirmed, released=released)
        except StoreUnavailable as error:
            log.warning("trial places not settled", project_id=self._project_id, error=error.detail)
        self._held -= confirmed | released

    async def give_back(self) -> None:
        """Give the places back that were taken and not used."""
        await self.settle((), tuple(self._held))

    @asynccontextmanager
    async def renewing(self) -> AsyncIterator[None]:
        """Keep the places for as long as the block lasts."""
        task = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            task.cancel()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY_SECONDS)
            try:
                await self._trial.renew(self._project_id, tuple(self._held))
            except StoreUnavailable as error:
                log.warning("trial places not renewed", project_id=self._project_id, error=error.detail)
