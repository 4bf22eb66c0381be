"""The trend as inline SVG: no style sheet, no script, and words for those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from assay.domain.report_charts.trend import HEIGHT, LEFT, NO_RATES, RIGHT, WIDTH, TrendPoint, trend_of

_LINE = "#1d6fd1"
"""Readable on white and on black; everything else takes the colour of the text around the picture."""

_FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="currentColor"'


def trend_svg(buckets: Sequence[TrendPoint], *, title: str = "Pass rate over time") -> str:
    """The chart as an `<svg>` element, which needs nothing from the page around it.

    Args:
        buckets: (start, passed, failed), oldest first.
        title: name of the picture for screen readers; plain text.
    """
    trend = trend_of(buckets)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="trend-title trend-desc">',
        f'<title id="trend-title">{escape(title)}</title>',
        f'<desc id="trend-desc">{escape(trend.words)}</desc>',
    ]
    for level in trend.levels:
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level.at}" y2="{level.at}" stroke="currentColor" '
            'stroke-opacity="0.2"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{level.at + 4}" text-anchor="end" {_FONT}>{level.text}</text>')
    for label in trend.times:
        parts.append(
            f'<text x="{label.at}" y="{HEIGHT - 12}" text-anchor="middle" {_FONT}>{label.text}</text>'
        )
    parts += _curve(trend.dots) if trend.dots else [_notice()]
    parts.append("</svg>")
    return "".join(parts)


def _curve(dots: Sequence[tuple[float, float]]) -> list[str]:
    line = " ".join(f"{x},{y}" for x, y in dots)
    return [
        f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="2"/>',
        *(f'<circle cx="{x}" cy="{y}" r="3" fill="{_LINE}"/>' for x, y in dots),
    ]


def _notice() -> str:
    return f'<text x="{WIDTH // 2}" y="{HEIGHT // 2}" text-anchor="middle" {_FONT}>{NO_RATES}</text>'
