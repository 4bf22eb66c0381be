"""What processes use, as the system accounts for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from assay.adapters.llm.process import COMMAND
from assay.runtime.bench.online.usage import cpu_between, peaks, usage_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux accounts for processes in /proc")

BUSY = "import time\nkept = bytearray(64_000_000)\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"


@pytest.mark.parametrize(
    ("module", "role"), [("assay.adapters.hog.child", "hog"), (COMMAND[-1], "models")], ids=["hog", "models"]
)
def test_children_count_by_their_role_also_when_they_have_ended(module: str, role: str) -> None:
    before = usage_of(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"done\n"
        during = usage_of(os.getpid())
        child.communicate(b"\n")
    after = usage_of(os.getpid())
    assert cpu_between(before, during)[role] >= 0.29
    assert peaks(during)[role] >= peaks(before)[role] + 64
    # Of a child that has ended nobody knows which it was.
    assert cpu_between(before, after)["hog"] >= 0.29


def test_own_time_is_the_engines() -> None:
    before = usage_of(os.getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert cpu_between(before, usage_of(os.getpid()))["engine"] >= 0.09


def test_a_process_that_is_gone_uses_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert usage_of(child.pid) == {}
