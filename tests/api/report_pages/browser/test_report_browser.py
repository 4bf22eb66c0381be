"""The page of a report run in a real browser: on a phone, on a desk, in the dark, and against attacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.contracts.report_runs import Citation, ReportContent, ReportRun, ReportSection
from tests.api.report_pages.conftest import CONTENT, MakeRun, fortnight, signed
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

HIDDEN_NUMBERS = """
(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector(".numbers").parentElement)
"""
"""How much of the table of numbers only shows when it is scrolled."""

WIDE = (
    "|a wide|table|of|many|columns|that|no|phone|shows|at once|\n|-|-|-|-|-|-|-|-|-|-|\n"
    "|1,000,000|2,000,000|3,000,000|4,000,000|5,000,000|6,000,000|7|8|9|10|\n\n"
    "```\n" + "one_line_of_code_without_a_break = " * 8 + "\n```\n\n" + "A" * 300
)


def long_report() -> ReportContent:
    """A report with everything that can be too wide."""
    wide = ReportSection(title="Details of " + "x" * 120, content=WIDE)
    citation = Citation(generation_id="g" * 200, trace_id="t" * 200, session_id="s" * 200, reason="r" * 200)
    return CONTENT.model_copy(
        update={"sections": (*CONTENT.sections, wide), "citations": (*CONTENT.citations, citation)}
    )


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_the_page_is_readable(
    tab: Tab, origin: str, make_run: MakeRun, tmp_path: Path, look: Look
) -> None:
    run = await make_run(content=long_report(), report={"timezone_name": "Europe/Berlin"})
    await tab.open(origin + signed(run), width=look.width, dark=look.dark)
    text = await tab.evaluate("document.body.innerText")
    for words in ("Refunds are refused too often", "80 %", "Evidence", "no recipients", str(run.id)):
        assert words in text
    assert await tab.evaluate("document.documentElement.scrollWidth") <= look.width
    assert await tab.evaluate(OVERFLOWING) == []
    assert await tab.evaluate(HIDDEN_NUMBERS) == 0
    assert await tab.evaluate(CONTRAST) >= 4.5
    picture = await pictured(tab, tmp_path, look.name)
    corner = picture.getpixel((2, 2))
    assert isinstance(corner, tuple)
    assert (max(corner) < 64) if look.dark else (min(corner) > 192)


async def test_the_chart_is_drawn(tab: Tab, origin: str, make_run: MakeRun, tmp_path: Path) -> None:
    run = await make_run()
    await tab.open(origin + signed(run), width=DESK)
    box = await tab.evaluate(
        "(({x, y, width, height}) => [x, y, x + width, y + height])"
        "(document.querySelector('svg polyline').getBoundingClientRect())"
    )
    assert await tab.evaluate("document.querySelectorAll('svg circle').length") == len(fortnight())
    picture = await pictured(tab, tmp_path, "chart")
    colors = picture.crop(tuple(map(round, box))).getcolors(1 << 20) or []
    blue = sum(number for number, (red, _, blue) in colors if blue - red > 100)
    assert blue > 200


@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_refusals_are_readable(tab: Tab, origin: str, tmp_path: Path, width: int) -> None:
    await tab.open(f"{origin}/reports/nothing", width=width)
    assert "Please identify yourself" in await tab.evaluate("document.body.innerText")
    assert await tab.evaluate(OVERFLOWING) == []
    await pictured(tab, tmp_path, f"refusal-{width}")


async def test_it_is_printed_in_black_on_white(
    tab: Tab, origin: str, make_run: MakeRun, tmp_path: Path
) -> None:
    run = await make_run(content=long_report())
    await tab.open(origin + signed(run), width=DESK, dark=True)
    (tmp_path / "page.pdf").write_bytes(await tab.printed())
    await tab.send("Emulation.setEmulatedMedia", media="print")
    assert await tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert await tab.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    await pictured(tab, tmp_path, "print")


async def test_the_page_asks_for_nothing_else(tab: Tab, origin: str, make_run: MakeRun) -> None:
    run = await make_run(content=long_report())
    assert await asks_for_nothing_else(tab, origin + signed(run))


HOSTILE = (
    '"><script>document.title = "owned"</script><img src="https://127.0.0.1:1/x" onerror="document.title = 1">'
    '<svg onload="document.title = 2"></svg>\n\n[press](javascript:document.title=3) '
    "![pixel](http://127.0.0.1:1/pixel.png)\n\n<style>body { display: none }</style>\n"
)


async def test_an_attack_stays_text(tab: Tab, origin: str, make_run: MakeRun, tmp_path: Path) -> None:
    content = ReportContent(
        title=HOSTILE,
        sections=(ReportSection(title=HOSTILE, content=HOSTILE),),
        citations=(Citation(generation_id=HOSTILE, trace_id=HOSTILE, reason=HOSTILE),),
        metrics=CONTENT.metrics,
    )
    run: ReportRun = await make_run(content=content, delivery_errors=(HOSTILE,), evaluation={"name": "x"})
    assert await asks_for_nothing_else(tab, origin + signed(run))
    assert "owned" not in (await tab.evaluate("document.title")).partition("<script>")[0]
    assert (await tab.evaluate("document.title")).startswith('"><script>')
    assert await tab.evaluate("document.querySelectorAll('main script, img, main style').length") == 0
    assert await tab.evaluate("getComputedStyle(document.body).display") == "block"
    protocols = await tab.evaluate("[...document.links].map((link) => link.protocol)")
    assert set(protocols) <= {"http:", "https:"}
    await pictured(tab, tmp_path, "attack")


async def test_evidence_is_found_from_the_text(tab: Tab, origin: str, make_run: MakeRun) -> None:
    run = await make_run()
    await tab.open(origin + signed(run), width=PHONE)
    await tab.evaluate("document.querySelector('.prose a').click()")
    assert await tab.evaluate("document.querySelector(':target').id") == "evidence-1"
