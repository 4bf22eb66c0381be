"""References to lines of a text: `L45`, `L3-L7`, `L1, L12-L15`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

_SEPARATOR: Final = re.compile(r"[,;]")
_REFERENCE: Final = re.compile(r"L0*([0-9]{1,9})(?:\s*[-–—]\s*L?0*([0-9]{1,9}))?", re.IGNORECASE)
_AROUND: Final = " \t\r\n[]()`"
"""What models put around references, as notes show them in brackets."""

_NUMBERED: Final = re.compile(r"L([0-9]+): ")


class Span(NamedTuple):
    """Lines from the first to the last."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"L{self.first}" if self.first == self.last else f"L{self.first}-L{self.last}"


@dataclass(frozen=True, slots=True)
class KnownLines:
    """Lines that may be referred to.

    Attributes:
        spans: in rising order, none of which touches another.
    """

    spans: tuple[Span, ...]

    @classmethod
    def of_text(cls, text: str) -> KnownLines:
        """The lines of a text, or of a piece of one, whose lines begin with their numbers.

        A line that was cut keeps its number in each piece, so the lines of a piece follow each other.
        """
        first = _NUMBERED.match(text)
        if first is None:
            return cls(())
        number = int(first[1])
        return cls((Span(number, number + text.count("\n")),))

    @classmethod
    def of_references(cls, references: Iterable[str]) -> KnownLines:
        """The lines that these references name."""
        merged: list[Span] = []
        for span in sorted(span for text in references for span in spans_of(text) or ()):
            if merged and span.first <= merged[-1].last + 1:
                merged[-1] = Span(merged[-1].first, max(merged[-1].last, span.last))
            else:
                merged.append(span)
        return cls(tuple(merged))

    def has(self, line: int) -> bool:
        """Whether the line is one of them."""
        place = bisect_right(self.spans, line, key=lambda span: span.first)
        return place > 0 and line <= self.spans[place - 1].last


def spans_of(references: str) -> list[Span] | None:
    """What references name, in their order; None if they cannot be read. No text names nothing."""
    found = []
    for part in filter(None, (part.strip(_AROUND) for part in _SEPARATOR.split(references))):
        match = _REFERENCE.fullmatch(part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        found.append(Span(min(first, last), max(first, last)))
    return found


def resolves(references: str, known: KnownLines) -> bool:
    """Whether the references can be read and the ends of each are known lines."""
    spans = spans_of(references)
    return spans is not None and all(known.has(span.first) and known.has(span.last) for span in spans)


def resolving(references: str, known: KnownLines) -> str:
    """Those of the references that resolve, in one spelling; empty if none does."""
    parts = (part for part in _SEPARATOR.split(references) if resolves(part, known))
    spans = (span for part in parts for span in spans_of(part) or ())
    return ", ".join(map(str, dict.fromkeys(spans)))
