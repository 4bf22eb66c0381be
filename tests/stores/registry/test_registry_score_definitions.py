"""Score definitions and their versions in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.lists import ListQuery
from assay.contracts.score_definitions import (
    ScoreDefinition,
    ScoreDefinitionChange,
    ScoreDefinitionQuery,
    ScoreDefinitionSpec,
    ScoreKind,
)
from assay.errors import FieldError, StoreRejected, VersionConflict
from assay.ports import Registry
from tests.stores.registry.support import count, execute

PROJECT = 1
ALL = ListQuery()


async def define(registry: Registry, **changes: Any) -> ScoreDefinition:
    fields = {"name": "Quality", "kind": ScoreKind.NUMERIC, "config": {"max": 5.0}} | changes
    return await registry.score_definitions.create(PROJECT, ScoreDefinitionSpec(**fields), created_by=None)


async def names(registry: Registry, **query: Any) -> list[str]:
    _, found = await registry.score_definitions.list(PROJECT, ScoreDefinitionQuery(**query))
    return [definition.name for definition in found]


async def add_version(
    registry: Registry, definition: ScoreDefinition, base_version: int | None = None, **config: Any
) -> ScoreDefinition | None:
    return await registry.score_definitions.new_version(
        PROJECT, definition.id, config, base_version=base_version, created_by=None
    )


async def versions(registry: Registry, definition: ScoreDefinition) -> list[tuple[int, dict[str, Any]]]:
    total, found = await registry.score_definitions.versions(PROJECT, definition.id, ALL)
    assert total == len(found)
    return [(version.version, version.config) for version in found]


async def test_what_is_stored_comes_back(registry: Registry, start: BootstrapResult) -> None:
    author = await registry.access.first_user()
    config = {"options": [{"key": "b", "label": "B"}, {"key": "a", "label": "Ä"}], "max_selections": None}
    spec = ScoreDefinitionSpec(name="N", description="D", kind=ScoreKind.CATEGORICAL, config=config)
    created = await registry.score_definitions.create(PROJECT, spec, created_by=author.id)

    assert await registry.score_definitions.get(PROJECT, created.id) == created
    assert (created.name, created.description, created.config) == ("N", "D", config)
    assert (created.current_version, created.archived) == (1, False)
    assert created.created_by is not None
    assert created.created_by.role_at_organization == "owner"
    (version,) = await registry.score_definitions.get_versions(PROJECT, [created.current_version_id])
    assert (version.definition_id, version.version, version.config) == (created.id, 1, config)
    assert version.created_by == created.created_by


async def test_no_project_sees_another_ones(registry: Registry) -> None:
    created = await define(registry)
    other = (await registry.access.create_project("Other")).id
    mine = registry.score_definitions

    assert await mine.get(other, created.id) is None
    assert await mine.get_many(other, [created.id]) == []
    assert await mine.get_versions(other, [created.current_version_id]) == []
    assert await mine.versions(other, created.id, ALL) == (0, [])
    assert await mine.list(other, ScoreDefinitionQuery()) == (0, [])
    assert await mine.update(other, created.id, ScoreDefinitionChange(name="x")) is None
    assert await mine.new_version(other, created.id, {}, base_version=None, created_by=None) is None
    assert await mine.get(PROJECT, created.id) == created


async def test_a_change_touches_what_it_names_and_makes_no_version(registry: Registry) -> None:
    created = await define(registry, description="old")
    changed = await registry.score_definitions.update(
        PROJECT, created.id, ScoreDefinitionChange(name="New", archived=True)
    )
    assert changed == created.model_copy(
        update={"name": "New", "archived": True, "updated_at": changed.updated_at if changed else None}
    )
    assert changed.updated_at > created.updated_at
    assert await names(registry, archived=True, search="new") == ["New"]
    cleared = await registry.score_definitions.update(
        PROJECT, created.id, ScoreDefinitionChange(description="", archived=False)
    )
    assert cleared is not None
    assert (cleared.description, cleared.archived, cleared.name) == ("", False, "New")
    assert len(await versions(registry, created)) == 1


@pytest.mark.parametrize(
    "change",
    [ScoreDefinitionChange(), ScoreDefinitionChange(name="Quality", description="", archived=False)],
    ids=["empty", "the same"],
)
async def test_a_change_that_changes_nothing_writes_nothing(
    registry: Registry, change: ScoreDefinitionChange
) -> None:
    created = await define(registry)
    assert await registry.score_definitions.update(PROJECT, created.id, change) == created


async def test_new_versions_are_added_and_older_ones_never_change(registry: Registry) -> None:
    created = await define(registry)
    second = await add_version(registry, created, max=9.0)
    assert second is not None
    assert (second.current_version, second.config) == (2, {"max": 9.0})
    assert second.current_version_id != created.current_version_id
    assert second.updated_at > created.updated_at

    third = await add_version(registry, created, base_version=2, max=9.0)
    assert third is not None
    await registry.score_definitions.update(
        PROJECT, created.id, ScoreDefinitionChange(name="x", archived=True)
    )

    assert await versions(registry, created) == [(3, {"max": 9.0}), (2, {"max": 9.0}), (1, {"max": 5.0})]
    (first,) = await registry.score_definitions.get_versions(PROJECT, [created.current_version_id])
    assert (first.config, first.created_at) == ({"max": 5.0}, created.created_at)
    total, page = await registry.score_definitions.versions(PROJECT, created.id, ListQuery(limit=1, offset=1))
    assert (total, [version.version for version in page]) == (3, [2])


async def test_a_stale_base_version_is_refused_and_nothing_is_written(registry: Registry) -> None:
    created = await define(registry)
    current = await add_version(registry, created)
    for base_version in (1, 3):
        with pytest.raises(VersionConflict) as refused:
            await add_version(registry, created, base_version=base_version, min=0.0)
        assert refused.value.current_version == 2
    assert await registry.score_definitions.get(PROJECT, created.id) == current
    assert len(await versions(registry, created)) == 2


async def test_of_many_new_versions_with_the_same_base_one_wins(registry: Registry, second: Registry) -> None:
    created = await define(registry)
    outcomes = await asyncio.gather(
        *(
            add_version(each, created, base_version=1, max=float(number))
            for number in range(6)
            for each in (registry, second)
        ),
        return_exceptions=True,
    )

    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, ScoreDefinition))
    conflicts = [outcome for outcome in outcomes if isinstance(outcome, VersionConflict)]
    assert [conflict.current_version for conflict in conflicts] == [2] * 11
    assert await registry.score_definitions.get(PROJECT, created.id) == winner
    assert await versions(registry, created) == [(2, winner.config), (1, {"max": 5.0})]


async def test_concurrent_new_versions_without_a_base_are_all_kept(
    registry: Registry, second: Registry
) -> None:
    created = await define(registry)
    made = await asyncio.gather(
        *(add_version(each, created, max=float(n)) for n in range(5) for each in (registry, second))
    )
    assert sorted(each.current_version for each in made if each) == list(range(2, 12))
    assert {each.current_version: each.config for each in made if each} == dict(
        (await versions(registry, created))[:-1]
    )


async def test_filters_orders_and_pages(registry: Registry) -> None:
    for name, kind in (("b", "boolean"), ("Ä", "numeric"), ("C", "boolean"), ("a", "numeric")):
        await define(registry, name=name, kind=kind, config={})
    await define(registry, name="z", description="Written BELOW.", kind="boolean", config={})
    hidden = await define(registry, name="hidden", kind="boolean", config={})
    await registry.score_definitions.update(PROJECT, hidden.id, ScoreDefinitionChange(archived=True))

    assert await names(registry) == ["a", "b", "C", "z", "Ä"]  # by code point: the same on both databases
    assert await names(registry, order_by=("-name",)) == ["Ä", "z", "C", "b", "a"]
    assert await names(registry, order_by=("kind", "-created_at")) == ["z", "C", "b", "a", "Ä"]
    assert await names(registry, kind=ScoreKind.NUMERIC) == ["a", "Ä"]
    assert await names(registry, archived=True) == ["hidden"]
    assert await names(registry, search="written below") == ["z"]
    assert await names(registry, search="ä") == ["Ä"]
    assert await names(registry, search="\0") == []
    assert await names(registry, limit=2, offset=1) == ["b", "C"]


async def test_equal_names_are_ordered_by_id(registry: Registry) -> None:
    made = [await define(registry, name=name) for name in ("same", "SAME", "Same")]
    _, found = await registry.score_definitions.list(PROJECT, ScoreDefinitionQuery())
    assert [each.id for each in found] == sorted(each.id for each in made)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=5),
        max_size=4,
    )
)
async def test_the_order_by_name_is_that_of_folded_code_points(registry: Registry, texts: list[str]) -> None:
    project = (await registry.access.create_project("Sorted")).id
    for name in texts:
        spec = ScoreDefinitionSpec(name=name, kind=ScoreKind.BOOLEAN, config={})
        await registry.score_definitions.create(project, spec, created_by=None)
    _, found = await registry.score_definitions.list(project, ScoreDefinitionQuery())
    assert [each.name.casefold() for each in found] == sorted(name.casefold() for name in texts)


async def test_what_cannot_be_stored_is_a_field_error(registry: Registry) -> None:
    with pytest.raises(FieldError, match="Null"):
        await define(registry, name="\0")
    created = await define(registry)
    with pytest.raises(FieldError, match="finite"):
        await add_version(registry, created, max=float("inf"))
    with pytest.raises(FieldError, match="Surrogate"):
        await registry.score_definitions.update(
            PROJECT, created.id, ScoreDefinitionChange(description="\ud800")
        )


async def test_the_pointer_must_lead_to_a_version(blank: SqlRegistry, start: BootstrapResult) -> None:
    await define(blank)
    with pytest.raises(StoreRejected):
        await execute(blank, "UPDATE score_definitions SET current_version = 2")
    with pytest.raises(StoreRejected):
        await execute(blank, "DELETE FROM score_definition_versions")
    assert await count(blank, "score_definition_versions") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE score_definitions SET kind = 'stars'",
        "UPDATE score_definitions SET name = ''",
        "UPDATE score_definition_versions SET version = 0",
    ],
    ids=["kind", "name", "version"],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, start: BootstrapResult, statement: str
) -> None:
    await define(blank)
    with pytest.raises(StoreRejected):
        await execute(blank, statement)


async def test_an_author_who_is_gone_is_null(blank: SqlRegistry, start: BootstrapResult) -> None:
    author = await blank.access.first_user()
    spec = ScoreDefinitionSpec(name="n", kind=ScoreKind.BOOLEAN, config={})
    created = await blank.score_definitions.create(PROJECT, spec, created_by=author.id)
    await execute(blank, "DELETE FROM users")
    stored = await blank.score_definitions.get(PROJECT, created.id)
    assert stored is not None
    assert stored.created_by is None
    (version,) = await blank.score_definitions.get_versions(PROJECT, [created.current_version_id])
    assert version.created_by is None
