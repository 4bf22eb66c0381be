"""`/llm_analytics/clustering_config/`: what a project clusters."""

from __future__ import annotations

from api_shim.errors import ALL_DETAIL
from api_shim.operations import Call, Operation, Resource
from api_shim.schemas.clustering_config import ClusteringConfigResponse, EventFiltersRequest


async def retrieve_config(call: Call[None, None]) -> ClusteringConfigResponse:
    """Retrieve the clustering configuration.

    It is made, without filters, when it is first asked for.
    """
    return ClusteringConfigResponse.of(await call.deps.registry.clustering_config.get(call.project.id))


async def set_event_filters(call: Call[EventFiltersRequest, None]) -> ClusteringConfigResponse:
    """Set the event filters of the clustering configuration.

    All present ones are replaced; an empty list clears them.
    """
    form = await call.body()
    config = await call.deps.registry.clustering_config.set_event_filters(call.project.id, form.event_filters)
    return ClusteringConfigResponse.of(config)


RESOURCE = Resource(
    path="llm_analytics/clustering_config",
    scope="llm_analytics",
    operations=(
        Operation("retrieve", "GET", "", retrieve_config, response=ClusteringConfigResponse),
        Operation(
            "set_event_filters",
            "POST",
            "set_event_filters",
            set_event_filters,
            body=EventFiltersRequest,
            response=ClusteringConfigResponse,
            errors=ALL_DETAIL,
        ),
    ),
)
