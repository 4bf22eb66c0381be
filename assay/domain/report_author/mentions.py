"""Which ids a text of the author names, read as its readers see it: as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote

from markdown_it.token import Token

from assay.domain.report_messages.markdown import parser, plain

_CODE: Final = frozenset({"code_inline", "code_block", "fence"})
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_UUIDS = re.compile(_UUID, re.IGNORECASE)
_LIKE_IDS = re.compile(
    rf"""
    {_UUID}
    | \b(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{{16,}}\b  # as OpenTelemetry writes ids
    | \b(?:trace|session|generation)(?:[-:/\#][^\s`]+|_[^\s`]*[0-9][^\s`]*)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What in code can be nothing but an id, or is called one."""


class Mentions(NamedTuple):
    """The ids that a text names, each once.

    Attributes:
        in_code: in backticks or in a block of code: known ids, and what looks like one.
        uuids: wherever they stand, addresses of links included.
    """

    in_code: list[str]
    uuids: list[str]


def mentions(text: str, knows: Callable[[str], bool]) -> Mentions:
    """Find the ids in a text.

    Args:
        text: Markdown. UUIDs are looked for in what is written and in what is shown of it: a character may
            be escaped, or stand as an entity.
        knows: whether a text is a known id.
    """
    tokens = parser().parse(text)
    places = [text, *(plain(token.children or ()) for token in tokens), *_attributes(tokens)]
    in_code = dict.fromkeys(each for span in _code(tokens) for each in _ids(span.strip(), knows))
    uuids = dict.fromkeys(each for place in places for each in _UUIDS.findall(place))
    return Mentions(list(in_code), list(uuids))


def _ids(span: str, knows: Callable[[str], bool]) -> list[str]:
    return [span] if knows(span) else _LIKE_IDS.findall(span)


def _code(tokens: Sequence[Token]) -> Iterator[str]:
    return (token.content for token in _flat(tokens) if token.type in _CODE)


def _attributes(tokens: Sequence[Token]) -> Iterator[str]:
    """Addresses and titles of links and pictures, decoded."""
    return (unquote(str(value)) for token in _flat(tokens) for value in token.attrs.values())


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())
