"""How somebody looks at a page, and the picture of what they see."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from tests.harness.browser import Tab

PHONE, DESK = 360, 1280


class Look(NamedTuple):
    """How somebody looks at a page."""

    width: int
    dark: bool

    @property
    def name(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}"


async def pictured(tab: Tab, folder: Path, name: str) -> Image.Image:
    """The page as it looks; the picture stays in the folder of the test."""
    picture = await tab.screenshot()
    (folder / f"{name}.png").write_bytes(picture)
    return Image.open(BytesIO(picture)).convert("RGB")


LOOKS = [Look(width, dark=dark) for width in (PHONE, DESK) for dark in (False, True)]
