"""What each frequency needs, and when the next delivery is."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api_shim.routes import evaluation_reports
from assay.contracts.evaluation_reports import EvaluationReportSpec
from tests.api.conftest import Make

NOW = datetime(2026, 11, 21, 8, 50, tzinfo=UTC)  # a Saturday
DAILY = {"frequency": "scheduled", "rrule": "FREQ=DAILY", "starts_at": "2026-01-01T09:00:00Z"}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_reports, "_now", lambda: NOW)


@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({}, "trigger_threshold"),
        ({"frequency": "every_n"}, "trigger_threshold"),
        ({"trigger_threshold": None}, "trigger_threshold"),
        ({"frequency": "scheduled", "starts_at": DAILY["starts_at"]}, "rrule"),
        ({"frequency": "scheduled", "starts_at": DAILY["starts_at"], "rrule": " "}, "rrule"),
        ({"frequency": "scheduled", "rrule": "FREQ=DAILY"}, "starts_at"),
        ({"frequency": "scheduled"}, "rrule"),
    ],
)
async def test_what_a_frequency_goes_by_is_needed(
    client: httpx.AsyncClient, reports: str, evaluation: str, fields: dict[str, Any], attr: str
) -> None:
    response = await client.post(reports, json={"evaluation": evaluation} | fields)
    assert response.status_code == 400
    assert (response.json()["code"], response.json()["attr"]) == ("invalid_input", attr)


@pytest.mark.parametrize(
    ("change", "attr"),
    [
        ({"trigger_threshold": None}, "trigger_threshold"),
        ({"frequency": "scheduled"}, "rrule"),
        ({"frequency": "scheduled", "rrule": "FREQ=DAILY"}, "starts_at"),
        ({"rrule": "FREQ=SECONDLY"}, "rrule"),
    ],
)
async def test_a_change_is_judged_together_with_what_is_stored(
    client: httpx.AsyncClient, reports: str, make_report: Make, change: dict[str, Any], attr: str
) -> None:
    item = f"{reports}{(await make_report())['id']}/"
    response = await client.patch(item, json=change)
    assert response.status_code == 400
    assert (response.json()["code"], response.json()["attr"]) == ("invalid_input", attr)


@pytest.mark.parametrize("change", [{"rrule": ""}, {"starts_at": None}])
async def test_a_scheduled_report_keeps_its_schedule(
    client: httpx.AsyncClient, reports: str, make_report: Make, change: dict[str, Any]
) -> None:
    item = f"{reports}{(await make_report(**DAILY))['id']}/"
    response = await client.patch(item, json=change)
    assert (response.status_code, response.json()["attr"]) == (400, next(iter(change)))


async def test_a_scheduled_report_stores_a_threshold_for_later(
    client: httpx.AsyncClient, reports: str, evaluation: str
) -> None:
    created = (await client.post(reports, json={"evaluation": evaluation} | DAILY)).json()
    assert created["trigger_threshold"] == 100
    switched = await client.patch(f"{reports}{created['id']}/", json={"frequency": "every_n"})
    assert (switched.status_code, switched.json()["next_delivery_date"]) == (200, None)


async def test_a_threshold_that_was_given_up_has_to_come_back(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    item = f"{reports}{(await make_report(**DAILY, trigger_threshold=None))['id']}/"
    response = await client.patch(item, json={"frequency": "every_n"})
    assert (response.status_code, response.json()["attr"]) == (400, "trigger_threshold")
    response = await client.patch(item, json={"frequency": "every_n", "trigger_threshold": 10})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, "2026-11-22T09:00:00Z"),  # 9:00 is only ten minutes away
        ({"starts_at": "2026-01-01T09:05:00Z"}, "2026-11-22T09:05:00Z"),  # and so is, to the minute, 9:05
        ({"starts_at": "2026-01-01T09:06:00Z"}, "2026-11-21T09:06:00Z"),
        ({"starts_at": "2026-01-01T13:00:00Z", "timezone_name": "America/New_York"}, "2026-11-21T13:00:00Z"),
        ({"starts_at": "2026-07-01T12:00:00Z", "timezone_name": "America/New_York"}, "2026-11-21T13:00:00Z"),
        ({"starts_at": "2027-03-01T09:00:00Z"}, "2027-03-01T09:00:00Z"),
        ({"rrule": "FREQ=HOURLY;INTERVAL=6"}, "2026-11-21T15:00:00Z"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO"}, "2026-11-23T09:00:00Z"),
        ({"rrule": "FREQ=DAILY;COUNT=5"}, None),
        ({"rrule": "FREQ=DAILY;UNTIL=20261101T000000Z"}, None),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, None),
        ({"enabled": False}, "2026-11-22T09:00:00Z"),
    ],
)
async def test_the_next_delivery(make_report: Make, fields: dict[str, Any], due: str | None) -> None:
    assert (await make_report(**DAILY | fields))["next_delivery_date"] == due


@pytest.fixture
async def daily(reports: str, make_report: Make) -> str:
    """Address of a daily report, which is due at nine the next day."""
    return f"{reports}{(await make_report(**DAILY))['id']}/"


@pytest.fixture
async def three_days_later(daily: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a daily report that was made three days and an hour ago."""
    monkeypatch.setattr(evaluation_reports, "_now", lambda: NOW + timedelta(days=3, hours=1))
    return daily


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({"timezone_name": "Asia/Tokyo"}, "2026-11-25T09:00:00Z"),
        ({"rrule": "FREQ=WEEKLY"}, "2026-11-26T09:00:00Z"),
        ({"starts_at": "2026-01-01T10:30:00Z"}, "2026-11-24T10:30:00Z"),
        ({"frequency": "every_n"}, None),
        # nothing of this decides on it, but what is stored has passed, and nobody will make up for it
        ({"enabled": False, "rrule": "FREQ=DAILY", "frequency": "scheduled"}, "2026-11-25T09:00:00Z"),
        ({"deleted": True}, "2026-11-25T09:00:00Z"),
    ],
)
async def test_a_change_of_the_schedule_makes_a_new_next_delivery(
    client: httpx.AsyncClient, three_days_later: str, change: dict[str, Any], due: str | None
) -> None:
    changed = await client.patch(three_days_later, json=change)
    assert (changed.status_code, changed.json()["next_delivery_date"]) == (200, due)


