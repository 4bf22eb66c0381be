"""Finds in the pages about Hog what can be proved.

- `source` → `value` (as it is printed), → *fails*: `message`, → *does not compile*: `message`, and `source` prints `line`.
- Blocks of `hog`: what stands behind `// →` is printed, or returned, in this order.
- Blocks of `hog evaluation` with the events and the results that follow.
- Tables, by their heads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[4] / "docs"
LANGUAGE, LIBRARY = (DOCS / name for name in ("hog.md", "hog-library.md"))

_BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_CLAIM = re.compile(
    r"`(?P<source>[^`]+)` (?P<relation>→|→ \*fails\*:|→ \*does not compile\*:|prints) `(?P<outcome>[^`]+)`"
)
_STATEMENT = re.compile(r"(?:let|fun|for|if|try|return|throw|while) ")


@dataclass(frozen=True)
class Claim:
    """What the page says of a source.

    Attributes:
        relation: `→`, `fails`, `does not compile` or `prints`.
    """

    source: str
    relation: str
    outcome: str

    def __str__(self) -> str:
        return self.source

    @property
    def program(self) -> str:
        """The source, made to return its value if it is an expression."""
        return self.source if _STATEMENT.match(self.source) else f"return {self.source}"


@dataclass(frozen=True)
class Worked:
    """A worked evaluation."""

    title: str
    source: str
    events: str
    results: str

    def __str__(self) -> str:
        return self.title


def prose(page: Path) -> str:
    """A page without its blocks, as one line."""
    return _BLOCK.sub("", page.read_text()).replace("\\|", "|").replace("\n", " ")


def claims(page: Path) -> list[Claim]:
    """Everything that is said of inline code."""
    return [
        Claim(found["source"], re.sub(r"→ \*(.*)\*:", r"\1", found["relation"]), found["outcome"])
        for found in _CLAIM.finditer(prose(page))
    ]


def blocks(page: Path, kind: str) -> list[str]:
    """The fenced blocks of a kind."""
    return [found["text"] for found in _BLOCK.finditer(page.read_text()) if found["kind"] == kind]


def expected_of(block: str) -> list[str]:
    """What a block is said to print and return."""
    told = [line.partition("// → ")[2] for line in block.splitlines()]
    return [part for line in told if line for part in re.split(r"\s+→ ", line)]


def worked_evaluations(page: Path) -> list[Worked]:
    """The sections that have a block of `hog evaluation`."""
    sections = re.split(r"^### ", page.read_text(), flags=re.MULTILINE)[1:]
    found = []
    for section in sections:
        parts = {block["kind"]: block["text"] for block in _BLOCK.finditer(section)}
        found.append(Worked(section.split("\n")[0], parts["hog evaluation"], parts["json"], parts["text"]))
    return found


def table(page: Path, *head: str) -> list[tuple[str, ...]]:
    """The rows of the table with this head; a cell that is code as a whole without its backticks."""
    lines = page.read_text().splitlines()
    at = lines.index(f"| {' | '.join(head)} |".replace("|  |", "| |")) + 2
    rows = []
    while at < len(lines) and lines[at].startswith("|"):
        cells = re.split(r"(?<!\\)\|", lines[at])[1:-1]
        rows.append(tuple(_bare(cell.replace("\\|", "|").strip()) for cell in cells))
        at += 1
    return rows


def _bare(cell: str) -> str:
    return cell[1:-1] if re.fullmatch("`[^`]+`", cell) else cell
