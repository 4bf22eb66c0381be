"""The clusters of a run as rows of a table and as sections below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from markupsafe import Markup

from api_shim.cluster_words import change, clipped, name_of, points_of, similarity
from assay.contracts.clustering_runs import NOISE, Cluster, ClusterMetrics, PlacedItem, SentimentShares
from assay.domain.cluster_charts import GREY, Mark, mark_svg
from assay.domain.report_words import day_and_time, number, percent

_NONE: Final = "\N{EN DASH}"
_SAMPLE_LETTERS: Final = 600
_TITLE_LETTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a cluster: what it is, and how much."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mood:
    """How the users feel: words, and the parts of a bar of 100 units: class, where it begins, how long."""

    words: str
    detail: str
    parts: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """An item of a cluster: what it is called, what it says, and when it was."""

    title: str
    text: str
    time: str
    identity: str


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cluster.

    Attributes:
        anchor: name of its place on the page.
        number: its id; empty for the outliers.
        width: of the bar beside its share, 0 to 100.
        mood: None: nothing is known of how its users feel.
    """

    anchor: str
    number: str
    name: str
    mark: Markup
    size: str
    share: str
    width: float
    change: str
    similarity: str
    cells: tuple[Cell, ...]
    mood: Mood | None
    keywords: tuple[str, ...]
    description: tuple[str, ...]
    samples: tuple[Sample, ...]


def rows_of(
    clusters: Sequence[Cluster],
    marks: Mapping[int, Mark],
    samples: Mapping[int, Sequence[PlacedItem]],
    before: Mapping[int, str],
) -> tuple[ClusterRow, ...]:
    """A row for each cluster, in the order in which they are given; the columns are the same in all.

    Args:
        before: names of the clusters of the run before.
    """
    known = _Known(
        marks=marks,
        samples=samples,
        before=before,
        columns=_columns([each.metrics for each in clusters if each.metrics is not None]),
        total=sum(cluster.shape.size for cluster in clusters),
    )
    return tuple(_row(cluster, known) for cluster in clusters)


type _Column = tuple[str, Callable[[ClusterMetrics], tuple[str, str]]]


class _Known(NamedTuple):
    """What rows are made of, besides their clusters."""

    marks: Mapping[int, Mark]
    samples: Mapping[int, Sequence[PlacedItem]]
    before: Mapping[int, str]
    columns: Sequence[_Column]
    total: int


def money(usd: float | None) -> str:
    """A price in dollars with as many digits as say something: `US$ 0.0042`, `US$ 1,204.50`."""
    if usd is None:
        return _NONE
    if 0 < usd < 0.0001:
        return _whole("< US$ 0.0001")
    return _whole(f"US$ {usd:,.2f}" if usd >= 0.1 or usd == 0 else f"US$ {usd:.4f}")


def duration(seconds: float | None) -> str:
    """A length of time: `840 ms`, `2.4 s`, `3.5 min`."""
    if seconds is None:
        return _NONE
    if seconds < 1:
        return _whole(f"{seconds * 1000:.0f} ms")
    return _whole(f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min")


def _row(cluster: Cluster, known: _Known) -> ClusterRow:
    shape, noise = cluster.shape, cluster.shape.id == NOISE
    metrics = cluster.metrics or ClusterMetrics(item_count=shape.size)
    share = 100 * shape.size / known.total if known.total else 0.0
    return ClusterRow(
        anchor="noise" if noise else f"cluster-{shape.id}",
        number="" if noise else str(shape.id),
        name=name_of(cluster),
        mark=Markup(mark_svg(known.marks.get(shape.id, GREY))),  # noqa: S704  (drawn by code of our own)
        size=number(shape.size),
        share=_whole(percent(share)),
        width=round(share, 1),
        change="" if noise else change(cluster, known.before),
        similarity=similarity(cluster.history),
        cells=tuple(Cell(label, *value(metrics)) for label, value in known.columns),
        mood=_mood(metrics.sentiment),
        keywords=shape.keywords,
        description=() if cluster.label is None else points_of(cluster.label.description),
        samples=tuple(map(_sample, known.samples.get(shape.id, ()))),
    )


def _columns(known: Sequence[ClusterMetrics]) -> list[_Column]:
    """Those of which something is known for any cluster."""
    possible: list[tuple[bool, _Column]] = [
        (any(each.avg_cost is not None for each in known), ("Cost", _cost)),
        (any(each.avg_latency is not None for each in known), ("Latency", _latency)),
        (any(each.error_rate is not None for each in known), ("Errors", _errors)),
        (any(each.pass_rate is not None for each in known), ("Pass rate", _passes)),
        (any(each.dominant_evaluation_name is not None for each in known), ("Evaluation", _evaluation)),
    ]
    return [column for is_known, column in possible if is_known]


def _cost(metrics: ClusterMetrics) -> tuple[str, str]:
    total = "" if metrics.total_cost is None else f"{money(metrics.total_cost)} in all"
    return money(metrics.avg_cost), total


def _latency(metrics: ClusterMetrics) -> tuple[str, str]:
    return duration(metrics.avg_latency), ""


def _errors(metrics: ClusterMetrics) -> tuple[str, str]:
    of = f"{number(metrics.error_count)} of {number(metrics.item_count)}" if metrics.error_count else ""
    return _rate(metrics.error_rate), of


def _passes(metrics: ClusterMetrics) -> tuple[str, str]:
    return _rate(metrics.pass_rate), f"of {number(metrics.verdicts)}" if metrics.verdicts else ""


def _evaluation(metrics: ClusterMetrics) -> tuple[str, str]:
    return metrics.dominant_evaluation_name or _NONE, metrics.dominant_runtime or ""


def _rate(share: float | None) -> str:
    return _NONE if share is None else _whole(percent(100 * share))


def _whole(words: str) -> str:
    """Words between which no line breaks."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def _mood(shares: SentimentShares | None) -> Mood | None:
    if shares is None or not shares.items:
        return None
    given = (("positive", shares.positive), ("neutral", shares.neutral), ("negative", shares.negative))
    whole = sum(share for _, share in given)
    if whole <= 0:
        return None
    parts: list[tuple[str, float, float]] = []
    begins = 0.0
    for name, share in given:
        length = 100 * share / whole
        parts.append((name, round(begins, 2), round(length, 2)))
        begins += length
    words = ", ".join(f"{_rate(share / whole)} {name}" for name, share in given)
    return Mood(words, f"of {number(shares.items)}", tuple(parts))


def _sample(placed: PlacedItem) -> Sample:
    item = placed.item
    return Sample(
        title=clipped(item.title, _TITLE_LETTERS),
        text=clipped(item.text, _SAMPLE_LETTERS),
        time=day_and_time(item.timestamp),
        identity=item.id,
    )