@pytest.mark.parametrize(
    "change",
    [{"report_prompt_guidance": "all"}, {"enabled": True}, {"enabled": False}, {"rrule": "FREQ=DAILY"}],
)
async def test_a_change_of_anything_else_does_not_put_a_delivery_off(
    client: httpx.AsyncClient, daily: str, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    monkeypatch.setattr(evaluation_reports, "_now", lambda: NOW + timedelta(days=1))  # ten minutes before
    changed = await client.patch(daily, json=change)
    assert (changed.status_code, changed.json()["next_delivery_date"]) == (200, "2026-11-22T09:00:00Z")


@pytest.mark.parametrize("change", [{}, {"rrule": "FREQ=DAILY"}, {"enabled": True}, {"delivery_targets": []}])
async def test_a_delivery_that_is_overdue_is_still_to_be_made(
    client: httpx.AsyncClient, three_days_later: str, change: dict[str, Any]
) -> None:
    changed = await client.patch(three_days_later, json=change)
    assert (changed.status_code, changed.json()["next_delivery_date"]) == (200, "2026-11-22T09:00:00Z")


@pytest.mark.parametrize("field", ["enabled", "deleted"])
@pytest.mark.parametrize(
    "later",
    [(timedelta(days=1), "2026-11-23T09:00:00Z"), (timedelta(days=3), "2026-11-25T09:00:00Z")],
    ids=["too-soon", "passed"],
)
async def test_going_live_again_makes_a_new_next_delivery(
    client: httpx.AsyncClient,
    daily: str,
    monkeypatch: pytest.MonkeyPatch,
    field: str,
    later: tuple[timedelta, str],
) -> None:
    off, (passed, due) = field == "deleted", later
    gone = await client.patch(daily, json={field: off})
    assert gone.json()["next_delivery_date"] == "2026-11-22T09:00:00Z"
    monkeypatch.setattr(evaluation_reports, "_now", lambda: NOW + passed)
    restored = await client.patch(daily, json={field: not off})
    assert restored.json()["next_delivery_date"] == due


async def test_a_delivery_is_planned_beside_the_event_loop(
    client: httpx.AsyncClient, daily: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_spec, threads = evaluation_reports.changed_spec, []

    def noted(*args: Any, **kwargs: Any) -> EvaluationReportSpec:
        threads.append(threading.current_thread())
        return changed_spec(*args, **kwargs)

    monkeypatch.setattr(evaluation_reports, "changed_spec", noted)
    assert (await client.patch(daily, json={"rrule": "FREQ=WEEKLY"})).status_code == 200
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_a_next_delivery_that_was_missing_is_made_up_for(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    ended = await make_report(**DAILY | {"rrule": "FREQ=DAILY;COUNT=1"})
    assert ended["next_delivery_date"] is None
    item = f"{reports}{ended['id']}/"
    assert (await client.patch(item, json={"enabled": False})).json()["next_delivery_date"] is None
    changed = await client.patch(item, json={"rrule": "FREQ=DAILY"})
    assert changed.json()["next_delivery_date"] == "2026-11-22T09:00:00Z"


async def test_becoming_scheduled_makes_a_next_delivery(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    item = f"{reports}{(await make_report())['id']}/"
    changed = await client.patch(item, json=DAILY)
    assert changed.json()["next_delivery_date"] == "2026-11-22T09:00:00Z"


async def test_the_moment_is_the_present_one(
    client: httpx.AsyncClient, reports: str, make_report: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    created = await make_report(**DAILY)
    due = datetime.fromisoformat(created["next_delivery_date"])
    assert timedelta(0) < due - datetime.fromisoformat(created["created_at"]) < timedelta(days=1, minutes=16)
