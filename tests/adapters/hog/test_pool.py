"""Which process serves whom, and for how long."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assay.adapters.hog.messages import KEPT_PROGRAMS
from assay.adapters.hog.pool import Wear
from assay.domain.hog.limits import MIB
from assay.domain.hog.outcomes import CompiledProgram
from tests.adapters.hog.support import evaluate, exists, fake, outcome, pid_of, target, until_gone


async def test_no_process_starts_before_it_is_needed() -> None:
    async with fake() as running:
        assert await evaluate(running) == []


async def test_a_process_serves_many_calls() -> None:
    async with fake() as running:
        assert len({await pid_of(running) for _ in range(5)}) == 1


async def test_a_process_is_replaced_after_so_many_requests() -> None:
    async with fake(wear=Wear(requests=2)) as running:
        first, second, third = [await pid_of(running) for _ in range(3)]
        assert first == second != third
        await until_gone(first)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
async def test_a_process_that_has_grown_is_replaced() -> None:
    async with fake(wear=Wear(growth=20 * MIB)) as running:
        first = await pid_of(running)
        await outcome(running, target("leak", 5))
        assert await pid_of(running) == first
        await outcome(running, target("leak", 20))
        assert await pid_of(running) != first


async def test_an_idle_process_is_closed() -> None:
    async with fake(wear=Wear(idle_seconds=0.05)) as running:
        first = await pid_of(running)
        await until_gone(first)
        second = await pid_of(running)
        assert exists(second)


async def test_outcomes_come_in_the_order_of_the_targets() -> None:
    async with fake(2) as running:
        found = await evaluate(running, *[target(uuid=str(number)) for number in range(300)])
    assert [each.reasoning for each in found] == [str(number) for number in range(300)]


async def test_few_targets_are_shared_out_too(tmp_path: Path) -> None:
    async with fake(2) as running:
        found = await evaluate(running, *[target("meet", tmp_path)] * 2)
    assert found[0].reasoning != found[1].reasoning


async def test_calls_at_the_same_time_do_not_mix() -> None:
    async with fake(2) as running:
        calls = [
            evaluate(running, *[target(uuid=f"{call}-{number}") for number in range(50)]) for call in range(8)
        ]
        for call, found in enumerate(await asyncio.gather(*calls)):
            assert [each.reasoning for each in found] == [f"{call}-{number}" for number in range(50)]


async def test_a_small_call_passes_a_big_one() -> None:
    async with fake() as running:
        big = asyncio.create_task(evaluate(running, *[target("sleep", 0.2)] * 9))
        await asyncio.sleep(0.1)
        await outcome(running, target())
        assert not big.done()
        assert [each.verdict for each in await big] == [True] * 9


async def test_a_process_keeps_the_programs_that_it_used_last() -> None:
    programs = [CompiledProgram([number]) for number in range(KEPT_PROGRAMS + 2)]
    async with fake() as running:
        for program in [*programs, *programs[:2], *programs[-2:]]:
            found = await outcome(running, target("bytecode"), program=program)
            assert found.reasoning == repr(tuple(program.bytecode))


async def test_large_targets_get_through() -> None:
    async with fake() as running:
        found = await evaluate(
            running, *[target(uuid=str(number), text="x" * 3_000_000) for number in range(4)]
        )
    assert [each.reasoning for each in found] == ["0", "1", "2", "3"]


async def test_targets_that_are_refused_are_faults_of_the_input() -> None:
    async with fake() as running:
        refused, after = await evaluate(running, target(text="x" * 33_554_432), target(uuid="after"))
    assert (refused.fault, after.reasoning) == ("hog_input_error", "after")
