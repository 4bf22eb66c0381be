"""Schemathesis against a whole engine: whatever the API description allows, and much that it does not.

`python -m tests.fuzz.run --examples 100` (or `make fuzz`) prints what it asked and what it found.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.adapters.testing import ScriptedModelServer
from assay.runtime.engine_process import EngineProcess
from tests.fuzz.objects import make_objects
from tests.harness.engine import API_KEY, api_client, engine

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
    "use_after_free",
)
"""Left out are those that judge whether a request ought to be accepted: the compatible API reads `"5"` as 5,
ignores what it does not know and has rules between fields."""

_ALL_PHASES = "examples,coverage,fuzzing,stateful"


@dataclass(frozen=True)
class Findings:
    """What a run found.

    Attributes:
        cases: requests that were made and checked.
        failures: what was wrong, one text each.
        output: what Schemathesis printed.
    """

    cases: int
    failures: list[str]
    output: str


def fuzz(running: EngineProcess, folder: Path, *, examples: int, phases: str, seed: int) -> Findings:
    """Ask every operation of a running engine.

    Args:
        running: the engine; what its project holds may be changed and deleted.
        folder: for the configuration and the report.
        examples: random requests per operation, in each phase.
        phases: Schemathesis' phases, separated by commas.
        seed: makes the requests repeatable.
    """
    with api_client(running) as client:
        known = make_objects(client)
    configuration, report = folder / "schemathesis.toml", folder / "report.json"
    configuration.write_text(_configuration(known))
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(configuration)),
            *("run", f"{running.api_url}/openapi.json", "--header", f"Authorization: Bearer {API_KEY}"),
            *("--checks", ",".join(_CHECKS), "--phases", phases, "--max-examples", str(examples)),
            *("--seed", str(seed), "--continue-on-failure", "--no-color"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.exists():
        raise RuntimeError(f"Schemathesis made no report:\n{done.stdout}\n{done.stderr}")
    found: dict[str, Any] = json.loads(report.read_text())
    failures = [json.dumps(failure) for failure in [*found["failures"], *found["errors"]]]
    if not found["complete"]:
        failures.append(f"The run stopped early: {found['stop_reason']}")
    return Findings(found["test_cases"]["generated"], failures, done.stdout)


def _configuration(known: dict[str, str]) -> str:
    """Half of the requests for one object go to one that exists."""
    lines = ["[parameters]", 'project_id = "1"', ""]
    for path, object_id in known.items():
        for method in ("GET", "PATCH", "PUT"):
            lines += [
                "[[operations]]",
                f'include-name = "{method} /api/environments/{{project_id}}/{path}{{id}}/"',
                f'parameters = {{ "path.id" = "{object_id}" }}',
                "",
            ]
    return "\n".join(lines)


@contextmanager
def fuzzed_engine(folder: Path) -> Iterator[EngineProcess]:
    """An engine without request limits, whose model providers are a loopback server."""
    with ScriptedModelServer() as model:
        settings = {"OPENAI_API_KEY": "sk-fuzz", "OPENAI_BASE_URL": model.base_url, "ASSAY_THROTTLE": "off"}
        with engine(folder, **settings) as running:
            yield running


def main() -> None:
    """Ask a fresh engine everything, and print what was found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--examples", type=int, default=100, help="random requests per operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        data, folder = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        running = stack.enter_context(fuzzed_engine(data))
        found = fuzz(running, folder, examples=arguments.examples, phases=_ALL_PHASES, seed=arguments.seed)
        errors = [line for line in running.logged().splitlines() if '"error"' in line]
    sys.stdout.write(f"{found.output}\n{len(found.failures)} failures in {found.cases} cases\n")
    sys.stdout.write("".join(f"{line}\n" for line in errors[:20]))
    sys.exit(1 if found.failures else 0)


if __name__ == "__main__":
    main()
