"""Deliveries that end as a test says."""

from __future__ import annotations

from temporalio import activity

from assay.contracts.report_run_workflows import DeliverOutcome, DeliverReport
from assay.errors import WorkError


class ScriptedDeliveries:
    """Delivers to nobody.

    Args:
        refused: recipient key → why it gets nothing.
        unreachable: recipient key → what every attempt fails with.

    Attributes:
        delivered: every attempt, by recipient key.
    """

    def __init__(
        self, refused: dict[str, str] | None = None, unreachable: dict[str, WorkError] | None = None
    ) -> None:
        self._refused = refused or {}
        self._unreachable = unreachable or {}
        self.delivered: list[str] = []

    @activity.defn(name="deliver-report")
    async def deliver(self, wanted: DeliverReport) -> DeliverOutcome:
        self.delivered.append(wanted.recipient_key)
        if wanted.recipient_key in self._unreachable:
            raise self._unreachable[wanted.recipient_key]
        return DeliverOutcome(
            recipient_key=wanted.recipient_key, error=self._refused.get(wanted.recipient_key)
        )
