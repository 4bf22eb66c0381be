"""From the events of a trace to its tree."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.text_repr import build_hierarchy


def event(id: Any, parent: Any = None, **properties: Any) -> dict[str, Any]:
    return {"id": id, "event": "$ai_span", "properties": {"$ai_parent_id": parent, **properties}}


def shape(nodes: list[dict[str, Any]]) -> list[Any]:
    """Ids of a tree that is not deep."""
    return [(node["event"]["id"], shape(node["children"])) for node in nodes]


def test_children_stand_below_their_parents_in_the_order_of_the_events() -> None:
    events = [event("c", "a"), event("a", "trace"), event("b", "a"), event("d", "c"), event("e")]
    assert shape(build_hierarchy(events)) == [("a", [("c", [("d", [])]), ("b", [])]), ("e", [])]


def test_an_event_is_known_by_its_span_then_its_generation_then_itself() -> None:
    events = [
        event(1, None, **{"$ai_span_id": "s", "$ai_generation_id": "g"}),
        event(2, None, **{"$ai_generation_id": "g"}),
        event(3),
        event(4, "s"),
        event(5, "g"),
        event(6, "3"),
        event(7, "1"),
    ]
    assert shape(build_hierarchy(events)) == [(1, [(4, [])]), (2, [(5, [])]), (3, [(6, [])]), (7, [])]


def test_of_several_with_the_same_id_the_first_is_the_parent() -> None:
    assert shape(build_hierarchy([event("a"), event("a"), event("b", "a")])) == [
        ("a", [("b", [])]),
        ("a", []),
    ]


def test_a_cycle_begins_with_its_first_event() -> None:
    events = [event("x", "b"), event("a", "c"), event("b", "a"), event("c", "b"), event("self", "self")]
    assert shape(build_hierarchy(events)) == [("a", [("b", [("x", []), ("c", [])])]), ("self", [])]


def test_chains_of_any_length_are_built() -> None:
    nodes = build_hierarchy([event(str(n), str(n - 1)) for n in range(20_000)])
    depth = 0
    while nodes:
        (node,) = nodes
        assert node["event"]["id"] == str(depth)
        nodes = node["children"]
        depth += 1
    assert depth == 20_000


def test_values_that_are_no_ids() -> None:
    events: list[dict[str, Any]] = [event(["a"], {"b": 1}), {"event": "x"}, {"properties": []}, event("", "")]
    assert [node["event"] for node in build_hierarchy(events)] == events


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_every_event_is_in_the_tree_once_and_siblings_keep_their_order(pairs: list[tuple[int, int]]) -> None:
    events = [event(f"i{own}", f"i{parent}", number=number) for number, (own, parent) in enumerate(pairs)]
    seen: list[int] = []
    levels = [(None, build_hierarchy(events))]
    while levels:
        parent, nodes = levels.pop()
        numbers = [node["event"]["properties"]["number"] for node in nodes]
        assert numbers == sorted(numbers)
        seen += numbers
        for node in nodes:
            if parent is not None:
                assert node["event"]["properties"]["$ai_parent_id"] == parent
            levels.append((node["event"]["id"], node["children"]))
    assert sorted(seen) == list(range(len(events)))


def test_a_verdict_stands_below_what_it_judges() -> None:
    def verdict(id: str, target: str, parent: str | None = None) -> dict[str, Any]:
        return event(id, parent, **{"$ai_target_event_id": target}) | {"event": "$ai_evaluation"}

    events = [
        verdict("first", "g"),
        event("g", None, **{"$ai_span_id": "s"}),
        verdict("placed", "g", "other"),
        event("other"),
        verdict("lost", "unknown"),
        event("no verdict", None, **{"$ai_target_event_id": "g"}),
    ]
    assert shape(build_hierarchy(events)) == [
        ("g", [("first", [])]),
        ("other", [("placed", [])]),
        ("lost", []),
        ("no verdict", []),
    ]
