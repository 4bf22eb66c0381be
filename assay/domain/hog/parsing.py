"""Source → syntax tree, by the parser of the language's makers.

The parser needs more than linear time for some texts, holds the interpreter's lock meanwhile, and can
crash on others: call this in a child process that may be killed.
"""

from __future__ import annotations

import json
import re
from typing import Final

import hogql_parser_rs

from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.hints import hint_at
from assay.domain.hog.limits import MAX_TREE_DEPTH
from assay.domain.hog.source import check_source, position_at_byte
from assay.domain.hog.tree import Tree

_TOKENS: Final = {
    "Colon": "`:`", "Comma": "`,`", "Concat": "`||`", "Dot": "`.`", "EqDouble": "`=`", "EqSingle": "`=`",
    "LBrace": "`{`", "LBracket": "`[`", "LParen": "`(`", "NotEq": "`!=`", "QMark": "`?`", "RBrace": "`}`",
    "RBracket": "`]`", "RParen": "`)`", "RegexDouble": "`=~`", "RegexSingle": "`~`", "Semicolon": "`;`",
    "Slash": "`/`", "Eof": "the end", "Ident": "a name", "Number": "a number", "String": "a text",
}  # fmt: skip
"""The parser's names of what it has met."""

_TOKEN: Final = re.compile(r"(?:(?<=expression: )|(?<=, got ))(\w+)(?:\((\w+)\))?(?=\.?$)")

_EXPECTED: Final = re.compile(r"^[Ee]xpected ([^\w\s`]+)(?=,)")


def parse(source: str) -> Tree:
    """Parse a program.

    Returns:
        The node `Program`.

    Raises:
        HogCompileError: the source is no program, or too large or too deep for one.
    """
    check_source(source)
    try:
        tree = json.loads(hogql_parser_rs.parse_program_json(source))
    except RecursionError:
        raise too_deep() from None
    if tree.get("error"):
        position = position_at_byte(source, tree.get("start", {}).get("offset", 0))
        raise HogCompileError(
            _sentence(tree["message"]), position, hint_at(source, position, tree["message"])
        )
    if _depth_exceeds(tree, MAX_TREE_DEPTH):
        raise too_deep()
    return Tree(tree)


def too_deep() -> HogCompileError:
    """The error for a program whose parts are too deep within each other."""
    return HogCompileError(
        f"The program is nested deeper than {MAX_TREE_DEPTH} levels.",
        hint="name the parts with let, or move them into functions",
    )


def _sentence(message: str) -> str:
    plain = _TOKEN.sub(_token, _EXPECTED.sub(r"expected `\1`", message))
    return f"{plain[:1].upper()}{plain[1:].rstrip('.')}."


def _token(found: re.Match[str]) -> str:
    kind, word = found.groups()
    return f"`{word.lower()}`" if word else _TOKENS.get(kind, kind)


def _depth_exceeds(tree: object, limit: int) -> bool:
    """Whether nodes lie deeper within each other than that; without recursion."""
    level = [tree]
    for _ in range(limit):
        level = [child for node in level for child in _child_nodes(node)]
        if not level:
            return False
    return True


def _child_nodes(value: object) -> list[object]:
    """The nodes directly below a node, through the lists between them."""
    found: list[object] = []
    pending = list(value.values()) if isinstance(value, dict) else []
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            found.append(item)
        elif isinstance(item, list):
            pending += item
    return found
