"""Capture v1 events become what capture v0 sends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from posthog.capture_v1 import _to_v1_event

from assay.domain.capture import from_v1

SDK = "posthog-python/7.91.1"
LIBRARY = {"$lib": "posthog-python", "$lib_version": "7.91.1"}


def test_options_and_library_return_to_the_properties() -> None:
    options = {
        "cookieless_mode": True,
        "disable_skew_correction": False,
        "process_person_profile": False,
        "product_tour_id": "t",
        "later": 1,
    }
    assert from_v1({"event": "e", "options": options, "properties": {"a": 1}}, sdk=SDK) == {
        "event": "e",
        "options": options,
        "properties": {
            **LIBRARY,
            "$cookieless_mode": True,
            "$ignore_sent_at": False,
            "$process_person_profile": False,
            "$product_tour_id": "t",
            "a": 1,
        },
    }


def test_the_properties_win() -> None:
    raw = {"options": {"product_tour_id": "o"}, "properties": {"$lib": "own", "$product_tour_id": "p"}}
    converted: Any = from_v1(raw, sdk=SDK)
    assert converted["properties"] == {"$lib": "own", "$lib_version": "7.91.1", "$product_tour_id": "p"}


@pytest.mark.parametrize("sdk", ["", "posthog", "/1", "posthog/"])
def test_a_header_that_names_no_library_adds_none(sdk: str) -> None:
    assert from_v1({"event": "e"}, sdk=sdk) == {"event": "e", "properties": {}}


@pytest.mark.parametrize("raw", [None, 5, [], {"properties": []}, {"properties": "text"}])
def test_what_is_no_event_stays(raw: object) -> None:
    assert from_v1(raw, sdk=SDK) == raw


@given(
    st.dictionaries(
        st.sampled_from(["$process_person_profile", "$cookieless_mode", "$ignore_sent_at"]), st.booleans()
    ),
    st.dictionaries(st.text("abc"), st.integers()),
)
def test_it_undoes_the_sdks_own_conversion(sentinels: dict[str, bool], others: dict[str, int]) -> None:
    v0 = {
        "event": "e",
        "uuid": "u",
        "distinct_id": "d",
        "timestamp": "2026-05-17T11:00:00+00:00",
        "properties": {**others, **sentinels, **LIBRARY},
    }
    converted: Any = from_v1(_to_v1_event(v0), sdk=SDK)
    assert converted["properties"] == v0["properties"]
