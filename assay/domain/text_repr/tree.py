"""The tree of a trace: one line per event, and the texts of the events folded into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from assay.domain.text_repr.allowance import Allowance, children_of, event_of
from assay.domain.text_repr.events import event_text, properties_of
from assay.domain.text_repr.labels import EXPANDABLE, summary
from assay.domain.text_repr.markers import encoded, marker
from assay.domain.text_repr.options import DEEPEST, Options
from assay.domain.text_repr.values import python_text

TOO_LONG: Final = "[... too long to be shown]"
"""The text of an event for which the tree has no room."""


class _Level(NamedTuple):
    """Siblings that are being written: those that are left, how many there are, and where they stand."""

    nodes: Iterator[tuple[int, Any]]
    last: int
    indent: str


def tree_lines(hierarchy: Sequence[Any], options: Options) -> list[str]:
    """The lines of a tree.

    Args:
        hierarchy: nodes in their order: objects with an `event` and, where it has any, `children`.
        options: how the tree and the texts in it are made.
    """
    lines: list[str] = []
    allowance = Allowance(hierarchy)
    deepest = min(options.max_depth, DEEPEST)
    if deepest < 0:
        return [_too_deep("")]
    levels = [_level(hierarchy, "")]
    while levels:
        nodes, last, indent = levels[-1]
        for position, node in nodes:
            is_last = position == last
            below = f"{indent}   " if is_last else f"{indent}│  "
            lines.append(f"{indent}{'└─ ' if is_last else '├─ '}{_node(node, below, options, allowance)}")
            children = children_of(node)
            if not children:
                continue
            if len(levels) <= deepest:
                levels.append(_level(children, below))
                break
            lines.append(_too_deep(below))
        else:
            levels.pop()
    return lines


def _level(nodes: Sequence[Any], indent: str) -> _Level:
    return _Level(enumerate(nodes), len(nodes) - 1, indent)


def _too_deep(indent: str) -> str:
    return f"{indent}  [... max depth reached]"


def _node(node: object, below: str, options: Options, allowance: Allowance) -> str:
    """The line of a node, and in a tree without markers the lines of its text."""
    event = event_of(node)
    name = event.get("event")
    tag = EXPANDABLE.get(name) if isinstance(name, str) else None
    label, said = f"[{tag or 'EVENT'}]", summary(name, properties_of(event))
    if options.collapsed:
        return f"{label} {said}"
    if tag is None:
        return f"{marker('EVENT_LINK', _id_of(event), label) if options.include_markers else label} {said}"
    text = TOO_LONG if allowance.is_spent else event_text(event, options)
    if options.include_markers:
        text = text if allowance.take(2 * len(text)) else TOO_LONG  # Base64 is longer, and a copy
        return marker(f"{tag}_EXPANDABLE", _id_of(event), f"{label} {said}", encoded(text))
    indented = f"\n{below}    "
    text = text if allowance.take(len(text) + text.count("\n") * len(indented)) else TOO_LONG
    return f"[+] {label} {said}{indented}{text.replace('\n', indented)}"


def _id_of(event: Mapping[str, Any]) -> str:
    return python_text(event.get("id") or "unknown")
