"""Runs of clustering jobs whose workflow was terminated or lost: nobody else would record their end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from temporalio.client import Client

from assay.ports import ClusteringRunRepository
from assay.temporal.clustering_runs import close_if_ended

_NEW: Final = timedelta(minutes=1)
"""A run that is about to record its end itself."""

log = structlog.get_logger(__name__)


class ClusteringRunEnds:
    """Closes what has ended without a word, so that no other run of the same job waits for it.

    Args:
        client: what Temporal is reached through.
    """

    def __init__(self, *, client: Client, runs: ClusteringRunRepository) -> None:
        self._client = client
        self._runs = runs

    async def close(self) -> int:
        """Look at all runs that the registry believes to be under way; how many of them are not.

        Raises:
            StoreUnavailable: the registry did not answer.
            RPCError: Temporal does not answer, or does not let this caller.
        """
        before = datetime.now(UTC) - _NEW
        closed = 0
        for run in await self._runs.under_way():
            if run.started_at < before and await close_if_ended(self._client, self._runs, run):
                closed += 1
                log.warning("clustering run has ended without a word", run=run.run_id)
        return closed
