"""Datasets and their items: traces that a team collected as examples."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from assay.contracts.access import User
from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.lists import ListQuery


class DatasetSpec(Contract):
    """What a client decides about a dataset.

    Attributes:
        metadata: any JSON value.
        deleted: whether it is hidden; None is kept as it was sent and means that it is not.
    """

    name: str
    description: str | None = None
    metadata: Any = None
    deleted: bool | None = False


class Dataset(DatasetSpec):
    """A stored dataset."""

    id: UUID
    project_id: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None


class DatasetFilters(Contract):
    """Which datasets are seen.

    Attributes:
        ids: only these; None is no filter.
        search: a piece of the name, the description or the metadata's JSON text, in any case.
    """

    ids: tuple[UUID, ...] | None = None
    search: str = ""


class DatasetQuery(ListQuery, DatasetFilters):
    """Filters, order (created_at, updated_at; newest first by default) and page of datasets."""


class DatasetItemSpec(Contract):
    """What a client decides about an item.

    Attributes:
        input, output, metadata: any JSON value.
        ref_trace_id, ref_timestamp, ref_source_id: where the item was taken from.
        deleted: as for a dataset.
    """

    dataset_id: UUID
    input: Any = None
    output: Any = None
    metadata: Any = None
    ref_trace_id: str | None = None
    ref_timestamp: UtcDatetime | None = None
    ref_source_id: str | None = None
    deleted: bool | None = False


class DatasetItem(DatasetItemSpec):
    """A stored item of a dataset."""

    id: UUID
    project_id: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None


class DatasetItemQuery(ListQuery):
    """Filter, order (newest first) and page of items.

    Attributes:
        dataset_id: only items of this dataset; None is no filter.
    """

    dataset_id: UUID | None = None
