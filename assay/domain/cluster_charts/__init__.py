"""The items of a clustering run as a picture: a scatter plot in SVG, in the colours of its page."""

from assay.domain.cluster_charts.drawn import MOST_DRAWN, drawn
from assay.domain.cluster_charts.marks import COLORS, GREY, Mark, Shape, marks_of
from assay.domain.cluster_charts.svg import Scatter, mark_svg, scatter_svg

__all__ = [
    "COLORS",
    "GREY",
    "MOST_DRAWN",
    "Mark",
    "Scatter",
    "Shape",
    "drawn",
    "mark_svg",
    "marks_of",
    "scatter_svg",
]
