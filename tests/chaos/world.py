"""An engine that is killed and started again, with everything around it that outlives it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from assay.runtime.engine_process import EngineProcess
from tests.chaos.judge import Kill
from tests.chaos.sampling import Sampled, conditions
from tests.chaos.traffic import Sender, Sent
from tests.harness.engine import TOKEN, api_client, engine, environment

HOG = "return length(output) > 10"
CRITERIA = "Pass if the answer helps. Fail if it is empty or evades."
PROJECT_KEY = {"provider": "openai", "name": "Chaos", "api_key": "sk-chaos-of-the-project"}


class World:
    """A data folder and the engine that runs on it, if one does.

    Args:
        settings: environment variables of every engine that is started here.
        temporal_address: of a service outside of the engine; None: the engine brings its own.

    Attributes:
        kills: of this engine, so far.
    """

    def __init__(
        self, data_dir: Path, settings: Mapping[str, str], *, temporal_address: str | None = None
    ) -> None:
        self.data_dir = data_dir
        self.kills: list[Kill] = []
        self._settings = {"ASSAY_THROTTLE": "off", **settings}
        if temporal_address is not None:
            self._settings["TEMPORAL_ADDRESS"] = temporal_address
        self._temporal_address = temporal_address
        self._stack = ExitStack()
        self._engine: EngineProcess | None = None
        self._url = "http://127.0.0.1:9"

    @property
    def url(self) -> str:
        """Where the engine is, or was last."""
        return self._url

    @property
    def engine(self) -> EngineProcess:
        """The running engine."""
        assert self._engine is not None
        return self._engine

    @property
    def temporal_address(self) -> str:
        """`host:port` of the Temporal that it uses."""
        return self._temporal_address or self.engine.temporal_address

    def start(self) -> None:
        """Start an engine, and wait until it is ready."""
        self._engine = self._stack.enter_context(engine(self.data_dir, **self._settings))
        self._url = self._engine.api_url

    def stop(self) -> int:
        """Stop the engine in order; returns its exit code."""
        code = self.engine.stop()
        self._close()
        return code

    def kill(self, *, temporal: bool = False) -> None:
        """End the engine as an out-of-memory killer would.

        Args:
            temporal: end its Temporal the same way; else that ends because its parent is gone.
        """
        child = self._temporal_child() if temporal else None
        sent = time.time()
        if child is not None:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.engine.kill()
        self.kills.append(Kill(sent, time.time()))
        self._close()

    def evaluation(
        self,
        *,
        judge: bool,
        rollout: float = 100,
        tier: str | None = None,
        key: bool = False,
        project_id: int = 1,
        source: str = HOG,
    ) -> Sampled:
        """Create an evaluation that is switched on.

        Args:
            key: judge on a key of the project's own.
            source: the Hog program, if it is none of a judge.
        """
        config = {"prompt": CRITERIA} if judge else {"source": source}
        body: dict[str, Any] = {
            "name": "Judge" if judge else "Hog",
            "enabled": True,
            "evaluation_type": "llm_judge" if judge else "hog",
            "evaluation_config": config,
            "output_type": "boolean",
            "output_config": {"allows_na": False},
            "conditions": conditions(rollout, tier),
        }
        with self._api(project_id) as client:
            if key:
                stored = _created(client, "/llm_analytics/provider_keys/", PROJECT_KEY)
                body["model_configuration"] = {
                    "provider": "openai",
                    "model": "gpt-5-mini",
                    "provider_key_id": stored["id"],
                }
            created = _created(client, "/evaluations/", body)
        return Sampled(created["id"], project_id, rollout, tier, judge)

    def project(self, name: str) -> tuple[int, str]:
        """Make another project; returns its id and its ingestion token."""
        made = subprocess.run(
            [sys.executable, "-m", "assay", "projects", "create", name],
            env=environment(self.data_dir, **self._settings),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        token = re.search(r"phc_[\w-]+", made.stderr)
        assert token, made.stderr
        return int(made.stdout), token[0]

    def disabled(self, evaluations: Iterable[Sampled]) -> list[str]:
        """The evaluations that no longer judge, and why."""
        found = []
        for evaluation in evaluations:
            with self._api(evaluation.project_id) as client:
                found.append(client.get(f"/evaluations/{evaluation.id}/").json())
        return [f"{it['name']}: {it['status_reason']}" for it in found if it["status"] != "active"]

    def sender(
        self, batches: Iterable[Sequence[Sent]], *, per_second: float = 0.0, token: str = TOKEN
    ) -> Sender:
        """A sender that finds the engine wherever it is; started."""
        return Sender(lambda: self.url, token, batches, per_second).start()

    def close(self) -> None:
        """End what still runs."""
        self._close()

    def _api(self, project_id: int) -> httpx.Client:
        client = api_client(self.engine)
        client.base_url = f"{self.url}/api/environments/{project_id}"
        return client

    def _temporal_child(self) -> int | None:
        try:
            return int((self.data_dir / "temporal.pid").read_text())
        except FileNotFoundError:
            return None

    def _close(self) -> None:
        self._engine = None
        self._stack.close()


def _created(client: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


@contextmanager
def world(
    data_dir: Path, settings: Mapping[str, str], *, temporal_address: str | None = None
) -> Iterator[World]:
    """A world whose engine runs, and is ended with the block."""
    data_dir.mkdir(parents=True, exist_ok=True)
    made = World(data_dir, settings, temporal_address=temporal_address)
    try:
        made.start()
        yield made
    finally:
        made.close()
