"""`assay load`: a JSONL file goes in once, whatever happens on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from assay.runtime.engine_process import EngineProcess
from tests.harness.engine import TOKEN, engine, environment
from tests.harness.read_events import read_events


def lines(count: int, start: int = 0) -> str:
    return "".join(
        json.dumps(
            {
                "event": "$ai_generation",
                "distinct_id": f"user-{number}",
                "properties": {"number": number, "$ai_output": "x" * 200},
            }
        )
        + "\n"
        for number in range(start, start + count)
    )


def load(running: EngineProcess, file: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "assay", "load", str(file), "--host", running.api_url, *options],
        env=environment(running.data_dir),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(loading: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = loading.communicate(timeout=60)
    return loading.returncode, out, err


def stored_numbers(data_dir: Path) -> list[int]:
    return sorted(row["properties"]["number"] for row in read_events(data_dir, "$ai_generation"))


def test_a_load_that_was_killed_goes_on_and_doubles_nothing(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text(lines(20_000))
    with engine(data_dir) as running:
        first = load(running, file)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not list(data_dir.glob("loads/*.json")):
            time.sleep(0.01)
        first.kill()
        first.communicate()
        code, out, err = finish(load(running, file))
        assert code == 0, err
        assert "Going on behind line" in out
        assert "20000 events accepted, 0 refused, 20000 lines read." in out

        file.write_text(lines(20_000) + lines(5, start=20_000))
        code, out, err = finish(load(running, file, "--token", TOKEN))
        assert "20005 events accepted" in out
        code, out, err = finish(load(running, file, "--restart"))
        assert code == 0, err
        running.stop()
    assert stored_numbers(data_dir) == list(range(20_005))


def test_bad_lines_are_named_and_the_rest_goes_in(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    broken = '{"event": \n[1]\n\n{"event": "", "distinct_id": "u"}\n'
    file.write_text(lines(3) + broken + lines(2, start=3).rstrip("\n"))
    with engine(data_dir) as running:
        code, out, err = finish(load(running, file))
        running.stop()
    assert code == 1
    assert "5 events accepted, 3 refused, 9 lines read." in out
    named = [line.split(":")[0].strip() for line in err.splitlines() if line.startswith("  line")]
    assert named == ["line 4", "line 5", "line 7"]
    assert stored_numbers(data_dir) == [0, 1, 2, 3, 4]


def test_a_token_that_is_not_known_stops_the_load(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text(lines(1))
    with engine(data_dir) as running:
        for options in (("--token", "phc_wrong"), ("--project", "77")):
            code, _, err = finish(load(running, file, *options))
            assert code == 1
            assert err.count("Error: ") == 1
