"""Evaluation reports in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.evaluation_reports import (
    EvaluationReport,
    EvaluationReportQuery,
    EvaluationReportSpec,
    ReportFrequency,
)
from assay.errors import FieldError, StoreRejected
from assay.ports import Registry
from tests.stores.registry.support import execute, spec

PROJECT = 1
STARTS_AT = datetime(2026, 1, 1, 9, tzinfo=UTC)


def decided(report: EvaluationReport) -> EvaluationReportSpec:
    return EvaluationReportSpec.model_validate(
        report.model_dump(include=set(EvaluationReportSpec.model_fields))
    )


@pytest.fixture
async def evaluation_id(registry: Registry) -> UUID:
    return (await registry.evaluations.create(PROJECT, spec(), created_by=None)).id


def scheduled(evaluation_id: UUID, **changes: Any) -> EvaluationReportSpec:
    defaults: dict[str, Any] = {
        "evaluation_id": evaluation_id,
        "frequency": ReportFrequency.SCHEDULED,
        "rrule": "FREQ=DAILY",
        "starts_at": STARTS_AT,
        "next_delivery_date": STARTS_AT,
        "delivery_targets": ({"type": "email", "value": "ä@b.c", "more": [1.0, None]},),
        "report_prompt_guidance": "ß",
        "trigger_threshold": None,
    }
    return EvaluationReportSpec(**defaults | changes)


async def test_what_is_stored_comes_back(registry: Registry, evaluation_id: UUID) -> None:
    author = await registry.access.first_user()
    for sent in (EvaluationReportSpec(evaluation_id=evaluation_id), scheduled(evaluation_id)):
        created = await registry.evaluation_reports.create(PROJECT, sent, created_by=author.id)
        assert decided(created) == sent
        assert (created.project_id, created.created_by_id, created.last_delivered_at) == (
            PROJECT,
            author.id,
            None,
        )
        assert await registry.evaluation_reports.get(PROJECT, created.id) == created


async def test_an_author_who_is_gone_is_null(
    blank: SqlRegistry, registry: Registry, evaluation_id: UUID
) -> None:
    author = await registry.access.first_user()
    created = await registry.evaluation_reports.create(
        PROJECT, scheduled(evaluation_id), created_by=author.id
    )
    await execute(blank, "DELETE FROM users")
    stored = await registry.evaluation_reports.get(PROJECT, created.id)
    assert stored is not None
    assert stored.created_by_id is None


async def test_no_project_sees_another_ones(registry: Registry, evaluation_id: UUID) -> None:
    created = await registry.evaluation_reports.create(PROJECT, scheduled(evaluation_id), created_by=None)
    other = (await registry.access.create_project("Other")).id

    assert await registry.evaluation_reports.get(other, created.id) is None
    assert await registry.evaluation_reports.update(other, created.id, decided) is None
    assert await registry.evaluation_reports.list(other, EvaluationReportQuery()) == (0, [])


async def test_no_report_is_about_another_projects_evaluation(
    registry: Registry, evaluation_id: UUID
) -> None:
    other = (await registry.access.create_project("Other")).id
    for project_id, evaluation in ((other, evaluation_id), (PROJECT, uuid4())):
        with pytest.raises(StoreRejected):
            await registry.evaluation_reports.create(project_id, scheduled(evaluation), created_by=None)


async def test_deleted_ones_are_hidden_but_can_be_changed(registry: Registry, evaluation_id: UUID) -> None:
    created = await registry.evaluation_reports.create(PROJECT, scheduled(evaluation_id), created_by=None)

    def deleted(current: EvaluationReport) -> EvaluationReportSpec:
        return decided(current).model_copy(update={"deleted": not current.deleted})

    await registry.evaluation_reports.update(PROJECT, created.id, deleted)
    assert await registry.evaluation_reports.get(PROJECT, created.id) is None
    assert await registry.evaluation_reports.get(PROJECT, created.id, include_deleted=True) is not None
    assert (await registry.evaluation_reports.list(PROJECT, EvaluationReportQuery()))[0] == 0
    restored = await registry.evaluation_reports.update(PROJECT, created.id, deleted)
    assert restored is not None
    assert await registry.evaluation_reports.get(PROJECT, created.id) == restored
    assert restored.updated_at > created.updated_at


async def test_the_list_has_a_filter_an_order_and_pages(registry: Registry, evaluation_id: UUID) -> None:
    other = (await registry.evaluations.create(PROJECT, spec(), created_by=None)).id
    made = [
        (await registry.evaluation_reports.create(PROJECT, scheduled(evaluation), created_by=None)).id
        for evaluation in (evaluation_id, other, evaluation_id)
    ]

    async def ids(**query: Any) -> list[UUID]:
        _, found = await registry.evaluation_reports.list(PROJECT, EvaluationReportQuery(**query))
        return [report.id for report in found]

    assert await ids() == made[::-1]
    assert await ids(order_by=("created_at",)) == made
    assert await ids(evaluation_id=evaluation_id) == [made[2], made[0]]
    assert await ids(limit=1, offset=1) == [made[1]]
    with pytest.raises(FieldError):
        await ids(order_by=("rrule",))


async def test_concurrent_changes_are_all_kept(
    registry: Registry, second: Registry, evaluation_id: UUID
) -> None:
    created = await registry.evaluation_reports.create(
        PROJECT, scheduled(evaluation_id, report_prompt_guidance=""), created_by=None
    )

    def append(current: EvaluationReport) -> EvaluationReportSpec:
        guidance = current.report_prompt_guidance + "x"
        return decided(current).model_copy(update={"report_prompt_guidance": guidance})

    await asyncio.gather(
        *(
            each.evaluation_reports.update(PROJECT, created.id, append)
            for _ in range(5)
            for each in (registry, second)
        )
    )

    stored = await registry.evaluation_reports.get(PROJECT, created.id)
    assert stored is not None
    assert stored.report_prompt_guidance == "x" * 10


async def test_a_change_that_raises_writes_nothing(registry: Registry, evaluation_id: UUID) -> None:
    created = await registry.evaluation_reports.create(PROJECT, scheduled(evaluation_id), created_by=None)

    def refuse(_: EvaluationReport) -> EvaluationReportSpec:
        raise FieldError("no", attr="rrule")

    with pytest.raises(FieldError):
        await registry.evaluation_reports.update(PROJECT, created.id, refuse)
    assert await registry.evaluation_reports.get(PROJECT, created.id) == created
    assert await registry.evaluation_reports.update(PROJECT, uuid4(), decided) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rrule", "FREQ=DAILY\0"),
        ("report_prompt_guidance", "\ud800"),
        ("delivery_targets", ({"type": "email", "value": "\0"},)),
    ],
)
async def test_what_a_database_cannot_hold_is_a_field_error(
    registry: Registry, evaluation_id: UUID, field: str, value: Any
) -> None:
    with pytest.raises(FieldError) as caught:
        await registry.evaluation_reports.create(
            PROJECT, scheduled(evaluation_id, **{field: value}), created_by=None
        )
    assert caught.value.attr == field


@pytest.mark.parametrize(
    "change",
    [
        "frequency = 'daily'",
        "frequency = 'every_n'",
        "frequency = 'every_n', trigger_threshold = 10",
        "rrule = ''",
        "starts_at = NULL",
        "timezone_name = ''",
        "max_sample_size = 0",
        "trigger_threshold = 9",
        "trigger_threshold = 10001",
        "cooldown_minutes = 59",
        "cooldown_minutes = 1441",
        "daily_run_cap = 0",
        "daily_run_cap = 25",
        "evaluation_id = NULL",
    ],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, start: BootstrapResult, evaluation_id: UUID, change: str
) -> None:
    await blank.evaluation_reports.create(PROJECT, scheduled(evaluation_id), created_by=None)
    with pytest.raises(StoreRejected):
        await execute(blank, f"UPDATE evaluation_reports SET {change}")
