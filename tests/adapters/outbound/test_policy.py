"""Which hosts and addresses may be called."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.outbound.addresses import is_public
from assay.adapters.outbound.policy import OutboundPolicy

NAT64 = int(IPv6Address("64:ff9b::"))
SIX_TO_FOUR = int(IPv6Address("2002::"))
MAPPED = int(IPv6Address("::ffff:0:0"))

FORBIDDEN = [
    "0.0.0.0",  # noqa: S104  (an address to refuse)
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_are_not_the_internets(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv6_form_is_as_public_as_the_ipv4_address_in_it(address: IPv4Address) -> None:
    number = int(address)
    forms = [MAPPED + number, NAT64 + number, SIX_TO_FOUR + (number << 80) + 1]
    assert [is_public(IPv6Address(form)) for form in forms] == [is_public(address)] * 3


@given(st.ip_addresses())
def test_nothing_that_python_calls_special_is_public(address: IPv4Address | IPv6Address) -> None:
    """A second opinion; `ipaddress` judges wrapped addresses by the wrapping, so those are left out."""
    wrapped = isinstance(address, IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or int(address) >> 32 == NAT64 >> 32
    )
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    if special and not wrapped:
        assert not is_public(address)


def permits(policy: str, url_host: str, address: str, port: int = 443, *, tls: bool = True) -> bool:
    return OutboundPolicy.parse(policy).permits(ip_address(address), host=url_host, port=port, tls=tls)


def test_by_default_only_https_to_the_internet() -> None:
    assert permits("", "api.example.com", "8.8.8.8")
    assert not permits("", "api.example.com", "8.8.8.8", 80, tls=False)
    assert not permits("", "api.example.com", "10.0.0.1")
    assert not permits("", "localhost", "127.0.0.1")


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "permitted"),
    [
        ("gateway.internal", "gateway.internal", "10.0.0.1", 80, True),
        ("gateway.internal", "GATEWAY.internal.", "10.0.0.1", 80, True),
        ("Gateway.Internal.", "gateway.internal", "10.0.0.1", 80, True),
        ("gateway.internal", "other.gateway.internal", "10.0.0.1", 80, False),
        ("gateway.internal", "agateway.internal", "10.0.0.1", 80, False),
        ("gateway.internal:8080", "gateway.internal", "10.0.0.1", 8080, True),
        ("gateway.internal:8080", "gateway.internal", "10.0.0.1", 80, False),
        ("*.internal", "gateway.internal", "10.0.0.1", 80, True),
        ("*.internal", "a.gateway.internal", "10.0.0.1", 80, True),
        ("*.internal", "internal", "10.0.0.1", 80, False),
        ("*.internal", ".internal", "10.0.0.1", 80, False),
        ("*.internal", "gatewayinternal", "10.0.0.1", 80, False),
        ("10.0.0.1", "anything", "10.0.0.1", 80, True),
        ("10.0.0.1", "anything", "::ffff:10.0.0.1", 80, True),
        ("10.0.0.1", "10.0.0.1", "10.0.0.2", 80, False),
        ("10.0.0.1:81", "anything", "10.0.0.1", 80, False),
        ("10.0.0.0/8", "anything", "10.9.9.9", 80, True),
        ("10.0.0.0/8", "anything", "11.0.0.1", 80, False),
        ("10.0.0.0/8:443", "anything", "10.9.9.9", 80, False),
        ("::1", "anything", "::1", 80, True),
        ("[::1]:80", "anything", "::1", 80, True),
        ("[::1]:81", "anything", "::1", 80, False),
        ("fd00::/8", "anything", "fd00:ec2::254", 80, True),
        ("fe80::/10", "anything", "fe80::1%eth0", 80, True),
        ("a.example, 10.0.0.1 ,, b.example", "b.example", "10.9.9.9", 80, True),
    ],
)
def test_what_the_operators_list_adds(
    entry: str, host: str, address: str, port: int, permitted: bool
) -> None:
    assert permits(entry, host, address, port, tls=False) is permitted


@pytest.mark.parametrize(
    "text",
    [
        "http://gateway",
        "a b",
        "host:0",
        "host:99999",
        "10.0.0.1/8",
        "[::1",
        "[host]:80",
        "1.2.3",
        "*",
        "a.*.b",
        "-a",
    ],
)
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        OutboundPolicy.parse(f"fine.example,{text}")


def test_the_operators_own_urls_are_allowed_with_their_port() -> None:
    policy = OutboundPolicy().including(
        ["http://127.0.0.1:4000/v1", "https://gw.internal/x", "http://[::1]:9/", "http://Plain.internal"]
    )
    local = ip_address("127.0.0.1")
    assert policy.permits(local, host="127.0.0.1", port=4000, tls=False)
    assert not policy.permits(local, host="127.0.0.1", port=4001, tls=False)
    assert policy.permits(ip_address("10.0.0.1"), host="gw.internal", port=443, tls=True)
    assert not policy.permits(ip_address("10.0.0.1"), host="gw.internal", port=80, tls=False)
    assert policy.permits(ip_address("::1"), host="::1", port=9, tls=False)
    assert policy.permits(ip_address("10.0.0.1"), host="plain.internal", port=80, tls=False)


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("http://127.0.0.1:4000/azure", True),
        ("https://gw.internal", True),
        ("https://gw.internal:8443", True),
        ("https://api.example.com", False),
        ("https://10.0.0.1", False),
        ("nonsense", False),
        ("https://[::1", False),
        ("https://gw.internal:x", False),
    ],
)
def test_urls_that_the_list_covers(url: str, covered: bool) -> None:
    assert OutboundPolicy.parse("127.0.0.0/8,gw.internal").permits_url(url) is covered
