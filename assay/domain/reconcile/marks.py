"""From where a run of `reconcile` goes on, and where the next one does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from assay.contracts.reconcile import Hold, Marks, ProjectMark

HORIZON: Final = timedelta(days=7)
"""What has no verdict after this is given up: nobody waits for it any more."""

JUDGING: Final = timedelta(minutes=5)
"""How old a claim is before its verdict counts as missing."""

SETTLED: Final = timedelta(minutes=2)
"""How old an arrival is before it counts as missed: no insert shows its rows as late as this."""

MAX_BEHIND: Final = 1_000
"""Projects with a mark of their own; with more, one mark for all keeps the result of a run small."""


def first_marks(now: datetime) -> Marks:
    """Where the first run begins."""
    return Marks(compared=now - HORIZON, swept=now - HORIZON)


def projects_with(marks: Marks, *found: Iterable[int]) -> list[int]:
    """The projects to look at, ascending: those found, and those that are behind."""
    return sorted(set(marks.projects).union(*found))


def mark_of(marks: Marks, project_id: int, now: datetime) -> ProjectMark:
    """The mark of a project, without what has become too old."""
    mark = marks.projects.get(project_id) or ProjectMark(compared=marks.compared, swept=marks.swept)
    horizon = now - HORIZON
    return mark.model_copy(
        update={
            "compared": max(mark.compared, horizon),
            "swept": max(mark.swept, horizon),
            "held": tuple(
                hold.model_copy(update={"oldest": max(hold.oldest, horizon)})
                for hold in mark.held
                if hold.newest >= horizon
            ),
        }
    )


def next_marks(marks: Mapping[int, ProjectMark], now: datetime) -> Marks:
    """What to hand to the next run.

    Args:
        marks: of all projects that this one looked at.
    """
    done = ProjectMark(compared=now - JUDGING, swept=now - SETTLED)
    behind = {project_id: mark for project_id, mark in sorted(marks.items()) if mark != done}
    if len(behind) <= MAX_BEHIND:
        return Marks(compared=done.compared, swept=done.swept, projects=behind)
    return Marks(
        compared=min(min([mark.compared, *(hold.oldest for hold in mark.held)]) for mark in behind.values()),
        swept=min(
            min([mark.swept, *(sweep.since for sweep in mark.sweeps.values())]) for mark in behind.values()
        ),
    )


def compare_from(mark: ProjectMark, carried: Collection[Hold]) -> datetime:
    """From when on claims are compared.

    Args:
        carried: holds of evaluations that judge nothing now: comparing them again can wait until they do.
    """
    return min([mark.compared, *(hold.oldest for hold in mark.held if hold not in carried)])
