"""Evaluations in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationQuery,
    EvaluationSpec,
    EvaluationStatus,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.errors import FieldError
from assay.ports import Registry
from tests.stores.registry.support import execute, spec

PROJECT = 1

on_one_registry = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
json_objects = st.dictionaries(
    texts,
    st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts, st.lists, max_leaves=5),
)


def decided(evaluation: Evaluation) -> EvaluationSpec:
    return EvaluationSpec.model_validate(evaluation.model_dump(include=set(EvaluationSpec.model_fields)))


async def names(registry: Registry, **query: Any) -> list[str]:
    _, found = await registry.evaluations.list(PROJECT, EvaluationQuery(**query))
    return [evaluation.name for evaluation in found]


@on_one_registry
@given(st.data())
async def test_what_is_stored_comes_back(registry: Registry, data: st.DataObject) -> None:
    sent = spec(
        name=data.draw(texts.filter(lambda text: text)),
        description=data.draw(texts),
        enabled=data.draw(st.booleans()),
        evaluation_config=data.draw(json_objects),
        conditions=tuple(data.draw(st.lists(json_objects, max_size=2))),
        model_configuration=data.draw(
            st.none() | st.builds(ModelConfiguration, provider=st.sampled_from(Provider), model=st.just("m"))
        ),
    )
    created = await registry.evaluations.create(PROJECT, sent, created_by=None)

    stored = await registry.evaluations.get(PROJECT, created.id)

    assert stored == created
    assert decided(created) == sent
    assert created.created_at.utcoffset() is not None
    assert created.created_at.utcoffset().total_seconds() == 0


async def test_the_author_is_shown_with_the_role_in_the_organisation(
    registry: Registry, start: BootstrapResult
) -> None:
    author = await registry.access.first_user()
    created = await registry.evaluations.create(PROJECT, spec(), created_by=author.id)
    assert created.created_by is not None
    assert (created.created_by.email, created.created_by.role_at_organization) == ("ada@example.com", "owner")


async def test_an_author_who_is_gone_is_null(blank: SqlRegistry, start: BootstrapResult) -> None:
    author = await blank.access.first_user()
    created = await blank.evaluations.create(PROJECT, spec(), created_by=author.id)
    await execute(blank, "DELETE FROM users")
    stored = await blank.evaluations.get(PROJECT, created.id)
    assert stored is not None
    assert stored.created_by is None


async def test_no_project_sees_another_ones(registry: Registry) -> None:
    created = await registry.evaluations.create(PROJECT, spec(enabled=True), created_by=None)
    other = (await registry.access.create_project("Other")).id

    assert await registry.evaluations.get(other, created.id) is None
    assert await registry.evaluations.update(other, created.id, decided) is None
    assert await registry.evaluations.fail(other, created.id, StatusReason.HOG_ERROR) is False
    assert await registry.evaluations.list(other, EvaluationQuery()) == (0, [])


async def test_deleted_ones_are_hidden_but_can_be_changed(registry: Registry) -> None:
    created = await registry.evaluations.create(PROJECT, spec(), created_by=None)

    def delete(current: Evaluation) -> EvaluationSpec:
        return decided(current).model_copy(update={"deleted": True})

    def restore(current: Evaluation) -> EvaluationSpec:
        return decided(current).model_copy(update={"deleted": False})

    await registry.evaluations.update(PROJECT, created.id, delete)
    assert await registry.evaluations.get(PROJECT, created.id) is None
    assert await registry.evaluations.get(PROJECT, created.id, include_deleted=True) is not None
    assert (await registry.evaluations.list(PROJECT, EvaluationQuery()))[0] == 0
    restored = await registry.evaluations.update(PROJECT, created.id, restore)
    assert restored is not None
    assert await registry.evaluations.get(PROJECT, created.id) == restored


async def test_concurrent_changes_are_all_kept(registry: Registry, second: Registry) -> None:
    created = await registry.evaluations.create(PROJECT, spec(description=""), created_by=None)

    def append(current: Evaluation) -> EvaluationSpec:
        return decided(current).model_copy(update={"description": current.description + "x"})

    await asyncio.gather(
        *(
            each.evaluations.update(PROJECT, created.id, append)
            for _ in range(10)
            for each in (registry, second)
        )
    )

    stored = await registry.evaluations.get(PROJECT, created.id)
    assert stored is not None
    assert stored.description == "x" * 20
    assert stored.updated_at > created.updated_at


async def test_a_change_that_raises_writes_nothing(registry: Registry) -> None:
    created = await registry.evaluations.create(PROJECT, spec(), created_by=None)

    def refuse(_: Evaluation) -> EvaluationSpec:
        raise FieldError("no", attr="enabled")

    with pytest.raises(FieldError):
        await registry.evaluations.update(PROJECT, created.id, refuse)
    assert await registry.evaluations.get(PROJECT, created.id) == created


async def test_an_unknown_evaluation(registry: Registry) -> None:
    assert await registry.evaluations.update(PROJECT, uuid4(), decided) is None
    assert await registry.evaluations.fail(PROJECT, uuid4(), StatusReason.HOG_ERROR) is False


async def test_one_of_many_failing_runs_makes_the_transition(registry: Registry, second: Registry) -> None:
    created = await registry.evaluations.create(PROJECT, spec(enabled=True), created_by=None)
    reason = StatusReason.TRIAL_LIMIT_REACHED

    made = await asyncio.gather(
        *(each.evaluations.fail(PROJECT, created.id, reason) for _ in range(5) for each in (registry, second))
    )

    assert sorted(made) == [False] * 9 + [True]
    stored = await registry.evaluations.get(PROJECT, created.id)
    assert stored is not None
    assert (stored.enabled, stored.status, stored.status_reason) == (False, EvaluationStatus.ERROR, reason)


async def test_a_run_of_another_version_does_not_stop_what_was_repaired(registry: Registry) -> None:
    created = await registry.evaluations.create(PROJECT, spec(enabled=True), created_by=None)

    def repair(current: Evaluation) -> EvaluationSpec:
        return decided(current).model_copy(update={"evaluation_config": {"prompt": "Is it kind?"}})

    repaired = await registry.evaluations.update(PROJECT, created.id, repair)
    assert repaired is not None
    fail, reason = registry.evaluations.fail, StatusReason.HOG_ERROR

    assert await fail(PROJECT, created.id, reason, version=created.version) is False
    assert await registry.evaluations.get(PROJECT, created.id) == repaired
    assert await fail(PROJECT, created.id, reason, version=repaired.version) is True
    stopped = await registry.evaluations.get(PROJECT, created.id)
    assert stopped is not None
    assert (stopped.status, stopped.status_reason) == (EvaluationStatus.ERROR, reason)


async def test_a_repair_and_a_late_failure_at_once(registry: Registry, second: Registry) -> None:
    """Whichever is first, the repaired evaluation runs."""

    def repair(current: Evaluation) -> EvaluationSpec:
        changes = {"evaluation_config": {"prompt": "Is it kind?"}, "enabled": True}
        return decided(current).model_copy(update=changes)

    for _ in range(5):
        created = await registry.evaluations.create(PROJECT, spec(enabled=True), created_by=None)
        await asyncio.gather(
            registry.evaluations.update(PROJECT, created.id, repair),
            second.evaluations.fail(PROJECT, created.id, StatusReason.HOG_ERROR, version=created.version),
        )
        stored = await registry.evaluations.get(PROJECT, created.id)
        assert stored is not None
        assert (stored.version, stored.status) == (2, EvaluationStatus.ACTIVE)


async def test_a_paused_one_does_not_fail(registry: Registry) -> None:
    created = await registry.evaluations.create(PROJECT, spec(enabled=False), created_by=None)
    assert await registry.evaluations.fail(PROJECT, created.id, StatusReason.HOG_ERROR) is False
    assert await registry.evaluations.get(PROJECT, created.id) == created


@pytest.mark.parametrize(
    "change",
    [
        "status = 'active'",
        "enabled = true",
        "status_reason = 'hog_error'",
        "status = 'broken'",
        "version = 0",
        "evaluation_type = 'oracle'",
        "name = ''",
    ],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, start: BootstrapResult, change: str
) -> None:
    await blank.evaluations.create(PROJECT, spec(enabled=False), created_by=None)
    with pytest.raises(Exception, match=r"(?i)rule|constraint|refuse"):
        await execute(blank, f"UPDATE evaluations SET {change}")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("POLI", ["Politeness"]),
        ("straße", ["STRASSE in Zürich"]),
        ("zÜRICH", ["STRASSE in Zürich"]),
        ("50%", ["50% off"]),
        ("_", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("written below", ["Politeness"]),
        ("nothing like it", []),
    ],
)
async def test_search_is_a_substring_in_any_case(registry: Registry, search: str, found: list[str]) -> None:
    for name in ("STRASSE in Zürich", "50% off", "snake_case", "back\\slash"):
        await registry.evaluations.create(PROJECT, spec(name=name), created_by=None)
    await registry.evaluations.create(PROJECT, spec(description="Written BELOW."), created_by=None)
    assert await names(registry, search=search) == found


@on_one_registry
@given(name=texts.filter(lambda text: text), search=texts)
async def test_search_agrees_with_casefolding(registry: Registry, name: str, search: str) -> None:
    created = await registry.evaluations.create(PROJECT, spec(name=name), created_by=None)
    query = EvaluationQuery(search=search, ids=(created.id,))
    count, _ = await registry.evaluations.list(PROJECT, query)
    assert count == (search.casefold() in name.casefold())


async def test_orders_filters_and_pages(registry: Registry) -> None:
    ids = []
    for number, name in enumerate(["b", "C", "a", "a"]):
        created = await registry.evaluations.create(
            PROJECT, spec(name=name, enabled=number % 2 == 0), created_by=None
        )
        ids.append(created.id)

    assert await names(registry) == ["a", "a", "C", "b"]
    assert await names(registry, order_by=("name",)) == ["a", "a", "b", "C"]
    assert await names(registry, order_by=("-name", "created_at")) == ["C", "b", "a", "a"]
    assert await names(registry, order_by=("created_at",)) == ["b", "C", "a", "a"]
    assert await names(registry, enabled=True, order_by=("created_at",)) == ["b", "a"]
    assert await names(registry, ids=(ids[1], uuid4())) == ["C"]
    assert await names(registry, ids=()) == []
    count, page = await registry.evaluations.list(
        PROJECT, EvaluationQuery(order_by=("name",), limit=2, offset=1)
    )
    assert (count, [evaluation.name for evaluation in page]) == (4, ["a", "b"])
    assert await names(registry, offset=10**20) == []


async def test_a_name_that_postgresql_cannot_store_is_a_field_error(registry: Registry) -> None:
    with pytest.raises(FieldError):
        await registry.evaluations.create(PROJECT, spec(name="a\x00b"), created_by=None)


async def test_whose_true_is_a_failure(registry: Registry, start: BootstrapResult) -> None:
    other = await registry.access.create_project("Other")
    configs: list[dict[str, Any]] = [{"true_is_failure": True}, {"true_is_failure": False}, {}]
    inverted, *_ = [
        await registry.evaluations.create(PROJECT, spec(output_config=config), created_by=None)
        for config in configs
    ]
    await registry.evaluations.create(other.id, spec(output_config=configs[0]), created_by=None)
    assert await registry.evaluations.true_is_failure(PROJECT) == {inverted.id}

    def deleted(current: Evaluation) -> EvaluationSpec:
        return decided(current).model_copy(update={"deleted": True})

    await registry.evaluations.update(PROJECT, inverted.id, deleted)
    assert await registry.evaluations.true_is_failure(PROJECT) == {inverted.id}
