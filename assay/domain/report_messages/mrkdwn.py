"""Markdown as Slack's mrkdwn.

mrkdwn has no headings, tables or nested lists: headings become bold lines, tables blocks of characters of
one width, and lists lines with bullets. `&`, `<` and `>` are escaped everywhere, so no text can mention
a channel or pose as a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markdown_it.token import Token

from assay.domain.report_messages.markdown import leads_to, parse, plain
from assay.domain.report_messages.splitting import size, split_lines, split_text

_WHOLE = re.compile(r"<[^<>\n]+>|&(?:amp|lt|gt);|`[^`\n]+`|\*[^*\n]{1,300}\*")
"""What should not be cut in two: links, escaped characters, code, bold words."""

_LONGEST_ADDRESS = 1000
"""A longer one is written out, so that it can be cut like any text."""

_FENCE = "```"
_TICKS = re.compile("`{2,}")
_MARKS = {
    "strong_open": "*",
    "strong_close": "*",
    "em_open": "_",
    "em_close": "_",
    "s_open": "~",
    "s_close": "~",
}
_RULE = "———"
_INDENT = "    "


class Piece(NamedTuple):
    """A block of text.

    Attributes:
        text: mrkdwn; of preformatted text without the fences.
        preformatted: whether it goes between fences.
        quoted: whether every line gets a quotation mark.
        tight: whether it follows the piece before without an empty line.
    """

    text: str
    preformatted: bool = False
    quoted: bool = False
    tight: bool = False


def mrkdwn(text: str, links: Mapping[str, str], *, limit: int) -> list[str]:
    """Markdown as texts of Slack that are at most `limit` long, with nothing left out.

    Args:
        links: what stands in backticks → where it leads to.
    """
    pieces = _Reading().pieces(parse(text, links))
    return _packed(
        (("\n" if piece.tight else "\n\n", part) for piece in pieces for part in _fitting(piece, limit)),
        limit,
    )


def lines(texts: Iterable[str], *, limit: int) -> list[str]:
    """Lines of mrkdwn together in as few texts as they fit in; what is too long for one is split."""
    return _packed((("\n", part) for text in texts for part in split_text(text, limit, whole=_WHOLE)), limit)


def escaped(text: str) -> str:
    """Plain text for mrkdwn; runs of backticks, which could begin a block, become apostrophes."""
    return _entities(_TICKS.sub(lambda ticks: "'" * len(ticks[0]), text))


def link(address: str, label: str) -> str:
    """A link for mrkdwn.

    Args:
        label: plain text.
    """
    if size(address) > _LONGEST_ADDRESS:
        return escaped(f"{label} ({address})")
    target = escaped(address.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E").replace(" ", "%20"))
    words = escaped(" ".join(label.split()))
    return f"<{target}|{words}>" if words else f"<{target}>"


def fenced(text: str) -> str:
    """Escaped text between fences."""
    return f"{_FENCE}\n{text}\n{_FENCE}"


def _packed(parts: Iterable[tuple[str, str]], limit: int) -> list[str]:
    """Parts together in as few texts as they fit in; each with what separates it from the one before."""
    texts: list[str] = []
    for gap, part in parts:
        if texts and size(texts[-1]) + len(gap) + size(part) <= limit:
            texts[-1] += gap + part
        else:
            texts.append(part)
    return texts


def _fitting(piece: Piece, limit: int) -> Iterator[str]:
    """A piece in parts that fit, each with the marks that the whole has."""
    if piece.preformatted:
        yield from map(fenced, split_lines(piece.text, limit - len(fenced(""))))
    elif piece.quoted:
        marks = 2 * (piece.text.count("\n") + 1)
        for part in split_text(piece.text, max(limit - marks, limit // 3 - 2), whole=_WHOLE):
            yield "\n".join(f"> {line}" for line in part.split("\n"))
    else:
        yield from _indented(piece.text, limit)


def _indented(text: str, limit: int) -> Iterator[str]:
    """Parts of a text, the first of them with the spaces that it begins with."""
    spaces = text[: len(text) - len(text.lstrip(" "))]
    parts = split_text(text, limit - len(spaces), whole=_WHOLE)
    yield from (spaces + part if number == 0 else part for number, part in enumerate(parts))


@dataclass(slots=True)
class _List:
    """A list that is being read; `number` counts its items, None in one with bullets."""

    number: int | None


@dataclass(slots=True)
class _Reading:
    """Where in a document the reader is."""

    lists: list[_List] = field(default_factory=list)
    marker: str = ""
    quotes: int = 0
    heading: bool = False
    tight: bool = False
    after_item: bool = False
    table: list[list[str]] = field(default_factory=list)

    def pieces(self, tokens: Sequence[Token]) -> Iterator[Piece]:
        """The blocks of a document, in order."""
        for token in tokens:
            if token.type in ("fence", "code_block"):
                yield Piece(_code(token.content), preformatted=True)
            elif token.type == "hr":
                yield Piece(_RULE)
            elif token.type == "table_close":
                yield Piece(_code(_columns(self.table)), preformatted=True)
                self.table = []
            elif token.type == "inline":
                yield from self._inline(token.children or [])
            else:
                self._structure(token)

    def _structure(self, token: Token) -> None:
        """Follow the document's structure."""
        match token.type:
            case "bullet_list_open":
                self.lists.append(_List(None))
            case "ordered_list_open":
                self.lists.append(_List(int(token.attrGet("start") or 1)))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
                self.after_item = bool(self.lists)
            case "list_item_open":
                self._begin_item()
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
            case "heading_open" | "heading_close":
                self.heading = token.nesting > 0
            case "paragraph_open":
                self.tight = token.hidden
            case "tr_open":
                self.table.append([])

    def _begin_item(self) -> None:
        current = self.lists[-1]
        self.marker = "• "
        if current.number is not None:
            self.marker = f"{current.number}. "
            current.number += 1

    def _inline(self, children: Sequence[Token]) -> Iterator[Piece]:
        """The piece of a paragraph or heading; a table's cell waits for the rest of the table."""
        if self.table:
            self.table[-1].append(" ".join(plain(children).split()))
            return
        text = _formatted(children, bold=self.heading)
        if not text.strip():
            return
        tight = self.tight and self.after_item
        yield Piece(self._placed(text), quoted=self.quotes > 0, tight=tight)
        self.after_item = bool(self.lists)

    def _placed(self, text: str) -> str:
        """The text with the marker and the indentation of the list that it is in."""
        if not self.lists:
            return text
        marker, self.marker = self.marker, ""
        depth = len(self.lists) - (1 if marker else 0)
        return _INDENT * depth + marker + text


