"""Processes that compute: what they return, and how they end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

from assay.adapters.compute import ComputeProcesses
from assay.errors import ComputeUnavailable, SetupError
from tests.adapters.compute import functions


@pytest.fixture
async def pool() -> AsyncIterator[ComputeProcesses]:
    found = ComputeProcesses(processes=1)
    yield found
    await found.close()


class Held:
    """A call that goes on until it is released."""

    def __init__(self, folder: Path) -> None:
        self._started, self._released = folder / "started", folder / "released"

    def call(self, pool: ComputeProcesses) -> asyncio.Task[int]:
        return asyncio.create_task(pool.run(functions.hold, str(self._started), str(self._released)))

    async def pid(self) -> int:
        """Wait until it goes on; where."""
        await until(lambda: self._started.exists() and self._started.read_text() != "")
        return int(self._started.read_text())

    def release(self) -> None:
        self._released.touch()


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110  (processes set no event)
            await asyncio.sleep(0.01)


def lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_nothing_starts_before_it_is_needed_and_then_it_is_kept(pool: ComputeProcesses) -> None:
    assert pool.pids == []
    first = await pool.run(functions.pid)
    assert first != os.getpid()
    assert [first] == pool.pids == [await pool.run(functions.pid)]


async def test_arrays_go_there_and_back(pool: ComputeProcesses) -> None:
    values = np.arange(5_000_000, dtype=np.float32).reshape(-1, 100)
    found = await pool.run(functions.doubled, values)
    np.testing.assert_array_equal(found, values * 2)


async def test_what_a_call_writes_harms_nobody(pool: ComputeProcesses) -> None:
    assert await pool.run(functions.noisy, "text") == "text"
    assert await pool.run(functions.noisy, "again") == "again"


async def test_a_process_sees_the_variables_that_it_is_given_and_no_others() -> None:
    pool = ComputeProcesses(processes=1, environment={"OMP_NUM_THREADS": "1"})
    try:
        assert await pool.run(functions.environment) == {"OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
        assert await pool.run(functions.niceness) > os.nice(0)
    finally:
        await pool.close()


async def test_calls_go_on_at_the_same_time_in_as_many_processes_and_the_rest_waits(tmp_path: Path) -> None:
    pool = ComputeProcesses(processes=2)
    both = [Held(tmp_path / name) for name in "ab"]
    for name in "ab":
        (tmp_path / name).mkdir()
    try:
        calls = [one.call(pool) for one in both]
        pids = {await one.pid() for one in both}
        third = asyncio.create_task(pool.run(functions.pid))
        await asyncio.sleep(0.1)
        assert len(pids) == 2
        assert set(pool.pids) == pids
        assert not third.done()
        for one in both:
            one.release()
        assert set(await asyncio.gather(*calls)) == pids
        assert await third in pids
    finally:
        await pool.close()


@pytest.mark.parametrize(
    ("function", "expected", "told"),
    [
        (functions.refuse, SetupError, "There is no model."),
        (functions.two_faced, RuntimeError, "TwoFaced: one two"),
        (functions.exhausted, MemoryError, "in exhausted"),
    ],
    ids=["of Assay", "that cannot be read", "of memory"],
)
async def test_what_a_call_raises_is_raised(
    pool: ComputeProcesses, function: Callable[[], None], expected: type[Exception], told: str
) -> None:
    pid = await pool.run(functions.pid)
    with pytest.raises(expected, match=told):
        await pool.run(function)
    assert await pool.run(functions.pid) == pid


async def test_a_defect_tells_where_it_is(pool: ComputeProcesses) -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        await pool.run(functions.divide, 1)
    assert "in divide" in raised.value.__notes__[0]


async def test_what_cannot_be_sent_is_refused_and_costs_no_process(pool: ComputeProcesses) -> None:
    pid = await pool.run(functions.pid)
    with pytest.raises(Exception, match=r"[Pp]ickle"):
        await pool.run(lambda: 1)
    with pytest.raises(Exception, match=r"[Pp]ickle"):
        await pool.run(functions.unreadable)
    assert await pool.run(functions.pid) == pid


async def test_a_process_killed_in_a_call_fails_that_call_and_is_replaced(
    pool: ComputeProcesses, held: Held
) -> None:
    call = held.call(pool)
    pid = await held.pid()
    waiting = asyncio.create_task(pool.run(functions.pid))
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ComputeUnavailable) as failure:
        await call
    assert failure.value.retryable
    assert await waiting != pid


@pytest.mark.parametrize("how", [functions.die, functions.leave], ids=["signal", "exit"])
async def test_a_call_that_ends_its_process_fails(pool: ComputeProcesses, how: Callable[[int], None]) -> None:
    with pytest.raises(ComputeUnavailable):
        await pool.run(how, signal.SIGSEGV)
    assert await pool.run(functions.pid)


async def test_a_process_killed_between_calls_is_replaced(pool: ComputeProcesses) -> None:
    pid = await pool.run(functions.pid)
    [child] = pool._children
    os.kill(pid, signal.SIGKILL)
    await child.gone()
    assert await pool.run(functions.pid) != pid


async def test_a_caller_that_is_cancelled_frees_the_place_at_once(pool: ComputeProcesses, held: Held) -> None:
    call = held.call(pool)
    pid = await held.pid()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await pool.run(functions.pid) != pid
    await until(lambda: not lives(pid))


async def test_a_caller_that_is_cancelled_while_it_waits_harms_nobody(
    pool: ComputeProcesses, held: Held
) -> None:
    call = held.call(pool)
    pid = await held.pid()
    waiting = asyncio.create_task(pool.run(functions.pid))
    await asyncio.sleep(0)
    waiting.cancel()
    held.release()
    assert await call == pid
    assert await pool.run(functions.pid) == pid


async def test_closing_ends_calls_that_go_on_and_those_that_wait(held: Held) -> None:
    pool = ComputeProcesses(processes=1)
    call = held.call(pool)
    pid = await held.pid()
    waiting = [asyncio.create_task(pool.run(functions.pid)) for _ in range(3)]
    await asyncio.sleep(0)
    async with asyncio.timeout(40):
        await pool.close()
    assert not lives(pid)
    for one in (call, *waiting):
        with pytest.raises(ComputeUnavailable, match=r"shutting down|before it was done"):
            await one
    with pytest.raises(ComputeUnavailable, match="shutting down"):
        await pool.run(functions.pid)
    await pool.close()


async def test_closing_while_a_process_starts_leaves_none() -> None:
    for pause in (0.0, 0.001, 0.01):
        pool = ComputeProcesses(processes=1)
        call = asyncio.create_task(pool.run(functions.pid))
        await asyncio.sleep(pause)
        await pool.close()
        with pytest.raises(ComputeUnavailable):
            await call
        assert pool.pids == []


async def test_an_idle_process_ends_and_another_serves_the_next_call() -> None:
    pool = ComputeProcesses(processes=1, idle_seconds=0.05)
    try:
        pid = await pool.run(functions.pid)
        await until(lambda: not lives(pid))
        assert pool.pids == []
        assert await pool.run(functions.pid) != pid
    finally:
        await pool.close()


async def test_a_process_that_does_not_start_is_worth_another_try() -> None:
    for command in (("/no/such/program",), (sys.executable, "-c", "raise SystemExit(3)")):
        pool = ComputeProcesses(processes=1, command=command)
        with pytest.raises(ComputeUnavailable):
            await pool.run(functions.pid)
        await pool.close()


_PARENT = """
import asyncio, sys
from assay.adapters.compute import ComputeProcesses
from tests.adapters.compute import functions
asyncio.run(ComputeProcesses(processes=1).run(functions.hold, *sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process notices when its call is done")
async def test_a_process_ends_with_its_parent_in_the_middle_of_a_call(tmp_path: Path) -> None:
    started = tmp_path / "started"
    arguments = ("-I", "-c", _PARENT, str(started), str(tmp_path / "released"))
    parent = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    await until(lambda: started.exists() and started.read_text() != "")
    pid = int(started.read_text())
    parent.kill()
    await parent.wait()
    await until(lambda: _is_over(pid))


def _is_over(pid: int) -> bool:
    """Whether a process is gone, or waits for somebody to ask how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
