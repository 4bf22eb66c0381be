"""An evaluation summary that is made in parts goes on after its process was killed, and asks nothing twice.

`test_summaries` shows the same of a summary of a trace in every run of the suite.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from assay.adapters.testing import ScriptedModelServer
from tests.harness.engine import TOKEN, api_client, engine
from tests.stories.test_main_path import create_evaluation

_DIES_WITH_AN_ANSWER = """
import os, signal, sys
from assay.adapters.sql.artifacts import SqlArtifacts
from assay.contracts.artifacts import ArtifactKind
from assay.runtime.cli import main

put, answers = SqlArtifacts.put, []

async def put_and_die(self, artifact):
    await put(self, artifact)
    if artifact.kind is ArtifactKind.EVALUATION_SUMMARY_PART:
        answers.append(artifact)
    if len(answers) == %d:
        os.kill(os.getpid(), signal.SIGKILL)

SqlArtifacts.put = put_and_die
sys.argv = ["assay", "dev"]
main()
"""
PARTS = 3


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("answers", [2, PARTS + 1], ids=["between two parts", "after the last answer"])
def test_killed_in_the_middle_of_a_summary(data_dir: Path, model: ScriptedModelServer, answers: int) -> None:
    settings = {
        "OPENAI_API_KEY": "sk-scripted",
        "OPENAI_BASE_URL": model.base_url,
        # One after the other, so that one answer at most is on its way at any moment.
        "ASSAY_MODEL_CONCURRENCY": "1",
    }
    command = [sys.executable, "-c", _DIES_WITH_AN_ANSWER % answers]
    with engine(data_dir, command, **settings) as doomed, api_client(doomed) as client:
        evaluation = create_evaluation(client)["id"]
        capture_verdicts(doomed.api_url, evaluation)
        with pytest.raises(httpx.TransportError):
            summarize(client, evaluation)
        doomed.process.wait(30)
    assert doomed.process.returncode == -9
    asked = len(model.requests)
    assert answers <= asked <= answers + 1

    with engine(data_dir, **settings) as revived, api_client(revived) as client:
        response = summarize(client, evaluation)
        again = summarize(client, evaluation)

    assert response.status_code == 200, response.text
    assert response.json()["statistics"]["total_analyzed"] == 45
    assert again.content == response.content
    questions = Counter(subject(request.body) for request in model.requests)
    assert len(questions) == PARTS + 1
    # The one window: an answer that was under way when the process died.
    paid_twice = [times for times in questions.values() if times > 1]
    assert paid_twice in ([], [2])
    if answers == PARTS + 1:
        assert paid_twice == []


def capture_verdicts(api_url: str, evaluation: str) -> None:
    """Forty-five verdicts that are too long for one question."""
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    batch = [
        {
            "event": "$ai_evaluation",
            "uuid": str(UUID(int=(4 << 76) + (2 << 62) + n)),
            "distinct_id": "user-1",
            "timestamp": (noon + timedelta(seconds=n)).isoformat(),
            "properties": {
                "$ai_evaluation_id": evaluation,
                "$ai_evaluation_result": n % 2 == 0,
                "$ai_evaluation_reasoning": "long " * 500,
                "$ai_target_event_id": str(UUID(int=n)),
            },
        }
        for n in range(45)
    ]
    httpx.post(f"{api_url}/batch/", json={"api_key": TOKEN, "batch": batch}).raise_for_status()


def summarize(client: httpx.Client, evaluation: str) -> httpx.Response:
    """Ask for a summary."""
    return client.post("/llm_analytics/evaluation_summary/", json={"evaluation_id": evaluation}, timeout=70)


def subject(body: dict[str, Any]) -> str:
    """What a question is about: the first run that it shows, or the notes."""
    lines = str(body["messages"][-1]["content"]).splitlines()
    shown = [json.loads(line) for line in lines if line.startswith('{"generation_id"')]
    return str(shown[0]["generation_id"]) if shown else "notes"
