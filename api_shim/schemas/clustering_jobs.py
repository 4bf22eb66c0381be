"""Bodies of clustering jobs."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api_shim.schemas.clustering_config import EVENT_FILTERS_EXAMPLE
from assay.contracts.clustering import AnalysisLevel, ClusteringJob
from assay.contracts.wire import Boolean, Choice, JsonValue, RequestModel, ResponseModel, Text, Timestamp

_EXAMPLE: JsonDict = {
    "name": "Checkout assistant",
    "analysis_level": "trace",
    **EVENT_FILTERS_EXAMPLE,
}


class ClusteringJobRequest(RequestModel):
    """A clustering job, as clients write it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Annotated[str, Text(max_length=100)]
    """Name, unique in the project; case matters."""
    analysis_level: Annotated[AnalysisLevel, Choice()]
    """What is put into clusters."""
    event_filters: JsonValue = Field(default_factory=list)
    """Property filters: which events are looked at. They are kept as they are sent."""
    enabled: Boolean = True
    """Whether the job runs by itself."""


class ClusteringJobResponse(ResponseModel):
    """A clustering job."""

    id: UUID
    name: str
    analysis_level: AnalysisLevel
    event_filters: Any
    enabled: bool
    created_at: Timestamp
    updated_at: Timestamp

    @classmethod
    def of(cls, job: ClusteringJob) -> ClusteringJobResponse:
        """The representation of `job`."""
        return cls(**{name: getattr(job, name) for name in cls.model_fields})
