"""Gaps, and which of them are worth another try."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_batches import Origin
from assay.contracts.reconcile import Gap
from assay.domain.evaluations import verdict_event_id
from assay.domain.reconcile.claims import (
    LONGEST_REST,
    BatchRun,
    Comparison,
    OpenBatch,
    allot,
    is_lost,
    later_verdicts,
    rests,
)
from tests.unit.reconcile.values import EVALUATION, NOW, OTHER, a_claim, a_gap, a_hold, a_ref, ago


def test_a_target_may_have_been_judged_by_any_later_version() -> None:
    claim = a_claim(5, version=2)

    assert later_verdicts(claim, 4) == [
        verdict_event_id(
            project_id=1, evaluation_id=EVALUATION, version=version, target=claim.target, trigger=""
        )
        for version in (3, 4)
    ]
    assert later_verdicts(claim, 2) == []


def test_open_claims_are_counted_by_batch_and_held_by_evaluation_and_origin() -> None:
    first, second = a_ref("first"), a_ref("second")
    comparison = Comparison([], NOW)
    comparison.add(a_claim(1, ref=first), ago(minutes=20), waits=False)
    comparison.add(a_claim(2, ref=first), ago(minutes=30), waits=False)
    comparison.add(a_claim(3, ref=second, origin=Origin.BACKFILL), ago(minutes=10), waits=False)

    assert comparison.batches == {
        first: OpenBatch(first, Origin.LIVE, ago(minutes=30), 2),
        second: OpenBatch(second, Origin.BACKFILL, ago(minutes=10), 1),
    }
    assert comparison.held == (
        a_hold(ago(minutes=10), origin=Origin.BACKFILL),
        a_hold(ago(minutes=30), ago(minutes=20), claims=2),
    )


def test_claims_that_wait_are_held_and_belong_to_no_batch() -> None:
    comparison = Comparison([], NOW)
    comparison.add(a_claim(1), ago(minutes=20), waits=True)

    assert (comparison.waiting, comparison.batches) == (1, {})
    assert comparison.held == (a_hold(ago(minutes=20)),)


def test_what_is_carried_over_is_not_counted_twice() -> None:
    carried = a_hold(ago(days=2), ago(hours=5), claims=40)
    comparison = Comparison([carried], compared=ago(hours=1))
    comparison.add(a_claim(1), ago(hours=5), waits=True)  # seen again because another evaluation goes on
    comparison.add(a_claim(2), ago(minutes=30), waits=True)
    comparison.add(a_claim(3, ref=a_ref(evaluation_id=OTHER)), ago(hours=5), waits=False)

    assert comparison.waiting == 41
    assert comparison.held == (
        a_hold(ago(days=2), ago(minutes=30), claims=41),
        a_hold(ago(hours=5), evaluation_id=OTHER),
    )


@pytest.mark.parametrize(
    ("run", "resting"),
    [
        (None, False),
        (BatchRun(closed_at=None), False),
        (BatchRun(closed_at=ago(minutes=11)), False),
        (BatchRun(closed_at=ago(minutes=9)), True),
    ],
    ids=["unknown", "running", "ended long ago", "ended just now"],
)
def test_a_batch_rests_for_a_quarter_of_the_age_at_which_it_ended(
    run: BatchRun | None, resting: bool
) -> None:
    ended = NOW if run is None or run.closed_at is None else run.closed_at
    batch = OpenBatch(a_ref(), Origin.LIVE, ended - timedelta(minutes=40), 1)

    assert rests(batch, run, NOW) is resting


def test_a_batch_that_comes_to_nothing_for_ever_is_tried_ever_more_seldom_but_at_least_hourly() -> None:
    batch = OpenBatch(a_ref(), Origin.LIVE, NOW, 1)
    tries = [NOW + timedelta(minutes=5)]
    while tries[-1] < NOW + timedelta(days=7):
        tries.append(_next_try(batch, tries[-1]))
    pauses = [later - earlier for earlier, later in pairwise(tries)]

    assert pauses == sorted(pauses)
    assert pauses[-1] <= LONGEST_REST + timedelta(minutes=5)
    assert len(tries) < 200


def _next_try(batch: OpenBatch, closed_at: datetime) -> datetime:
    now = closed_at + timedelta(minutes=5)
    while rests(batch, BatchRun(closed_at), now):
        now += timedelta(minutes=5)
    return now


@pytest.mark.parametrize(
    ("run", "claimed_at", "lost"),
    [
        (BatchRun(closed_at=None), None, False),
        (BatchRun(closed_at=ago(seconds=30)), None, False),
        (BatchRun(closed_at=ago(minutes=3)), None, True),
        (None, ago(seconds=30), False),
        (None, ago(minutes=3), True),
        (None, None, True),
    ],
    ids=["running", "just ended", "ended", "just claimed", "never started", "without claims"],
)
def test_a_batch_is_lost_once_nothing_of_it_can_be_under_way(
    run: BatchRun | None, claimed_at: datetime | None, lost: bool
) -> None:
    assert is_lost(run, claimed_at, NOW) is lost


@given(
    st.dictionaries(st.integers(1, 6), st.lists(st.sampled_from("abcdefgh"), unique=True)),
    st.integers(0, 20),
)
def test_projects_take_turns_for_what_can_be_done_in_one_run(
    wanted: dict[int, list[str]], limit: int
) -> None:
    gaps: dict[int, list[Gap]] = {
        project: [a_gap(name) for name in names] for project, names in wanted.items()
    }

    taken = allot(gaps, limit)

    assert sum(map(len, taken.values())) == min(limit, sum(map(len, gaps.values())))
    for project, mine in taken.items():
        assert list(mine) == gaps[project][: len(mine)]
    left_over = [project for project, mine in gaps.items() if len(taken.get(project, ())) < len(mine)]
    for project in left_over:
        most = max(map(len, taken.values()), default=0)
        assert len(taken.get(project, ())) >= most - 1
