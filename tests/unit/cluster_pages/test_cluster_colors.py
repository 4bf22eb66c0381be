"""The colours of clusters: seen on the paper, and told apart by whoever sees no red, green or blue."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from assay.domain.cluster_charts import COLORS
from tests.harness.looks import SEEN_APART, contrast

SEEN = {
    "all colours": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    # Machado, Oliveira and Fernandes (2009), full severity, on linear light
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
"""Kind of eye → what becomes of red, green and blue."""

TO_CONES = [
    [0.41222147, 0.53633254, 0.05144599],
    [0.2119035, 0.6806995, 0.10739696],
    [0.08830246, 0.28171884, 0.6299787],
]
TO_LAB = [
    [0.21045426, 0.79361779, -0.00407205],
    [1.9779985, -2.42859221, 0.45059371],
    [0.0259040, 0.78277177, -0.80867577],
]

JUST_SEEN = 0.02
"""A difference in Oklab that people just notice, large areas side by side; dots need some times that."""

PAPERS = {"light": ["#ffffff", "#fbfbfa"], "dark": ["#1c2024", "#15181b"]}
"""Behind the picture, and behind the rest of the page."""


def rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def colors_of(look: str) -> dict[str, str]:
    """Names and values of the colours of a look."""
    css = files("api_shim").joinpath("templates/clusters.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", dark if look == "dark" else light))


def oklab(color: str, eye: str) -> np.ndarray:
    parts = np.array(rgb(color)) / 255
    light = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SEEN[eye]) @ light, 0, 1)
    return np.asarray(np.array(TO_LAB) @ np.cbrt(np.array(TO_CONES) @ seen))


@pytest.mark.parametrize("look", PAPERS)
def test_every_colour_is_seen_on_its_paper(look: str) -> None:
    papers = [rgb(paper) for paper in PAPERS[look]]
    found = {
        name: min(contrast(rgb(color), paper) for paper in papers) for name, color in colors_of(look).items()
    }
    assert {f"k{number}" for number in range(COLORS)} | {"noise", "positive", "neutral", "negative"} == set(
        found
    )
    assert {name: ratio for name, ratio in found.items() if ratio < SEEN_APART} == {}


@pytest.mark.parametrize("look", PAPERS)
@pytest.mark.parametrize("eye", SEEN)
def test_clusters_are_told_apart(look: str, eye: str) -> None:
    colors = colors_of(look)
    seen = {name: oklab(color, eye) for name, color in colors.items() if name[0] == "k" or name == "noise"}
    distances = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(seen, 2)}
    assert {pair for pair, distance in distances.items() if distance < 4 * JUST_SEEN} == set()


def test_the_paper_is_that_of_the_page() -> None:
    css = files("api_shim").joinpath("templates/page.css").read_text()
    papers = zip(re.findall(r"--card: (#\w+)", css), re.findall(r"--paper: (#\w+)", css), strict=True)
    assert [list(paper) for paper in papers][:2] == list(PAPERS.values())
