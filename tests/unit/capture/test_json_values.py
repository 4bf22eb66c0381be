"""What `storable` changes, and that nothing else is changed."""

from __future__ import annotations

import json
import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.json_values import TooDeep, storable, well_formed

LONE = st.sampled_from(["\ud800", "\udfff", "a\ud83d", "\ude00b"])
CLEAN_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | CLEAN_TEXT
)
CLEAN = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(CLEAN_TEXT, inner))
ANY = st.recursive(
    LEAVES | st.integers() | st.floats() | st.text() | LONE,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | LONE, inner),
)


@given(CLEAN)
def test_what_json_can_carry_is_unchanged(value: object) -> None:
    assert storable(value, levels=100) == value


@given(ANY)
def test_the_result_can_always_be_encoded_and_is_stable(value: object) -> None:
    clean = storable(value, levels=100)
    assert json.loads(json.dumps(clean, allow_nan=False)) == orjson.loads(orjson.dumps(clean)) == clean
    assert storable(clean, levels=100) == clean


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (2**64, float(2**64)),
        (-(2**63) - 1, -float(2**63)),
        (10**400, None),
        (True, True),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ({"\udc00": ["\udc00"]}, {"\ufffd": ["\ufffd"]}),
    ],
)
def test_replacements(value: object, expected: object) -> None:
    result = storable(value, levels=3)
    assert result == expected
    assert type(result) is type(expected)


def test_levels_count_objects_and_arrays() -> None:
    assert storable({"a": [1]}, levels=2) == {"a": [1]}
    with pytest.raises(TooDeep):
        storable({"a": [[]]}, levels=2)
    assert storable("leaf", levels=0) == "leaf"


@given(CLEAN_TEXT)
def test_well_formed_text_stays(text: str) -> None:
    assert well_formed(text) == text
