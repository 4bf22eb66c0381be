"""An engine whose report runs can be held at every step, with all whom they talk to."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.chaos.reports_partners import Author, Mailboxes, Workspace, guidance
from tests.chaos.traffic import generations, in_batches
from tests.chaos.world import World
from tests.harness.engine import engine, environment
from tests.harness.step_gate import AFTER, Step, StepGate
from tests.harness.stepping_engine import command

ADDRESSES = ("a@example.com", "b@example.com")
CHANNEL = "C0QUALITY"
SLACK = f"slack:1:{CHANNEL}"
"""Key of the recipient; the integration is the first one of a new folder."""

_REPORTS = "/llm_analytics/evaluation_reports/"
_HOG = "return length(output) > 80"
_LONGEST_REQUEST = 30.0


class ReportsWorld(World):
    """A world whose engines ask a gate before each step of a report run."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str], gate: StepGate) -> None:
        super().__init__(data_dir, settings)
        self._gate = gate
        self.evaluation_id = ""

    def start(self) -> None:
        """See base class."""
        asking = command(self._gate.url, self._gate.engine)
        self._engine = self._stack.enter_context(engine(self.data_dir, asking, **self._settings))
        self._url = self._engine.api_url

    def kill(self, *, temporal: bool = False) -> None:
        """See base class."""
        super().kill(temporal=temporal)
        self._gate.killed()

    def prepare(self, token: str) -> None:
        """Make the Slack integration, and an evaluation whose results are reported."""
        subprocess.run(
            [sys.executable, "-m", "assay", "integrations", "add", "slack", "--project", "1"],
            env=environment(self.data_dir, **self._settings) | {"SLACK_BOT_TOKEN": token},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        )
        self.evaluation_id = self.evaluation(judge=False, source=_HOG).id

    def capture(self, count: int, draw: random.Random) -> None:
        """Capture so many generations, a third of which fail."""
        short = {"$ai_output_choices": [{"role": "assistant", "content": "No."}]}
        sent = [
            it if number % 3 else replace(it, properties=it.properties | short)
            for number, it in enumerate(it for it in generations(count, draw) if it.event == "$ai_generation")
        ]
        self.sender(in_batches(sent, draw)).join(_LONGEST_REQUEST)

    def report(self, name: str, *, threshold: int | None = None) -> str:
        """Make a report for everybody; it is due after so many results, or when somebody asks."""
        rule: dict[str, Any] = {"frequency": "every_n", "trigger_threshold": threshold}
        if threshold is None:
            rule = {"frequency": "scheduled", "rrule": "FREQ=DAILY", "starts_at": "2200-01-01T00:00:00Z"}
        targets = [
            {"type": "email", "value": ", ".join(ADDRESSES)},
            {"type": "slack", "integration_id": 1, "channel": f"{CHANNEL}|#quality"},
        ]
        body = {
            "evaluation": self.evaluation_id,
            "delivery_targets": targets,
            "report_prompt_guidance": guidance(name),
            **rule,
        }
        with self._api(1) as client:
            response = client.post(_REPORTS, json=body)
            assert response.status_code == 201, response.text
            return str(response.json()["id"])

    def generate(self, report_id: str) -> None:
        """Ask for a report; that the answer is lost with the engine is no error."""
        with self._api(1) as client, suppress(httpx.TransportError):
            response = client.post(f"{_REPORTS}{report_id}/generate/")
            assert response.status_code == 202, response.text


@dataclass
class Reports:
    """Reports that are made, and everything around them.

    Attributes:
        ids: of the reports, oldest first.
        requests: for reports, that may not be answered yet.
    """

    gate: StepGate
    author: Author
    slack: Workspace
    mail: Mailboxes
    running: ReportsWorld
    ids: list[str] = field(default_factory=list)
    requests: list[asyncio.Task[None]] = field(default_factory=list)

    def new(self, steps: Iterable[Step], *, threshold: int | None = None) -> str:
        """Make a report that is held at these steps."""
        name = str(uuid4())
        report_id = self.running.report(name, threshold=threshold)
        self.author.names[name] = report_id
        # What its workflow does to begin with is no step of a run.
        last = "plan-report" if threshold is None else "count-results"
        self.gate.await_passed(report_id, Step(last, AFTER), _LONGEST_REQUEST)
        self.gate.arm(report_id, steps)
        self.ids.append(report_id)
        return report_id


@contextmanager
def reports_world(folder: Path) -> Iterator[Reports]:
    """A world whose engine runs, and is ended with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        gate = stack.enter_context(StepGate())
        author = stack.enter_context(Author(gate))
        slack = stack.enter_context(Workspace(gate, SLACK))
        mail = stack.enter_context(Mailboxes(gate))
        settings = {
            "OPENAI_API_KEY": "sk-chaos",
            "OPENAI_BASE_URL": author.base_url,
            "ASSAY_SLACK_BASE_URL": slack.base_url,
            "ASSAY_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
            "ASSAY_SMTP_FROM": "Assay <reports@example.com>",
            "ASSAY_PUBLIC_URL": "http://assay.example.com",
        }
        running = ReportsWorld(folder, settings, gate)
        stack.callback(running.close)
        running.start()
        running.prepare(slack.token)
        yield Reports(gate, author, slack, mail, running)
