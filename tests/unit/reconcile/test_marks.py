"""From where a run goes on, and where the next one does."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from assay.contracts.reconcile import Marks, ProjectMark, Sweep
from assay.domain.reconcile.marks import (
    HORIZON,
    JUDGING,
    MAX_BEHIND,
    SETTLED,
    compare_from,
    first_marks,
    mark_of,
    next_marks,
    projects_with,
)
from tests.unit.reconcile.values import NOW, OTHER, a_hold, ago

DONE = ProjectMark(compared=NOW - JUDGING, swept=NOW - SETTLED)


def test_the_first_run_looks_back_as_far_as_the_horizon() -> None:
    assert mark_of(first_marks(NOW), 3, NOW) == ProjectMark(compared=NOW - HORIZON, swept=NOW - HORIZON)


def test_projects_that_are_done_need_no_words() -> None:
    marks = next_marks({1: DONE, 2: DONE}, NOW)

    assert marks.projects == {}
    assert mark_of(marks, 2, NOW) == DONE


def test_a_project_that_is_behind_keeps_its_own_mark_and_is_looked_at_again() -> None:
    behind = DONE.model_copy(update={"compared": ago(hours=3)})

    marks = next_marks({1: DONE, 2: behind}, NOW)

    assert mark_of(marks, 2, NOW) == behind
    assert projects_with(marks, [5, 1]) == [1, 2, 5]


def test_what_is_older_than_the_horizon_is_given_up() -> None:
    old, partly = a_hold(ago(days=9), ago(days=8)), a_hold(ago(days=9), ago(days=1), evaluation_id=OTHER)
    mark = ProjectMark(compared=ago(days=10), swept=ago(days=30), held=(old, partly))

    kept = mark_of(Marks(compared=NOW, swept=NOW, projects={1: mark}), 1, NOW)

    assert (kept.compared, kept.swept) == (NOW - HORIZON, NOW - HORIZON)
    assert kept.held == (partly.model_copy(update={"oldest": NOW - HORIZON}),)


def test_the_result_stays_small_and_loses_nothing_when_very_many_projects_are_behind() -> None:
    held = DONE.model_copy(update={"held": (a_hold(ago(days=2)),)})
    sweeping = DONE.model_copy(update={"sweeps": {UUID(int=1): Sweep(since=ago(days=3), until=NOW)}})
    many = dict.fromkeys(range(MAX_BEHIND), held)

    marks = next_marks({**many, MAX_BEHIND: sweeping}, NOW)

    assert marks == Marks(compared=ago(days=2), swept=ago(days=3))


def test_claims_of_evaluations_that_judge_nothing_are_not_compared_again() -> None:
    waiting, open_ = a_hold(ago(days=3)), a_hold(ago(hours=2), evaluation_id=OTHER)
    mark = ProjectMark(compared=ago(minutes=10), swept=NOW, held=(waiting, open_))

    assert compare_from(mark, carried=[waiting]) == ago(hours=2)
    assert compare_from(mark, carried=[waiting, open_]) == ago(minutes=10)
    assert compare_from(mark, carried=[]) == NOW - timedelta(days=3)