def _formatted(children: Sequence[Token], *, bold: bool) -> str:
    """Inline tokens as mrkdwn; in bold text as a whole, bold words need no marks of their own."""
    parts: list[str] = []
    waiting = iter(children)
    for token in waiting:
        if token.type == "link_open":
            parts.append(_link_of(token, waiting))
        elif token.type in _MARKS:
            parts.append("" if bold and token.type.startswith("strong") else _MARKS[token.type])
        elif token.type == "code_inline":
            parts.append(f"`{escaped(token.content.replace('`', chr(39)))}`")
        elif token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        else:
            parts.append(escaped(token.content))
    text = "".join(parts)
    return f"*{' '.join(text.split())}*" if bold and text.strip() else text


def _link_of(opening: Token, following: Iterator[Token]) -> str:
    """The link that an opening token begins, with its host; takes its tokens up to the closing one."""
    label: list[Token] = []
    for token in following:
        if token.type == "link_close":
            break
        label.append(token)
    words = plain(label)
    host = leads_to(opening, words)
    shown = f"{words} ({host})" if host and words.strip() else words
    return link(str(opening.attrGet("href") or ""), shown)


def _code(text: str) -> str:
    """Escaped text that does not end the fences around it."""
    return _entities(text.rstrip("\n").replace(_FENCE, "'''"))


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _columns(rows: Sequence[Sequence[str]]) -> str:
    """A table in characters of one width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)
