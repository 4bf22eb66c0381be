"""`/datasets/`: collections of examples."""

from __future__ import annotations

from functools import partial

from api_shim.object_operations import changes, creation, existing, list_of, retrieval
from api_shim.operations import Call, Resource, hard_delete_forbidden
from api_shim.pagination import Page, page_of
from api_shim.partial import sent_fields, with_changes
from api_shim.schemas.datasets import DatasetFilterQuery, DatasetListQuery, DatasetRequest, DatasetResponse
from assay.contracts.datasets import DatasetQuery, DatasetSpec
from assay.errors import NotFound


async def list_datasets(call: Call[None, DatasetListQuery]) -> Page[DatasetResponse]:
    """List all datasets.

    Deleted ones are left out.
    """
    query = DatasetQuery(
        ids=call.query.id__in,
        search=call.query.search,
        order_by=call.query.order_by,
        limit=call.query.limit,
        offset=call.query.offset,
    )
    count, found = await call.deps.registry.datasets.list(call.project.id, query)
    return page_of(call, count, list(map(DatasetResponse.of, found)))


async def create_dataset(call: Call[DatasetRequest, None]) -> DatasetResponse:
    """Create a dataset."""
    spec = DatasetSpec(**sent_fields(await call.body()))
    created = await call.deps.registry.datasets.create(
        call.project.id, spec, created_by=call.principal.user.id
    )
    return DatasetResponse.of(created)


async def retrieve_dataset(call: Call[None, DatasetFilterQuery]) -> DatasetResponse:
    """Retrieve a dataset.

    One that the filters of the list would leave out is not found.
    """
    found = await call.deps.registry.datasets.get(call.project.id, call.id, call.query.filters)
    return DatasetResponse.of(existing(found))


async def change_dataset(call: Call[DatasetRequest, DatasetFilterQuery]) -> DatasetResponse:
    """Change a dataset.

    Fields that are not sent stay as they are. Deleted datasets are found too, so that `deleted` can be
    set back to false.
    """
    datasets = call.deps.registry.datasets
    if await datasets.get(call.project.id, call.id, call.query.filters, include_deleted=True) is None:
        raise NotFound("Not found.")
    changes = sent_fields(await call.body())
    changed = await datasets.update(
        call.project.id, call.id, partial(with_changes, DatasetSpec, changes=changes)
    )
    return DatasetResponse.of(existing(changed))


RESOURCE = Resource(
    path="datasets",
    scope="dataset",
    operations=(
        list_of(DatasetResponse, list_datasets, query=DatasetListQuery),
        creation(DatasetRequest, DatasetResponse, create_dataset),
        retrieval(DatasetResponse, retrieve_dataset, query=DatasetFilterQuery),
        *changes(DatasetRequest, DatasetResponse, change_dataset, query=DatasetFilterQuery),
        hard_delete_forbidden(),
    ),
)
