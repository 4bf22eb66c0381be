"""Which process serves whom, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assay.adapters.hog.batch import Batch
from assay.adapters.hog.messages import KEPT_PROGRAMS
from assay.adapters.hog.pool import Pool, Wear
from assay.adapters.hog.process import Child
from assay.adapters.hog.processes import HogProcesses
from assay.domain.hog.limits import MIB, Limits
from assay.domain.hog.outcomes import CompiledProgram, HogTarget
from tests.adapters.hog.support import (
    FAKE,
    PROGRAM,
    compiled,
    evaluate,
    exists,
    fake,
    outcome,
    pid_of,
    target,
    until,
    until_gone,
)


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


async def test_many_targets_are_shared_out(tmp_path: Path) -> None:
    async with fake(2) as running:
        found = await evaluate(running, *[target("meet", tmp_path)] * 17)
    assert len({each.reasoning for each in found}) == 2


class TestLanes:
    """A batch on its own in a pool of two."""

    @pytest.fixture
    async def pool(self) -> AsyncIterator[Pool]:
        self.starts = 0

        async def start() -> Child:
            self.starts += 1
            return await Child.start("run", 256, FAKE)

        pool = Pool(start, size=2, wear=Wear())
        yield pool
        await pool.close()

    def batch(self, pool: Pool, *targets: HogTarget) -> Batch:
        return Batch(pool, PROGRAM, targets, owner=1, allows_na=False, limits=Limits())

    async def test_few_targets_are_not_worth_another_process(self, pool: Pool) -> None:
        assert len(await self.batch(pool, *[target()] * 16).run()) == 16
        assert self.starts == 1

    async def test_a_batch_that_is_done_does_not_wait_for_a_turn(self, pool: Pool) -> None:
        is_done = asyncio.Event()

        async def keep_a_place() -> None:
            async with pool.turn("a third"):
                await is_done.wait()

        async with pool.turn("somebody else"):
            running = asyncio.create_task(self.batch(pool, *[target()] * 17).run())
            await until(lambda: self.starts == 1)
            # Comes after the second lane, and before the first one comes again.
            keeping = asyncio.create_task(keep_a_place())
            try:
                assert len(await asyncio.wait_for(running, 40)) == 17
            finally:
                is_done.set()
                await keeping

    async def test_no_process_starts_when_the_work_is_gone(self, pool: Pool, tmp_path: Path) -> None:
        async with pool.turn("somebody else"):
            at_last = tmp_path / "at last"
            running = asyncio.create_task(
                self.batch(pool, *[target()] * 16, target("note and sleep", at_last)).run()
            )
            await until(at_last.exists)
        assert all(found.verdict for found in await running)
        assert self.starts == 1


async def test_owners_take_turns_for_a_process() -> None:
    done: list[str] = []

    async def call(running: HogProcesses, owner: str, number: int) -> None:
        await running.compile(f"sleep: 0.05 # {owner} {number}", owner=owner)
        done.append(owner)

    async with fake() as running:
        await compiled(running, "the first")
        many = [asyncio.create_task(call(running, "many", number)) for number in range(15)]
        await asyncio.sleep(0)
        await call(running, "one", 0)
        await asyncio.gather(*many)
    assert done.index("one") == 2


async def test_a_batch_takes_turns_with_those_of_other_owners() -> None:
    done: list[str] = []

    async def call(running: HogProcesses, owner: str) -> None:
        await evaluate(running, target("sleep", 0.05), owner=owner)
        done.append(owner)

    async with fake() as running:
        await pid_of(running)
        many = [asyncio.create_task(call(running, "many")) for _ in range(15)]
        await asyncio.sleep(0)
        await call(running, "one")
        await asyncio.gather(*many)
    assert done.index("one") == 2


async def test_calls_at_the_same_time_do_not_mix() -> None:
    async with fake(2) as running:
        calls = [
            evaluate(running, *[target(uuid=f"{call}-{number}") for number in range(50)]) for call in range(8)
        ]
        for call, found in enumerate(await asyncio.gather(*calls)):
            assert [each.reasoning for each in found] == [f"{call}-{number}" for number in range(50)]


async def test_a_small_call_passes_a_big_one() -> None:
    async with fake() as running:
        big = asyncio.create_task(evaluate(running, *[target("sleep", 0.2)] * 5))
        await asyncio.sleep(0.1)
        await outcome(running, target())
        assert not big.done()
        assert [each.verdict for each in await big] == [True] * 5


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
