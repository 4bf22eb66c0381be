"""`assay bench reports`, as people call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.runtime.cli import cli


def test_the_numbers_of_a_report_are_measured_both_ways(tmp_path: Path) -> None:
    """In a process of its own: a process has one embedded store at a time."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "assay",
            "bench",
            "reports",
            "--case",
            "metrics",
            "--verdicts",
            "300",
            "--rounds",
            "2",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["bench"] == "reports"
    case = found["cases"]["metrics"]
    assert case["verdicts_of_a_period"] == 300
    assert set(case["from_arrivals_ms"]) == set(case["from_events_ms"]) == {"p50", "p95"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--case", "nothing"], "'nothing' is not"),
        (["--verdicts", "10"], "10 is not in the range x>=100"),
        (["--rounds", "1"], "1 is not in the range x>=2"),
    ],
    ids=["case", "verdicts", "rounds"],
)
def test_what_cannot_be_measured_is_refused(arguments: list[str], complaint: str) -> None:
    done = CliRunner().invoke(cli, ["bench", "reports", *arguments])
    assert done.exit_code == 2
    assert complaint in " ".join(done.stderr.split())
