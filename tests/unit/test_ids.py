from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.ids import uuid7

ENTROPY = st.binary(min_size=8, max_size=8)
NANOSECONDS = st.integers(0, 2**48 * 1_000_000 - 1)


def test_it_makes_the_example_of_the_rfc() -> None:
    # RFC 9562, appendix A.6: 2022-02-22 14:22:22.000 -05:00, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
    # Here rand_a is the fraction of the millisecond: 0xCC3 / 4096 ms is 797,608 ns, rounded up.
    made = uuid7(0x017F22E279B0 * 1_000_000 + 797_608, bytes.fromhex("18C4DC0C0C07398F"))

    assert made == uuid.UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


@given(NANOSECONDS, ENTROPY)
def test_it_says_what_it_is_and_when_it_was_made(nanoseconds: int, entropy: bytes) -> None:
    made = uuid7(nanoseconds, entropy)

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == nanoseconds // 1_000_000


@given(NANOSECONDS, st.integers(245, 10**18), ENTROPY, ENTROPY)
def test_later_ids_sort_after_earlier_ones(
    nanoseconds: int, distance: int, entropy: bytes, later_entropy: bytes
) -> None:
    later = min(nanoseconds + distance, 2**48 * 1_000_000 - 1)
    if later - nanoseconds < 245:
        return
    first, second = uuid7(nanoseconds, entropy), uuid7(later, later_entropy)

    assert first.int < second.int
    assert first.bytes < second.bytes
    assert str(first) < str(second)


@pytest.mark.parametrize(
    ("nanoseconds", "entropy"), [(-1, bytes(8)), (2**48 * 1_000_000, bytes(8)), (0, bytes(7)), (0, bytes(9))]
)
def test_it_refuses_what_does_not_fit(nanoseconds: int, entropy: bytes) -> None:
    with pytest.raises(ValueError, match="UUID version 7"):
        uuid7(nanoseconds, entropy)
