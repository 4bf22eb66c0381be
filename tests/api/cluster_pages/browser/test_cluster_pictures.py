"""What people see of a clustering run: the page is photographed, and the picture is read.

No picture is kept to compare with (see `tests/api/report_pages/browser/test_report_pictures.py`). What is read
here is the same everywhere: that each item's place in the picture has the colour of its cluster, and that
everything can be told from what is behind it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from assay.contracts.clustering_runs import NOISE, ClusteringRun
from assay.domain.cluster_charts import marks_of
from assay.domain.cluster_charts.frame import HEIGHT, WIDTH, Frame
from tests.api.cluster_pages.conftest import signed
from tests.api.cluster_pages.stored import TOPICS, clusters, placements
from tests.harness.browser import Tab, chromium
from tests.harness.looks import DESK, LOOKS, Color, Look, blank_parts, boxes, pictured

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")

PLACES = (
    ".over, h1, h2, h3, .period, .figure p, figcaption, .clusters thead th, .clusters td > *, .cluster li, summary,"
    " footer p, .scatter text, .mark, .mood, .share"
)
EDGES = 60
"""How far the colour of a mark may be from its own, at its edges."""

MARK = 6
"""How far a mark reaches from the middle of it, in pixels."""

BOX = (
    "(({ x, y, width, height }) => [x, y, width, height])"
    "(document.querySelector('.scatter').getBoundingClientRect())"
)


def colors_of(look: Look) -> dict[int, Color]:
    """Cluster → the colour that the style sheet gives it."""
    css = files("api_shim").joinpath("templates/clusters.css").read_text()
    found = dict(
        re.findall(r"--(\w+): #([0-9a-f]{6});", re.findall(r":root \{(.*?)\}", css, re.DOTALL)[look.dark])
    )
    named = {
        cluster: found["noise" if mark.color is None else f"k{mark.color}"]
        for cluster, mark in marks_of([each.shape for each in clusters()]).items()
    }
    return {
        cluster: (int(color[:2], 16), int(color[2:4], 16), int(color[4:], 16))
        for cluster, color in named.items()
    }


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_the_items_are_where_the_run_placed_them_and_nowhere_else(
    tab: Tab, stored_run: ClusteringRun, origin: str, tmp_path: Path, look: Look
) -> None:
    await tab.open(origin + signed(stored_run), width=look.width, dark=look.dark)
    left, top, width, height = await tab.evaluate(BOX)
    # Names lie on top of the items that they belong to.
    await tab.evaluate("document.querySelectorAll('.scatter text').forEach((text) => text.remove())")
    page = await pictured(tab, tmp_path, look.name)
    corner = (int(left), int(top))
    plot = np.asarray(page.crop((*corner, int(left + width), int(top + height)))).astype(np.int16)
    frame = Frame.around((each.x, each.y) for each in placements())
    colors, scale = colors_of(look), width / WIDTH
    places: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for each in placements():
        x, y = frame.at(each.x, each.y)
        places[each.cluster].append((left + x * scale - corner[0], top + y * scale - corner[1]))

    def in_color(cluster: int, tolerance: int) -> np.ndarray:
        """Where the picture has the colour of a cluster."""
        return np.asarray(np.abs(plot - np.array(colors[cluster], dtype=np.int16)).max(axis=2) <= tolerance)

    for topic in TOPICS:
        cloud = np.array(places[topic.cluster])
        assert in_color(topic.cluster, EDGES)[cloud[:, 1].astype(int), cloud[:, 0].astype(int)].all()
        down, across = np.nonzero(in_color(topic.cluster, 8))
        seen = np.column_stack([across, down])
        assert (seen >= cloud.min(axis=0) - MARK).all()
        assert (seen <= cloud.max(axis=0) + MARK).all()
    strays = np.array(places[NOISE]).astype(int)
    assert (
        in_color(NOISE, EDGES)[strays[:, 1], strays[:, 0]].mean() > 0.9
    )  # a few lie below marks of clusters


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[-1]], ids=lambda look: look.name)
async def test_nothing_on_the_page_is_blank(
    tab: Tab, origin: str, stored_run: ClusteringRun, tmp_path: Path, look: Look
) -> None:
    await tab.open(origin + signed(stored_run), width=look.width, dark=look.dark)
    places = await boxes(tab, PLACES)
    page = await pictured(tab, tmp_path, look.name)
    assert len(places) > 100
    assert blank_parts(page, places) == []


async def test_the_picture_has_the_shape_that_the_places_are_made_for(
    tab: Tab, origin: str, stored_run: ClusteringRun
) -> None:
    await tab.open(origin + signed(stored_run), width=DESK)
    _, _, width, height = await tab.evaluate(BOX)
    assert width / height == pytest.approx(WIDTH / HEIGHT, rel=0.01)
