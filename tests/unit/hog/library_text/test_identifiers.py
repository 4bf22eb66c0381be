"""Addresses, versions and UUIDs."""

from __future__ import annotations

import ipaddress
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.machine import HogMachine

from .caller import SURROGATE, call, call_on, refuses

INSIDE = [
    ("192.168.1.1", "192.168.1.1/32"),
    ("192.168.1.5", "192.0.0.0/8"),
    ("192.168.1.255", "192.168.1.0/24"),
    ("192.168.1.7", "192.168.1.9/24"),
    ("8.8.8.8", "0.0.0.0/0"),
    ("2001:db8::1:5", "2001:db8::1:0/112"),
    ("2001:db8:0:0:0:0:0:1", "2001:db8::/64"),
    ("::1", "::1/128"),
    ("fe80::1", "fe80::/10"),
]
OUTSIDE: list[tuple[Any, Any]] = [
    ("192.168.1.5", "192.168.2.0/24"),
    ("192.168.1.2", "192.168.1.1/32"),
    ("2001:db8:1::5", "2001:db8:2::/48"),
    ("192.168.1.1", "2001:db8::/32"),
    ("2001:db8::1", "192.168.1.0/24"),
    (None, "192.168.1.0/24"),
    ("192.168.1.1", None),
    (123, "192.168.1.0/24"),
    ("192.168.1.1", 24),
    ("", "192.168.1.0/24"),
    ("192.168.1.1", ""),
    ("192.168.1.1", "192.168.1.1"),
    ("192.168.1.1", "192.168.1.0/"),
    ("192.168.1.1", "/24"),
    ("192.168.1.1", "192.168.1.0/33"),
    ("192.168.1.1", "192.168.1.0/-1"),
    ("192.168.1.1", "192.168.1.0/255.255.255.0"),
    ("192.168.1", "192.168.1.0/24"),
    ("192.168.1.256", "192.168.1.0/24"),
    ("2001:db8:::1", "2001:db8::/32"),
    ("2001:db8::1::2", "2001:db8::/32"),
    (SURROGATE, "192.168.1.0/24"),
    ("1" * 100_000, "192.168.1.0/24"),
]


@pytest.mark.parametrize(("address", "network"), INSIDE)
def test_addresses_of_a_network(address: str, network: str) -> None:
    assert call("isIPAddressInRange", address, network) is True


@pytest.mark.parametrize(("address", "network"), OUTSIDE, ids=range(len(OUTSIDE)))
def test_what_is_no_address_of_a_network(address: Any, network: Any) -> None:
    assert call("isIPAddressInRange", address, network) is False


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_network_is_a_prefix(address: int, network: int, bits: int) -> None:
    shown = str(ipaddress.IPv4Address(address)), f"{ipaddress.IPv4Address(network)}/{bits}"
    assert call("isIPAddressInRange", *shown) is (address >> (32 - bits) == network >> (32 - bits))


VERSIONS: list[tuple[Any, Any]] = [
    ("1.10.2", [1, 10, 2]),
    ("v2.0.0-beta.1+build.5", [2, 0, 0]),
    ("0.0.0.0.1000", [0, 0, 0, 0, 1000]),
    ("release 3.12", [3, 12]),
    ("2.02", [2, 2]),
    ("7", []),
    ("", []),
    ("main", []),
    (None, []),
]


@pytest.mark.parametrize(("version", "numbers"), VERSIONS)
def test_versions(version: Any, numbers: Any) -> None:
    assert call("sortableSemver", version) == numbers


def test_versions_that_are_none() -> None:
    assert refuses("sortableSemver", 1.2) == "sortableSemver needs a text, not 1.2"
    assert refuses("sortableSemver", "1." + "9" * 100_000) == "sortableSemver needs shorter numbers"
    assert "1023 bits" in refuses("sortableSemver", "1." + "9" * 400)
    assert call("sortableSemver", "0" * 100_000 + "1.2") == [1, 2]


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=5))
def test_the_numbers_of_a_version_are_those_between_its_dots(numbers: list[int]) -> None:
    assert call("sortableSemver", ".".join(map(str, numbers))) == numbers


def test_uuids_are_random_and_repeat_with_their_source() -> None:
    def some(seed: int) -> list[str]:
        machine = HogMachine(random=Random(seed))
        return [call_on(machine, "generateUUIDv4") for _ in range(50)]

    first = some(1)
    assert first == some(1)
    assert not set(first) & set(some(2))
    assert len(set(first)) == 50
    for shown in first:
        assert str(UUID(shown)) == shown
        assert UUID(shown).version == 4
        assert UUID(shown).variant == "specified in RFC 4122"
