"""Markdown as models write it: CommonMark with tables and strikethrough, and no HTML in it.

The text may quote traffic that somebody else wrote. So raw HTML is text, only web and mail addresses
become links, and pictures become links too: a mail program must not call anybody by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ADDRESSES = ("https://", "http://", "mailto:")


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
        found += [description] if depth else _link(address, description)
    return found


def _linked(tokens: Sequence[Token], links: Mapping[str, str]) -> list[Token]:
    found: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type.startswith("link_") else 0
        address = links.get(token.content) if token.type == "code_inline" and not depth else None
        found += [token] if address is None else _link(address, token)
    return found


def _link(address: str, label: Token) -> list[Token]:
    return [
        Token("link_open", "a", 1, attrs={"href": address}),
        label,
        Token("link_close", "a", -1),
    ]
