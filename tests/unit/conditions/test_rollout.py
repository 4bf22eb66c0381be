"""Which keys are in a sample of so many per cent."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.conditions import in_rollout

BUCKETS = {
    "event-1": 68.86,
    "event-2": 88.88,
    "event-3": 57.23,
    "00000000-0000-0000-0000-000000000001": 48.62,
    "00000000-0000-0000-0000-000000000002": 16.00,
    "497f6eca-6276-4993-bfeb-53cbbbba6f08": 73.37,
    "trace-abc": 38.57,
}
"""Where known keys lie; other implementations of the rule draw the same."""

keys = st.uuids().map(str) | st.text()
percentages = st.floats(0, 100)


@pytest.mark.parametrize(("key", "bucket"), BUCKETS.items())
def test_a_key_is_in_every_sample_above_its_bucket(key: str, bucket: float) -> None:
    assert not in_rollout(key, bucket)
    assert in_rollout(key, math.nextafter(bucket, 100))


def test_a_sample_is_about_as_large_as_it_should_be() -> None:
    assert sum(in_rollout(f"event-{number}", 30) for number in range(1000)) == 310


@given(keys)
def test_none_and_all(key: str) -> None:
    assert not in_rollout(key, 0)
    assert in_rollout(key, 100)


@given(keys, percentages, percentages)
def test_a_larger_sample_contains_the_smaller(key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert in_rollout(key, large) or not in_rollout(key, small)


def test_a_key_that_is_no_unicode_is_drawn_like_any() -> None:
    assert in_rollout("\ud800", 100)
