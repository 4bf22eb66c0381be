"""Bodies and query parameters of clustering runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, override
from uuid import UUID

from pydantic import ConfigDict
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue

from api_shim.filters import ChoiceFilter, SingleIdFilter
from api_shim.pagination import PageQuery
from api_shim.schemas.clusters import ClusterResponse
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import (
    NOISE,
    ClusteringRun,
    ClusteringRunStatus,
    ClusteringTrigger,
)
from assay.contracts.clustering_workflows import DEFAULT_DAYS, DEFAULT_ITEMS, MOST_DAYS, MOST_ITEMS
from assay.contracts.wire import Integer, RequestModel, ResponseModel, Text, Timestamp, Uuid, refusal

MOST_SAMPLES: Final = 50
_SAMPLES: Final = 3

_LABEL = re.compile(r"[A-Za-z0-9._-]*")
_EXAMPLE: JsonDict = {"days": 14, "max_items": 5000, "run_label": "after-release"}


class _RunLabel(Text):
    @override
    def read(self, value: Any, source: Any) -> str:
        label = super().read(value, source)
        if not _LABEL.fullmatch(label):
            raise refusal("invalid_input", "Use letters, digits, dots, hyphens and underscores only.")
        return label

    @override
    def describe(self, schema: JsonSchemaValue) -> None:
        super().describe(schema)
        schema["pattern"] = f"^{_LABEL.pattern}$"


class JobRunRequest(RequestModel):
    """What a run looks at; everything may be left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    days: Annotated[int, Integer(1, MOST_DAYS)] = DEFAULT_DAYS
    """How far back items are looked for, by their own time."""
    max_items: Annotated[int, Integer(1, MOST_ITEMS)] = DEFAULT_ITEMS
    """Items at most; of more, a sample is drawn that stays the same from run to run."""
    run_label: Annotated[str, _RunLabel(max_length=40, blank=True)] = ""
    """Is appended to the run's `run_id`."""


class ClusteringRunRequest(JobRunRequest):
    """Which job runs, and what the run looks at; everything may be left out."""

    job_id: Uuid | None = None
    """The clustering job; null: the project has no jobs, and its clustering configuration counts."""


class ClusteringRunListQuery(PageQuery):
    """Which runs to send.

    Attributes:
        job_id: runs of this job.
        status: runs that came so far.
        analysis_level: runs of this level.
    """

    job_id: SingleIdFilter = None
    status: Annotated[ClusteringRunStatus | None, ChoiceFilter(ClusteringRunStatus)] = None
    analysis_level: Annotated[AnalysisLevel | None, ChoiceFilter(AnalysisLevel)] = None


class ClusteringRunShownQuery(RequestModel):
    """What to send with a run.

    Attributes:
        samples: items per cluster.
    """

    samples: Annotated[int, Integer(0, MOST_SAMPLES)] = _SAMPLES


class ClusteringCountsResponse(ResponseModel):
    """What a run found."""

    found: int
    """Items of the window that could have been drawn."""
    items: int
    """Items that were put into clusters, or found to belong to none."""
    without_text: int
    """Items that were drawn and say nothing."""
    clusters: int
    noise: int
    """Items that belong to no cluster."""
    died: tuple[int, ...]
    """Ids of clusters of the run before that are no more."""


class ClusteringRunReference(ResponseModel):
    """A run, in short."""

    id: UUID
    run_id: str
    """In the form that the events of the run have it."""
    job_id: UUID | None
    """Null: the project had no jobs."""
    job_name: str | None
    """At the time."""
    analysis_level: AnalysisLevel
    trigger: ClusteringTrigger
    status: ClusteringRunStatus
    reason: str | None
    """Why it was skipped or has failed."""
    window_start: Timestamp
    """The window is half-open, by the time of the items."""
    window_end: Timestamp
    counts: ClusteringCountsResponse
    previous: UUID | None
    """The run before, whose clusters these are compared with."""
    parameters: dict[str, Any]
    """Method, chosen granularity and its stability, embedding model and the like."""
    cost_usd: float | None
    """Of labels; null if a price is unknown."""
    started_at: Timestamp
    finished_at: Timestamp | None
    workflow_id: str
    """Id of the Temporal workflow."""
    url: str
    """The run as a page for people. The link is signed: it opens this page to whoever has it, for 30 days."""

    @classmethod
    def fields_of(cls, run: ClusteringRun, url: str) -> dict[str, Any]:
        """What a representation of `run` consists of."""
        counts = {name: getattr(run.counts, name) for name in ClusteringCountsResponse.model_fields}
        named: dict[str, Any] = {
            "job_name": run.job_name or None,
            "analysis_level": run.level,
            "reason": run.reason or None,
            "counts": ClusteringCountsResponse(**counts),
            "url": url,
        }
        return named | {
            name: getattr(run, name) for name in ClusteringRunReference.model_fields if name not in named
        }

    @staticmethod
    def of(run: ClusteringRun, url: str) -> ClusteringRunReference:
        """The representation of `run`.

        Args:
            url: of its page.
        """
        return ClusteringRunReference(**ClusteringRunReference.fields_of(run, url))


class ClusteringRunStarted(ClusteringRunReference):
    """A run that somebody asked for."""

    already_running: bool
    """Whether it was under way already: then it is as it was asked for before."""


class ClusteringRunResponse(ClusteringRunReference):
    """A run and its clusters."""

    step: str | None
    """The activity that a running run is at; null if that is not known."""
    clusters: list[ClusterResponse]
    """The largest first."""
    noise: ClusterResponse | None
    """What belongs to no cluster; null if everything does."""

    @classmethod
    def of_clusters(
        cls, fields: dict[str, Any], clusters: Sequence[ClusterResponse], step: str | None
    ) -> ClusteringRunResponse:
        """The representation of a run.

        Args:
            fields: of the run in short.
            clusters: noise included.
        """
        noise = next((each for each in clusters if each.id == NOISE), None)
        real = [each for each in clusters if each.id != NOISE]
        return cls(**fields, step=step, clusters=real, noise=noise)
