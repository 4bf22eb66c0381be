"""The model process may end, hang or talk nonsense at any moment: calls fail, and the next one has a new one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from assay.adapters.frames import framed
from assay.adapters.llm import process as module
from assay.adapters.llm.messages import Ready, encode
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.errors import ModelsUnavailable
from tests.adapters.llm.processes import (
    FOR_AZURE,
    VERDICT,
    Running,
    Sluice,
    a_request,
    azure,
    is_there,
    python,
    running,
)
from tests.adapters.outbound.servers import until

AT_A_TIME = 8
READY = f"""
import os, sys, time
asked, out = sys.stdin.buffer, sys.stdout.buffer
asked.read(int.from_bytes(asked.read(4)))
out.write({framed(encode(Ready()))!r})
out.flush()
"""
DEAF = python(READY + "time.sleep(600)")
"""Says that it is ready, and nothing else ever; it does not even hear that its input ends."""
MUTE = python(READY + "asked.read()")
"""Answers nothing, and ends when it is told to."""


def counted(path: Path, code: str) -> tuple[str, ...]:
    """A command that leaves a mark each time it is executed."""
    return python(f"open({str(path)!r}, 'a').write('x')\n{code}")


async def unavailable(process: Running, **changes: Any) -> str:
    with pytest.raises(ModelsUnavailable) as failed:
        await process.model.complete(a_request(**changes))
    return failed.value.detail


async def all_fail(calls: list[asyncio.Task[Any]]) -> None:
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(each) for each in found] == [ModelsUnavailable] * len(calls)


async def test_calls_of_a_killed_process_fail_and_the_next_has_a_new_one(
    endpoint: ScriptedModelServer,
) -> None:
    async with (
        running(endpoint.base_url, outbound_allow="127.0.0.1") as process,
        Sluice.serving(float("inf")) as sluice,
    ):
        calls = [
            asyncio.create_task(process.model.complete(FOR_AZURE, azure(sluice.origin)))
            for _ in range(AT_A_TIME)
        ]
        await until(lambda: sluice.asked == AT_A_TIME)
        pid = process.pid  # the only one, though eight calls wanted it at once
        with capture_logs() as logs:
            os.kill(pid, signal.SIGKILL)
            await all_fail(calls)
        assert [(line["event"], line["code"]) for line in logs] == [("the model process ended", -9)]
        endpoint.enqueue(Reply(content=VERDICT))
        assert (await process.model.complete(a_request())).text == VERDICT
        again = process.pid
        assert again != pid
        # And it can be closed in the middle of calls.
        calls = [
            asyncio.create_task(process.model.complete(FOR_AZURE, azure(sluice.origin)))
            for _ in range(AT_A_TIME)
        ]
        await until(lambda: sluice.asked == 2 * AT_A_TIME)
        with capture_logs() as logs:
            await process.model.close()
        assert not is_there(again)
        await all_fail(calls)
        assert await unavailable(process)
        assert (logs, process.pids) == ([], [])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/nonexistent/python",), "does not start: "),
        (("/",), "does not start: "),
        (python("raise SystemExit('no memory')"), "ended while it started"),
        (python("import os; os.kill(os.getpid(), 11)"), "ended while it started"),
        (python("import sys, time; print('Traceback: nonsense', flush=True); time.sleep(600)"), "ended"),
        (python(r"import os, time; os.write(1, b'\0\0\0\2{}'); time.sleep(600)"), "ended while it started"),
        (python(r"import os, time; os.write(1, b'\xff' * 9); time.sleep(600)"), "ended while it started"),
    ],
    ids=["missing", "folder", "exit", "crash", "text", "no-message", "too-long"],
)
async def test_what_does_not_start_fails_the_call(command: tuple[str, ...], words: str) -> None:
    async with running(command=command) as process:
        for _ in range(2):
            assert words in await unavailable(process)
            await until(lambda: not process.pids)


async def test_a_start_tells_the_log_of_what_it_ended() -> None:
    async with running(command=python("raise SystemExit('no memory')")) as process:
        with capture_logs() as logs:
            await unavailable(process)
    [line] = logs
    assert (line["event"], line["code"], line["stderr"]) == ("the model process ended", 1, "no memory")


async def test_a_start_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_START_SECONDS", 0.2)
    async with running(command=python("import time; time.sleep(600)")) as process:
        assert await unavailable(process) == "The model process is not ready in time."
        assert process.pids == []


async def test_all_who_wait_for_a_start_share_it(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    async with running(
        command=counted(starts, "import time; time.sleep(0.2); raise SystemExit(1)")
    ) as failing:
        await all_fail([asyncio.create_task(failing.model.start()) for _ in range(AT_A_TIME)])
        assert starts.read_text() == "x"
        await unavailable(failing)
        assert starts.read_text() == "xx"


async def test_who_asked_first_may_leave(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    async with running(command=counted(starts, READY + "asked.read()")) as process:
        first, second = (asyncio.create_task(process.model.start()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert first.cancelled()
        assert len(process.pids) == 1
        assert starts.read_text() == "x"


async def test_closing_ends_a_start_under_way() -> None:
    async with running(command=python("import time; time.sleep(600)")) as process:
        waiting = [asyncio.create_task(process.model.start()) for _ in range(2)]
        await until(lambda: len(process.pids) == 1)
        await process.model.close()
        assert process.pids == []
        await all_fail(waiting)
        await process.model.close()


async def test_closing_what_never_started_starts_nothing(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    async with running(command=counted(starts, READY)) as process:
        await process.model.close()
        assert "closed" in await unavailable(process)
    assert not starts.exists()


async def test_a_process_that_hangs_is_killed_when_a_call_has_had_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.1)
    async with running(command=MUTE) as process:
        await process.model.start()
        pid = process.pid
        os.kill(pid, signal.SIGSTOP)
        others = [asyncio.create_task(process.model.complete(a_request())) for _ in range(2)]
        with capture_logs() as logs:
            said = await unavailable(process, timeout_seconds=0.1)
            assert said == "The model process did not answer in time."
            await all_fail(others)
        assert [line["event"] for line in logs] == ["the model process hangs"]
        assert not is_there(pid)
        await process.model.start()
        assert process.pid != pid


async def test_a_process_that_does_not_end_when_told_to_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_END_SECONDS", 0.1)
    async with running(command=DEAF) as process:
        await process.model.start()
        # More than the pipe holds: closing must not wait until it has been written.
        call = asyncio.create_task(process.model.complete(a_request("x" * 1_000_000)))
        await asyncio.sleep(0)
        pid = process.pid
        await process.model.close()
        assert not is_there(pid)
        await all_fail([call])


async def test_nonsense_in_the_middle_of_calls() -> None:
    nonsense = python(READY + "asked.read(1); out.write(b'nonsense'); out.flush(); time.sleep(600)")
    async with running(command=nonsense) as process:
        with capture_logs() as logs:
            assert await unavailable(process) == "The model process ended during the call."
        assert [line["event"] for line in logs] == ["the model process makes no sense"]
        assert process.pids == []


async def test_a_process_that_ends_in_the_middle_of_a_large_prompt() -> None:
    ends = python(READY + "asked.read(100_000); os._exit(3)")
    async with running(command=ends) as process:
        calls = [
            asyncio.create_task(process.model.complete(a_request("x" * 1_000_000))) for _ in range(AT_A_TIME)
        ]
        await all_fail(calls)


PARENT = """
import asyncio, os, signal, sys
import uvloop
sys.path.insert(0, {root!r})
from assay.adapters.testing import ScriptedModelServer
from assay.errors import ModelsUnavailable
from tests.adapters.llm.processes import a_request, running

async def main():
    with ScriptedModelServer() as server:
        async with running(server.base_url) as process:
            await process.model.start()
            os.kill(process.pid, signal.SIGKILL)
            while True:
                try:
                    reply = await process.model.complete(a_request())
                except ModelsUnavailable:
                    continue
                break
            print("pid", process.pid, reply.text, flush=True)
            server.latency = 600
            await process.model.complete(a_request(timeout_seconds=600))

asyncio.run(main(), loop_factory=uvloop.new_event_loop)
"""


async def test_it_ends_with_its_parent() -> None:
    """The parent runs on uvloop, as the engine does, has lost a process before, and dies in the middle of a call."""
    root = str(Path(__file__).parents[3])
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT.format(root=root), stdout=subprocess.PIPE
    )
    try:
        assert parent.stdout is not None
        while (line := await parent.stdout.readline()) and not line.startswith(b"pid "):
            pass  # the log
        _, number, reply = line.split()
        pid = int(number)
        assert reply == b"{}"
        assert is_there(pid)
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not is_there(pid))
