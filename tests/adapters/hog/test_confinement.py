"""What a child may and may not do, and what it knows."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from assay.adapters.frames import framed
from assay.adapters.hog.messages import Work, encode_work
from assay.adapters.hog.targets import encode_target
from assay.domain.hog.limits import Limits
from assay.errors import HogDefect
from tests.adapters.hog.support import FAKE, evaluate, fake, outcome, pid_of, target

LOOPS = pytest.mark.parametrize(
    "loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
LINUX = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

Loop = Callable[[], asyncio.AbstractEventLoop]


@LINUX
@LOOPS
def test_a_child_inherits_no_secrets(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a secret")

    async def environment() -> bytes:
        async with fake() as running:
            return Path(f"/proc/{await pid_of(running)}/environ").read_bytes()

    assert asyncio.run(environment(), loop_factory=loop) == b"LC_ALL=C.UTF-8\0"


@LINUX
async def test_a_child_has_nothing_open_but_its_pipes() -> None:
    async with fake() as running:
        folder = Path(f"/proc/{await pid_of(running)}/fd")
        opened = {os.readlink(entry).partition(":")[0] for entry in folder.iterdir()}
    assert opened == {"/dev/null", "pipe"}


@LOOPS
def test_ctrl_c_does_not_reach_a_child(loop: Loop) -> None:
    async def session() -> bool:
        async with fake() as running:
            pid = await pid_of(running)
            return os.getsid(pid) == pid

    assert asyncio.run(session(), loop_factory=loop)


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
async def test_memory_over_the_limit_is_refused() -> None:
    async with fake(memory_mb=128) as running:
        small, large, after = await evaluate(
            running, target("allocate", 64), target("allocate", 256), target(uuid="after")
        )
    assert small.verdict
    assert isinstance(large, HogDefect)
    assert "MemoryError" in large.detail
    assert after.reasoning == "after"


@pytest.mark.parametrize("event", ["open files", "write a file"])
async def test_files_are_out_of_reach(event: str, tmp_path: Path) -> None:
    async with fake() as running:
        [defect] = await evaluate(running, target(event, tmp_path / "file"))
    assert isinstance(defect, HogDefect)
    assert "OSError" in defect.detail


async def test_what_a_program_writes_or_reads_does_not_get_into_the_protocol() -> None:
    async with fake() as running:
        assert (await outcome(running, target("standard streams"))).reasoning == "read ''"
        assert (await outcome(running, target(uuid="next"))).reasoning == "next"


def work_without_parent(*targets: bytes, seconds: float) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([*FAKE, "run", "256"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    work = Work("p", ["a program"], len(targets), False, Limits(seconds=seconds))
    assert process.stdin is not None
    process.stdin.write(b"".join(map(framed, [encode_work(work), *targets])))
    process.stdin.close()
    return process


def test_a_child_ends_with_its_parent() -> None:
    with work_without_parent(seconds=5) as process:
        assert process.wait() == 0


def test_a_child_whose_parent_is_gone_does_not_finish_its_work() -> None:
    sleeping = asyncio.run(encode_target(target("sleep", 0.05)))
    with work_without_parent(sleeping, sleeping, seconds=5) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 1


def test_a_program_that_nobody_watches_any_more_runs_out_of_cpu_time() -> None:
    with work_without_parent(asyncio.run(encode_target(target("loop"))), seconds=0) as process:
        assert process.wait() == -signal.SIGXCPU


def test_a_child_imports_only_light_modules() -> None:
    modules = [
        "assay.adapters.hog.child", "assay.domain.hog.compiling", "assay.domain.hog.evaluation", "assay.domain.hog.machine"
    ]  # fmt: skip
    heavy = {
        "asyncio",
        "httpx",
        "litellm",
        "multiprocessing",
        "pydantic",
        "sqlalchemy",
        "structlog",
        "temporalio",
    }
    script = f"import sys, {', '.join(modules)}; print(*{heavy} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
