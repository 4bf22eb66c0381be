"""Sentiment in a whole engine: by the default model, and by a language model whose engine is killed."""

from __future__ import annotations

import contextlib
import re
import sys
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assay.adapters.testing import Reply
from tests.harness.answers import AnsweringModel, answering
from tests.harness.engine import TOKEN, api_client, engine

_TEXTS = 60
_QUESTIONS = 3

_DIES_AFTER_AN_ANSWER = """
import os, signal, sys
from assay.adapters.sql.artifacts import SqlArtifacts
from assay.runtime.cli import main

put_all = SqlArtifacts.put_all

async def put_and_die(self, artifacts):
    await put_all(self, artifacts)
    if artifacts[0].kind == "sentiment":
        os.kill(os.getpid(), signal.SIGKILL)

SqlArtifacts.put_all = put_and_die
sys.argv = ["assay", "dev"]
main()
"""


def capture(api_url: str, trace: str, *texts: str) -> None:
    """A generation in which a user said this, an hour ago."""
    event = {
        "event": "$ai_generation",
        "uuid": str(uuid4()),
        "distinct_id": "user-1",
        "timestamp": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "properties": {
            "$ai_trace_id": trace,
            "$ai_input": [{"role": "user", "content": text} for text in texts],
        },
    }
    httpx.post(f"{api_url}/batch/", json={"api_key": TOKEN, "batch": [event]}).raise_for_status()


def ask(client: httpx.Client, *traces: str) -> httpx.Response:
    return client.post("/llm_analytics/sentiment/", json={"ids": traces}, timeout=70)


def test_the_default_model_works_at_once(data_dir: Path) -> None:
    with engine(data_dir) as running, api_client(running) as client:
        capture(running.api_url, "happy", "Thank you, this is a wonderful answer, I love it!")
        capture(running.api_url, "angry", "This is wrong again. I hate it, what a terrible answer.")
        response = ask(client, "happy", "angry", "nobody")

    assert response.status_code == 200, response.text
    results = response.json()["results"]
    assert {trace: found["label"] for trace, found in results.items()} == {
        "happy": "positive",
        "angry": "negative",
        "nobody": "neutral",
    }
    assert response.json()["metadata"]["backend"] == "lexicon"


def feels_good(body: dict[str, Any]) -> Reply:
    """Every text is positive."""
    numbers = range(1, len(texts_of(body)) + 1)
    return answering(
        {"texts": [{"number": n, "positive": 0.9, "neutral": 0.1, "negative": 0.0} for n in numbers]}
    )


def texts_of(body: dict[str, Any]) -> list[str]:
    """The texts that a question is about."""
    return re.findall(r"text-\d\d", body["messages"][-1]["content"])


@pytest.mark.long  # `test_summaries` shows the same of the same store
def test_what_was_paid_for_is_not_asked_again_after_a_kill(data_dir: Path) -> None:
    said = [f"I like text-{n}" for n in range(10, 10 + _TEXTS)]
    with AnsweringModel() as model:
        model.answer = feels_good
        model.latency = 0.5  # time to die after the first answer, before all are asked for
        settings = {
            "OPENAI_API_KEY": "sk-scripted",
            "OPENAI_BASE_URL": model.base_url,
            "ASSAY_SENTIMENT_BACKEND": "llm",
            # One after the other, so that one answer at most is on its way at any moment.
            "ASSAY_MODEL_CONCURRENCY": "1",
        }
        command = [sys.executable, "-c", _DIES_AFTER_AN_ANSWER]
        with engine(data_dir, command, **settings) as doomed, api_client(doomed) as client:
            capture(doomed.api_url, "trace", *said[:30])
            capture(doomed.api_url, "trace", *said[30:])
            with contextlib.suppress(httpx.TransportError):
                ask(client, "trace")
            doomed.process.wait(30)
        assert doomed.process.returncode == -9
        before = len(model.asked)
        model.latency = 0.0
        assert 1 <= before < _QUESTIONS

        with engine(data_dir, **settings) as revived, api_client(revived) as client:
            response = ask(client, "trace")
        asked = [texts_of(body) for body in model.asked]

    assert response.status_code == 200, response.text
    assert response.json()["results"]["trace"]["message_count"] == _TEXTS
    assert response.json()["results"]["trace"]["label"] == "positive"
    assert set(chain.from_iterable(asked)) == {f"text-{n}" for n in range(10, 10 + _TEXTS)}
    # Twice at most what was on its way when the process died.
    assert len(asked) <= _QUESTIONS + before - 1, (before, asked)
