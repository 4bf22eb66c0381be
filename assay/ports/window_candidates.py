"""Traces and generations of a span of time, as candidates for a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.contracts.summarization_windows import Candidate, Draw
from assay.domain.filters.predicates import Filters


class WindowCandidates(Protocol):
    """Draws candidates, of each size some; calls block, use a thread.

    Within a size, the order is drawn by lot: it depends on the candidates and the `lot` alone, so that asking
    again gives the same, also when others have joined.
    """

    def traces(self, project_id: int, filters: Filters, draw: Draw) -> Sequence[Candidate]:
        """Traces whose last event of all is in the window, if one of their events passes the filters.

        A trace's size is its number of events; sizes of one power of two are a stratum. What Assay itself
        wrote about a trace counts as none of its events.
        """

    def generations(self, project_id: int, filters: Filters, draw: Draw) -> Sequence[Candidate]:
        """Generations in the window that pass the filters: of a trace the last one, and all without a trace.

        A generation's size is its number of input tokens; the rest is as for `traces`.
        """
