"""What people see of a report: the page is photographed, and the picture is read.

No picture is kept to compare with: fonts and their edges differ from machine to machine, so such a test would
fail for reasons that nobody sees, and be renewed without a look. What is read here is the same everywhere:
where the line of the trend is between the lines of its scale, and that everything can be told from what is
behind it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from assay.contracts.report_runs import ReportRun
from tests.api.report_pages.browser.conftest import serving
from tests.api.report_pages.conftest import MakeRun, signed
from tests.api.report_pages.stored import rates, store
from tests.harness.api import ApiWorld
from tests.harness.browser import Tab, chromium
from tests.harness.looks import (
    LOOKS,
    SEEN_APART,
    Color,
    Look,
    apart,
    blank_parts,
    boxes,
    contrast,
    most_frequent,
    pictured,
    pixel,
)
from tests.stores.events.support import Backend

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")

PIXELS = 1.5
"""How far a line may be from where it should be."""

PLACES = ".over, h1, h2, .period, .figure p, .numbers tr, figcaption, .prose p, .evidence p, footer p"


class Scale(NamedTuple):
    """Where the chart is in a picture: the ends of its horizontal lines, and those of 100 and 0 percent."""

    left: int
    right: int
    top: float
    bottom: float


def scale_of(chart: Image.Image) -> Scale:
    """The rows in which a line goes through most of the chart."""
    paper = most_frequent(chart)
    rows: list[list[tuple[int, int, int]]] = []
    for y in range(chart.height):
        line = longest([x for x in range(chart.width) if apart(pixel(chart, x, y), paper) > 8])
        if len(line) > 0.7 * chart.width:
            if not rows or y - rows[-1][-1][0] > 1:
                rows.append([])
            rows[-1].append((y, line[0], line[-1]))
    assert len(rows) == 5, "0, 25, 50, 75 and 100 percent"
    places = [sum(y for y, _, _ in row) / len(row) for row in rows]
    gaps = [other - one for one, other in pairwise(places)]
    assert max(gaps) - min(gaps) <= 1
    # The first and the last dot reach beyond the line that they are on.
    left, right = max(row[0][1] for row in rows), min(row[0][2] for row in rows)
    return Scale(left, right, places[0], places[-1])


def longest(places: list[int]) -> list[int]:
    """The longest stretch without a gap."""
    stretches: list[list[int]] = [[]]
    for place in places:
        if stretches[-1] and place - stretches[-1][-1] > 1:
            stretches.append([])
        stretches[-1].append(place)
    return max(stretches, key=len)


def line_of(chart: Image.Image, scale: Scale) -> Color:
    """The colour of the trend: the one that is no shade of grey."""
    inside = chart.crop((scale.left, round(scale.top), scale.right, round(scale.bottom)))
    colors = [
        (number, color) for number, color in inside.getcolors(1 << 16) or [] if isinstance(color, tuple)
    ]
    _, (red, green, blue) = max(each for each in colors if max(each[1]) - min(each[1]) > 60)
    return red, green, blue


def height_of_the_line(chart: Image.Image, color: Color, x: float) -> float:
    """Where the trend is in the columns around a place: the middle of what has its colour."""
    paper = most_frequent(chart)
    marked = [
        y
        for column in (round(x) - 1, round(x), round(x) + 1)
        for y in range(chart.height)
        if (found := pixel(chart, min(column, chart.width - 1), y))
        and apart(found, color) < apart(found, paper)
        and max(found) - min(found) > 30
    ]
    assert marked, "the line is interrupted"
    return (min(marked) + max(marked)) / 2


@pytest.fixture
async def stored_run(make_run: MakeRun, events: Backend) -> ReportRun:
    """A run whose verdicts are in the event store."""
    run = await make_run()
    store(events, run)
    return run


@pytest.fixture
async def origin_of_stored(world: ApiWorld, events: Backend) -> AsyncIterator[str]:
    """Where the pages are served over the event store."""
    async with serving(world, events.report_data) as origin:
        yield origin


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_the_trend_is_where_the_verdicts_say(
    tab: Tab, stored_run: ReportRun, origin_of_stored: str, tmp_path: Path, look: Look
) -> None:
    await tab.open(origin_of_stored + signed(stored_run), width=look.width, dark=look.dark)
    [[_, *box]] = await boxes(tab, ".chart svg")
    page = await pictured(tab, tmp_path, look.name)

    chart = page.crop((box[0], box[1], box[2], box[3]))
    scale = scale_of(chart)
    color = line_of(chart, scale)
    assert contrast(color, most_frequent(chart)) >= SEEN_APART
    shown = rates()
    first, last = shown[0][0], shown[-1][0]
    places = [
        (
            scale.left + (scale.right - scale.left) * ((day - first) / (last - first)),
            scale.bottom - (scale.bottom - scale.top) * rate,
        )
        for day, rate in shown
    ]
    slopes = [abs(other[1] - one[1]) / (other[0] - one[0]) for one, other in pairwise(places)]
    for (x, y), before, after in zip(places, [0, *slopes], [*slopes, 0], strict=True):
        steep = max(before, after)  # there, the columns beside reach further
        assert abs(height_of_the_line(chart, color, x) - y) <= PIXELS + 1.5 * steep
    for (x, y), (next_x, next_y), slope in zip(places, places[1:], slopes, strict=False):  # a line joins them
        middle = height_of_the_line(chart, color, (x + next_x) / 2)
        assert abs(middle - (y + next_y) / 2) <= PIXELS + slope


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_nothing_on_the_page_is_blank(
    tab: Tab, origin: str, make_run: MakeRun, tmp_path: Path, look: Look
) -> None:
    run = await make_run()
    await tab.open(origin + signed(run), width=look.width, dark=look.dark)
    places = await boxes(tab, f"{PLACES}, .chart svg text")
    page = await pictured(tab, tmp_path, look.name)
    assert len(places) > 25
    assert blank_parts(page, places) == []
