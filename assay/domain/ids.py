"""Identifiers that sort by the time they were made."""

from __future__ import annotations

from uuid import UUID

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_MILLISECOND_BITS = 48
_ENTROPY_BYTES = 8


def uuid7(unix_nanoseconds: int, entropy: bytes) -> UUID:
    """A UUID version 7 (RFC 9562 §5.7): ids made later compare greater, as numbers, bytes and text.

    The 12 bits after the version hold the fraction of the millisecond (§6.2, method 3), so ids that are
    made at least 245 ns apart are in order as well.

    Args:
        unix_nanoseconds: when, in nanoseconds since 1970-01-01T00:00Z; up to the year 10889.
        entropy: 8 random bytes; 62 of their bits are used.

    Raises:
        ValueError: the time does not fit its 48 bits of milliseconds, or there are not 8 bytes.
    """
    milliseconds, nanoseconds = divmod(unix_nanoseconds, _NANOSECONDS_PER_MILLISECOND)
    if milliseconds >> _MILLISECOND_BITS != 0:
        raise ValueError("The time is outside of what a UUID version 7 can hold.")
    if len(entropy) != _ENTROPY_BYTES:
        raise ValueError(f"A UUID version 7 is made with {_ENTROPY_BYTES} random bytes.")
    fraction = (nanoseconds << 12) // _NANOSECONDS_PER_MILLISECOND
    random_bits = int.from_bytes(entropy) & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random_bits)
