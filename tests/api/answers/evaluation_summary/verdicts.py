"""Verdicts to summarise, and models that summarise them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from assay.adapters.testing import Reply
from assay.contracts.events import EVALUATION, Event
from tests.harness.answers import answering

_moments = count()
_DECISIONS: Mapping[str, dict[str, Any]] = {
    "pass": {"$ai_evaluation_result": True},
    "fail": {"$ai_evaluation_result": False},
    "na": {"$ai_evaluation_result": True, "$ai_evaluation_applicable": False},
}


def verdict(evaluation: str, result: str, reasoning: str = "", **fields: Any) -> Event:
    """A verdict on a generation of its own; each is newer than the one before."""
    values = {
        "project_id": 1,
        "event": EVALUATION,
        "uuid": uuid4(),
        "distinct_id": "user-1",
        "timestamp": datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=next(_moments)),
    }
    properties = {
        "$ai_evaluation_id": evaluation,
        "$ai_evaluation_reasoning": reasoning or f"The answer is a {result}.",
        "$ai_target_event_id": str(fields.pop("generation", None) or uuid4()),
        **_DECISIONS[result],
    }
    return Event(**values | fields, properties=properties)


def generation(event: Event) -> str:
    """The generation that a verdict is about."""
    return str(event.properties["$ai_target_event_id"])


def pattern(*ids: str, **fields: Any) -> dict[str, Any]:
    """A pattern as a model writes it."""
    return {
        "title": "A habit",
        "description": "It does so.",
        "frequency": "common",
        "example_generation_ids": list(ids),
    } | fields


def findings(**fields: Any) -> dict[str, Any]:
    """An answer as a model writes it."""
    return {
        "overall_assessment": "It does well.",
        "pass_patterns": [],
        "fail_patterns": [],
        "na_patterns": [],
        "recommendations": ["Go on.", "Look at refusals."],
    } | fields


def said_to(body: Mapping[str, Any]) -> str:
    """The question without its rules."""
    return str(body["messages"][-1]["content"])


def about(body: Mapping[str, Any]) -> str:
    """What a question is about: `runs`, `part` or `notes`."""
    properties = body["response_format"]["json_schema"]["schema"]["properties"]
    if "overall_assessment" not in properties:
        return "part"
    return "notes" if "BEGIN NOTES" in said_to(body) else "runs"


def shown(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The runs or notes of a question."""
    lines = (line for line in said_to(body).splitlines() if line.startswith('{"'))
    return [found for line in lines if "result" in (found := json.loads(line))]


def honest(body: dict[str, Any]) -> Reply:
    """A model that says which runs there are, result by result."""
    found = {}
    for result in ("pass", "fail", "na"):
        rows = [row for row in shown(body) if row["result"] == result]
        if about(body) == "notes":
            ids: Sequence[str] = [each for row in rows for each in row["example_generation_ids"]]
        else:
            ids = [row["generation_id"] for row in rows]
        found[f"{result}_patterns"] = [pattern(*ids, title=f"All that {result}")] if ids else []
    answer = findings(**found)
    if about(body) == "part":
        answer = {key: value for key, value in answer.items() if key.endswith("_patterns")}
    return answering(answer)
