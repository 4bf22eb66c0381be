"""What cannot start says why in one sentence, and which setting changes it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.engine import engine, environment


def refused(data_dir: Path, *command: str, **settings: str) -> str:
    """Run a command that must fail; returns its one-line error."""
    done = subprocess.run(
        [sys.executable, "-m", "assay", *command],
        env=environment(data_dir, **settings),
        cwd=data_dir,
        check=False,
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert done.returncode == 1, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return errors[0]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("variable", ["ASSAY_PORT", "ASSAY_TEMPORAL_PORT", "ASSAY_TEMPORAL_UI_PORT"])
def test_a_taken_port_names_its_setting(data_dir: Path, taken_port: int, variable: str) -> None:
    sentence = refused(data_dir, "dev", **{variable: str(taken_port)})
    assert variable in sentence
    assert str(taken_port) in sentence


def test_a_second_engine_on_the_same_folder(data_dir: Path) -> None:
    with engine(data_dir) as first:
        sentence = refused(data_dir, "dev")
        assert f"pid {first.process.pid}" in sentence
        assert "ASSAY_DATA_DIR" in sentence
        assert first.process.poll() is None


def test_a_dead_child_ends_the_engine_with_a_sentence(data_dir: Path) -> None:
    with engine(data_dir) as running:
        os.kill(int((data_dir / "temporal.pid").read_text()), signal.SIGKILL)
        assert running.process.wait(30) == 1
        assert "Error: The Temporal dev server ended with code -9" in running.logged()


def test_a_missing_temporal_binary(data_dir: Path, tmp_path: Path) -> None:
    script = (
        "import sysconfig, sys\n"
        f"sysconfig.get_path = lambda name: {str(tmp_path)!r}\n"
        "from assay.runtime.cli import main\n"
        "sys.argv = ['assay', 'dev']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(data_dir) | {"PATH": "/nowhere"},
        cwd=data_dir,
        check=False,
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert done.returncode == 1
    assert "Error: The `temporal` binary is missing" in done.stderr


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"ASSAY_PORT": "eighty"}, "ASSAY_PORT"),
        ({"ASSAY_THROTTLE": "perhaps"}, "ASSAY_THROTTLE"),
        ({"ASSAY_INIT_USER_EMAIL": "nobody"}, "ASSAY_INIT_USER_EMAIL"),
        ({"ASSAY_SECRET_KEYS": "short"}, "ASSAY_SECRET_KEYS"),
        ({"ASSAY_DATABASE_URL": "postgresql+asyncpg://127.0.0.1:1/x"}, "ASSAY_SECRET_KEYS"),
    ],
)
def test_a_bad_setting_is_named(data_dir: Path, settings: dict[str, str], named: str) -> None:
    assert named in refused(data_dir, "dev", **settings)


@pytest.mark.parametrize("command", ["api", "worker"])
def test_split_processes_need_shared_stores(data_dir: Path, command: str) -> None:
    assert "ASSAY_CLICKHOUSE_URL" in refused(data_dir, command)
