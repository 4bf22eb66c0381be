"""Bodies and query parameters of dataset items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, override
from uuid import UUID

from pydantic import ConfigDict
from pydantic.config import JsonDict

from api_shim.pagination import PageQuery
from api_shim.representations import UserBasic
from assay.contracts.datasets import DatasetItem
from assay.contracts.wire import (
    Boolean,
    Instant,
    JsonOrNull,
    Reference,
    RequestModel,
    ResponseModel,
    Text,
    Timestamp,
)
from assay.contracts.wire_rules import ReferenceRule

_EXAMPLE: JsonDict = {
    "dataset": "0199d5a8-6f2e-7c31-9a54-0c8e1f6b7d20",
    "input": [{"role": "user", "content": "Can I have my money back?"}],
    "output": {"role": "assistant", "content": "Within 30 days, yes."},
    "metadata": {"language": "en"},
    "ref_trace_id": "f3a1c0de-trace",
    "ref_timestamp": "2026-11-21T01:58:21Z",
    "ref_source_id": "f3a1c0de-generation",
}


class _DatasetFilter(ReferenceRule):
    """The id of a dataset; an empty text filters nothing."""

    @override
    def validate(self, value: Any, source: Any, inner: Callable[[Any], Any]) -> Any:
        return None if value == "" else self.read(value, source)


class DatasetItemFilterQuery(RequestModel):
    """Which items are seen."""

    dataset: Annotated[UUID | None, _DatasetFilter()] = None
    """Only items of this dataset of the project."""


class DatasetItemListQuery(DatasetItemFilterQuery, PageQuery):
    """Filter and page of the list of items, newest first."""


class DatasetItemRequest(RequestModel):
    """An item of a dataset, as clients write it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    dataset: Reference
    """Id of a dataset of the project, deleted ones included."""
    input: JsonOrNull = None
    """What the model was given: any JSON value."""
    output: JsonOrNull = None
    """What the model answered: any JSON value."""
    metadata: JsonOrNull = None
    """Any JSON value."""
    ref_trace_id: Annotated[str, Text(max_length=255, blank=True)] | None = None
    """The trace that the item was taken from."""
    ref_timestamp: Instant | None = None
    """When that trace was."""
    ref_source_id: Annotated[str, Text(max_length=255, blank=True)] | None = None
    """The event in that trace that the item was taken from."""
    deleted: Boolean | None = False
    """Whether the item is hidden; can be undone. Null counts as false."""


class DatasetItemResponse(ResponseModel):
    """An item of a dataset."""

    id: UUID
    dataset: UUID
    input: Any
    output: Any
    metadata: Any
    ref_trace_id: str | None
    ref_timestamp: Timestamp | None
    ref_source_id: str | None
    deleted: bool | None
    created_at: Timestamp
    updated_at: Timestamp
    created_by: UserBasic | None
    team: int
    """Id of the project."""

    @classmethod
    def of(cls, item: DatasetItem) -> DatasetItemResponse:
        """The representation of `item`."""
        return cls(
            id=item.id,
            dataset=item.dataset_id,
            input=item.input,
            output=item.output,
            metadata=item.metadata,
            ref_trace_id=item.ref_trace_id,
            ref_timestamp=item.ref_timestamp,
            ref_source_id=item.ref_source_id,
            deleted=item.deleted,
            created_at=item.created_at,
            updated_at=item.updated_at,
            created_by=UserBasic.of(item.created_by),
            team=item.project_id,
        )
