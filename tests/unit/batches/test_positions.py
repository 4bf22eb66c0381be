"""Positions in histories: many evaluations that stand at one place take little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_batches import DispatchInput, EvaluationStreamInput, Place, Position

BEGIN = datetime(2026, 5, 4, 12, tzinfo=UTC)


def position(number: int) -> Position:
    at = BEGIN + timedelta(seconds=number)
    return Position(
        since=at,
        place=Place(ingested_at=at, uuid=UUID(int=number)),
        passed={number + n: n for n in range(31)},
    )


@given(st.dictionaries(st.uuids(), st.integers(0, 3).map(position), max_size=9))
def test_they_come_back_as_they_were(positions: dict[UUID, Position]) -> None:
    given_ = EvaluationStreamInput(project_id=1, positions=positions)
    assert EvaluationStreamInput.model_validate_json(given_.model_dump_json()) == given_


def test_two_hundred_evaluations_fit_a_small_payload() -> None:
    together = {uuid4(): position(1) for _ in range(200)}
    assert len(DispatchInput(project_id=1, dispatch_id="d", positions=together).model_dump_json()) < 10_000
