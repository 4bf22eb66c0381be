"""Long lists of addresses (day, uuid) in a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import batched
from typing import Any, Final
from uuid import UUID

ADDRESSES_PER_QUERY: Final = 2_000
"""A server takes no parameter of more than 128 KiB (`http_max_field_value_size`); a uuid takes 39 bytes."""


def address_in(uuid_column: str) -> str:
    """The condition that a row is at one of the addresses; it is answered from the sorting key.

    Its parameters are those of `address_parameters`.

    Args:
        uuid_column: column with the uuids; the day is that of the column `timestamp`.
    """
    return f"(toDate(timestamp), {uuid_column}) IN arrayZip({{days:Array(Date)}}, {{uuids:Array(UUID)}})"


def address_parameters(addresses: Iterable[tuple[UUID, date]]) -> Iterator[dict[str, list[Any]]]:
    """The parameters of `address_in`, for one query after the other; none for no addresses."""
    for some in batched(addresses, ADDRESSES_PER_QUERY):
        yield {"days": [day for _, day in some], "uuids": [uuid for uuid, _ in some]}
