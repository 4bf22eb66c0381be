"""The receipt of one delivery, as one attempt knows it.

An attempt that Temporal gave up as lost may still be alive: a worker stood still and goes on. So two attempts
can be at the same delivery. Each writes over what it has seen, and over nothing else; who meets what another
has written stops.
"""

from __future__ import annotations

from typing import Any

from assay.contracts.report_runs import Delivery
from assay.ports import ReportRunRepository


class Overtaken(Exception):
    """Another attempt has moved the delivery on.

    Attributes:
        stored: what is known of the delivery now.
    """

    def __init__(self, stored: Delivery) -> None:
        super().__init__("Another attempt delivers this report too.")
        self.stored = stored


class Receipt:
    """What an attempt knows of a delivery.

    Args:
        known: as it is stored.
    """

    def __init__(self, runs: ReportRunRepository, project_id: int, known: Delivery) -> None:
        self._runs = runs
        self._project_id = project_id
        self.known = known

    async def check(self) -> None:
        """Look whether the delivery still is where this attempt left it.

        Raises:
            Overtaken: it is not.
        """
        deliveries = await self._runs.deliveries(self._project_id, self.known.run_id)
        key = self.known.recipient.key
        stored = next((found for found in deliveries if found.recipient.key == key), self.known)
        if stored != self.known:
            raise Overtaken(stored)

    async def keep(self, **changes: Any) -> None:
        """Store how far the delivery is.

        Args:
            changes: fields of `Delivery`.

        Raises:
            Overtaken: another attempt stored something meanwhile, and that stays.
        """
        wanted = self.known.model_copy(update=changes)
        stored = await self._runs.save_delivery(self._project_id, wanted, over=self.known)
        if stored != wanted:
            raise Overtaken(stored)
        self.known = stored
