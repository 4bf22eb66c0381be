"""What may be called: https on the public internet, and what the operator allows besides.

The operator's list holds entries, separated by commas; each may end with `:port` (any port without one):

=======================  =================================================================================
`gateway.internal`       this host, wherever its name leads
`*.svc.cluster.local`    every host below that name, wherever its name leads
`10.1.2.3`, `[::1]`      any host whose name leads to this address; IPv6 needs the brackets if a port follows
`10.0.0.0/8`             any host whose name leads into this network
=======================  =================================================================================

What an entry allows may also be called without TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Self
from urllib.parse import urlsplit

from assay.adapters.outbound.addresses import Address, Network, canonical, is_public

_ENTRY = re.compile(
    r"\[(?P<bracketed>[^\[\]]+)\](?::(?P<port6>\d{1,5}))?|(?P<plain>[^:\[\]]+)(?::(?P<port>\d{1,5}))?"
    r"|(?P<bare6>[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:/\d+)?)"
)
_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry of the operator's list.

    Attributes:
        name: a host name in lower case, or `*.` and a suffix; None for a network.
        network: an address or a network; None for a name.
        port: None for any.
    """

    name: str | None
    network: Network | None
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one entry.

        Raises:
            ValueError: it is none; says so in one sentence.
        """
        parts = _ENTRY.fullmatch(text)
        if parts is None:
            raise ValueError(f"{text!r} is neither a host, an address nor a network")
        target = parts["bracketed"] or parts["plain"] or parts["bare6"]
        port = parts["port6"] or parts["port"]
        if port is not None and not 1 <= int(port) <= 65535:
            raise ValueError(f"{text!r} has no valid port")
        number = None if port is None else int(port)
        if parts["plain"] is None or re.fullmatch(r"[\d./]+", target):
            return cls(name=None, network=ip_network(target), port=number)
        name = _normal(target)
        if not _NAME.fullmatch(name):
            raise ValueError(f"{text!r} is neither a host, an address nor a network")
        return cls(name=name, network=None, port=number)

    def matches_name(self, host: str, port: int) -> bool:
        """Whether this entry vouches for a (normalised) host name."""
        if self.name is None or self.port not in (None, port):
            return False
        if self.name.startswith("*."):
            return host.endswith(self.name[1:]) and len(host) >= len(self.name)
        return host == self.name

    def matches_address(self, address: Address, port: int) -> bool:
        """Whether this entry allows an address in canonical form."""
        return self.network is not None and self.port in (None, port) and address in self.network


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """Decides about hosts and addresses; it opens no connection itself.

    Attributes:
        allowed: what may be called besides https on the public internet.
    """

    allowed: tuple[Allowed, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The policy of a comma-separated list, as described above.

        Raises:
            ValueError: an entry cannot be read; the message names it.
        """
        entries = (entry.strip() for entry in text.split(","))
        return cls(tuple(Allowed.parse(entry) for entry in entries if entry))

    def including(self, urls: Iterable[str]) -> OutboundPolicy:
        """This policy, and exactly the hosts and ports of some URLs: the operator's own settings."""
        more: list[Allowed] = []
        for url in urls:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
            if parts.hostname:
                host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
                more.append(Allowed.parse(host if port is None else f"{host}:{port}"))
        return OutboundPolicy(self.allowed + tuple(more))

    def allows_host(self, host: str, port: int) -> bool:
        """Whether the operator vouches for a host by its name."""
        host = _normal(host)
        return any(entry.matches_name(host, port) for entry in self.allowed)

    def allows_address(self, address: Address, port: int) -> bool:
        """Whether the operator vouches for an address."""
        address = canonical(address)
        return any(entry.matches_address(address, port) for entry in self.allowed)

    def permits(self, address: Address, *, host: str, port: int, tls: bool) -> bool:
        """Whether a connection to an address of a host may be opened.

        Args:
            address: what the host's name leads to.
            tls: False for plain http, which only an entry of the list can permit.
        """
        if self.allows_host(host, port) or self.allows_address(address, port):
            return True
        return tls and is_public(address)

    def permits_url(self, url: str) -> bool:
        """Whether the operator's list covers a URL's host, by name or by the address that stands in it."""
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        except ValueError:
            return False
        if parts.hostname is None or port is None:
            return False
        if self.allows_host(parts.hostname, port):
            return True
        try:
            network = ip_network(parts.hostname)
        except ValueError:
            return False
        return self.allows_address(network.network_address, port)


def _normal(host: str) -> str:
    return host.lower().removesuffix(".")
