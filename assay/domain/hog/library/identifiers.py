"""Functions of addresses, versions and UUIDs."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Final
from uuid import UUID

from assay.domain.hog.arguments import text_or_null
from assay.domain.hog.budget import checked_integer
from assay.domain.hog.errors import HogInputError
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.patterns import search_group
from assay.domain.hog.values import Value

_LONGEST_ADDRESS: Final = 100
"""Characters; the longest address or network has fewer than fifty."""

_STEPS_PER_RANGE: Final = 16
"""What it takes to read an address and a network."""

_NETWORK: Final = re.compile(r"[^/]+/[0-9]{1,3}")

_NUMBERS_WITH_DOTS: Final = r"[0-9]+(?:\.[0-9]+)+"

_MOST_DIGITS: Final = 400
"""More make an integer that is too large in any case, and Python refuses to read very many."""


@function("isIPAddressInRange", 2, scalar=True)
def is_ip_address_in_range(machine: Machine, address: Value, network: Value) -> bool:
    """Whether an address of IPv4 or IPv6 belongs to a network (`10.0.0.0/8`); false for what is neither."""
    if not isinstance(address, str) or not isinstance(network, str):
        return False
    if max(len(address), len(network)) > _LONGEST_ADDRESS or not _NETWORK.fullmatch(network):
        return False
    machine.budget.spend(_STEPS_PER_RANGE)
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False


@function("sortableSemver", 1)
def sortable_semver(machine: Machine, version: Value) -> list[Value]:
    """The numbers of a version (`v1.10.2-rc.1` has 1, 10 and 2), whose lists compare as versions do.

    Returns:
        An empty list if the text has no numbers that are joined by dots.
    """
    text = text_or_null("sortableSemver", version)
    numbers = None if text is None else search_group(machine.budget, text, _NUMBERS_WITH_DOTS)
    if numbers is None:
        return []
    machine.budget.items(numbers.count(".") + 1)
    return [_number(digits) for digits in numbers.split(".")]


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    if len(digits) > _MOST_DIGITS:
        raise HogInputError("sortableSemver needs shorter numbers")
    return checked_integer(int(digits or "0"))


@function("generateUUIDv4", 0, scalar=True)
def generate_uuid_v4(machine: Machine) -> str:
    """A random UUID (RFC 9562, version 4)."""
    return str(UUID(int=machine.random.getrandbits(128), version=4))
