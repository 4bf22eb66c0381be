"""Bodies of the clustering configuration."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict
from pydantic.config import JsonDict

from assay.contracts.clustering import ClusteringConfig
from assay.contracts.wire import Items, RequestModel, ResponseModel, Timestamp

EVENT_FILTERS_EXAMPLE: JsonDict = {
    "event_filters": [{"key": "$ai_model", "value": "gpt-5-mini", "operator": "exact", "type": "event"}]
}


class EventFiltersRequest(RequestModel):
    """The filters that take the place of the present ones."""

    model_config = ConfigDict(json_schema_extra={"examples": [EVENT_FILTERS_EXAMPLE]})

    event_filters: Annotated[list[Any], Items()]
    """Property filters; empty admits all events. They are kept as they are sent."""


class ClusteringConfigResponse(ResponseModel):
    """What the project clusters."""

    event_filters: tuple[Any, ...]
    created_at: Timestamp
    updated_at: Timestamp

    @classmethod
    def of(cls, config: ClusteringConfig) -> ClusteringConfigResponse:
        """The representation of `config`."""
        return cls(
            event_filters=config.event_filters, created_at=config.created_at, updated_at=config.updated_at
        )
