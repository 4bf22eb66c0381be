"""What captured generations were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from assay.contracts.sentiment import GenerationInput, LatestGeneration
from assay.domain.filters.predicates import Filters


class GenerationInputs(Protocol):
    """Inputs of generations, each generation once however often it was sent; calls block, use a thread.

    Spans of time are half-open, their ends aware.
    """

    def of_traces(
        self,
        project_id: int,
        trace_ids: Sequence[str],
        *,
        since: datetime,
        until: datetime,
        limit: int,
        longest: int,
    ) -> Mapping[str, Sequence[GenerationInput]]:
        """The newest `limit` generations of each trace, newest first; traces without any are missing.

        Args:
            longest: characters; generations with longer inputs do not count.
        """

    def of_generations(
        self, project_id: int, uuids: Sequence[UUID], *, since: datetime, until: datetime, longest: int
    ) -> Mapping[UUID, GenerationInput]:
        """Those of these generations that there are.

        Args:
            longest: characters; a generation with a longer input counts as not there.
        """

    def latest(
        self,
        project_id: int,
        filters: Filters,
        *,
        since: datetime | None,
        until: datetime | None,
        now: datetime,
        limit: int,
    ) -> Sequence[LatestGeneration]:
        """The newest generations that pass the filters, of each trace one, newest first (then by trace id).

        Generations without a trace, or with a trace id of more than 1,000 characters, do not count. What is
        said of a trace is said of those of its generations that pass.

        Args:
            since, until: None: unbounded.
            now: what relative dates in the filters count from.
            limit: the most; of those with the same time, those with the greater trace ids.
        """
