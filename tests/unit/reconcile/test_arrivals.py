"""Streams that have to be woken, and arrivals that are looked through again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_batches import EvaluationStreamInput, Place
from assay.contracts.reconcile import ProjectMark, Sweep
from assay.domain.reconcile.arrivals import (
    finished,
    next_sweep,
    stream_fault,
    sweep_limits,
    sweep_of,
    with_sweeps,
)
from tests.unit.reconcile.values import EVALUATION, NOW, OTHER, a_batch, a_place, a_stream, ago

SETTLED = ago(minutes=2)
LAST = a_place(ago(minutes=30), 5)
MINUTES = st.integers(0, 600)


@pytest.mark.parametrize(
    ("stream", "last", "fault"),
    [
        (None, LAST, "it did not run"),
        (a_stream(), LAST, "it did not know an evaluation"),
        (a_stream({EVALUATION: a_place(ago(minutes=31))}), LAST, "it had not looked at the last arrivals"),
        (a_stream({EVALUATION: a_place(ago(minutes=30), 4)}), LAST, "it had not looked at the last arrivals"),
        (a_stream({EVALUATION: LAST}), LAST, ""),
        (a_stream({EVALUATION: a_place(ago(minutes=31))}, in_flight=(a_batch(),)), LAST, ""),
        (None, None, ""),
        (None, a_place(ago(minutes=1)), ""),
    ],
    ids=[
        "not running", "new evaluation", "behind", "behind by a uuid", "up to date", "waits for a batch",
        "no arrivals", "still arriving",
    ],
)  # fmt: skip
def test_a_stream_is_woken_when_nothing_else_would_wake_it(
    stream: EvaluationStreamInput | None, last: Place | None, fault: str
) -> None:
    assert stream_fault(stream, [EVALUATION], last, SETTLED) == fault


def test_a_project_without_active_evaluations_needs_no_stream() -> None:
    assert stream_fault(None, [], LAST, SETTLED) == ""


def test_a_sweep_never_runs_ahead_of_the_stream() -> None:
    behind, level = a_place(ago(hours=1)), LAST
    stream = a_stream({EVALUATION: behind, OTHER: level})

    limits = sweep_limits(stream, [EVALUATION, OTHER, UUID(int=9)], LAST, SETTLED)

    assert limits == {EVALUATION: ago(hours=1), OTHER: SETTLED}
    assert sweep_limits(None, [EVALUATION], LAST, SETTLED) == {}


def test_a_window_begins_where_the_last_one_ended_and_goes_on_where_it_was_left() -> None:
    mark = ProjectMark(compared=NOW, swept=ago(minutes=10))
    stands = sweep_of(mark, EVALUATION)

    window = next_sweep(stands, SETTLED)

    assert window == Sweep(since=ago(minutes=10), until=SETTLED)
    left = Sweep(since=ago(hours=2), until=ago(hours=1), before=(ago(hours=1.5), UUID(int=4)))
    assert next_sweep(left, SETTLED) == left
    assert next_sweep(finished(left), SETTLED) == Sweep(since=ago(hours=1), until=SETTLED)


@pytest.mark.parametrize("limit", [None, ago(minutes=10), ago(hours=1)], ids=["none", "same", "earlier"])
def test_there_is_nothing_to_look_through_before_the_stream_has_come_farther(limit: datetime | None) -> None:
    assert next_sweep(sweep_of(ProjectMark(compared=NOW, swept=ago(minutes=10)), EVALUATION), limit) is None


@given(st.lists(st.tuples(MINUTES, st.booleans()), max_size=8))
def test_windows_cover_all_time_once_whatever_fails(steps: list[tuple[int, bool]]) -> None:
    start = NOW
    mark = ProjectMark(compared=NOW, swept=start)
    covered = start
    for minutes, succeeds in steps:
        limit = NOW + timedelta(minutes=minutes)
        mark = mark.model_copy(update={"swept": max(mark.swept, limit)})
        stands = mark.sweeps.get(EVALUATION, Sweep(since=covered, until=covered))
        window = next_sweep(stands, limit)
        if window is not None:
            assert window.since == covered
            mark = with_sweeps(mark, {EVALUATION: finished(window) if succeeds else window})
            covered = window.until if succeeds else covered
        else:
            mark = with_sweeps(mark, {EVALUATION: stands})
        assert sweep_of(mark, EVALUATION).since == covered


def test_an_evaluation_that_has_come_as_far_as_its_project_needs_no_words() -> None:
    lagging = Sweep(since=ago(hours=1), until=ago(hours=1))
    mark = ProjectMark(compared=NOW, swept=SETTLED, sweeps={OTHER: lagging})

    assert with_sweeps(mark, {EVALUATION: finished(Sweep(since=ago(hours=1), until=SETTLED))}) == mark
