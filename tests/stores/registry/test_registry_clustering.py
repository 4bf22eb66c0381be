"""Clustering configuration and jobs in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.clustering import MAX_JOBS, AnalysisLevel, ClusteringJob, ClusteringJobSpec, JobRef
from assay.errors import FieldError, LimitReached, NameTaken, StoreRejected
from assay.ports import Registry
from tests.stores.registry.support import count, execute

PROJECT = 1
FILTERS = [{"key": "$ai_model", "value": ["é", 1.0, None], "operator": "exact", "type": "event"}, 7, "x"]


def job(name: str = "Checkout", **fields: Any) -> ClusteringJobSpec:
    return ClusteringJobSpec(**({"name": name, "analysis_level": "trace", "event_filters": []} | fields))


def decided(current: ClusteringJob, **changes: Any) -> ClusteringJobSpec:
    names = ClusteringJobSpec.model_fields
    return ClusteringJobSpec(**{name: getattr(current, name) for name in names} | changes)


async def enabled_by_name(registry: Registry) -> dict[str, bool]:
    return {each.name: each.enabled for each in await registry.clustering_jobs.list(PROJECT)}


async def test_the_configuration_is_made_once(
    blank: SqlRegistry, second: Registry, start: BootstrapResult
) -> None:
    found = await asyncio.gather(
        *(each.clustering_config.get(PROJECT) for _ in range(10) for each in (blank, second))
    )
    assert await count(blank, "clustering_configs") == 1
    assert set(map(repr, found)) == {repr(found[0])}
    assert found[0].event_filters == ()


async def test_filters_are_replaced_and_kept_to_the_letter(registry: Registry) -> None:
    before = await registry.clustering_config.get(PROJECT)
    changed = await registry.clustering_config.set_event_filters(PROJECT, FILTERS)
    assert repr(changed.event_filters) == repr(tuple(FILTERS))
    assert changed.created_at == before.created_at
    assert changed.updated_at > before.updated_at
    assert await registry.clustering_config.get(PROJECT) == changed
    cleared = await registry.clustering_config.set_event_filters(PROJECT, [])
    assert cleared.event_filters == ()


async def test_filters_can_be_set_before_they_were_read(registry: Registry, second: Registry) -> None:
    await asyncio.gather(
        *(
            each.clustering_config.set_event_filters(PROJECT, [number])
            for number in range(5)
            for each in (registry, second)
        )
    )
    assert len((await registry.clustering_config.get(PROJECT)).event_filters) == 1
    other = (await registry.access.create_project("Other")).id
    assert (await registry.clustering_config.get(other)).event_filters == ()


async def test_filters_of_the_configuration_that_cannot_be_stored(registry: Registry) -> None:
    with pytest.raises(FieldError) as caught:
        await registry.clustering_config.set_event_filters(PROJECT, [{"value": "\x00"}])
    assert caught.value.attr == "event_filters"
    with pytest.raises(StoreRejected):
        await registry.clustering_config.get(77)


@pytest.mark.parametrize("filters", [FILTERS, {"any": "object"}, "text", 0, False, []], ids=repr)
async def test_a_job_comes_back_as_it_was_stored(registry: Registry, filters: Any) -> None:
    created = await registry.clustering_jobs.create(PROJECT, job(event_filters=filters, enabled=False))
    assert decided(created) == job(event_filters=filters, enabled=False)
    assert repr(created.event_filters) == repr(filters)
    assert await registry.clustering_jobs.get(PROJECT, created.id) == created
    assert await registry.clustering_jobs.list(PROJECT) == [created]


async def test_a_project_has_no_jobs_until_someone_makes_one(registry: Registry) -> None:
    assert await registry.clustering_jobs.list(PROJECT) == []


async def test_no_more_than_the_limit_fit_under_concurrency(
    blank: SqlRegistry, second: Registry, start: BootstrapResult
) -> None:
    other = (await blank.access.create_project("Other")).id

    async def create(registry: Registry, name: str) -> bool:
        try:
            await registry.clustering_jobs.create(PROJECT, job(name))
        except LimitReached:
            return False
        return True

    made = await asyncio.gather(
        *(
            create(each, f"{label} {number}")
            for number in range(20)
            for label, each in (("a", blank), ("b", second))
        )
    )

    assert made.count(True) == MAX_JOBS == 5
    assert await count(blank, "clustering_jobs") == 5
    with pytest.raises(LimitReached, match="Maximum"):
        await blank.clustering_jobs.require_room(PROJECT)
    await blank.clustering_jobs.require_room(other)
    await blank.clustering_jobs.create(other, job())


async def test_a_deleted_job_makes_room(registry: Registry) -> None:
    jobs = [await registry.clustering_jobs.create(PROJECT, job(f"{number}")) for number in range(MAX_JOBS)]
    assert await registry.clustering_jobs.delete(PROJECT, jobs[2].id) is True
    assert await registry.clustering_jobs.delete(PROJECT, jobs[2].id) is False
    await registry.clustering_jobs.require_room(PROJECT)
    added = await registry.clustering_jobs.create(PROJECT, job("2"))
    assert await registry.clustering_jobs.list(PROJECT) == [*jobs[:2], *jobs[3:], added]


async def test_one_of_many_gets_the_name(registry: Registry, second: Registry) -> None:
    async def create(each: Registry) -> bool:
        try:
            await each.clustering_jobs.create(PROJECT, job())
        except NameTaken:
            return False
        return True

    made = await asyncio.gather(*(create(each) for _ in range(10) for each in (registry, second)))
    assert made.count(True) == 1


async def test_one_of_many_is_renamed(registry: Registry, second: Registry) -> None:
    jobs = [await registry.clustering_jobs.create(PROJECT, job(f"{number}")) for number in range(MAX_JOBS)]

    async def rename(each: Registry, one: ClusteringJob) -> bool:
        try:
            await each.clustering_jobs.update(PROJECT, one.id, lambda current: decided(current, name="Kind"))
        except NameTaken:
            return False
        return True

    renamed = await asyncio.gather(
        *(rename(each, one) for one, each in zip(jobs, [registry, second] * MAX_JOBS, strict=False))
    )
    assert renamed.count(True) == 1
    names = [each.name for each in await registry.clustering_jobs.list(PROJECT)]
    assert names.count("Kind") == 1


async def test_names_are_unique_in_a_project_and_case_matters(registry: Registry) -> None:
    created = await registry.clustering_jobs.create(PROJECT, job())
    other = (await registry.access.create_project("Other")).id
    await registry.clustering_jobs.create(PROJECT, job("CHECKOUT"))
    await registry.clustering_jobs.create(other, job())
    kept = await registry.clustering_jobs.update(PROJECT, created.id, decided)
    assert kept is not None
    assert kept.updated_at > created.updated_at


async def test_the_database_itself_refuses_what_cannot_be(blank: SqlRegistry, start: BootstrapResult) -> None:
    for name in ("a", "b"):
        await blank.clustering_jobs.create(PROJECT, job(name))
    for change in ("name = 'a'", "name = ''", "analysis_level = 'galaxy'", "project_id = 77"):
        with pytest.raises(StoreRejected):
            await execute(blank, f"UPDATE clustering_jobs SET {change}")


async def test_a_new_job_switches_off_the_defaults_of_its_level(registry: Registry) -> None:
    await registry.clustering_jobs.create(PROJECT, job("Default - traces"))
    await registry.clustering_jobs.create(
        PROJECT, job("Default - generations", analysis_level=AnalysisLevel.GENERATION)
    )
    await registry.clustering_jobs.create(PROJECT, job("default - mine"))
    assert await enabled_by_name(registry) == {
        "Default - traces": False,
        "Default - generations": True,
        "default - mine": True,
    }
    await registry.clustering_jobs.create(PROJECT, job("Default - more"))
    await registry.clustering_jobs.create(
        PROJECT, job("Own", analysis_level=AnalysisLevel.GENERATION, enabled=False)
    )
    assert await enabled_by_name(registry) == {
        "Default - traces": False,
        "Default - generations": False,
        "default - mine": True,
        "Default - more": True,
        "Own": False,
    }


async def test_defaults_of_other_projects_stay_on(registry: Registry) -> None:
    await registry.clustering_jobs.create(PROJECT, job("Default - traces"))
    other = (await registry.access.create_project("Other")).id
    await registry.clustering_jobs.create(other, job())
    assert await enabled_by_name(registry) == {"Default - traces": True}


async def test_a_job_that_is_refused_switches_nothing_off(registry: Registry) -> None:
    await registry.clustering_jobs.create(PROJECT, job("Default - traces"))
    with pytest.raises(NameTaken, match="already exists"):
        await registry.clustering_jobs.create(PROJECT, job("Default - traces"))
    assert await enabled_by_name(registry) == {"Default - traces": True}


async def test_no_project_sees_another_ones(registry: Registry) -> None:
    created = await registry.clustering_jobs.create(PROJECT, job())
    other = (await registry.access.create_project("Other")).id
    assert await registry.clustering_jobs.get(other, created.id) is None
    assert await registry.clustering_jobs.update(other, created.id, decided) is None
    assert await registry.clustering_jobs.delete(other, created.id) is False
    assert await registry.clustering_jobs.list(other) == []
    assert await registry.clustering_jobs.get(PROJECT, uuid4()) is None


async def test_concurrent_changes_are_all_kept(registry: Registry, second: Registry) -> None:
    created = await registry.clustering_jobs.create(PROJECT, job())

    def grow(current: ClusteringJob) -> ClusteringJobSpec:
        return decided(current, event_filters=[*current.event_filters, len(current.event_filters)])

    await asyncio.gather(
        *(
            each.clustering_jobs.update(PROJECT, created.id, grow)
            for _ in range(8)
            for each in (registry, second)
        )
    )
    stored = await registry.clustering_jobs.get(PROJECT, created.id)
    assert stored is not None
    assert stored.event_filters == list(range(16))


async def test_equal_values_of_other_types_replace_each_other(registry: Registry) -> None:
    created = await registry.clustering_jobs.create(PROJECT, job(event_filters=[1]))
    changed = await registry.clustering_jobs.update(
        PROJECT, created.id, lambda current: decided(current, event_filters=[True])
    )
    assert changed is not None
    assert changed.event_filters == [True]
    assert changed.event_filters[0] is True


async def test_a_change_that_cannot_be_stored_writes_nothing(registry: Registry) -> None:
    created = await registry.clustering_jobs.create(PROJECT, job())
    with pytest.raises(FieldError):
        await registry.clustering_jobs.update(
            PROJECT, created.id, lambda current: decided(current, event_filters=["\x00"])
        )
    assert await registry.clustering_jobs.get(PROJECT, created.id) == created


async def test_the_engine_sees_the_jobs_of_all_projects(registry: Registry) -> None:
    other = (await registry.access.create_project("Another")).id
    first = await registry.clustering_jobs.create(other, job("Theirs", enabled=False))
    mine = [await registry.clustering_jobs.create(PROJECT, job(name)) for name in ("Checkout", "Search")]
    found = await registry.clustering_jobs.of_all_projects()
    assert list(found) == [JobRef.of(each) for each in (*mine, first)]
    assert list(await registry.access.project_ids()) == [PROJECT, other]
