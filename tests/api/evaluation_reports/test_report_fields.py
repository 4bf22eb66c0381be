"""Every field of a report: form, bounds, defaults, refusals."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

KEYS = [
    "id",
    "evaluation",
    "frequency",
    "rrule",
    "starts_at",
    "timezone_name",
    "next_delivery_date",
    "delivery_targets",
    "max_sample_size",
    "enabled",
    "deleted",
    "last_delivered_at",
    "report_prompt_guidance",
    "trigger_threshold",
    "cooldown_minutes",
    "daily_run_cap",
    "created_by",
    "created_at",
]
NULL = ("null", "This field may not be null.")
BOOLEAN = ("invalid_input", "Must be a valid boolean.")
STRING = ("invalid_input", "Not a valid string.")
INTEGER = ("invalid_input", "A valid integer is required.")
ZONE = ("invalid_input", "Not the name of an IANA time zone, such as Europe/Berlin or UTC.")


def below(bound: int) -> tuple[str, str]:
    return "min_value", f"Ensure this value is greater than or equal to {bound}."


def above(bound: int) -> tuple[str, str]:
    return "max_value", f"Ensure this value is less than or equal to {bound}."


BAD_FIELDS: list[tuple[str, Any, str, str]] = [
    ("evaluation", None, *NULL),
    ("evaluation", "zzz", "invalid_input", "“zzz” is not a valid UUID."),
    ("evaluation", 5, "invalid_input", "“5” is not a valid UUID."),
    ("evaluation", "00000000-0000-0000-0000-000000000000", "does_not_exist",
     'Invalid pk "00000000-0000-0000-0000-000000000000" - object does not exist.'),
    ("frequency", None, *NULL),
    ("frequency", "daily", "invalid_choice", '"daily" is not a valid choice.'),
    ("frequency", "", "invalid_choice", '"" is not a valid choice.'),
    ("rrule", None, *NULL),
    ("rrule", [], *STRING),
    ("rrule", "INTERVAL=2", "invalid_input", "The rule has no FREQ."),
    ("rrule", "FREQ=MINUTELY;INTERVAL=30", "invalid_input",
     "FREQ=MINUTELY fires too often: the shortest period is HOURLY."),
    ("rrule", "FREQ=DAILY;DTSTART=20260101T000000Z", "invalid_input",
     "The rule must not contain DTSTART: the start is a field of its own."),
    ("rrule", "x" * 513, "max_length", "Ensure this field has no more than 512 characters."),
    ("starts_at", "tomorrow", "invalid_input",
     "Datetime has wrong format. Use one of these formats instead: "
     "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."),
    ("starts_at", "1969-12-31T23:59:59Z", "invalid_input", "The start must be from 1970 to 2999."),
    ("timezone_name", None, *NULL),
    ("timezone_name", "", "blank", "This field may not be blank."),
    ("timezone_name", "europe/berlin", *ZONE),
    ("timezone_name", "../../etc/passwd", *ZONE),
    ("timezone_name", "A" * 65, "max_length", "Ensure this field has no more than 64 characters."),
    ("delivery_targets", None, *NULL),
    ("delivery_targets", {}, "invalid_input", "Delivery targets must be a list."),
    ("delivery_targets", "a@b.c", "invalid_input", "Delivery targets must be a list."),
    ("delivery_targets", ["a@b.c"], "invalid_input", "Each delivery target must be an object."),
    ("delivery_targets", [{}], "invalid_input", 'The type of a delivery target must be "email" or "slack".'),
    ("delivery_targets", [{"type": ["email"]}], "invalid_input",
     'The type of a delivery target must be "email" or "slack".'),
    *(
        ("delivery_targets", [{"type": "email", "value": value}], "invalid_input",
         "An email target needs an address as its value.")
        for value in (None, "", " ", 5)
    ),
    *(
        ("delivery_targets", [{"type": "slack", "channel": "C1", "integration_id": value}], "invalid_input",
         "A Slack target needs an integration_id, which is a number.")
        for value in (None, "", "x", True, 1.5)
    ),
    ("delivery_targets", [{"type": "slack", "integration_id": 1}], "invalid_input", "A Slack target needs a channel."),
    *(
        ("delivery_targets", [{"type": "slack", "channel": "C1", "integration_id": value}], "invalid_input",
         "integration_id must be the id of a Slack integration of this project.")
        for value in (1, "1")
    ),
    ("max_sample_size", None, *NULL),
    ("max_sample_size", "many", *INTEGER),
    ("max_sample_size", 0, *below(1)),
    ("max_sample_size", 2**31, *above(2**31 - 1)),
    ("enabled", None, *NULL),
    ("enabled", "maybe", *BOOLEAN),
    ("deleted", None, *NULL),
    ("deleted", "maybe", *BOOLEAN),
    ("report_prompt_guidance", None, *NULL),
    ("report_prompt_guidance", {}, *STRING),
    ("report_prompt_guidance", "\0", "null_characters_not_allowed", "Null characters are not allowed."),
    ("trigger_threshold", "x", *INTEGER),
    ("trigger_threshold", 9, *below(10)),
    ("trigger_threshold", 10_001, *above(10_000)),
    ("cooldown_minutes", None, *NULL),
    ("cooldown_minutes", 60.5, *INTEGER),
    ("cooldown_minutes", 59, *below(60)),
    ("cooldown_minutes", 1441, *above(1440)),
    ("daily_run_cap", None, *NULL),
    ("daily_run_cap", 0, *below(1)),
    ("daily_run_cap", 25, *above(24)),
]  # fmt: skip


async def test_a_bad_field_is_refused_by_every_method(
    client: httpx.AsyncClient, reports: str, evaluation: str, make_report: Make
) -> None:
    before = await make_report()
    item = f"{reports}{before['id']}/"
    whole = {"evaluation": evaluation, "trigger_threshold": 100}
    for field, value, code, detail in BAD_FIELDS:
        for method, address, rest in (("POST", reports, whole), ("PUT", item, whole), ("PATCH", item, {})):
            response = await client.request(method, address, json=rest | {field: value})
            assert response.status_code == 400, (field, value)
            assert response.json() == error("validation_error", code, detail, field)
    assert (await client.get(item)).json() == before
    assert (await client.get(reports)).json()["count"] == 1


async def test_the_smallest_report(
    world: ApiWorld, client: httpx.AsyncClient, reports: str, evaluation: str
) -> None:
    response = await client.post(reports, json={"evaluation": evaluation, "trigger_threshold": 10})
    body = response.json()
    assert response.status_code == 201
    assert list(body) == KEYS
    assert UUID(body.pop("id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", body.pop("created_at"))
    assert body == {
        "evaluation": evaluation,
        "frequency": "every_n",
        "rrule": "",
        "starts_at": None,
        "timezone_name": "UTC",
        "next_delivery_date": None,
        "delivery_targets": [],
        "max_sample_size": 200,
        "enabled": True,
        "deleted": False,
        "last_delivered_at": None,
        "report_prompt_guidance": "",
        "trigger_threshold": 10,
        "cooldown_minutes": 60,
        "daily_run_cap": 10,
        "created_by": (await world.registry.access.first_user()).id,
    }


async def test_all_fields_are_stored_and_read_back_alike(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    sent = {
        "frequency": "scheduled",
        "rrule": "RRULE:freq=weekly;BYDAY=MO",
        "starts_at": "2026-01-05T09:00:00+01:00",
        "timezone_name": "Europe/Berlin",
        "delivery_targets": [{"value": "a@b.c, d@e.f", "type": "email", "note": {"kept": [1.0, None]}}],
        "max_sample_size": 1,
        "enabled": False,
        "report_prompt_guidance": "Look at refusals.",
        "trigger_threshold": None,
        "cooldown_minutes": 1440,
        "daily_run_cap": 24,
    }
    created = await make_report(**sent)
    assert {name: created[name] for name in sent} == sent | {"starts_at": "2026-01-05T08:00:00Z"}
    assert list(created["delivery_targets"][0]) == ["value", "type", "note"]
    assert (await client.get(f"{reports}{created['id']}/")).json() == created
    assert (await client.get(reports)).json()["results"] == [created]


async def test_read_only_and_unknown_fields_are_ignored(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    ignored = {
        "id": str(uuid4()),
        "next_delivery_date": "2030-01-01T00:00:00Z",
        "last_delivered_at": "2030-01-01T00:00:00Z",
        "created_by": 999,
        "created_at": "2000-01-01T00:00:00Z",
        "project_id": 1,
        "evaluation_id": str(uuid4()),
        "team": 7,
    }
    created = await make_report(**ignored)
    assert created["id"] != ignored["id"]
    assert (created["next_delivery_date"], created["last_delivered_at"]) == (None, None)
    changed = await client.patch(f"{reports}{created['id']}/", json=ignored)
    assert (changed.status_code, changed.json()) == (200, created)


async def test_the_evaluation_is_required(client: httpx.AsyncClient, reports: str, make_report: Make) -> None:
    item = f"{reports}{(await make_report())['id']}/"
    for response in (await client.post(reports, json={}), await client.put(item, json={"enabled": False})):
        assert response.status_code == 400
        assert response.json() == error(
            "validation_error", "required", "This field is required.", "evaluation"
        )


async def test_another_projects_evaluation_is_as_good_as_none(
    client: httpx.AsyncClient, reports: str, make_report: Make, world: ApiWorld
) -> None:
    other = await world.new_project()
    body = {"name": "Theirs", "evaluation_type": "hog", "evaluation_config": {"source": "return true"},
            "output_type": "boolean"}  # fmt: skip
    theirs = (await client.post(f"/api/environments/{other.id}/evaluations/", json=body)).json()["id"]
    item = f"{reports}{(await make_report())['id']}/"
    for response in (
        await client.post(reports, json={"evaluation": theirs, "trigger_threshold": 100}),
        await client.patch(item, json={"evaluation": theirs}),
    ):
        assert response.status_code == 400
        detail = f'Invalid pk "{theirs}" - object does not exist.'
        assert response.json() == error("validation_error", "does_not_exist", detail, "evaluation")


async def test_a_deleted_evaluation_is_accepted(
    client: httpx.AsyncClient, url: str, evaluation: str, make_report: Make
) -> None:
    await client.patch(f"{url}{evaluation}/", json={"deleted": True})
    assert (await make_report())["evaluation"] == evaluation


async def test_forms_are_read_too(client: httpx.AsyncClient, reports: str, evaluation: str) -> None:
    targets = '[{"type": "email", "value": "a@b.c"}]'
    response = await client.post(
        reports, data={"evaluation": evaluation, "trigger_threshold": "50", "delivery_targets": targets}
    )
    assert response.status_code == 201
    assert response.json()["delivery_targets"] == [{"type": "email", "value": "a@b.c"}]


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_target = st.fixed_dictionaries(
    {"type": st.sampled_from(["email", "slack"]) | _json},
    optional={"value": st.text() | _json, "integration_id": _json, "channel": _json},
)
_bodies = st.fixed_dictionaries(
    {"trigger_threshold": st.integers(0, 20_000) | _json},
    optional={
        "frequency": st.sampled_from(["every_n", "scheduled"]) | _json,
        "rrule": st.sampled_from(["FREQ=DAILY", "FREQ=HOURLY;COUNT=7"]) | _json,
        "starts_at": st.datetimes().map(lambda instant: instant.isoformat() + "Z") | _json,
        "timezone_name": st.sampled_from(["UTC", "Pacific/Kiritimati", "Etc/GMT+12"]) | _json,
        "delivery_targets": st.lists(_target | _json, max_size=3) | _json,
        "max_sample_size": st.integers() | _json,
        "report_prompt_guidance": st.text() | _json,
        "deleted": _json,
    },
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies)
async def test_any_json_is_accepted_or_refused_in_the_standard_body(
    client: httpx.AsyncClient, reports: str, evaluation: str, make_report: Make, body: dict[str, Any]
) -> None:
    content = json.dumps(body | {"evaluation": evaluation}).encode()  # NaN and lone surrogates included
    item = f"{reports}{(await make_report())['id']}/"
    for method, address in (("POST", reports), ("PATCH", item), ("PUT", item)):
        response = await client.request(
            method, address, content=content, headers={"Content-Type": "application/json"}
        )
        answer = response.json()
        if response.is_success:
            assert list(answer) == KEYS
        else:
            assert response.status_code == 400, answer
            assert list(answer) == ["type", "code", "detail", "attr"]
