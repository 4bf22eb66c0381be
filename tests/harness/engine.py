"""A whole engine, `assay dev` in a process of its own, for tests that end it in every way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from assay.runtime.engine_process import EngineProcess, clean_environment, engine_process

API_KEY = "phx_test_key_of_the_whole_engine"
TOKEN = "phc_test_token_of_the_whole_engine"


@contextmanager
def engine(data_dir: Path, command: Sequence[str] | None = None, **settings: str) -> Iterator[EngineProcess]:
    """A ready engine; `command` replaces `assay dev`."""
    more = {} if command is None else {"command": command}
    with engine_process(data_dir, settings, api_key=API_KEY, token=TOKEN, **more) as started:
        yield started


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The variables of a test engine."""
    return clean_environment(data_dir, api_key=API_KEY, token=TOKEN) | settings


def api_client(running: EngineProcess) -> httpx.Client:
    """An API client of project 1."""
    return httpx.Client(
        base_url=f"{running.api_url}/api/environments/1",
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=30,
    )
