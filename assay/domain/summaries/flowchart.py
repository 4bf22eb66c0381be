"""A strict reader of Mermaid flowcharts: what it accepts, Mermaid draws.

It knows the part of the language that models use: the header, nodes in their shapes, edges with and without
labels, `&`, subgraphs, directions, comments, and styles, which it does not look into. What it does not know
(`click`, `@{…}`, directives, identifiers beyond ASCII) it refuses, although Mermaid may accept it.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 20_000
"""Characters of a diagram; Mermaid itself refuses 50,000."""

MOST_EDGES: Final = 500
"""Mermaid draws no more."""

_HEADER: Final = re.compile(r"\s*(?:flowchart|graph)(?:[ \t]+(?:TB|TD|BT|RL|LR)[ \t]*(?:;|\n)|[ \t]*\n)")
_COMMENT: Final = re.compile(r"^[ \t]*%%(?!\{)[^\n]+$\n?", re.MULTILINE)
_END_OF_STATEMENT: Final = re.compile(r"[ \t]*(?:;|\n|\Z)")
_BLANK: Final = re.compile(r"(?:[ \t]|;|\n)*")

_ID = r"[A-Za-z0-9_]+(?:[-.][A-Za-z0-9_]+)*"
_IDENTIFIER: Final = re.compile(_ID)
_STATEMENTS: Final = frozenset(("class", "classDef", "click", "direction", "end", "linkStyle", "style"))
_OTHER_WORDS: Final = frozenset(("call", "default", "flowchart", "graph", "href", "interpolate", "subgraph"))
_WORD: Final = "a name begins with a word of the language, like end, class, style or graph"
_TARGETS: Final = frozenset(("_blank", "_parent", "_self", "_top"))
_RESERVED: Final = _STATEMENTS | _OTHER_WORDS | _TARGETS
_CLASS: Final = re.compile(rf":::{_ID}")
_AND: Final = re.compile(r"[ \t]+&[ \t]+")

_QUOTED = r'"(?!`)[^"\n]+"'
"""Without a gap before or after it: Mermaid takes a blank there for a text of its own."""


def _plain(*, also: str = "") -> str:
    """A text without quotation marks.

    Args:
        also: further characters that it must not have.
    """
    excluded = rf"\[\](){{}}|\"@\n{also}"
    return rf"[ \t]*[^\s~{excluded}][^{excluded}]*"


def _shape(opening: str, closing: str, text: str) -> str:
    return rf"{re.escape(opening)}(?:{_QUOTED}|{text}){re.escape(closing)}"


_PLAIN = _plain()
_SHAPE: Final = re.compile(
    "|".join(
        (
            _shape("(((", ")))", _PLAIN),
            _shape("((", "))", _PLAIN),
            _shape("([", "])", _PLAIN),
            _shape("(", ")", rf"(?!-){_PLAIN}"),
            _shape("[[", "]]", _PLAIN),
            _shape("[(", ")]", _PLAIN),
            *(_shape(f"[{start}", f"{end}]", _plain(also=r"/\\")) for start in "/\\" for end in "/\\"),
            _shape("[", "]", rf"(?![/\\]){_PLAIN}(?<![/\\])"),
            _shape("{{", "}}", _PLAIN),
            _shape("{", "}", _PLAIN),
            _shape(">", "]", _PLAIN),
        )
    )
)


def _labelled(start: str, end: str, breaking: str) -> str:
    """An edge with its label in the middle; `breaking` is what the label must not have."""
    excluded = r"|\"\[\](){}<>@~;\n"
    label = rf"(?:(?!{breaking})[^\s{excluded}])(?:(?!{breaking})[^{excluded}])*"
    return rf"[<xo]?{start}[ \t]+(?:{_QUOTED}|{label})[ \t]{end}"


_EDGE: Final = re.compile(
    r"[ \t]*(?:"
    r"[<xo]?(?:--+[->xo]|==+[=>xo]|-\.+-[>xo]?)|~~~+"
    rf"|{_labelled('--', '--+[->xo]', '--')}"
    rf"|{_labelled('==', '==+[=>xo]', '==')}"
    rf"|{_labelled(r'-[.]', r'[.]+-[>xo]?', '[-.]')}"
    rf")(?:[ \t]*\|(?:{_QUOTED}|{_PLAIN})\|)?[ \t]*"
)
_SUBGRAPH: Final = re.compile(
    rf"subgraph[ \t]+(?:(?P<id>{_ID})(?:[ \t]*\[(?:{_QUOTED}|{_PLAIN})\])?"
    rf"|{_QUOTED}|(?P<words>[A-Za-z0-9_]+(?:[ \t]+[A-Za-z0-9_]+)+))[ \t]*(?:;|\n)"
)
_END: Final = re.compile(r"end(?![\w.-])")
_DIRECTION: Final = re.compile(r"direction[ \t]+(?:TB|BT|RL|LR)(?=[ \t]*(?:\n|\Z))")
_HIDDEN_DIRECTION: Final = re.compile(r"direction\s+(?:TB|BT|RL|LR)")
_VALUES = r"[\w-]+:[^\n;,]+(?:,[\w-]+:[^\n;,]+)*"
_STYLING: Final = re.compile(
    rf"(?:classDef[ \t]+\w+(?:,\w+)*[ \t]+{_VALUES}|class[ \t]+{_ID}(?:,{_ID})*[ \t]+\w+"
    rf"|style[ \t]+{_ID}[ \t]+{_VALUES}|linkStyle[ \t]+(?:default|\d+(?:,\d+)*)[ \t]+{_VALUES})"
)


def flowchart_problem(diagram: str) -> str | None:
    """What keeps a text from being a flowchart, as a sentence that does not quote it; None if it is one."""
    if len(diagram) > LONGEST:
        return f"It is longer than {LONGEST} characters."
    try:
        _Reader(diagram.replace("\r\n", "\n")).read()
    except _Broken as broken:
        return str(broken)
    return None


class _Broken(Exception):
    """The text is no flowchart; the message says why."""


class _Reader:
    """Reads one diagram from its beginning to its end."""

    def __init__(self, diagram: str) -> None:
        self._text = _COMMENT.sub("\n", diagram)
        self._place = 0
        self._open: list[str] = []
        self._nodes = 0
        self._edges = 0

    def read(self) -> None:
        """Read all of it.

        Raises:
            _Broken: it is no flowchart.
        """
        if "%%" in self._text:
            raise _Broken("Comments have lines of their own, and directives are not allowed.")
        if not self._take(_HEADER):
            raise _Broken("It does not begin with a line like `flowchart TD`.")
        self._take(_BLANK)
        while self._place < len(self._text):
            self._statement()
            self._take(_BLANK)
        if self._open:
            raise _Broken("A subgraph has no `end`.")
        if not self._nodes:
            raise _Broken("It has no nodes.")

    def _statement(self) -> None:
        start = self._place
        if match := self._take(_SUBGRAPH):
            self._begin_subgraph(match)
            return
        if self._take(_END):
            if not self._open:
                raise self._broken(start, "there is no subgraph to end")
            self._open.pop()
        elif not self._take(_STYLING) and not self._take(_DIRECTION):
            self._chain()
            if _HIDDEN_DIRECTION.search(self._text, start, self._place):
                raise self._broken(start, "a label reads like a direction")
        if not self._take(_END_OF_STATEMENT):
            raise self._broken(self._place, "this cannot stand here")

    def _begin_subgraph(self, match: re.Match[str]) -> None:
        name = match["id"] or ""
        for word in (match["words"] or name).split():
            if _is_reserved(word):
                raise self._broken(match.start(), _WORD)
        if name and name in self._open:
            raise self._broken(match.start(), "the subgraph would be in itself")
        self._open.append(name)

    def _chain(self) -> None:
        """Nodes, and edges between them."""
        left = self._group()
        while self._take(_EDGE):
            right = self._group()
            self._edges += left * right
            left = right
        if self._edges > MOST_EDGES:
            raise _Broken(f"It has more than {MOST_EDGES} edges.")

    def _group(self) -> int:
        """Nodes with `&` between them; how many."""
        self._node()
        count = 1
        while self._take(_AND):
            self._node()
            count += 1
        self._nodes += count
        return count

    def _node(self) -> None:
        start = self._place
        match = self._take(_IDENTIFIER)
        if match is None:
            raise self._broken(start, "a node is missing")
        if _is_reserved(match[0]):
            raise self._broken(start, _WORD)
        if match[0] in self._open:
            raise self._broken(start, "a node has the name of the subgraph that it would be in")
        self._take(_SHAPE)
        self._take(_CLASS)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._place)
        if match is not None:
            self._place = match.end()
        return match

    def _broken(self, place: int, why: str) -> _Broken:
        line = self._text.count("\n", 0, place)
        return _Broken(f"Line {line + 1}: {why}.")


def _is_reserved(identifier: str) -> bool:
    """Whether Mermaid takes the beginning of an identifier for a word of its own."""
    return re.split(r"[-.]", identifier, maxsplit=1)[0] in _RESERVED
