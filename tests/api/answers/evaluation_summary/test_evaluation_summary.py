"""`POST evaluation_summary`: what is refused, what is counted, what is remembered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from api_shim.answers import result_of
from api_shim.routes import evaluation_summary
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.hog.processes import HogProcesses
from assay.adapters.testing import Reply
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import ProviderAccess
from tests.api.answers.evaluation_summary.conftest import URL
from tests.api.answers.evaluation_summary.verdicts import (
    findings,
    generation,
    honest,
    pattern,
    said_to,
    shown,
    verdict,
)
from tests.harness.answers import AnsweringModel, AnswerWorld, answer_world, answering
from tests.harness.api import judge

Make = Callable[..., Awaitable[str]]
Summarize = Callable[..., Awaitable[httpx.Response]]


async def test_counts_and_reasonings_come_from_the_data(
    summarize: Summarize, evaluation: str, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    passes = [verdict(evaluation, "pass", f"Helps, number {n}.") for n in range(3)]
    fails = [verdict(evaluation, "fail", "Refuses."), verdict(evaluation, "fail", "Apologises.")]
    others = [verdict(evaluation, "na", "No code in it.")]
    events.insert([*passes, *fails, *others, verdict(str(uuid4()), "fail")])
    cited = generation(fails[1])
    model.enqueue(
        answering(
            findings(
                fail_patterns=[pattern(cited, generation(fails[0]), example_reasoning="Made up.")],
                statistics={"total_analyzed": 99},
            )
        )
    )

    response = await summarize(evaluation)

    assert response.status_code == 200
    assert response.json() == {
        "overall_assessment": "It does well.",
        "pass_patterns": [],
        "fail_patterns": [
            {
                "title": "A habit",
                "description": "It does so.",
                "frequency": "common",
                "example_reasoning": "Apologises.",
                "example_generation_ids": [cited, generation(fails[0])],
            }
        ],
        "na_patterns": [],
        "recommendations": ["Go on.", "Look at refusals."],
        "statistics": {"total_analyzed": 6, "pass_count": 3, "fail_count": 2, "na_count": 1},
    }
    [asked] = model.asked
    assert asked["model"] == "gpt-5-mini"
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert "tools" not in asked
    newest_first = [generation(event) for event in (*others, *reversed(fails), *reversed(passes))]
    assert [row["generation_id"] for row in shown(asked)] == newest_first
    assert "Is it polite?" in said_to(asked)


@pytest.mark.parametrize(("which", "count"), [("pass", 2), ("fail", 1), ("na", 1)])
async def test_a_filter_chooses_runs(
    summarize: Summarize, make: Make, answers: AnswerWorld, which: str, count: int
) -> None:
    evaluation, events, model = await make(), answers.stores.events, answers.model
    model.answer = honest
    events.insert([verdict(evaluation, result) for result in ("pass", "pass", "fail", "na")])
    body = (await summarize(evaluation, filter=which)).json()
    assert body["statistics"]["total_analyzed"] == count
    assert [row["result"] for row in shown(model.asked[0])] == [which] * count


async def test_generations_choose_runs(
    summarize: Summarize, evaluation: str, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    model.answer = honest
    runs = [verdict(evaluation, "pass") for _ in range(4)]
    events.insert(runs)
    wanted = [generation(runs[1]), generation(runs[2]).upper(), str(uuid4())]

    body = (await summarize(evaluation, generation_ids=wanted)).json()

    assert body["statistics"]["total_analyzed"] == 2
    assert body["pass_patterns"][0]["example_generation_ids"] == [generation(runs[2]), generation(runs[1])]


async def test_the_newest_250_runs_count(
    summarize: Summarize, evaluation: str, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    old = [verdict(evaluation, "fail") for _ in range(5)]
    new = [verdict(evaluation, "pass") for _ in range(250)]
    events.insert([*new, *old])
    model.answer = honest
    counts = (await summarize(evaluation)).json()["statistics"]
    assert counts == {"total_analyzed": 250, "pass_count": 250, "fail_count": 0, "na_count": 0}


async def test_the_same_runs_have_one_summary(
    client: httpx.AsyncClient,
    summarize: Summarize,
    evaluation: str,
    events: ClickHouseEventStore,
    model: AnsweringModel,
) -> None:
    model.answer = honest
    runs = [verdict(evaluation, "pass"), verdict(evaluation, "fail")]
    events.insert(runs)

    first, second = await summarize(evaluation), await summarize(evaluation)
    assert first.content == second.content
    assert len(model.asked) == 1
    renamed = {"name": "Kind", "evaluation_config": {"prompt": "Is it kind?"}}
    await client.patch(f"/api/environments/1/evaluations/{evaluation}/", json=renamed)
    assert (await summarize(evaluation)).content == first.content
    assert len(model.asked) == 1

    assert (await summarize(evaluation, filter="pass")).json()["statistics"]["total_analyzed"] == 1
    assert len(model.asked) == 2


@pytest.mark.parametrize("how", ["another verdict", "the same verdict, changed", "another reasoning"])
async def test_changed_verdicts_never_meet_a_stale_summary(
    summarize: Summarize, evaluation: str, events: ClickHouseEventStore, model: AnsweringModel, how: str
) -> None:
    model.answer = honest
    run = verdict(evaluation, "pass")
    events.insert([run])
    await summarize(evaluation)

    if how == "another verdict":
        events.insert([verdict(evaluation, "fail", generation=generation(run))])
    elif how == "the same verdict, changed":
        changed = run.properties | {"$ai_evaluation_result": False}
        events.insert([run.model_copy(update={"properties": changed})])
    else:
        changed = run.properties | {"$ai_evaluation_reasoning": "Because I say so."}
        events.insert([run.model_copy(update={"properties": changed})])

    body = (await summarize(evaluation)).json()
    assert len(model.asked) == 2
    assert body["statistics"]["fail_count"] == (how != "another reasoning")


async def test_a_refresh_asks_again_and_is_remembered(
    summarize: Summarize, evaluation: str, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    events.insert([verdict(evaluation, "pass")])
    model.enqueue(*(answering(findings(overall_assessment=text)) for text in ("One.", "Two.")))

    said = [
        (await summarize(evaluation, force_refresh=refresh)).json()["overall_assessment"]
        for refresh in (False, False, True, False)
    ]

    assert said == ["One.", "One.", "Two.", "Two."]
    assert len(model.asked) == 2


async def test_callers_of_the_same_work_join(
    summarize: Summarize,
    answers: AnswerWorld,
    evaluation: str,
    events: ClickHouseEventStore,
    model: AnsweringModel,
) -> None:
    model.answer = honest
    model.open.clear()
    events.insert([verdict(evaluation, "pass")])
    asking = [asyncio.create_task(summarize(evaluation)) for _ in range(2)]
    await answers.starts.until(2)
    model.open.set()
    bodies = [(await each).content for each in asking]
    assert len(set(bodies)) == 1
    assert len(model.asked) == 1


async def test_who_wants_a_new_summary_joins_nobody_who_does_not(
    summarize: Summarize,
    answers: AnswerWorld,
    evaluation: str,
    events: ClickHouseEventStore,
    model: AnsweringModel,
) -> None:
    """And what was made anew stays, though the older work ends after it."""
    events.insert([verdict(evaluation, "pass")])
    held = model.open
    held.clear()

    def answer(body: dict[str, Any]) -> Reply:
        if len(model.asked) == 1:
            return answering(findings(overall_assessment="Old."))
        model.open = threading.Event()
        model.open.set()
        return answering(findings(overall_assessment="New."))

    model.answer = answer
    try:
        old = asyncio.create_task(summarize(evaluation))
        await model.until_asked(1)
        new = (await summarize(evaluation, force_refresh=True)).json()
    finally:
        held.set()
    assert new["overall_assessment"] == "New."
    assert (await old).json() == new
    assert (await summarize(evaluation)).json() == new
    assert len(model.asked) == 2


async def test_the_model_of_another_provider_makes_a_summary_of_its_own(
    summarize: Summarize,
    answers: AnswerWorld,
    evaluation: str,
    events: ClickHouseEventStore,
    model: AnsweringModel,
) -> None:
    model.answer = honest
    events.insert([verdict(evaluation, "pass")])
    await summarize(evaluation)
    access = ProviderAccess(provider=Provider.OPENAI, api_key=SecretStr("sk-own"))
    await answers.stores.registry.provider_keys.create(1, "Own", access, created_by=None, set_as_active=True)
    for _ in range(2):
        assert (await summarize(evaluation)).status_code == 200
    assert [request.headers["authorization"] for request in model.requests] == [
        "Bearer sk-house",
        "Bearer sk-own",
    ]


async def test_who_does_not_wait_long_enough_asks_again(
    summarize: Summarize,
    answers: AnswerWorld,
    evaluation: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers.model.answer = honest
    answers.model.open.clear()
    answers.stores.events.insert([verdict(evaluation, "pass")])
    with monkeypatch.context() as hurried:
        hurried.setattr(evaluation_summary, "result_of", partial(result_of, patience_seconds=0.1))
        response = await summarize(evaluation)
    assert (response.status_code, list(response.json())) == (504, ["error"])

    answers.model.open.set()
    assert (await summarize(evaluation)).status_code == 200
    assert len(answers.model.asked) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"enabled": False},
        {"evaluation_type": "hog", "evaluation_config": {"source": "return true"}},
        {"output_config": {"allows_na": True}},
    ],
    ids=["disabled", "hog", "allows na"],
)
async def test_any_evaluation_has_a_summary(
    answers: AnswerWorld, hog: HogProcesses, fields: dict[str, Any]
) -> None:
    answers.model.answer = honest
    async with answers.client(hog=hog) as client:
        evaluation = (await client.post("/api/environments/1/evaluations/", json=judge(**fields))).json()[
            "id"
        ]
        answers.stores.events.insert([verdict(evaluation, "pass")])
        assert (await client.post(URL, json={"evaluation_id": evaluation})).status_code == 200


async def test_consent_comes_before_the_body(answers: AnswerWorld, client: httpx.AsyncClient) -> None:
    async with answers.client(key=await answers.api.new_key("llm_analytics:read")) as reader:
        assert (await reader.post(URL, json={})).status_code == 403
    await answers.api.registry.access.set_ai_consent(False)
    response = await client.post(URL, json={})
    assert response.status_code == 403
    assert sorted(response.json()) == ["attr", "code", "detail", "type"]
    assert response.json()["code"] == "permission_denied"


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, {"evaluation_id": ["This field is required."]}),
        (
            {"evaluation_id": "x", "generation_ids": ["x"]},
            {"evaluation_id": ["Must be a valid UUID."], "generation_ids": {"0": ["Must be a valid UUID."]}},
        ),
        (
            {"evaluation_id": str(uuid4()), "generation_ids": [str(uuid4())] * 251},
            {"generation_ids": ["Ensure this field has no more than 250 elements."]},
        ),
        (
            {"evaluation_id": str(uuid4()), "filter": "n/a"},
            {"filter": ['"n/a" is not a valid choice.']},
        ),
        (
            {"evaluation_id": str(uuid4()), "force_refresh": "maybe"},
            {"force_refresh": ["Must be a valid boolean."]},
        ),
    ],
    ids=["missing", "no ids", "too many", "filter", "boolean"],
)
async def test_bad_input_names_every_field(
    client: httpx.AsyncClient, body: dict[str, Any], refused: dict[str, Any]
) -> None:
    response = await client.post(URL, json=body)
    assert (response.status_code, response.json()) == (400, refused)


@pytest.mark.parametrize("how", ["unknown", "deleted", "of another project"])
async def test_an_evaluation_that_is_not_there(
    client: httpx.AsyncClient, summarize: Summarize, answers: AnswerWorld, make: Make, how: str
) -> None:
    asked = str(uuid4())
    if how == "deleted":
        asked = await make()
        await client.patch(f"/api/environments/1/evaluations/{asked}/", json={"deleted": True})
    elif how == "of another project":
        other = await answers.api.new_project()
        created = await client.post(f"/api/environments/{other.id}/evaluations/", json=judge())
        asked = created.json()["id"]
    response = await summarize(asked)
    assert response.status_code == 404
    assert list(response.json()) == ["error"]
    assert asked in response.json()["error"]


async def test_without_runs_there_is_nothing_to_say(
    summarize: Summarize, evaluation: str, events: ClickHouseEventStore
) -> None:
    events.insert([verdict(evaluation, "pass"), verdict(evaluation, "fail", project_id=2)])
    response = await summarize(evaluation, filter="fail")
    assert response.status_code == 400
    assert list(response.json()) == ["error"]


async def test_a_model_that_fails_leaves_nothing_behind(
    summarize: Summarize, evaluation: str, events: ClickHouseEventStore, model: AnsweringModel
) -> None:
    events.insert([verdict(evaluation, "pass")])
    model.enqueue(Reply(status=404, body={"error": {"message": "no such model"}}))

    response = await summarize(evaluation)

    assert response.status_code == 500
    assert sorted(response.json()) == ["detail", "error"]
    model.answer = honest
    assert (await summarize(evaluation)).status_code == 200


async def test_without_a_key_nobody_can_be_asked(
    tmp_path: Path, events: ClickHouseEventStore, temporal: Client, model: AnsweringModel
) -> None:
    async with (
        answer_world(tmp_path, events, temporal, model, house=False) as world,
        world.client() as client,
    ):
        created = (await client.post("/api/environments/1/evaluations/", json=judge())).json()["id"]
        events.insert([verdict(created, "pass")])
        response = await client.post(URL, json={"evaluation_id": created})
    assert response.status_code == 400
    assert "key" in response.json()["error"]


async def test_requests_are_limited(answers: AnswerWorld) -> None:
    async with answers.client(throttle=True) as client:
        statuses = [(await client.post(URL, json={})).status_code for _ in range(51)]
    assert statuses == [400] * 50 + [429]
