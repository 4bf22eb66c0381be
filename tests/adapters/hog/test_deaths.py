"""A child may end at any moment; that costs time, and the fault of a target only where it is its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome
from assay.errors import HogDefect, HogUnavailable, WorkError
from tests.adapters.hog.support import (
    PROGRAM,
    QUICK,
    compiled,
    evaluate,
    exists,
    fake,
    hog,
    judged,
    outcome,
    pid_of,
    target,
    until_gone,
)

LOOPS = pytest.mark.parametrize(
    "loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


def reasons(outcomes: list[HogOutcome | WorkError]) -> list[str]:
    return [
        found.detail if isinstance(found, WorkError) else found.error or found.reasoning for found in outcomes
    ]


@LOOPS
@pytest.mark.parametrize("processes", [1, 2])
def test_a_target_that_kills_its_process_costs_no_other_target(
    loop: Callable[[], asyncio.AbstractEventLoop], processes: int
) -> None:
    async def outcomes() -> list[HogOutcome | WorkError]:
        async with fake(processes) as running:
            targets = [target("die" if number in (0, 3, 9) else "", uuid=str(number)) for number in range(10)]
            return await evaluate(running, *targets)

    found = asyncio.run(outcomes(), loop_factory=loop)
    assert [number for number, each in enumerate(found) if each.fault is Fault.HOG_ERROR] == [0, 3, 9]
    assert all("memory" in found[number].error for number in (0, 3, 9))
    assert reasons(found)[4:9] == ["4", "5", "6", "7", "8"]


async def test_a_process_that_is_killed_from_outside_costs_nothing() -> None:
    async with fake() as running:
        pid = await pid_of(running)
        targets = [target("sleep", 0.15, uuid=str(number)) for number in range(4)]
        batch = asyncio.create_task(evaluate(running, *targets))
        await asyncio.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        assert reasons(await batch) == ["0", "1", "2", "3"]
        assert await pid_of(running) != pid


async def test_a_process_that_is_killed_while_idle_is_held_against_nobody(tmp_path: Path) -> None:
    async with fake() as running:
        pid = await pid_of(running)
        os.kill(pid, signal.SIGKILL)
        await until_gone(pid)
        assert (await outcome(running, target("be killed once", tmp_path / "died"))).verdict


async def test_a_target_that_survives_the_second_time_is_not_at_fault(tmp_path: Path) -> None:
    async with fake() as running:
        assert (await outcome(running, target("be killed once", tmp_path / "died"))).verdict


@LOOPS
def test_a_program_that_cannot_stop_itself_is_killed(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def outcomes() -> list[HogOutcome | WorkError]:
        async with fake() as running:
            around = [target(uuid="a"), target("loop"), target(uuid="c")]
            first, late, last = await evaluate(running, *around, limits=QUICK)
            if isinstance(late, HogUnavailable):  # other tests kept the process from running
                late = await judged(running, target("loop"), limits=QUICK)
            return [first, late, last]

    first, late, last = asyncio.run(outcomes(), loop_factory=loop)
    assert (first.reasoning, last.reasoning) == ("a", "c")
    assert late == HogOutcome(
        fault=Fault.HOG_ERROR,
        error="Limit exceeded: the program ran for more than 0.2 s and had to be killed.",
    )


@LOOPS
def test_a_busy_event_loop_is_not_held_against_a_program(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def outcomes() -> list[HogOutcome | WorkError]:
        async with fake() as running:
            await pid_of(running)
            batch = asyncio.create_task(evaluate(running, target("sleep", 0.3, uuid="done"), limits=QUICK))
            await asyncio.sleep(0.1)
            here, there = socket.socketpair()
            with here, there:
                # After a callback for input or output uvloop looks at the clock before it reads what has come.
                asyncio.get_running_loop().add_reader(here, lambda: (here.recv(1), time.sleep(1.5)))
                there.send(b"x")
                found = await batch
                asyncio.get_running_loop().remove_reader(here)
            return found

    assert reasons(asyncio.run(outcomes(), loop_factory=loop)) == ["done"]


async def test_defects_take_the_place_of_their_targets() -> None:
    async with fake() as running:
        first, defect, last = await evaluate(running, target(uuid="a"), target("defect"), target(uuid="c"))
    assert isinstance(defect, HogDefect)
    assert defect.detail.startswith("KeyError in fake_child.py, line ")
    assert (first.reasoning, last.reasoning) == ("a", "c")


async def test_a_program_whose_loading_fails_by_chance_is_loaded_anew(tmp_path: Path) -> None:
    async with fake() as running:
        program = CompiledProgram(["no memory once", str(tmp_path / "tried")])
        assert (await outcome(running, target(uuid="a"), program=program)).reasoning == "a"
        program = CompiledProgram(["fails once", str(tmp_path / "failed")])
        found = await evaluate(running, target(), target(), program=program)
        assert [isinstance(each, HogDefect) for each in found] == [True, True]
        assert (await outcome(running, target(uuid="b"), program=program)).reasoning == "b"


async def test_a_program_that_cannot_be_loaded_is_a_defect_each_time() -> None:
    async with fake() as running:
        unloadable = CompiledProgram(["cannot be loaded"])
        for _ in range(2):
            found = await evaluate(running, target(), target(), program=unloadable)
            assert [isinstance(each, HogDefect) for each in found] == [True, True]
        assert (await outcome(running, target("bytecode"))).reasoning == "('a program',)"


async def test_a_reply_that_is_too_long_ends_the_process() -> None:
    async with fake() as running:
        long, after = await evaluate(running, target("long reply"), target(uuid="after"))
    assert isinstance(long, HogDefect)
    assert after.reasoning == "after"


async def test_a_call_that_is_cancelled_frees_its_process() -> None:
    async with fake() as running:
        pid = await pid_of(running)
        call = asyncio.create_task(evaluate(running, target("sleep", 60), limits=Limits(seconds=60)))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until_gone(pid)
        assert (await outcome(running, target(uuid="next"))).reasoning == "next"


@LOOPS
def test_closing_leaves_no_process(loop: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path) -> None:
    async def closed_at_work() -> None:
        async with fake(2) as running:
            compiler = (await compiled(running, "anything")).bytecode[1]
            pids = [
                int(reason) for reason in reasons(await evaluate(running, *[target("meet", tmp_path)] * 17))
            ]
            call = asyncio.create_task(evaluate(running, target("sleep", 60), limits=Limits(seconds=60)))
            await asyncio.sleep(0.05)
            await running.close()
            assert not any(map(exists, [compiler, *pids]))
            for unavailable in (call, evaluate(running, target()), running.compile("other", owner=1)):
                with pytest.raises(HogUnavailable):
                    await unavailable

    asyncio.run(closed_at_work(), loop_factory=loop)


async def test_closing_ends_processes_that_are_starting_too() -> None:
    async with fake(2) as running:
        call = asyncio.create_task(evaluate(running, target()))
        await asyncio.sleep(0)
        await running.close()
        with pytest.raises(HogUnavailable):
            await call


@pytest.mark.parametrize(
    "command",
    [["/no/such/program"], ["/bin/false"], ["/bin/sh", "-c", "exit 3"]],
    ids=["no program", "ends at once", "ends with a code"],
)
async def test_processes_that_do_not_start_are_told_about(command: list[str]) -> None:
    async with hog(command=command) as running:
        with pytest.raises(HogUnavailable, match="A process for Hog programs"):
            await running.evaluate(PROGRAM, [target()], owner=1, allows_na=False, limits=QUICK)


async def test_what_a_process_complains_of_while_it_starts_is_logged() -> None:
    command = ["/bin/sh", "-c", "seq 5000 | sed 's/.*/noise/' >&2; echo no such module >&2; exit 3"]
    async with hog(command=command) as running:
        with capture_logs() as logs, pytest.raises(HogUnavailable):
            await evaluate(running, target())
    [logged] = logs
    assert logged["code"] == 3
    assert logged["stderr"].endswith("noise\nno such module")
    assert len(logged["stderr"]) <= 2048
