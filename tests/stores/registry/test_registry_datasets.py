"""Datasets and their items in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.datasets import (
    Dataset,
    DatasetFilters,
    DatasetItem,
    DatasetItemQuery,
    DatasetItemSpec,
    DatasetQuery,
    DatasetSpec,
)
from assay.errors import FieldError, StoreRejected
from assay.ports import Registry
from tests.stores.registry.support import execute

PROJECT = 1

on_one_registry = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


def nested(levels: int) -> Any:
    value: Any = "core"
    for level in range(levels):
        value = [value] if level % 2 else {"in": value}
    return value


async def new_dataset(registry: Registry, project: int = PROJECT, **fields: Any) -> Dataset:
    spec = DatasetSpec(**({"name": "Refunds"} | fields))
    return await registry.datasets.create(project, spec, created_by=None)


async def new_item(
    registry: Registry, dataset_id: UUID, project: int = PROJECT, **fields: Any
) -> DatasetItem:
    spec = DatasetItemSpec(dataset_id=dataset_id, **fields)
    return await registry.dataset_items.create(project, spec, created_by=None)


def dataset_spec(dataset: Dataset, **changes: Any) -> DatasetSpec:
    return DatasetSpec(**{name: getattr(dataset, name) for name in DatasetSpec.model_fields} | changes)


def item_spec(item: DatasetItem, **changes: Any) -> DatasetItemSpec:
    return DatasetItemSpec(**{name: getattr(item, name) for name in DatasetItemSpec.model_fields} | changes)


async def names(registry: Registry, **query: Any) -> list[str]:
    _, found = await registry.datasets.list(PROJECT, DatasetQuery(**query))
    return [dataset.name for dataset in found]


@on_one_registry
@given(name=texts.filter(bool), description=st.none() | texts, metadata=json_values)
async def test_a_dataset_comes_back_as_it_was_stored(
    registry: Registry, name: str, description: str | None, metadata: Any
) -> None:
    created = await new_dataset(registry, name=name, description=description, metadata=metadata)

    stored = await registry.datasets.get(PROJECT, created.id)

    assert stored == created
    assert (created.name, created.description) == (name, description)
    assert repr(created.metadata) == repr(metadata)


@on_one_registry
@given(data=st.data())
async def test_any_json_in_an_item_comes_back_to_the_letter(registry: Registry, data: st.DataObject) -> None:
    dataset = await new_dataset(registry)
    fields = {name: data.draw(json_values) for name in ("input", "output", "metadata")}
    moment = datetime(2026, 11, 21, 1, 58, 21, 989637, tzinfo=timezone(timedelta(hours=2)))

    created = await new_item(registry, dataset.id, ref_trace_id="t", ref_timestamp=moment, **fields)

    stored = await registry.dataset_items.get(PROJECT, created.id)
    assert stored == created
    assert {name: repr(getattr(created, name)) for name in fields} == {
        name: repr(value) for name, value in fields.items()
    }
    assert (created.ref_trace_id, created.ref_timestamp, created.ref_source_id) == ("t", moment, None)
    assert created.ref_timestamp is not None
    assert created.ref_timestamp.tzinfo is UTC


async def test_deeply_nested_values_are_kept(registry: Registry) -> None:
    deep = nested(200)
    dataset = await new_dataset(registry, metadata=deep)
    item = await new_item(registry, dataset.id, input=deep)
    found = await registry.dataset_items.get(PROJECT, item.id)
    assert dataset.metadata == deep
    assert found is not None
    assert found.input == deep
    assert await names(registry, search="CORE") == ["Refunds"]


@pytest.mark.parametrize("value", [False, 0, "", [], {}, "null", 1.0])
async def test_values_that_python_takes_for_nothing_are_values(registry: Registry, value: Any) -> None:
    created = await new_dataset(registry, metadata=value)
    assert repr(created.metadata) == repr(value)


async def test_equal_values_of_other_types_replace_each_other(registry: Registry) -> None:
    dataset = await new_dataset(registry, metadata={"x": 1})
    changed = await registry.datasets.update(
        PROJECT, dataset.id, lambda current: dataset_spec(current, metadata={"x": True})
    )
    assert changed is not None
    assert changed.metadata["x"] is True


@pytest.mark.parametrize("field", ["name", "description", "metadata"])
@pytest.mark.parametrize("text", ["a\x00b", "\ud800"], ids=["null", "surrogate"])
async def test_what_postgresql_cannot_store_is_a_field_error(
    registry: Registry, field: str, text: str
) -> None:
    with pytest.raises(FieldError) as caught:
        await new_dataset(registry, **{field: {"deep": [text]} if field == "metadata" else text})
    assert caught.value.attr == field


@pytest.mark.parametrize("field", ["input", "output", "metadata"])
async def test_numbers_that_are_not_finite_are_a_field_error(registry: Registry, field: str) -> None:
    dataset = await new_dataset(registry)
    with pytest.raises(FieldError) as caught:
        await new_item(registry, dataset.id, **{field: [float("inf")]})
    assert caught.value.attr == field


async def test_the_author_is_kept_until_the_user_is_gone(blank: SqlRegistry, start: BootstrapResult) -> None:
    author = await blank.access.first_user()
    dataset = await blank.datasets.create(PROJECT, DatasetSpec(name="x"), created_by=author.id)
    item = await blank.dataset_items.create(
        PROJECT, DatasetItemSpec(dataset_id=dataset.id), created_by=author.id
    )
    for made in (dataset, item):
        assert made.created_by is not None
        assert (made.created_by.email, made.created_by.role_at_organization) == ("ada@example.com", "owner")
    await execute(blank, "DELETE FROM users")
    found = await blank.datasets.get(PROJECT, dataset.id)
    assert found is not None
    assert found.created_by is None


async def test_no_project_sees_another_ones(registry: Registry) -> None:
    dataset = await new_dataset(registry)
    item = await new_item(registry, dataset.id)
    other = (await registry.access.create_project("Other")).id

    assert await registry.datasets.get(other, dataset.id) is None
    assert await registry.datasets.exists(other, dataset.id) is False
    assert await registry.datasets.update(other, dataset.id, dataset_spec) is None
    assert await registry.datasets.list(other, DatasetQuery()) == (0, [])
    assert await registry.dataset_items.get(other, item.id) is None
    assert await registry.dataset_items.update(other, item.id, item_spec) is None
    assert await registry.dataset_items.list(other, DatasetItemQuery(dataset_id=dataset.id)) == (0, [])


async def test_the_database_keeps_items_in_their_project(blank: SqlRegistry, start: BootstrapResult) -> None:
    other = (await blank.access.create_project("Other")).id
    own, foreign = await new_dataset(blank), await new_dataset(blank, other)
    item = await new_item(blank, own.id)
    for missing in (foreign.id, uuid4()):
        with pytest.raises(StoreRejected):
            await new_item(blank, missing)
        with pytest.raises(StoreRejected):
            await blank.dataset_items.update(
                PROJECT, item.id, lambda current, to=missing: item_spec(current, dataset_id=to)
            )
    assert await blank.dataset_items.get(PROJECT, item.id) == item


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("datasets", "name = ''"),
        ("dataset_items", f"ref_trace_id = '{'x' * 256}'"),
        ("dataset_items", f"ref_source_id = '{'x' * 256}'"),
        ("datasets", "project_id = 77"),
    ],
    ids=["name", "trace", "source", "project"],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, start: BootstrapResult, table: str, change: str
) -> None:
    await new_item(blank, (await new_dataset(blank)).id)
    with pytest.raises(StoreRejected):
        await execute(blank, f"UPDATE {table} SET {change}")


@pytest.mark.parametrize("shown", [False, None])
async def test_deleted_ones_are_hidden_until_they_are_restored(
    registry: Registry, shown: bool | None
) -> None:
    dataset = await new_dataset(registry, deleted=True)
    item = await new_item(registry, dataset.id, deleted=True)
    assert await registry.datasets.get(PROJECT, dataset.id) is None
    assert await registry.datasets.get(PROJECT, dataset.id, include_deleted=True) == dataset
    assert await registry.datasets.exists(PROJECT, dataset.id) is True
    assert await registry.datasets.list(PROJECT, DatasetQuery()) == (0, [])
    assert await registry.dataset_items.get(PROJECT, item.id) is None
    assert await registry.dataset_items.get(PROJECT, item.id, include_deleted=True) == item
    assert await registry.dataset_items.list(PROJECT, DatasetItemQuery()) == (0, [])

    restored = await registry.datasets.update(
        PROJECT, dataset.id, lambda current: dataset_spec(current, deleted=shown)
    )
    restored_item = await registry.dataset_items.update(
        PROJECT, item.id, lambda current: item_spec(current, deleted=shown)
    )

    assert restored is not None
    assert restored_item is not None
    assert (restored.deleted, restored_item.deleted) == (shown, shown)
    assert await registry.datasets.list(PROJECT, DatasetQuery()) == (1, [restored])
    assert await registry.dataset_items.list(PROJECT, DatasetItemQuery()) == (1, [restored_item])


async def test_concurrent_changes_are_all_kept(registry: Registry, second: Registry) -> None:
    dataset = await new_dataset(registry, metadata=[])
    item = await new_item(registry, dataset.id, input=[])

    def grow(current: Dataset) -> DatasetSpec:
        return dataset_spec(current, metadata=[*current.metadata, len(current.metadata)])

    def grow_item(current: DatasetItem) -> DatasetItemSpec:
        return item_spec(current, input=[*current.input, len(current.input)])

    both = [each for _ in range(8) for each in (registry, second)]
    await asyncio.gather(
        *(each.datasets.update(PROJECT, dataset.id, grow) for each in both),
        *(each.dataset_items.update(PROJECT, item.id, grow_item) for each in both),
    )

    stored = await registry.datasets.get(PROJECT, dataset.id)
    stored_item = await registry.dataset_items.get(PROJECT, item.id)
    assert stored is not None
    assert stored_item is not None
    assert stored.metadata == stored_item.input == list(range(16))
    assert stored.updated_at > dataset.updated_at


async def test_a_change_that_raises_writes_nothing(registry: Registry) -> None:
    dataset = await new_dataset(registry)

    def refuse(_: Dataset) -> DatasetSpec:
        raise FieldError("no", attr="name")

    with pytest.raises(FieldError):
        await registry.datasets.update(PROJECT, dataset.id, refuse)
    assert await registry.datasets.get(PROJECT, dataset.id) == dataset


METADATA = {"Tier": "Gold", "tags": ["ÄRGER", "50%_off"], "n": 1.5, "nothing": None, "html": "<b>&</b>"}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("refund", ["Refunds"]),
        ("money BACK", ["described"]),
        ("gold", ["documented"]),
        ("TIER", ["documented"]),
        ('"tier": "gold", "tags"', ["documented"]),
        ("ärger", ["documented"]),
        ("%_o", ["documented"]),
        ("1.5", ["documented"]),
        ("<b>&", ["documented"]),
        ("null", ["documented"]),
        ("none", []),
        ("platinum", []),
    ],
)
async def test_search_looks_into_name_description_and_metadata(
    registry: Registry, search: str, found: list[str]
) -> None:
    await new_dataset(registry)
    await new_dataset(registry, name="described", description="Money back, please")
    await new_dataset(registry, name="documented", metadata=METADATA)
    assert await names(registry, search=search) == found


async def test_search_follows_a_change(registry: Registry) -> None:
    dataset = await new_dataset(registry, metadata="gold", description="old")
    await registry.datasets.update(
        PROJECT, dataset.id, lambda current: dataset_spec(current, metadata=None, description=None)
    )
    for gone in ("gold", "old", "null", "none"):
        assert await names(registry, search=gone) == []


@on_one_registry
@given(word=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), as_key=st.booleans())
async def test_every_word_of_metadata_is_found_in_any_case(
    registry: Registry, word: str, as_key: bool
) -> None:
    dataset = await new_dataset(registry, metadata={word: 1} if as_key else ["before", word])
    filters = DatasetFilters(search=word.upper())
    expected = word.upper().casefold() in word.casefold()  # Unicode has a few letters that do not agree
    assert (await registry.datasets.get(PROJECT, dataset.id, filters) is not None) == (
        expected or filters.search.casefold() in "refunds before"
    )


async def test_filters_hold_for_one_dataset_as_well(registry: Registry) -> None:
    dataset = await new_dataset(registry)
    for filters, seen in (
        (DatasetFilters(ids=(dataset.id,), search="fund"), True),
        (DatasetFilters(ids=(uuid4(),)), False),
        (DatasetFilters(ids=()), False),
        (DatasetFilters(search="zzz"), False),
        (DatasetFilters(search="\x00"), False),
    ):
        for include_deleted in (False, True):
            found = await registry.datasets.get(PROJECT, dataset.id, filters, include_deleted=include_deleted)
            assert (found is not None) == seen


async def test_orders_and_pages(registry: Registry) -> None:
    ids = [(await new_dataset(registry, name=name)).id for name in ("a", "b", "c")]
    await registry.datasets.update(PROJECT, ids[0], dataset_spec)

    assert await names(registry) == ["c", "b", "a"]
    assert await names(registry, order_by=("created_at",)) == ["a", "b", "c"]
    assert await names(registry, order_by=("-updated_at",)) == ["a", "c", "b"]
    assert await names(registry, ids=(ids[1], uuid4())) == ["b"]
    assert await registry.datasets.list(PROJECT, DatasetQuery(limit=1, offset=9)) == (3, [])
    with pytest.raises(FieldError):
        await names(registry, order_by=("name",))


async def test_items_of_one_dataset(registry: Registry) -> None:
    one, two = await new_dataset(registry), await new_dataset(registry)
    first, second, third = [await new_item(registry, each.id) for each in (one, two, one)]

    async def listed(**query: Any) -> list[UUID]:
        _, found = await registry.dataset_items.list(PROJECT, DatasetItemQuery(**query))
        return [item.id for item in found]

    assert await listed() == [third.id, second.id, first.id]
    assert await listed(dataset_id=one.id) == [third.id, first.id]
    assert await listed(dataset_id=one.id, limit=1, offset=1) == [first.id]
    assert await registry.dataset_items.get(PROJECT, first.id, dataset_id=two.id) is None
    moved = await registry.dataset_items.update(
        PROJECT, first.id, lambda current: item_spec(current, dataset_id=two.id)
    )
    assert moved is not None
    assert moved.dataset_id == two.id
    assert await listed(dataset_id=two.id) == [second.id, first.id]
