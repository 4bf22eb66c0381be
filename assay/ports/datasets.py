"""Where datasets and their items are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from assay.contracts.datasets import (
    Dataset,
    DatasetFilters,
    DatasetItem,
    DatasetItemQuery,
    DatasetItemSpec,
    DatasetQuery,
    DatasetSpec,
)


class DatasetRepository(Protocol):
    """Datasets of all projects; every call names the project, so no project sees another's."""

    async def create(self, project_id: int, spec: DatasetSpec, *, created_by: int | None) -> Dataset:
        """Store a new dataset."""

    async def get(
        self,
        project_id: int,
        dataset_id: UUID,
        filters: DatasetFilters | None = None,
        *,
        include_deleted: bool = False,
    ) -> Dataset | None:
        """One dataset; None if there is none or the filters leave it out."""

    async def exists(self, project_id: int, dataset_id: UUID) -> bool:
        """Whether the project has the dataset, deleted or not."""

    async def list(self, project_id: int, query: DatasetQuery) -> tuple[int, list[Dataset]]:
        """Number of matching datasets that are not deleted, and one page of them."""

    async def update(
        self, project_id: int, dataset_id: UUID, change: Callable[[Dataset], DatasetSpec]
    ) -> Dataset | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written.
        """


class DatasetItemRepository(Protocol):
    """Items of datasets; the database sees to it that an item and its dataset are of one project.

    A deleted dataset keeps its items, and they are still seen.
    """

    async def create(self, project_id: int, spec: DatasetItemSpec, *, created_by: int | None) -> DatasetItem:
        """Store a new item.

        Raises:
            StoreRejected: the project has no such dataset.
        """

    async def get(
        self,
        project_id: int,
        item_id: UUID,
        *,
        dataset_id: UUID | None = None,
        include_deleted: bool = False,
    ) -> DatasetItem | None:
        """One item; None if there is none, or if it is of another dataset than the one named."""

    async def list(self, project_id: int, query: DatasetItemQuery) -> tuple[int, list[DatasetItem]]:
        """Number of matching items that are not deleted, and one page of them."""

    async def update(
        self, project_id: int, item_id: UUID, change: Callable[[DatasetItem], DatasetItemSpec]
    ) -> DatasetItem | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written.

        Raises:
            StoreRejected: the project does not have the dataset that the item would move to.
        """
