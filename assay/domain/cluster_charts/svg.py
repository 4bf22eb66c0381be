"""The scatter plot as inline SVG: no script, no address, and words for those who do not see it.

What is drawn has classes, and the page's style sheet gives them their colours, in the light and in the dark:
`c0` to `c11` for the clusters, `c-none` for the rest. A dot is a line without a length, whose ends are round
and as thick on a phone as on a desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

from assay.contracts.clustering_runs import NOISE, Cluster, Placement
from assay.domain.cluster_charts.frame import HEIGHT, WIDTH, Frame
from assay.domain.cluster_charts.labels import Name, laid_out
from assay.domain.cluster_charts.marks import GREY, Mark, Shape

NAME_SIZE: Final = 13
"""Of letters where the picture is as wide as a desk."""

NUMBER_SIZE: Final = 38
"""Of letters where it is as wide as a phone, a third of that."""

_MOST_NAMES: Final = 40
_LETTERS: Final = 34
_TITLE_LETTERS: Final = 80
_FEW: Final = 600
"""Up to so many points, their marks are large."""

_ARM: Final = 3.0


@dataclass(frozen=True, slots=True)
class Scatter:
    """What is drawn.

    Attributes:
        clusters: the largest first.
        names: cluster's id → what it is called.
        marks: cluster's id → how its items are drawn.
        points: the items to draw.
        titles: item's id → what it is called; where there is none, a point says nothing.
    """

    clusters: Sequence[Cluster]
    names: Mapping[int, str]
    marks: Mapping[int, Mark]
    points: Sequence[Placement]
    titles: Mapping[str, str]


def scatter_svg(scatter: Scatter, *, label: str, words: str) -> str:
    """The plot as an `<svg>` element.

    Args:
        label: its name, for screen readers.
        words: what it shows, for them too.
    """
    frame = Frame.around((point.x, point.y) for point in scatter.points)
    size = "few" if len(scatter.points) <= _FEW else "many"
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' class="scatter {size}" aria-label="{escape(label)}" aria-describedby="scatter-words">'
            f'<desc id="scatter-words">{escape(words)}</desc>',
            *_points(scatter, frame),
            *_layer("names", NAME_SIZE, _names(scatter, frame)),
            *_layer("numbers", NUMBER_SIZE, _numbers(scatter, frame)),
            "</svg>",
        )
    )


def mark_svg(mark: Mark) -> str:
    """The mark of a cluster by itself, beside its name; a screen reader passes it over."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-6 -6 12 12" class="mark" aria-hidden="true">'
        f'<g class="{_classes(mark)}"><path d="{_path(mark.shape, 0, 0)}"/></g></svg>'
    )


def _points(scatter: Scatter, frame: Frame) -> Iterable[str]:
    """Noise first and small clusters last, so that these lie on top."""
    order = {cluster.shape.id: place for place, cluster in enumerate(scatter.clusters)} | {NOISE: -1}
    points = sorted(scatter.points, key=lambda point: order.get(point.cluster, len(order)))
    for cluster, members in groupby(points, key=lambda point: point.cluster):
        mark = scatter.marks.get(cluster, GREY)
        yield f'<g class="{_classes(mark)}">'
        for point in members:
            x, y = frame.at(point.x, point.y)
            title = _one_line(scatter.titles.get(point.item_id, ""), _TITLE_LETTERS)
            hover = f"<title>{escape(title, quote=False)}</title>" if title else ""
            yield f'<path d="{_path(mark.shape, x, y)}">{hover}</path>'
        yield "</g>"


def _names(scatter: Scatter, frame: Frame) -> Iterable[Name]:
    for cluster, x, y in _middles(scatter, frame):
        name = _one_line(scatter.names.get(cluster, ""), _LETTERS)
        yield Name(f"{cluster} {name}".rstrip(), x, y)


def _numbers(scatter: Scatter, frame: Frame) -> Iterable[Name]:
    return (Name(str(cluster), x, y) for cluster, x, y in _middles(scatter, frame))


def _middles(scatter: Scatter, frame: Frame) -> Iterable[tuple[int, float, float]]:
    named = [each.shape for each in scatter.clusters if each.shape.id != NOISE][:_MOST_NAMES]
    return ((shape.id, *frame.at(shape.x, shape.y)) for shape in named)


def _layer(css_class: str, size: float, names: Iterable[Name]) -> Iterable[str]:
    yield f'<g class="{css_class}" font-size="{size}" text-anchor="middle">'
    for name in laid_out(list(names), size=size):
        yield f'<text x="{name.x:g}" y="{name.y:g}">{escape(name.text, quote=False)}</text>'
    yield "</g>"


def _classes(mark: Mark) -> str:
    return f"{mark.shape} c{mark.color}" if mark.color is not None else f"{mark.shape} c-none"


def _path(shape: Shape, x: float, y: float) -> str:
    if shape is Shape.CROSS:
        arm = 2 * _ARM
        return f"M{x - _ARM:g} {y - _ARM:g}l{arm:g} {arm:g}m0 {-arm:g}l{-arm:g} {arm:g}"
    return f"M{x:g} {y:g}h0"


def _one_line(text: str, most: int) -> str:
    """The beginning of a text without its line breaks."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
