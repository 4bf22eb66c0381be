"""A summary of a long text whose engine is killed: what was answered is not asked again."""

from __future__ import annotations

import contextlib
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from assay.adapters.testing import ScriptedModelServer
from tests.harness.engine import api_client, engine

_NOTES_BEFORE_THE_END = 3

_DIES_IN_THE_MIDDLE = f"""
import os, signal, sys
from assay.adapters.sql.artifacts import SqlArtifacts
from assay.runtime.cli import main

put, parts = SqlArtifacts.put, []

async def put_or_die(self, artifact):
    await put(self, artifact)
    if artifact.kind == "summary_part":
        parts.append(artifact)
    if len(parts) == {_NOTES_BEFORE_THE_END}:
        os.kill(os.getpid(), signal.SIGKILL)

SqlArtifacts.put = put_or_die
sys.argv = ["assay", "dev"]
main()
"""


def body() -> dict[str, Any]:
    text = "\n".join(f"{number} " + "rain " * 20 for number in range(1_000))
    properties = {"$ai_input": text}
    event = {"id": "event-1", "event": "$ai_generation", "properties": properties}
    return {"summarize_type": "event", "data": {"event": event}, "model": "gpt-4-0613"}


def texts(model: ScriptedModelServer) -> Counter[str]:
    """What was asked about, and how often."""
    shown = (request.body["messages"][1]["content"] for request in model.requests)
    return Counter(re.sub(r"(BEGIN|END) (\w+) \w+", r"\2", text) for text in shown)


def test_killed_in_the_middle_of_the_pieces(data_dir: Path, model: ScriptedModelServer) -> None:
    settings = {"OPENAI_API_KEY": "sk-scripted", "OPENAI_BASE_URL": model.base_url}
    command = [sys.executable, "-c", _DIES_IN_THE_MIDDLE]
    with engine(data_dir, command, **settings) as doomed, api_client(doomed) as client:
        with contextlib.suppress(httpx.TransportError):
            client.post("/llm_analytics/summarization/", json=body())
        doomed.process.wait(30)
    assert doomed.process.returncode == -9
    before = texts(model)
    assert len(before) >= _NOTES_BEFORE_THE_END

    with engine(data_dir, **settings) as revived, api_client(revived) as client:
        response = client.post("/llm_analytics/summarization/", json=body(), timeout=60)

    assert response.status_code == 200, response.text
    assert response.json()["summary"]["summary_bullets"]
    after = texts(model)
    assert len(after) > len(before)
    asked_twice = [text for text, times in after.items() if times > 1]
    assert len(asked_twice) <= len(before) - _NOTES_BEFORE_THE_END
    assert max(after.values()) <= 2
