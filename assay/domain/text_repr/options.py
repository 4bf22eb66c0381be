"""How a text is to be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_MAX_DEPTH: Final = 10
"""Deepest level of a tree that is shown where nobody says how deep; the roots are level 0."""

DEEPEST: Final = 30
"""Deepest level that is ever shown: the indentation of each line grows with its level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a text is to be made; lengths are in characters.

    Attributes:
        max_length: longest text; a longer one is sampled. 0 or less: no limit.
        truncated: whether the middle of long contents is left out.
        truncate_buffer: how much of a long content stays, half of it at each end.
        include_markers: whether what is left out or folded stays in the text, as Base64 in `<<<…>>>`.
        collapsed: whether a tree has one line per event, without the events' texts.
        include_hierarchy: whether a trace is shown as a tree; if not, by its input and output.
        max_depth: deepest level of a tree that is shown, at most `DEEPEST`; the roots are level 0.
        tools_collapse_threshold: longest list of tools that is not folded.
        include_line_numbers: whether each line begins with its number.
    """

    max_length: int = 2_000_000
    truncated: bool = True
    truncate_buffer: int = 1000
    include_markers: bool = True
    collapsed: bool = False
    include_hierarchy: bool = True
    max_depth: int = DEFAULT_MAX_DEPTH
    tools_collapse_threshold: int = 5
    include_line_numbers: bool = False
