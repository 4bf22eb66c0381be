"""The trend as a PNG, drawn with the font that pillow brings along."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from assay.domain.report_charts.trend import (
    HEIGHT,
    LEFT,
    NO_RATES,
    RIGHT,
    WIDTH,
    Trend,
    TrendPoint,
    trend_of,
)

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_SCALE = 2
"""Pixels per unit: sharp on the screens of phones."""

_TEXT, _GRID, _LINE, _PAPER = "#1f2328", "#d0d7de", "#1d6fd1", "#ffffff"
_FONT_SIZE = 12 * _SCALE
_DOT = 3 * _SCALE


def trend_png(buckets: Sequence[TrendPoint]) -> bytes:
    """The chart as a PNG of twice WIDTH by HEIGHT, dark on white.

    Args:
        buckets: (start, passed, failed), oldest first.
    """
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _PAPER)
    _draw(ImageDraw.Draw(picture), trend_of(buckets))
    file = BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _draw(draw: ImageDraw, trend: Trend) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(_FONT_SIZE)
    for level in trend.levels:
        draw.line([_pixel(LEFT, level.at), _pixel(WIDTH - RIGHT, level.at)], fill=_GRID, width=_SCALE)
        draw.text(_pixel(LEFT - 8, level.at), level.text, fill=_TEXT, font=font, anchor="rm")
    for label in trend.times:
        draw.text(_pixel(label.at, HEIGHT - 16), label.text, fill=_TEXT, font=font, anchor="mm")
    if not trend.dots:
        draw.text(_pixel(WIDTH / 2, HEIGHT / 2), NO_RATES, fill=_TEXT, font=font, anchor="mm")
        return
    dots = [_pixel(x, y) for x, y in trend.dots]
    draw.line(dots, fill=_LINE, width=2 * _SCALE, joint="curve")
    for x, y in dots:
        draw.ellipse([x - _DOT, y - _DOT, x + _DOT, y + _DOT], fill=_LINE)


def _pixel(x: float, y: float) -> tuple[float, float]:
    return x * _SCALE, y * _SCALE
