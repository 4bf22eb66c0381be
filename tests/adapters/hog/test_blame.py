"""What the machine does to a process is nothing that a program is stopped for."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from assay.adapters.hog.processor_time import processor_seconds
from assay.domain.hog.budget import Budget
from assay.domain.hog.errors import Limit, LimitExceeded
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import Fault
from assay.errors import HogDefect, HogUnavailable
from tests.adapters.hog.support import (
    QUICK,
    compiled,
    evaluate,
    fake,
    hog,
    judged,
    outcome,
    pid_of,
    target,
    until,
    until_gone,
)

LINUX = pytest.mark.skipif(processor_seconds(os.getpid()) is None, reason="needs /proc")


@LINUX
async def test_a_process_that_was_paused_is_not_held_against_the_program() -> None:
    async with fake() as running:
        pid = await pid_of(running)
        os.kill(pid, signal.SIGSTOP)
        found, after = await evaluate(running, target("loop"), target(uuid="after"), limits=QUICK)
        await until_gone(pid)
    assert isinstance(found, HogUnavailable)
    assert found.detail == "The machine was too busy to run the program."
    assert found.retryable
    assert after.reasoning == "after"


async def test_a_process_that_is_paused_and_goes_on_tells_that_itself() -> None:
    async with hog() as running:
        program = await compiled(running, "while (true) {}")
        endless = asyncio.create_task(
            evaluate(running, target(), program=program, limits=Limits(steps=10**12, seconds=3))
        )
        await until(lambda: bool(running._runners._used))
        [child] = running._runners._used
        os.kill(child.pid, signal.SIGSTOP)
        await asyncio.sleep(3.2)
        os.kill(child.pid, signal.SIGCONT)
        [found] = await endless
        assert isinstance(found, HogUnavailable)
        assert found.detail == "The machine was too busy to run the program."


async def test_a_process_that_the_system_kills_again_and_again_is_not_held_against_the_program() -> None:
    async with fake() as running:
        killed, after = await evaluate(running, target("be killed"), target(uuid="after"))
    assert isinstance(killed, HogUnavailable)
    assert "killed" in killed.detail
    assert after.reasoning == "after"


async def test_a_process_that_crashes_again_is_held_against_the_program() -> None:
    async with fake() as running:
        assert (await outcome(running, target("die"))).fault is Fault.HOG_ERROR


async def test_closing_is_not_held_against_a_program_whose_process_died_before(tmp_path: Path) -> None:
    async with fake() as running:
        call = asyncio.create_task(evaluate(running, target("be killed, then wait", tmp_path)))
        await until((tmp_path / "second").exists)
        await running.close()
        [found] = await call
        assert isinstance(found, HogUnavailable)


async def test_a_large_event_that_cannot_be_stopped_is_the_one_to_blame() -> None:
    async with fake() as running:
        late = await judged(running, target("loop", text="x" * 70_000), limits=QUICK)
    assert late.fault is Fault.HOG_INPUT_ERROR


class TestBudget:
    """The time check of a running program."""

    LIMITS = Limits(seconds=0.1)

    def test_time_that_passed_without_computing_is_the_machines(self) -> None:
        budget = Budget()
        budget.start(self.LIMITS)
        time.sleep(0.15)
        with pytest.raises(HogUnavailable):
            budget.check()

    def test_time_that_was_computed_is_the_programs(self) -> None:
        budget = Budget()
        budget.start(self.LIMITS)
        began, cpu = time.monotonic(), time.process_time()
        while time.monotonic() - began < 0.15 or time.process_time() - cpu < 0.05:
            pass
        with pytest.raises(LimitExceeded) as caught:
            budget.check()
        assert caught.value.limit is Limit.TIME


@LINUX
def test_processor_time_is_what_was_computed() -> None:
    before = processor_seconds(os.getpid())
    began = time.process_time()
    while time.process_time() - began < 0.1:
        pass
    now = processor_seconds(os.getpid())
    assert before is not None
    assert now is not None
    assert now - before >= 0.08


def test_the_processor_time_of_a_process_that_is_gone_is_unknown() -> None:
    assert processor_seconds(2**30) is None


class TestReplies:
    """What a process says that nobody asked for."""

    async def test_an_answer_that_makes_no_sense_costs_only_its_target(self) -> None:
        async with fake() as running:
            found = await evaluate(running, target(uuid="a"), target("say", "nonsense"), target(uuid="c"))
        assert isinstance(found[1], HogDefect)
        assert (found[0].reasoning, found[2].reasoning) == ("a", "c")

    async def test_after_an_answer_too_many_none_is_trusted(self) -> None:
        async with fake() as running:
            surplus = target("say", '{"outcome": [true, "surplus", null, null]}')
            found = await evaluate(running, surplus, target(uuid="b"))
            assert [isinstance(each, HogDefect) for each in found] == [True, True]
            assert (await outcome(running, target(uuid="next"))).reasoning == "next"

    async def test_a_process_that_gives_no_answer_is_not_asked_for_ever(self) -> None:
        async with fake() as running:
            silent, after = await evaluate(running, target("say", '{"idle": 1}'), target(uuid="after"))
        assert isinstance(silent, HogDefect)
        assert after.reasoning == "after"

    async def test_what_is_left_over_is_not_taken_for_the_next_answer(self) -> None:
        async with fake() as running:
            early = target("say", '{"outcome": [true, "early", null, null]}\n{"idle": 1}', uuid="left over")
            assert (await outcome(running, early)).reasoning == "early"
            await asyncio.sleep(0.1)
            assert (await outcome(running, target(uuid="next"))).reasoning == "next"

    async def test_an_unknown_kind_of_answer_is_a_defect(self) -> None:
        async with fake() as running:
            [found] = await evaluate(running, target("say", '{"program": [[], []]}\n{"idle": 1}'))
        assert isinstance(found, HogDefect)
