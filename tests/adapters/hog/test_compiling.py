"""Sources that cost a process, and who waits for them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assay.adapters.hog.pool import Wear
from assay.domain.hog.errors import HogCompileError
from assay.errors import HogDefect, HogUnavailable
from tests.adapters.hog.support import compiled, fake


async def test_a_source_that_kills_the_compiler_is_refused() -> None:
    async with fake() as running:
        with pytest.raises(HogCompileError, match="cannot be read"):
            await compiled(running, "die")
        assert (await compiled(running, "next")).bytecode[0] == "next"


async def test_a_compiler_that_is_killed_from_outside_is_replaced(tmp_path: Path) -> None:
    async with fake() as running:
        source = f"be killed once: {tmp_path / 'died'}"
        assert (await compiled(running, source)).bytecode[0] == source


@pytest.mark.parametrize("source", ["sleep: 60", "be killed"], ids=["stalled", "killed"])
async def test_what_the_machine_does_is_not_held_against_a_source(source: str) -> None:
    async with fake() as running:
        with pytest.raises(HogUnavailable, match="too busy to compile"):
            await running.compile(source, owner=1)
        assert (await compiled(running, "next")).bytecode[0] == "next"


async def test_a_source_that_needs_too_much_memory_is_refused() -> None:
    async with fake() as running:
        with pytest.raises(HogCompileError, match="memory"):
            await compiled(running, "memory")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("crash", "ZeroDivisionError"),
        ("say: nonsense", "no sense"),
        ('say: {"defect": "unasked"}', "no sense"),
        ('say: {"idle": 1}', "no sense"),
        ('say: {"outcome": [true, "", null, null]}\n{"idle": 1}', "no sense"),
    ],
    ids=["crash", "garbled", "two replies", "no reply", "another reply"],
)
async def test_a_defect_of_the_compiler_is_no_error_of_the_source(source: str, told: str) -> None:
    async with fake() as running:
        with pytest.raises(HogDefect, match=told):
            await compiled(running, source)
        await asyncio.sleep(0.1)
        assert (await compiled(running, "next")).bytecode[0] == "next"


async def test_the_same_source_is_compiled_once() -> None:
    async with fake(wear=Wear(requests=1)) as running:
        program = await compiled(running, "source")
        assert await compiled(running, "source") == program
        assert (await compiled(running, "other")).bytecode[1] != program.bytecode[1]


async def test_a_source_that_many_send_at_once_is_compiled_once() -> None:
    async with fake(wear=Wear(requests=1)) as running:
        programs = await asyncio.gather(*[compiled(running, "sleep: 0.1", owner=n) for n in range(3)])
    assert len({program.bytecode[1] for program in programs}) == 1


@pytest.mark.parametrize(("action", "attempts"), [("die", 2), ("loop", 1)])
async def test_a_source_that_cost_a_process_is_refused_at_once_from_then_on(
    action: str, attempts: int, tmp_path: Path
) -> None:
    async with fake() as running:
        with pytest.raises(HogCompileError) as first:
            await compiled(running, f"{action}: {tmp_path}")
        before = len(list(tmp_path.iterdir()))
        assert before >= attempts
        with pytest.raises(HogCompileError) as again:
            await running.compile(f"{action}: {tmp_path}", owner=1)
        assert (again.value.message, again.value.hint) == (first.value.message, first.value.hint)
        assert len(list(tmp_path.iterdir())) == before


async def test_a_source_does_not_wait_for_its_turn_for_ever() -> None:
    async with fake(patience=0.1) as running:
        await compiled(running, "the first")
        slow = asyncio.create_task(running.compile("sleep: 0.5", owner=1))
        await asyncio.sleep(0)
        with pytest.raises(HogUnavailable, match="wait for a process"):
            await running.compile("next", owner=2)
        await slow
        assert (await running.compile("next", owner=2)).bytecode[0] == "next"
