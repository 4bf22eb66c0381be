"""What the page of a clustering run says, worked out; the template only places it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

from api_shim.cluster_found import Found
from api_shim.cluster_rows import ClusterRow, duration, money, rows_of
from api_shim.cluster_words import (
    changes,
    clipped,
    gone,
    items_named,
    items_of,
    name_of,
    namers,
)
from assay.contracts.clustering_runs import (
    NOISE,
    Cluster,
    ClusteringRun,
    ClusteringRunStatus,
    ClusteringTrigger,
)
from assay.domain.cluster_charts import Scatter, marks_of, scatter_svg
from assay.domain.cluster_labels.naming import OUTLIERS
from assay.domain.counts import counted
from assay.domain.report_words import day_and_time, number, percent, period

REFRESH_SECONDS: Final = 20
"""After which the page of a run that goes on loads itself again."""

_IN_WORDS = 10
"""Clusters that the description of the picture names."""

_PARAMETER_LETTERS = 200
_TRIGGERS: Final = {
    ClusteringTrigger.SCHEDULED: "on schedule",
    ClusteringTrigger.MANUAL: "asked for by a person",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number at the top of the page: what it is, how much, and what belongs to it."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class ClusterView:
    """Everything that the template places.

    Attributes:
        over: whose run it is.
        notice: what a reader must know before the rest; None: nothing.
        refresh: seconds after which the page loads itself again; None: it does not.
        chart: empty where nothing is drawn.
        caption: of the picture.
        rows: a row for each cluster, noise last.
        has_changes, has_moods: whether these columns are shown.
        gone: names of clusters of the run before that are no more.
        parameters: how it was computed, name and value.
        made: when and why, after “Made by Assay”.
        author: who named the clusters; empty where nobody did.
    """

    over: str
    title: str
    period: str
    notice: str | None
    refresh: int | None
    figures: tuple[Figure, ...]
    chart: Markup
    caption: str
    rows: tuple[ClusterRow, ...]
    items: str
    has_changes: bool
    has_moods: bool
    gone: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    made: str
    author: str
    run_id: str
    posthog_id: str
    previous: str | None
    link_ends: str | None


def cluster_view(run: ClusteringRun, found: Found | None, *, link_ends: datetime | None) -> ClusterView:
    """The page of a run.

    Args:
        found: None: the event store does not answer.
        link_ends: when the link stops working that the reader came by; None: it was an API key.
    """
    known = found or Found()
    before = {each.shape.id: name_of(each) for each in known.before if each.shape.id != NOISE}
    rows = rows_of(known.clusters, marks_of([each.shape for each in known.clusters]), known.samples, before)
    return ClusterView(
        over=run.job_name or f"Clusters of project {run.project_id}",
        title=_title(run, known.clusters),
        period=period(run.window_start, run.window_end, UTC),
        notice=_notice(run, found),
        refresh=None if run.status.has_ended else REFRESH_SECONDS,
        figures=_figures(run, known.clusters),
        chart=_chart(run, known, rows),
        caption=_caption(run, known),
        rows=rows,
        items=items_named(run.level).capitalize(),
        has_changes=any(row.change for row in rows),
        has_moods=any(row.mood for row in rows),
        gone=gone(run, before),
        parameters=_parameters(run.parameters),
        made=_made(run),
        author=_author(run, known.clusters),
        run_id=str(run.id),
        posthog_id=run.run_id,
        previous=None if run.previous is None else str(run.previous),
        link_ends=None if link_ends is None else f"{day_and_time(link_ends.astimezone(UTC))} (UTC)",
    )


def _title(run: ClusteringRun, clusters: Sequence[Cluster]) -> str:
    items = items_named(run.level)
    number_of = sum(each.shape.id != NOISE for each in clusters) or run.counts.clusters
    if number_of:
        return f"{counted(number_of, 'cluster')} of {items}"
    return f"No clusters of {items}" if run.status.has_ended else f"Clusters of {items}"


def _notice(run: ClusteringRun, found: Found | None) -> str | None:
    reason = f" {run.reason}" if run.reason else ""
    match run.status:
        case ClusteringRunStatus.QUEUED | ClusteringRunStatus.RUNNING:
            again = f"The page loads itself again every {REFRESH_SECONDS} seconds."
            return f"{_so_far(run, found)} {again}"
        case ClusteringRunStatus.FAILED:
            return f"This run failed.{reason}"
        case ClusteringRunStatus.SKIPPED:
            return f"This run was skipped.{reason or ' There was nothing to do.'}"
    if found is None:
        return "The clusters cannot be shown: the event store does not answer at the moment."
    if run.counts.clusters and not found.clusters:
        return "The clusters of this run are not kept any more; only their numbers are."
    return " ".join(f"{problem}." for problem in run.parameters.get("problems", ())) or None


def _so_far(run: ClusteringRun, found: Found | None) -> str:
    """How far a run is that has not ended."""
    if run.status is ClusteringRunStatus.QUEUED:
        return "This run waits until another one of the same job has ended."
    some = bool(found and found.clusters)
    so_far = "What is there so far is shown below." if some else "There is nothing yet."
    return f"This run is still going on. {so_far}"


def _figures(run: ClusteringRun, clusters: Sequence[Cluster]) -> tuple[Figure, ...]:
    counts = run.counts
    if not counts.items:
        return ()
    of = f"of {number(counts.found)} in this time"
    silent = f"; {number(counts.without_text)} more say nothing" if counts.without_text else ""
    since = changes(clusters, len(counts.died)) or (
        "" if run.previous else "the first run of its kind: there is nothing to compare with"
    )
    return (
        Figure(items_named(run.level).capitalize(), number(counts.items), of + silent),
        Figure("Clusters", number(counts.clusters), since),
        Figure(
            OUTLIERS.title,
            percent(100 * min(counts.noise / counts.items, 1)),
            items_of(run.level, counts.noise),
        ),
    )


def _chart(run: ClusteringRun, found: Found, rows: Sequence[ClusterRow]) -> Markup:
    if not found.points:
        return Markup()
    scatter = Scatter(
        clusters=found.clusters,
        names={each.shape.id: name_of(each) for each in found.clusters},
        marks=marks_of([each.shape for each in found.clusters]),
        points=found.points,
        titles=found.titles,
    )
    svg = scatter_svg(scatter, label=f"Scatter plot of {items_named(run.level)}", words=_words(run, rows))
    return Markup(svg)  # noqa: S704  (drawn by code of our own)


def _words(run: ClusteringRun, rows: Sequence[ClusterRow]) -> str:
    """What the picture shows, for people who do not see it."""
    named = [f"{row.name} ({row.size})" for row in rows[:_IN_WORDS]]
    more = f" and {number(len(rows) - _IN_WORDS)} more" if len(rows) > _IN_WORDS else ""
    return (
        f"Each point is one of the {items_named(run.level)}; those that are alike lie close together."
        f" {', '.join(named)}{more}. The table after the picture says the same."
    )


def _caption(run: ClusteringRun, found: Found) -> str:
    items = items_named(run.level)
    if not found.points:
        return ""
    shown = (
        f"All {items_of(run.level, found.placed)} are drawn."
        if len(found.points) == found.placed
        else f"{number(len(found.points))} of {items_of(run.level, found.placed)} are drawn, of each cluster"
        " its share, chosen by a hash of their ids."
    )
    return (
        f"{shown} Those that are alike lie close together; the axes have no unit. Numbers are those of the"
        f" clusters in the table; grey {items} are outliers."
    )


def _parameters(parameters: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            name.replace("_", " "),
            clipped(value if isinstance(value, str) else json.dumps(value, default=str), _PARAMETER_LETTERS),
        )
        for name, value in parameters.items()
    )


def _made(run: ClusteringRun) -> str:
    if run.finished_at is None:
        return f"begun {day_and_time(run.started_at)} (UTC), {_TRIGGERS[run.trigger]}"
    took = duration(max((run.finished_at - run.started_at).total_seconds(), 0.0))
    return f"{day_and_time(run.finished_at)} (UTC), {_TRIGGERS[run.trigger]}, in {took}"


def _author(run: ClusteringRun, clusters: Sequence[Cluster]) -> str:
    words = namers(clusters)
    if not words:
        return ""
    price = f" for {money(run.cost_usd)}" if run.cost_usd else ""
    return f"Names of clusters: {words}{price}. All numbers are counted, not written by a model."
