"""Bodies and query parameters of datasets."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict
from pydantic.config import JsonDict

from api_shim.filters import IdFilter, OrderBy, SearchFilter
from api_shim.pagination import PageQuery
from api_shim.representations import UserBasic
from assay.contracts.datasets import Dataset, DatasetFilters
from assay.contracts.wire import Boolean, JsonOrNull, RequestModel, ResponseModel, Text, Timestamp

_EXAMPLE: JsonDict = {
    "name": "Refund questions",
    "description": "Traces in which a customer asks for money back.",
    "metadata": {"tier": "gold", "tags": ["billing"]},
}


class DatasetFilterQuery(RequestModel):
    """Which datasets are seen."""

    id__in: IdFilter = None
    """Only these ids."""
    search: SearchFilter = ""
    """A piece of the name, of the description or of the metadata, in any case.

    Metadata is looked into as JSON text with one space after each colon and comma, keys included.
    """

    @property
    def filters(self) -> DatasetFilters:
        """The filters as the registry takes them."""
        return DatasetFilters(ids=self.id__in, search=self.search)


class DatasetListQuery(DatasetFilterQuery, PageQuery):
    """Filters, order and page of the list of datasets."""

    order_by: Annotated[tuple[str, ...], OrderBy(("created_at", "updated_at"))] = ()
    """Order; newest first if empty."""


class DatasetRequest(RequestModel):
    """A dataset, as clients write it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Annotated[str, Text(max_length=400)]
    """Name; need not be unique."""
    description: Annotated[str, Text(blank=True)] | None = None
    """What is collected."""
    metadata: JsonOrNull = None
    """Any JSON value."""
    deleted: Boolean | None = False
    """Whether the dataset is hidden; can be undone. Null counts as false."""


class DatasetResponse(ResponseModel):
    """A dataset."""

    id: UUID
    name: str
    description: str | None
    metadata: Any
    created_at: Timestamp
    updated_at: Timestamp
    deleted: bool | None
    created_by: UserBasic | None
    team: int
    """Id of the project."""

    @classmethod
    def of(cls, dataset: Dataset) -> DatasetResponse:
        """The representation of `dataset`."""
        return cls(
            id=dataset.id,
            name=dataset.name,
            description=dataset.description,
            metadata=dataset.metadata,
            created_at=dataset.created_at,
            updated_at=dataset.updated_at,
            deleted=dataset.deleted,
            created_by=UserBasic.of(dataset.created_by),
            team=dataset.project_id,
        )
