"""From the events of a trace to its tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.contracts.event_names import EVALUATION
from assay.domain.text_repr.events import properties_of

_NO_PARENT = -1


def build_hierarchy(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The events as nodes `{"event": …, "children": [nodes]}`, each below its parent.

    An event is known by its `$ai_span_id`, else its `$ai_generation_id`, else its own id; of several with
    the same one, the first is the parent. Events without a parent that is there are roots. Of those that are
    each other's ancestors, the first is a root. Roots and children keep the order of the events. A verdict
    is below the event that it judges, unless it names another parent.

    Args:
        events: objects with `id`, `event` and `properties`.
    """
    nodes: list[dict[str, Any]] = [{"event": event, "children": []} for event in events]
    parents = _parents(events)
    for first in _first_of_cycles(parents):
        parents[first] = _NO_PARENT
    roots: list[dict[str, Any]] = []
    for node, parent in zip(nodes, parents, strict=True):
        (roots if parent == _NO_PARENT else nodes[parent]["children"]).append(node)
    return roots


def _parents(events: Sequence[Mapping[str, Any]]) -> list[int]:
    """The position of each event's parent."""
    spans: dict[str, int] = {}
    ids: dict[str, int] = {}
    for position, event in enumerate(events):
        if (identity := _identity(event)) is not None:
            spans.setdefault(identity, position)
        if (name := _text(event.get("id"))) is not None:
            ids.setdefault(name, position)
    return [_parent(event, spans, ids) for event in events]


def _parent(event: Mapping[str, Any], spans: Mapping[str, int], ids: Mapping[str, int]) -> int:
    properties = properties_of(event)
    parent = _text(properties.get("$ai_parent_id"))
    if parent is not None and parent in spans:
        return spans[parent]
    target = _text(properties.get("$ai_target_event_id")) if event.get("event") == EVALUATION else None
    return _NO_PARENT if target is None else ids.get(target, _NO_PARENT)


def _identity(event: Mapping[str, Any]) -> str | None:
    properties = properties_of(event)
    found = (properties.get("$ai_span_id"), properties.get("$ai_generation_id"), event.get("id"))
    return next(filter(None, map(_text, found)), None)


def _text(value: object) -> str | None:
    """An id as text: SDKs send strings, sometimes numbers."""
    return str(value) if isinstance(value, str | int | float) and value not in ("", False) else None


def _first_of_cycles(parents: Sequence[int]) -> list[int]:
    """The lowest position of each cycle."""
    found = []
    seen_from = [_NO_PARENT] * len(parents)
    for start in range(len(parents)):
        position = start
        while position != _NO_PARENT and seen_from[position] == _NO_PARENT:
            seen_from[position] = start
            position = parents[position]
        if position != _NO_PARENT and seen_from[position] == start:
            found.append(min(_cycle(parents, position)))
    return found


def _cycle(parents: Sequence[int], start: int) -> list[int]:
    members = [start]
    while (position := parents[members[-1]]) != start:
        members.append(position)
    return members
