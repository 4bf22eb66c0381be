"""Markdown as models write it: CommonMark with tables and strikethrough, and no HTML in it.

The text may quote traffic that somebody else wrote. So raw HTML is text, only web and mail addresses
become links, and pictures become links too: a mail program must not call anybody by itself. A label may
promise anything, so whoever shows a link says where it leads.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ADDRESSES = ("https://", "http://", "mailto:")
_EVIDENCE = "evidence"
"""Markup of links that are ours: those of cited ids."""


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  (markdown-it's own hook)
        """Whether an address may become a link; what may not stays text."""
        return url.lower().startswith(_ADDRESSES)


@functools.cache
def parser() -> MarkdownIt:
    """The one parser and HTML renderer."""
    return _Parser("commonmark", {"html": False}).enable(["table", "strikethrough"])


def parse(text: str, links: Mapping[str, str]) -> list[Token]:
    """Read Markdown.

    Args:
        links: what stands in backticks → where it leads to.
    """
    tokens = parser().parse(text)
    for token in tokens:
        if token.children:
            token.children = _linked(_without_pictures(token.children), links)
    return tokens


def plain(tokens: Sequence[Token]) -> str:
    """What inline tokens say without any formatting."""
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(token.type, token.content) for token in tokens)


def leads_to(link: Token, label: str) -> str | None:
    """The host or mailbox to name beside the label of a link; None where the reader knows it already.

    Args:
        link: its opening token.
        label: what it says, without formatting.
    """
    address = str(link.attrGet("href") or "")
    if link.markup == _EVIDENCE or label in (address, address.removeprefix("mailto:")):
        return None
    return destination(address)


def destination(address: str) -> str:
    """The host or mailbox that an address leads to."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "nowhere"  # no browser can read such an address either
    return (parts.path if parts.scheme == "mailto" else parts.hostname) or "nowhere"


def _without_pictures(tokens: Sequence[Token]) -> list[Token]:
    """Every picture becomes a link to it, or its description where it stands in a link already."""
    found: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type.startswith("link_") else 0
        if token.type != "image":
            found.append(token)
            continue
        address = str(token.attrGet("src") or "")
        description = Token("text", "", 0, content=token.content or address)
        found += [description] if depth else _link(address, description, markup="image")
    return found


def _linked(tokens: Sequence[Token], links: Mapping[str, str]) -> list[Token]:
    found: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type.startswith("link_") else 0
        address = links.get(token.content) if token.type == "code_inline" and not depth else None
        found += [token] if address is None else _link(address, token, markup=_EVIDENCE)
    return found


def _link(address: str, label: Token, *, markup: str) -> list[Token]:
    return [
        Token("link_open", "a", 1, attrs={"href": address}, markup=markup),
        label,
        Token("link_close", "a", -1),
    ]
