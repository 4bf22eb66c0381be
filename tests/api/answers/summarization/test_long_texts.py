"""Texts that are too long for the model are read in pieces, all of them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from assay.adapters.testing import Reply
from tests.api.answers.summarization.traces import (
    URL,
    is_for_notes,
    notes_or_summary,
    numbers_in,
    sent_event,
    summary,
)
from tests.harness.answers import AnsweringModel, AnswerWorld, answering

SMALL = {"model": "gpt-4-0613"}
"""Reads 14,000 characters at once."""

TOO_LONG = Reply(
    status=400,
    body={
        "error": {"message": "too long", "code": "context_length_exceeded", "type": "invalid_request_error"}
    },
)


def long_text(lines: int = 600) -> str:
    return "\n".join(f"{number} " + "rain " * 12 for number in range(lines))


async def test_every_line_is_read(client: httpx.AsyncClient, model: AnsweringModel) -> None:
    model.answer = notes_or_summary

    response = await client.post(URL, json=sent_event(long_text()) | SMALL)

    assert response.status_code == 200, response.text
    count = response.json()["text_repr"].count("\n") + 1
    *pieces, final = model.asked
    assert all(map(is_for_notes, pieces))
    read = [number for piece in pieces for number in numbers_in(piece["messages"][1]["content"])]
    assert sorted(read) == list(range(1, count + 1))
    assert all(len(asked["messages"][1]["content"]) < 14_200 for asked in model.asked)
    assert "too long" in final["messages"][0]["content"]
    points = response.json()["summary"]["summary_bullets"]
    assert {point["line_refs"] for point in points} == {"L1"}


async def test_one_line_that_is_too_long_keeps_its_number(
    client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    model.answer = notes_or_summary
    response = await client.post(URL, json=sent_event("x" * 50_000) | SMALL)
    assert response.status_code == 200, response.text
    shown = "".join(asked["messages"][1]["content"] for asked in model.asked if is_for_notes(asked))
    assert shown.count("x" * 1_000) >= 45
    [number] = [
        line.split(":")[0] for line in response.json()["text_repr"].split("\n") if "x" * 1_000 in line
    ]
    assert shown.count(f"\n{number}: ") >= 4


async def test_references_are_to_lines_that_notes_name(
    client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    def answers(body: dict[str, Any]) -> Reply:
        if is_for_notes(body):
            return answering({"notes": [{"text": "Rain", "line_refs": "L5, L9999"}]})
        return answering(summary(refs="L5, L7"))

    model.answer = answers
    response = await client.post(URL, json=sent_event(long_text()) | SMALL)
    points = response.json()["summary"]["summary_bullets"]
    assert {point["line_refs"] for point in points} == {"L5"}
    finals = [asked for asked in model.asked if not is_for_notes(asked)]
    assert len(finals) == 2
    assert "L9999" not in finals[0]["messages"][1]["content"]


async def test_notes_that_are_too_long_are_condensed(
    client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    def answers(body: dict[str, Any]) -> Reply:
        if not is_for_notes(body):
            return notes_or_summary(body)
        numbers = numbers_in(body["messages"][1]["content"])
        note = {"text": "rain " * 120, "line_refs": f"L{min(numbers)}-L{max(numbers)}"}
        return answering({"notes": [note] * 50})

    model.answer = answers
    response = await client.post(URL, json=sent_event(long_text(1_500)) | SMALL)

    assert response.status_code == 200, response.text
    condensing = [asked for asked in model.asked if "You condense notes" in asked["messages"][0]["content"]]
    assert len(condensing) >= 2
    assert all(len(asked["messages"][1]["content"]) < 14_200 for asked in model.asked)
    assert response.json()["summary"]["summary_bullets"][0]["line_refs"] == "L1"


async def test_a_model_that_reads_less_than_is_known_gets_less(
    client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    def answers(body: dict[str, Any]) -> Reply:
        if len(body["messages"][1]["content"]) > 6_000:
            return TOO_LONG
        return notes_or_summary(body)

    model.answer = answers
    response = await client.post(URL, json=sent_event(long_text(400)) | SMALL)
    assert response.status_code == 200, response.text
    shown = [asked["messages"][1]["content"] for asked in model.asked if is_for_notes(asked)]
    read = {number for text in shown if len(text) <= 6_000 for number in numbers_in(text)}
    assert read == set(range(1, response.json()["text_repr"].count("\n") + 2))


async def test_a_model_that_reads_nothing_is_not_asked_for_ever(
    client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    model.answer = lambda _: TOO_LONG
    response = await client.post(URL, json=sent_event(long_text(300)) | SMALL)
    assert response.status_code == 500
    assert "too long" in response.json()["detail"]
    assert len(model.asked) < 60


async def test_pieces_are_read_a_few_at_a_time(client: httpx.AsyncClient, model: AnsweringModel) -> None:
    model.answer, model.latency = notes_or_summary, 0.05
    assert (await client.post(URL, json=sent_event(long_text(2_000)) | SMALL)).status_code == 200
    assert len(model.asked) > 10
    assert 1 < model.most_at_once <= 5


async def test_notes_are_taken_once_for_all_modes(client: httpx.AsyncClient, model: AnsweringModel) -> None:
    model.answer = notes_or_summary
    body = sent_event(long_text()) | SMALL
    assert (await client.post(URL, json=body)).status_code == 200
    before = len(model.asked)
    model.answer = lambda asked: (
        answering(summary(bullets=5)) if not is_for_notes(asked) else Reply(status=500)
    )
    assert (await client.post(URL, json=body | {"mode": "detailed"})).status_code == 200
    assert len(model.asked) == before + 1
    model.answer = notes_or_summary
    assert (await client.post(URL, json=body | {"force_refresh": True})).status_code == 200
    assert len(model.asked) == 2 * before + 1


@pytest.mark.parametrize("wrong", [answering("no"), answering({"notes": [], "more": 1})], ids=range(2))
async def test_notes_that_cannot_be_read_are_mended_once(
    client: httpx.AsyncClient, model: AnsweringModel, wrong: Reply
) -> None:
    model.enqueue(wrong)
    model.answer = notes_or_summary
    body = sent_event(long_text(250)) | SMALL
    assert (await client.post(URL, json=body)).status_code == 200
    mended = [asked for asked in model.asked if "was not right" in asked["messages"][0]["content"]]
    assert len(mended) == 1


async def test_a_refresh_is_not_answered_from_old_notes(
    answers: AnswerWorld, client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    """Though it joins somebody who is content with them."""
    model.answer = notes_or_summary
    body = sent_event(long_text()) | SMALL
    assert (await client.post(URL, json=body)).status_code == 200
    before, starts = len(model.asked), answers.starts.count
    model.answer = lambda asked: (
        notes_or_summary(asked) if is_for_notes(asked) else answering(summary(5, "L1"))
    )
    model.open.clear()
    detailed = body | {"mode": "detailed"}
    content = asyncio.create_task(client.post(URL, json=detailed))
    await answers.starts.until(starts + 1)
    anew = asyncio.create_task(client.post(URL, json=detailed | {"force_refresh": True}))
    await answers.starts.until(starts + 2)
    model.open.set()
    assert [(await each).status_code for each in (content, anew)] == [200, 200]
    assert len(model.asked) == 2 * before + 1


async def test_after_a_failure_what_is_asked_already_is_kept_and_nothing_else_is_asked(
    client: httpx.AsyncClient, model: AnsweringModel
) -> None:
    def answers(body: dict[str, Any]) -> Reply:
        if is_for_notes(body) and 1 in numbers_in(body["messages"][1]["content"]):
            return Reply(status=400, body={"error": {"message": "no"}})
        return notes_or_summary(body)

    model.answer = answers
    body = sent_event(long_text(2_000)) | SMALL
    assert (await client.post(URL, json=body)).status_code == 500
    asked = len(model.asked)
    assert asked < 10
    model.answer = notes_or_summary
    assert (await client.post(URL, json=body)).status_code == 200
    shown = [each["messages"][1]["content"] for each in model.asked if is_for_notes(each)]
    pieces = [tuple(numbers_in(text)) for text in shown]
    assert len(pieces) - len(set(pieces)) <= 1
