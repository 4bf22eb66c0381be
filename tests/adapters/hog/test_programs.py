"""Real programs in real processes."""

from __future__ import annotations

import pytest

from assay.domain.hog.errors import HogCompileError, Position
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import Fault, HogOutcome
from tests.adapters.hog.support import compiled, evaluate, hog, judged, outcome, target

GENERATION = target("$ai_generation", uuid="u", **{"$ai_output": "I cannot help with that."})


async def test_a_program_is_compiled_and_run() -> None:
    async with hog() as running:
        program = await compiled(running, "print(event.uuid) return output like '%cannot%'")
        found = await evaluate(running, GENERATION, target("$ai_generation", uuid="v"), program=program)
    assert found == [HogOutcome(verdict=True, reasoning="u"), HogOutcome(verdict=False, reasoning="v")]


async def test_null_is_an_answer_only_where_it_is_allowed() -> None:
    async with hog() as running:
        program = await compiled(running, "return null")
        assert await outcome(running, GENERATION, program=program, allows_na=True) == HogOutcome()
        refused = await outcome(running, GENERATION, program=program, allows_na=False)
    assert refused.fault is Fault.HOG_ERROR


async def test_what_is_wrong_with_a_source_is_told() -> None:
    async with hog() as running:
        with pytest.raises(HogCompileError) as caught:
            await compiled(running, "return true\nlet a = 1")
    assert caught.value.position == Position(line=2, column=6)
    assert ":=" in caught.value.hint


async def test_a_source_that_takes_too_long_to_read_is_refused() -> None:
    async with hog() as running:
        with pytest.raises(HogCompileError, match="too long"):
            await compiled(running, "return " + "+".join("1" * 4_000))
        assert (await compiled(running, "return true")).warnings == ()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("while (true) {}", "ran for more than"),
        ("fun f(x) { return f(x) } return f(1)", "calls"),
        ("let s := 'x' while (true) { s := s || s }", "characters"),
        ("let a := [] while (true) { a := [a, a, a] } ", ""),
        (
            "let all := [] for (let i in range(100000)) { all := arrayPushBack(all, f'{i} and more text') }",
            "",
        ),
    ],
    ids=["loop", "recursion", "text", "nesting", "list"],
)
async def test_a_program_without_end_costs_only_its_own_target(source: str, said: str) -> None:
    async with hog() as running:
        endless = await compiled(running, source)
        stopped = await judged(running, GENERATION, program=endless, limits=Limits(seconds=0.3))
        after = await outcome(running, GENERATION, program=await compiled(running, "return true"))
    assert stopped.fault is Fault.HOG_ERROR
    assert stopped.error.startswith("Limit exceeded:")
    assert said in stopped.error
    assert after.verdict
