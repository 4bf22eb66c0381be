"""What a summary of each mode has to be like."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from assay.contracts.summarization import SummaryMode

MAX_TITLE_WORDS: Final = 10


class Bullets(NamedTuple):
    """How many bullets there are to be."""

    least: int
    most: int


BULLETS: Final[Mapping[SummaryMode, Bullets]] = MappingProxyType(
    {SummaryMode.MINIMAL: Bullets(3, 5), SummaryMode.DETAILED: Bullets(5, 10)}
)
