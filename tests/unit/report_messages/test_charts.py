"""The trend of a pass rate as SVG and as PNG."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assay.contracts.report_runs import ReportRun, ReportTrigger
from assay.domain.report_charts import TrendPoint, has_trend, trend_png, trend_svg, trend_window, trend_words
from assay.domain.report_charts.trend import HEIGHT, LEFT, RIGHT, TOP, WIDTH, trend_of

START = datetime(2026, 3, 1, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
WEEK = [TrendPoint(START + timedelta(days=n), 90 - n, 10 + n) for n in range(7)]
BUCKETS = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(0, 10_000), st.integers(0, 10_000)), max_size=60
).map(lambda found: [TrendPoint(START + timedelta(hours=h), p, f) for h, p, f in sorted(found)])


def _run(start: datetime, end: datetime) -> ReportRun:
    return ReportRun(
        id=UUID(int=1),
        project_id=7,
        report_id=UUID(int=2),
        evaluation_id=UUID(int=3),
        trigger=ReportTrigger.MANUAL,
        period_start=start,
        period_end=end,
        created_at=end,
    )


def test_words() -> None:
    assert trend_words(WEEK) == (
        "The trend, with the time before this period: 90 % (1 Mar 2026) to 84 % (7 Mar 2026); lowest 84 % (7 Mar 2026), highest 90 % (1 Mar 2026). "
        "700 results that passed or failed; times are UTC."
    )
    hour = [TrendPoint(START + timedelta(hours=9), 3, 1)]
    assert trend_words(hour) == (
        "The trend, with the time before this period: 75 % (1 Mar 2026 09:00)."
        " 4 results that passed or failed; times are UTC."
    )
    assert trend_words([TrendPoint(START, 0, 0)]) == "No results passed or failed in this period."


@given(BUCKETS)
def test_every_rate_has_a_place_in_the_picture(buckets: list[TrendPoint]) -> None:
    trend = trend_of(buckets)
    assert len(trend.dots) == sum(point.passed + point.failed > 0 for point in buckets)
    assert list(trend.dots) == sorted(trend.dots, key=lambda dot: dot[0])
    assert all(LEFT <= x <= WIDTH - RIGHT and TOP <= y <= HEIGHT for x, y in trend.dots)
    assert all(b.at - a.at >= 90 for a, b in zip(trend.times, trend.times[1:], strict=False))
    assert has_trend(buckets) == (len(trend.dots) > 1)


@given(BUCKETS)
def test_the_svg_is_well_formed_and_says_what_it_shows(buckets: list[TrendPoint]) -> None:
    root = ElementTree.fromstring(trend_svg(buckets, title="Pass <rate>"))  # noqa: S314  (our own)
    named = {str(root[0].get("id")), str(root[1].get("id"))}
    assert [root[0].tag, root[1].tag] == [f"{SVG}title", f"{SVG}desc"]
    assert root.get("role") == "img"
    assert set(str(root.get("aria-labelledby")).split()) == named
    assert root[0].text == "Pass <rate>"
    assert root[1].text == trend_words(buckets)
    assert not [element for element in root.iter() if element.get("style") or element.tag == f"{SVG}style"]


def test_a_higher_rate_is_higher() -> None:
    (_, high), (_, low) = trend_of(
        [TrendPoint(START, 10, 0), TrendPoint(START + timedelta(days=1), 0, 10)]
    ).dots
    assert high == TOP
    assert low > high


@pytest.mark.parametrize("points", [WEEK, WEEK[:1], []], ids=["week", "day", "none"])
def test_the_png_is_dark_on_white(points: list[TrendPoint]) -> None:
    data = trend_png(points)
    picture = Image.open(BytesIO(data))
    assert (picture.format, picture.size) == ("PNG", (2 * WIDTH, 2 * HEIGHT))
    assert picture.getpixel((0, 0)) == (255, 255, 255)
    colors = {color for _, color in picture.getcolors(100_000) or []}
    assert (31, 35, 40) in colors  # the labels
    assert ((29, 111, 209) in colors) == bool(points)  # the line
    assert data == trend_png(points)


def test_a_window_is_twice_the_period_in_whole_buckets() -> None:
    end = datetime(2026, 3, 7, 9, 30, tzinfo=UTC)
    window, by = trend_window(_run(end - timedelta(days=1), end))
    assert (by, window.since, window.until) == ("hour", datetime(2026, 3, 5, 9, tzinfo=UTC), end)
    window, by = trend_window(_run(end - timedelta(days=7), end))
    assert (by, window.since) == ("day", datetime(2026, 2, 21, tzinfo=UTC))
    window, by = trend_window(_run(end - timedelta(days=365), end))
    assert window.until - window.since < timedelta(days=92)
    window, by = trend_window(_run(end - timedelta(minutes=1), end))
    assert window.until - window.since >= timedelta(days=1)
