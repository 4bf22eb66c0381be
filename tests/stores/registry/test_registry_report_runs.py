"""Runs of evaluation reports in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.sql import SqlRegistry, lists
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.report_runs import (
    Delivery,
    DeliveryStatus,
    GenerationStatus,
    Recipient,
    RecipientKind,
    ReportRun,
    ReportRunQuery,
    TranscriptEntry,
)
from assay.errors import StoreRejected
from assay.ports import Registry
from tests.stores.registry.report_runs import DAY, NOW, content, metrics, new_report, run_of
from tests.stores.registry.support import count, execute, spec

PROJECT = 1
HOSTILE = "\0 and half a smiley: \ud83d, then \\u0000 as text"
"""What a model may say and a database may not take."""


@pytest.fixture
async def report(registry: Registry) -> EvaluationReport:
    return await new_report(registry)


@pytest.fixture
async def run(registry: Registry, report: EvaluationReport) -> ReportRun:
    return await registry.report_runs.create(run_of(report))


async def write(registry: Registry, run: ReportRun, **changes: Any) -> ReportRun:
    return await registry.report_runs.write_content(
        run.project_id, run.id, content(**changes), model=None, cost_usd=None
    )


def to_email(run: ReportRun, **changes: Any) -> Delivery:
    recipient = Recipient(key="email:a@b.c", kind=RecipientKind.EMAIL, address="a@b.c")
    return Delivery(**{"run_id": run.id, "recipient": recipient} | changes)


def to_slack(run: ReportRun, **changes: Any) -> Delivery:
    recipient = Recipient(key="slack:1:C1", kind=RecipientKind.SLACK, address="C1", integration_id=1)
    return Delivery(**{"run_id": run.id, "recipient": recipient} | changes)


async def test_what_is_stored_comes_back(registry: Registry, report: EvaluationReport) -> None:
    runs = [
        run_of(report),
        run_of(
            report,
            content=content(),
            delivery_status=DeliveryStatus.PARTIAL_FAILURE,
            delivery_errors=("a@b.c: „no“",),
            model="openai/gpt-5-mini",
            cost_usd=0.1,
        ),
        run_of(report, content=content(metrics=None, fallback_reason="The model did not answer.")),
    ]
    for run in runs:
        assert await registry.report_runs.create(run) == run
        assert await registry.report_runs.get(PROJECT, run.id) == run


async def test_numbers_and_orders_stay_as_they_were_sent(
    blank: SqlRegistry, registry: Registry, run: ReportRun
) -> None:
    sent = metrics(result_rates={"z": 100.0, "a": 0.1 + 0.2}, result_counts={"z": 2**60, "a": 0})
    await write(registry, run, metrics=sent)
    stored = await registry.report_runs.get(PROJECT, run.id)
    assert stored is not None
    assert stored.content is not None
    assert stored.content.model_dump_json() == content(metrics=sent).model_dump_json()


async def test_a_run_that_is_there_stays_as_it_is(registry: Registry, run: ReportRun) -> None:
    written = await write(registry, run)
    again = run.model_copy(update={"period_start": NOW - 2 * DAY, "created_at": NOW + DAY})
    assert await registry.report_runs.create(again) == written


async def test_racing_attempts_make_one_run(
    registry: Registry, second: Registry, report: EvaluationReport
) -> None:
    run_id = uuid4()
    attempts = [
        run_of(report, id=run_id, period_start=NOW - DAY * number, created_at=NOW + DAY * number)
        for number in range(10)
    ]
    made = await asyncio.gather(
        *(
            each.report_runs.create(attempt)
            for attempt, each in zip(attempts, [registry, second] * 5, strict=True)
        )
    )
    assert made == [made[0]] * 10
    assert made[0] in attempts


async def test_the_start_of_a_period_is_worked_out_once(
    registry: Registry, second: Registry, report: EvaluationReport
) -> None:
    run = await registry.report_runs.create(run_of(report, period_start=NOW))
    starts = [NOW - DAY * number for number in range(1, 9)]
    made = await asyncio.gather(
        *(
            each.report_runs.begin_period(PROJECT, run.id, start)
            for start, each in zip(starts, [registry, second] * 4, strict=True)
        )
    )
    assert made == [made[0]] * 8
    assert made[0].period_start in starts
    assert made[0] == run.model_copy(update={"period_start": made[0].period_start})
    with pytest.raises(StoreRejected):
        await registry.report_runs.begin_period(PROJECT + 1, run.id, NOW - DAY)


async def test_content_is_written_over_what_was_there(registry: Registry, run: ReportRun) -> None:
    first = await registry.report_runs.write_content(
        PROJECT,
        run.id,
        content(title="", sections=(), generation_status=GenerationStatus.PENDING),
        model="m",
        cost_usd=0.5,
    )
    assert (first.model, first.cost_usd) == ("m", 0.5)
    second = await registry.report_runs.write_content(PROJECT, run.id, content(), model=None, cost_usd=None)
    assert second == run.model_copy(update={"content": content()})
    assert await registry.report_runs.get(PROJECT, run.id) == second


@pytest.mark.parametrize(
    "status", [GenerationStatus.PENDING, GenerationStatus.COMPLETED, GenerationStatus.FAILED]
)
async def test_an_attempt_that_comes_late_does_not_undo_a_report(
    registry: Registry, second: Registry, run: ReportRun, status: GenerationStatus
) -> None:
    written = await registry.report_runs.write_content(PROJECT, run.id, content(), model="m", cost_usd=0.5)
    late = content(title="", sections=(), generation_status=status)
    stored = await second.report_runs.write_content(PROJECT, run.id, late, model=None, cost_usd=None)
    assert stored == written
    assert await registry.report_runs.get(PROJECT, run.id) == written


async def test_an_attempt_that_comes_late_does_not_change_the_numbers(
    registry: Registry, second: Registry, run: ReportRun
) -> None:
    pending = content(title="", sections=(), generation_status=GenerationStatus.PENDING)
    first = await registry.report_runs.write_content(PROJECT, run.id, pending, model=None, cost_usd=None)
    late = pending.model_copy(update={"metrics": metrics(total_runs=11)})
    assert (await second.report_runs.write_content(PROJECT, run.id, late, model=None, cost_usd=None)) == first


async def test_a_run_that_was_given_up_writes_nothing(
    registry: Registry, second: Registry, run: ReportRun
) -> None:
    given_up = content(title="", sections=(), generation_status=GenerationStatus.FAILED)
    first = await registry.report_runs.write_content(PROJECT, run.id, given_up, model=None, cost_usd=None)
    assert first.content == given_up
    late = await second.report_runs.write_content(PROJECT, run.id, content(), model="m", cost_usd=0.5)
    assert late == first


async def test_deliveries_are_recorded_in_the_run(registry: Registry, run: ReportRun) -> None:
    await registry.report_runs.record_delivery(PROJECT, run.id, DeliveryStatus.FAILED, ["no", "ne\0in"])
    stored = await registry.report_runs.get(PROJECT, run.id)
    assert stored is not None
    assert (stored.delivery_status, stored.delivery_errors) == (DeliveryStatus.FAILED, ("no", "ne\0in"))
    await registry.report_runs.record_delivery(PROJECT, run.id, DeliveryStatus.DELIVERED, [])
    stored = await registry.report_runs.get(PROJECT, run.id)
    assert stored is not None
    assert (stored.delivery_status, stored.delivery_errors) == (DeliveryStatus.DELIVERED, ())


async def test_a_transcript_is_kept_in_order_as_it_was_said(registry: Registry, run: ReportRun) -> None:
    entries = [
        TranscriptEntry(
            number=number,
            message={"role": "tool", "z": HOSTILE, "a": [1.0, 2**70, None, {HOSTILE: True}]},
            input_tokens=number or None,
            output_tokens=7,
            cost_usd=0.1,
        )
        for number in range(12)
    ]
    for entry in reversed(entries):
        assert await registry.report_runs.add_message(PROJECT, run.id, entry) == entry
    stored = await registry.report_runs.transcript(PROJECT, run.id)
    assert stored == entries
    assert list(stored[0].message) == ["role", "z", "a"]
    assert repr(stored[0].message["a"][0]) == "1.0"


async def test_a_message_that_is_there_is_the_answer(
    registry: Registry, second: Registry, run: ReportRun
) -> None:
    sent = [TranscriptEntry(number=0, message={"said": number}) for number in range(10)]
    told = await asyncio.gather(
        *(
            each.report_runs.add_message(PROJECT, run.id, entry)
            for entry, each in zip(sent, [registry, second] * 5, strict=True)
        )
    )
    assert told == [told[0]] * 10
    assert await registry.report_runs.transcript(PROJECT, run.id) == [told[0]]


async def test_transcripts_of_old_runs_are_forgotten(registry: Registry, report: EvaluationReport) -> None:
    old, new = [
        await registry.report_runs.create(run_of(report, created_at=created)) for created in (NOW - DAY, NOW)
    ]
    for run in (old, new):
        for number in range(3):
            await registry.report_runs.add_message(
                PROJECT, run.id, TranscriptEntry(number=number, message={})
            )
    assert await registry.report_runs.forget_transcripts(NOW) == 3
    assert await registry.report_runs.forget_transcripts(NOW) == 0
    assert await registry.report_runs.transcript(PROJECT, old.id) == []
    assert len(await registry.report_runs.transcript(PROJECT, new.id)) == 3
    assert await registry.report_runs.get(PROJECT, old.id) == old


async def test_what_was_reached_for_a_recipient_is_written_over(
    blank: SqlRegistry, registry: Registry, second: Registry, run: ReportRun
) -> None:
    runs = registry.report_runs
    first = await runs.save_delivery(PROJECT, to_slack(run, receipt={"ts": "1.0", "replies": 1}))
    assert first == to_slack(run, receipt={"ts": "1.0", "replies": 1})
    stored = await runs.save_delivery(PROJECT, to_email(run, error="The server\0 says no."))
    assert stored == to_email(run, error="The server\ufffd says no.")
    done = to_slack(run, receipt={"ts": "1.0", "replies": 2}, is_done=True)
    assert await second.report_runs.save_delivery(PROJECT, done, over=first) == done
    assert await second.report_runs.deliveries(PROJECT, run.id) == [
        to_email(run, error="The server\ufffd says no."),
        to_slack(run, receipt={"ts": "1.0", "replies": 2}, is_done=True),
    ]
    assert await count(blank, "report_deliveries") == 2


@pytest.mark.parametrize("known", [None, 1, 3], ids=["nothing", "less", "more"])
async def test_who_knows_something_else_of_a_delivery_changes_nothing(
    registry: Registry, second: Registry, run: ReportRun, known: int | None
) -> None:
    done = to_slack(run, receipt={"posted": 3}, is_done=True)
    before = await registry.report_runs.save_delivery(PROJECT, to_slack(run, receipt={"posted": 1}))
    await registry.report_runs.save_delivery(PROJECT, done, over=before)
    over = None if known is None else to_slack(run, receipt={"posted": known})
    late = to_slack(run, receipt={"posted": 2})
    assert await second.report_runs.save_delivery(PROJECT, late, over=over) == done
    assert await registry.report_runs.deliveries(PROJECT, run.id) == [done]


async def test_of_racing_attempts_one_moves_a_delivery_on(
    registry: Registry, second: Registry, run: ReportRun
) -> None:
    before = await registry.report_runs.save_delivery(PROJECT, to_slack(run))
    attempts = [to_slack(run, receipt={"ts": str(number)}) for number in range(10)]
    stored = await asyncio.gather(
        *(
            each.report_runs.save_delivery(PROJECT, attempt, over=before)
            for attempt, each in zip(attempts, [registry, second] * 5, strict=True)
        )
    )
    assert stored == [stored[0]] * 10
    assert stored[0] in attempts


async def test_racing_deliveries_to_different_recipients_are_all_kept(
    registry: Registry, second: Registry, run: ReportRun
) -> None:
    def to(number: int) -> Delivery:
        address = f"{number}@b.c"
        recipient = Recipient(key=f"email:{address}", kind=RecipientKind.EMAIL, address=address)
        return Delivery(run_id=run.id, recipient=recipient, is_done=True)

    await asyncio.gather(
        *(
            each.report_runs.save_delivery(PROJECT, to(number))
            for number in range(8)
            for each in (registry, second)
        )
    )
    assert await registry.report_runs.deliveries(PROJECT, run.id) == [to(number) for number in range(8)]


async def test_no_project_sees_or_changes_another_ones(registry: Registry, run: ReportRun) -> None:
    other = (await registry.access.create_project("Other")).id
    runs = registry.report_runs
    entry = TranscriptEntry(number=0, message={"said": "mine"})
    await runs.add_message(PROJECT, run.id, entry)
    await runs.save_delivery(PROJECT, to_email(run))

    assert await runs.get(other, run.id) is None
    assert await runs.transcript(other, run.id) == []
    assert await runs.deliveries(other, run.id) == []
    assert await runs.list(other, run.report_id, ReportRunQuery()) == (0, [])
    for refused in (
        runs.create(run.model_copy(update={"project_id": other})),
        runs.create(run.model_copy(update={"project_id": other, "id": uuid4()})),
        runs.write_content(other, run.id, content(), model=None, cost_usd=None),
        runs.record_delivery(other, run.id, DeliveryStatus.FAILED, []),
        runs.add_message(other, run.id, entry),
        runs.add_message(other, run.id, TranscriptEntry(number=1, message={})),
        runs.save_delivery(other, to_email(run, is_done=True)),
        runs.save_delivery(other, to_email(run, is_done=True), over=to_email(run)),
        runs.save_delivery(other, to_slack(run)),
    ):
        with pytest.raises(StoreRejected):
            await refused
    assert await runs.get(PROJECT, run.id) == run
    assert await runs.transcript(PROJECT, run.id) == [entry]
    assert await runs.deliveries(PROJECT, run.id) == [to_email(run)]


async def test_a_run_is_of_a_report_and_an_evaluation_that_there_are(
    registry: Registry, report: EvaluationReport
) -> None:
    for change in ({"report_id": uuid4()}, {"evaluation_id": uuid4()}):
        with pytest.raises(StoreRejected):
            await registry.report_runs.create(run_of(report, **change))


async def test_the_list_has_what_is_written_newest_first(
    registry: Registry, report: EvaluationReport
) -> None:
    async def ids(**query: Any) -> tuple[int, list[UUID]]:
        number, found = await registry.report_runs.list(PROJECT, report.id, ReportRunQuery(**query))
        return number, [run.id for run in found]

    made = [
        (await registry.report_runs.create(run_of(report, created_at=NOW + DAY * day, content=content()))).id
        for day in (1, 0, 2)
    ]
    newest_first = [made[2], made[0], made[1]]
    await registry.report_runs.create(run_of(report, created_at=NOW + 3 * DAY))
    for status in (GenerationStatus.PENDING, GenerationStatus.FAILED):
        await registry.report_runs.create(
            run_of(report, content=content(sections=(), generation_status=status))
        )
    await registry.report_runs.create(run_of(await new_report(registry), content=content()))

    assert await ids() == (3, newest_first)
    assert await ids(limit=1, offset=1) == (3, newest_first[1:2])
    assert await ids(offset=2**70) == (3, [])


async def test_runs_of_one_moment_are_in_a_stable_order(registry: Registry, report: EvaluationReport) -> None:
    made = {(await registry.report_runs.create(run_of(report, content=content()))).id for _ in range(5)}
    pages = [
        (await registry.report_runs.list(PROJECT, report.id, ReportRunQuery(limit=1, offset=offset)))[1]
        for offset in range(5)
    ]
    assert {run.id for page in pages for run in page} == made


async def test_a_page_ends_where_it_would_grow_too_large(
    registry: Registry, report: EvaluationReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(3):
        await registry.report_runs.create(
            run_of(report, created_at=NOW + DAY * day, content=content(title="x" * 10_000))
        )
    monkeypatch.setattr(lists, "MAX_PAGE_SIZE", 25_000)
    number, page = await registry.report_runs.list(PROJECT, report.id, ReportRunQuery())
    assert (number, len(page)) == (3, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_runs SET content = NULL",
        "UPDATE report_runs SET generation_status = NULL",
        "UPDATE report_runs SET generation_status = 'asleep'",
        "UPDATE report_runs SET content_size = 0",
        "UPDATE report_runs SET delivery_status = 'lost'",
        "UPDATE report_runs SET \"trigger\" = 'weather'",
        "UPDATE report_runs SET period_end = '2020-01-01 00:00:00'",
        "UPDATE report_messages SET number = -1",
        "UPDATE report_deliveries SET kind = 'pigeon'",
        "UPDATE report_deliveries SET recipient_key = ''",
        "UPDATE report_deliveries SET integration_id = 1 WHERE kind = 'email'",
        "UPDATE report_deliveries SET integration_id = NULL WHERE kind = 'slack'",
        "UPDATE report_deliveries SET error = 'no', is_done = true",
        "DELETE FROM report_runs",
        "DELETE FROM evaluation_reports",
    ],
)
async def test_the_database_itself_refuses_what_cannot_be(
    blank: SqlRegistry, registry: Registry, run: ReportRun, statement: str
) -> None:
    await write(registry, run)
    await registry.report_runs.add_message(PROJECT, run.id, TranscriptEntry(number=0, message={}))
    await registry.report_runs.save_delivery(PROJECT, to_email(run))
    await registry.report_runs.save_delivery(PROJECT, to_slack(run))
    with pytest.raises(StoreRejected):
        await execute(blank, statement)


async def test_a_report_may_move_on_from_an_evaluation_that_it_had_runs_on(
    registry: Registry, report: EvaluationReport, run: ReportRun
) -> None:
    other = (await registry.evaluations.create(PROJECT, spec(), created_by=None)).id
    await registry.evaluation_reports.update(
        PROJECT, report.id, lambda current: current.model_copy(update={"evaluation_id": other})
    )
    assert await registry.report_runs.get(PROJECT, run.id) == run
