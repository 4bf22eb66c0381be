"""How somebody looks at a page, the picture of what they see, and what is read from it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tests.harness.browser import Tab

PHONE, DESK = 360, 1280

SEEN_APART = 3.0
"""The least contrast of what is drawn with what is behind it (WCAG 2.2, 1.4.11)."""

LIGHT = (0.2126, 0.7152, 0.0722)
"""How much of the light of a colour is that of its red, its green and its blue."""

type Color = tuple[int, int, int]

OVERFLOWING = """
[...document.querySelectorAll("body *")]
  .filter((element) => !element.closest(".scroll, pre, svg"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
  .map((element) => element.outerHTML.slice(0, 80))
"""
"""Elements that reach beyond the window, those aside that scroll by themselves."""

CONTRAST = """
(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" ? paper(element.parentElement) : color;
  };
  return Math.min(...[...document.querySelectorAll("h1, h2, h3, p, td, th, dd, dt, li, a, summary, figcaption, text")]
    .filter((element) => element.getBoundingClientRect().width > 0)
    .map((element) => {
      const style = getComputedStyle(element);
      const ink = light(element.tagName === "text" ? style.fill : style.color);
      const ground = light(paper(element));
      return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    }));
})()
"""
"""The least contrast of any text with what is behind it, as WCAG 2 counts it."""

_BOXES = """
[...document.querySelectorAll("%s")].filter((element) => element.checkVisibility()).map((element) => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return [element.tagName, Math.ceil(left), Math.ceil(top), Math.floor(right), Math.floor(bottom)];
}).filter(([, left, top, right, bottom]) => right > left + 1 && bottom > top + 1)
"""


class Look(NamedTuple):
    """How somebody looks at a page."""

    width: int
    dark: bool

    @property
    def name(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}"


LOOKS = [Look(width, dark=dark) for width in (PHONE, DESK) for dark in (False, True)]


async def pictured(tab: Tab, folder: Path, name: str) -> Image.Image:
    """The page as it looks; the picture stays in the folder of the test."""
    picture = await tab.screenshot()
    (folder / f"{name}.png").write_bytes(picture)
    return Image.open(BytesIO(picture)).convert("RGB")


async def boxes(tab: Tab, selector: str) -> list[list[Any]]:
    """Name and whole pixels of every element that takes up room: left, top, right, bottom."""
    found: list[list[Any]] = await tab.evaluate(_BOXES % selector)
    return found


async def asks_for_nothing_else(tab: Tab, address: str) -> bool:
    """Whether a page is all that is loaded, and nothing in it is at odds with its policy."""
    await tab.open(address, width=DESK)
    assert tab.complaints == []
    return {each for each in tab.requested if not each.startswith("data:")} == {address}


def blank_parts(picture: Image.Image, places: list[list[Any]]) -> list[list[Any]]:
    """Those places in which nothing can be told from what is behind it."""
    return [place for place in places if most_ink(picture.crop(tuple(place[1:]))) < SEEN_APART]


def most_ink(part: Image.Image) -> float:
    """The contrast of what stands out most in a part of a picture."""
    colors = np.array([color for _, color in part.getcolors(1 << 16) or []]) / 255
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    lights = linear @ np.array(LIGHT) + 0.05
    paper = luminance(most_frequent(part)) + 0.05
    return float(np.maximum(lights / paper, paper / lights).max())


def pixel(picture: Image.Image, x: int, y: int) -> Color:
    found = picture.getpixel((x, y))
    assert isinstance(found, tuple)
    red, green, blue = found
    return red, green, blue


def most_frequent(picture: Image.Image) -> Color:
    _, color = max(picture.getcolors(1 << 16) or [])
    assert isinstance(color, tuple)
    return color[0], color[1], color[2]


def apart(one: Color, other: Color) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def contrast(one: Color, other: Color) -> float:
    """As WCAG 2 counts it."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    parts = (c / 255 for c in color)
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip(LIGHT, linear, strict=True))
