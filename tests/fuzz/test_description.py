"""What the API answers is what its description says, whatever is asked; `make fuzz` asks more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.run import fuzz, fuzzed_engine


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("phases", "examples", "cases"),
    [
        ("examples,fuzzing", 2, 300),
        pytest.param("examples,coverage,fuzzing", 3, 5_000, marks=pytest.mark.long),
    ],
)
def test_every_answer_is_described_and_no_request_breaks_the_server(
    tmp_path: Path, phases: str, examples: int, cases: int
) -> None:
    data, folder = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    folder.mkdir()
    with fuzzed_engine(data) as running:
        found = fuzz(running, folder, examples=examples, phases=phases, seed=1)

    assert found.failures == [], found.output
    assert found.cases > cases
