"""`/dataset_items/`: the examples in datasets."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from api_shim.object_operations import changes, creation, existing, list_of, retrieval
from api_shim.operations import Call, Resource, hard_delete_forbidden
from api_shim.pagination import Page, page_of
from api_shim.partial import sent_fields, with_changes
from api_shim.schemas.dataset_items import (
    DatasetItemFilterQuery,
    DatasetItemListQuery,
    DatasetItemRequest,
    DatasetItemResponse,
)
from assay.contracts.datasets import DatasetItem, DatasetItemQuery, DatasetItemSpec
from assay.contracts.wire import parse_uuid
from assay.errors import FieldError


async def list_items(call: Call[None, DatasetItemListQuery]) -> Page[DatasetItemResponse]:
    """List all dataset items.

    Deleted ones are left out; items of a deleted dataset are not.
    """
    query = DatasetItemQuery(
        dataset_id=await _dataset_filter(call), limit=call.query.limit, offset=call.query.offset
    )
    count, found = await call.deps.registry.dataset_items.list(call.project.id, query)
    return page_of(call, count, list(map(DatasetItemResponse.of, found)))


async def create_item(call: Call[DatasetItemRequest, None]) -> DatasetItemResponse:
    """Create a dataset item."""
    spec = DatasetItemSpec(**await _decided(call))
    created = await call.deps.registry.dataset_items.create(
        call.project.id, spec, created_by=call.principal.user.id
    )
    return DatasetItemResponse.of(created)


async def retrieve_item(call: Call[None, DatasetItemFilterQuery]) -> DatasetItemResponse:
    """Retrieve a dataset item.

    One that the filter of the list would leave out is not found.
    """
    return DatasetItemResponse.of(await _find(call, include_deleted=False))


async def change_item(call: Call[DatasetItemRequest, DatasetItemFilterQuery]) -> DatasetItemResponse:
    """Change a dataset item, or move it to another dataset.

    Fields that are not sent stay as they are. Deleted items are found too, so that `deleted` can be set
    back to false.
    """
    await _find(call, include_deleted=True)
    changes = await _decided(call)
    changed = await call.deps.registry.dataset_items.update(
        call.project.id, call.id, partial(with_changes, DatasetItemSpec, changes=changes)
    )
    return DatasetItemResponse.of(existing(changed))


async def _find(call: Call[Any, DatasetItemFilterQuery], *, include_deleted: bool) -> DatasetItem:
    return existing(
        await call.deps.registry.dataset_items.get(
            call.project.id, call.id, dataset_id=await _dataset_filter(call), include_deleted=include_deleted
        )
    )


async def _dataset_filter(call: Call[Any, DatasetItemFilterQuery]) -> UUID | None:
    """The dataset that the query names, if any.

    Raises:
        FieldError: the project has no such dataset.
    """
    dataset_id = call.query.dataset
    if dataset_id is not None and not await _exists(call, dataset_id):
        raise FieldError(
            "Select a valid choice. That choice is not one of the available choices.",
            attr="dataset",
            code="invalid_choice",
        )
    return dataset_id


async def _decided(call: Call[DatasetItemRequest, Any]) -> dict[str, Any]:
    """The fields that the client sent, as `DatasetItemSpec` names them.

    Raises:
        FieldError: the project has no such dataset. It is told before anything else that is wrong with
            the body, because `dataset` is the first field.
        InvalidInput: another field breaks a rule.
    """
    dataset_id = parse_uuid(await call.payload.field("dataset"))
    if dataset_id is not None and not await _exists(call, dataset_id):
        raise FieldError(
            f'Invalid pk "{dataset_id}" - object does not exist.', attr="dataset", code="does_not_exist"
        )
    fields = sent_fields(await call.body())
    if "dataset" in fields:
        fields["dataset_id"] = fields.pop("dataset")
    return fields


async def _exists(call: Call[Any, Any], dataset_id: UUID) -> bool:
    return await call.deps.registry.datasets.exists(call.project.id, dataset_id)


RESOURCE = Resource(
    path="dataset_items",
    scope="dataset",
    operations=(
        list_of(DatasetItemResponse, list_items, query=DatasetItemListQuery),
        creation(DatasetItemRequest, DatasetItemResponse, create_item),
        retrieval(DatasetItemResponse, retrieve_item, query=DatasetItemFilterQuery),
        *changes(DatasetItemRequest, DatasetItemResponse, change_item, query=DatasetItemFilterQuery),
        hard_delete_forbidden(),
    ),
)
