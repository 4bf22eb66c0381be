"""The page of a clustering run in a real browser: on a phone, on a desk, in the dark, and against attacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.adapters.clickhouse import ClickHouseClusteringArtefacts
from assay.contracts.clustering_runs import ClusteringRun, ClusterLabel, LabelSource
from tests.api.cluster_pages.browser.conftest import store
from tests.api.cluster_pages.conftest import MakeRun, signed
from tests.api.cluster_pages.stored import ITEMS, TOPICS, clusters, items, placements
from tests.harness.browser import Tab, chromium
from tests.harness.looks import (
    CONTRAST,
    DESK,
    LOOKS,
    OVERFLOWING,
    PHONE,
    Look,
    asks_for_nothing_else,
    pictured,
)

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")

LABELS = (
    "[...document.querySelectorAll('.scatter text')].filter((text) => text.getBoundingClientRect().width)"
)
OVERLAPS = f"""
(() => {{
  const boxes = {LABELS}.map((text) => text.getBoundingClientRect());
  return boxes.flatMap((one, place) => boxes.slice(place + 1).filter((other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom)).length;
}})()
"""


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_the_page_is_readable(
    tab: Tab, origin: str, wide_run: ClusteringRun, tmp_path: Path, look: Look
) -> None:
    await tab.open(origin + signed(wide_run), width=look.width, dark=look.dark)
    await tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert await tab.evaluate("document.documentElement.scrollWidth") <= look.width
    assert await tab.evaluate(OVERFLOWING) == []
    assert await tab.evaluate(OVERLAPS) == 0
    assert await tab.evaluate(CONTRAST) >= 4.5
    picture = await pictured(tab, tmp_path, look.name)
    corner = picture.getpixel((2, 2))
    assert isinstance(corner, tuple)
    assert (max(corner) < 64) if look.dark else (min(corner) > 192)


@pytest.mark.parametrize(("width", "first"), [(PHONE, "1"), (DESK, "1 Refunds for orders that came late")])
async def test_clusters_have_names_on_a_desk_and_numbers_on_a_phone(
    tab: Tab, origin: str, stored_run: ClusteringRun, width: int, first: str
) -> None:
    await tab.open(origin + signed(stored_run), width=width)
    labels = await tab.evaluate(f"{LABELS}.map((text) => text.textContent)")
    assert len(labels) == len(TOPICS)
    assert labels[0] == first


async def test_an_item_says_what_it_is(tab: Tab, origin: str, stored_run: ClusteringRun) -> None:
    await tab.open(origin + signed(stored_run), width=DESK)
    titles = await tab.evaluate(
        "[...document.querySelectorAll('.scatter path title')].map((each) => each.textContent)"
    )
    assert sorted(titles) == sorted(item.title for item in items())


@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_a_screen_reader_finds_a_picture_and_a_table(
    tab: Tab, origin: str, stored_run: ClusteringRun, width: int
) -> None:
    await tab.open(origin + signed(stored_run), width=width)
    await tab.send("Accessibility.enable")
    nodes = (await tab.send("Accessibility.getFullAXTree"))["nodes"]
    await tab.send("Accessibility.disable")
    found = [
        (
            node["role"]["value"],
            node.get("name", {}).get("value", ""),
            node.get("description", {}).get("value", ""),
        )
        for node in nodes
        if not node["ignored"]
    ]
    roles = [role for role, _, _ in found]
    [words] = [words for role, name, words in found if name == "Scatter plot of traces"]
    assert "Refunds for orders that came late (130)" in words
    assert roles.count("table") == 1
    assert roles.count("columnheader") == 8
    assert roles.count("rowheader") == len(TOPICS) + 1
    assert roles.count("row") == len(TOPICS) + 2
    moods = [name for role, name, _ in found if role in ("image", "img") and "positive" in name]
    assert len(moods) == len(TOPICS)


async def test_the_table_leads_to_what_is_known_of_a_cluster(
    tab: Tab, origin: str, stored_run: ClusteringRun
) -> None:
    await tab.open(origin + signed(stored_run), width=PHONE)
    await tab.evaluate("document.querySelector('.clusters a').click()")
    assert (
        await tab.evaluate("document.querySelector(':target h3').innerText")
        == "1 Refunds for orders that came late"
    )
    assert await tab.evaluate("document.querySelector('details').open") is False
    await tab.evaluate("document.querySelector('summary').focus()")
    for kind in ("keyDown", "keyUp"):
        await tab.send("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r" * (kind == "keyDown"),
                       windowsVirtualKeyCode=13)  # fmt: skip
    assert await tab.evaluate("document.querySelector('details').open") is True


async def test_it_is_printed_in_black_on_white_with_its_samples(
    tab: Tab, origin: str, stored_run: ClusteringRun, tmp_path: Path
) -> None:
    await tab.open(origin + signed(stored_run), width=DESK, dark=True)
    (tmp_path / "page.pdf").write_bytes(await tab.printed())
    await tab.send("Emulation.setEmulatedMedia", media="print")
    assert await tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert await tab.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert await tab.evaluate("document.querySelector('.said').getBoundingClientRect().height") > 0
    await pictured(tab, tmp_path, "print")
    await tab.send("Emulation.setEmulatedMedia", media="")


HOSTILE = (
    '"><script>document.title = "owned"</script><img src="https://127.0.0.1:1/x" onerror="document.title = 1">'
    '</title></svg><svg onload="document.title = 2"></svg> [press](javascript:document.title=3)'
    "<style>body { display: none }</style>"
)


async def test_an_attack_stays_text(
    tab: Tab, origin: str, make_run: MakeRun, artefacts: ClickHouseClusteringArtefacts
) -> None:
    run = await make_run(job_name=HOSTILE, parameters={HOSTILE: HOSTILE})
    label = ClusterLabel(title=HOSTILE, description=HOSTILE, source=LabelSource.MODEL)
    store(artefacts, run, [each.model_copy(update={"label": label}) for each in clusters()])
    attack = [each.model_copy(update={"title": HOSTILE, "text": HOSTILE}) for each in items()]
    artefacts.put_items(run.project_id, run.id, attack)
    artefacts.put_placements(run.project_id, run.id, placements())
    assert await asks_for_nothing_else(tab, origin + signed(run))
    assert (await tab.evaluate("document.title")).startswith("6 clusters of traces")
    assert await tab.evaluate("document.querySelectorAll('main script, img, main style').length") == 0
    assert await tab.evaluate("document.querySelectorAll('.scatter path').length") == ITEMS
    assert await tab.evaluate("getComputedStyle(document.body).display") == "block"
    assert await tab.evaluate(
        "[...document.links].every((link) => link.hash && link.pathname === location.pathname)"
    )


async def test_the_page_asks_for_nothing_else(tab: Tab, origin: str, stored_run: ClusteringRun) -> None:
    assert await asks_for_nothing_else(tab, origin + signed(stored_run))
