"""Which mail server the operator named, and who messages are from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}
_MAX_ADDRESS = 254
"""Characters of an address (RFC 5321 §4.5.3.1.3, without the angle brackets)."""

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")


class StartTls(StrEnum):
    """When a connection that begins in the clear is protected."""

    OFFERED = "offered"
    """When the server offers it."""
    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server.

    Attributes:
        tls: whether connections are protected from the beginning (`smtps://`).
        user, password: None without authentication.
    """

    host: str
    port: int
    tls: bool = False
    start_tls: StartTls = StartTls.OFFERED
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `smtp://user:password@host:587?starttls=required` or `smtps://…`.

        Raises:
            ValueError: it is none; the message holds no part of the URL.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme)
            chosen = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
        except ValueError:
            raise ValueError("it is not a URL") from None
        if port is None or not parts.hostname:
            raise ValueError("it must be smtp://host or smtps://host")
        if chosen.keys() - {"starttls"} or parts.path not in ("", "/"):
            raise ValueError("only ?starttls=offered, required or off may follow the host")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("a user name needs a password, and the other way round")
        if not unquote(f"{parts.username}{parts.password}").isascii():
            raise ValueError("smtplib sends user names and passwords of ASCII only")
        try:
            start_tls = StartTls(chosen.get("starttls", ["offered"])[-1])
        except ValueError:
            raise ValueError("starttls must be offered, required or off") from None
        return cls(
            host=parts.hostname,
            port=port,
            tls=parts.scheme == "smtps",
            start_tls=start_tls,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )


def sender_address(text: str) -> Address:
    """Read `reports@example.com` or `Assay <reports@example.com>`.

    Raises:
        ValueError: it is no address.
    """
    name, spec = parseaddr(text) if text.isprintable() else ("", "")
    return mail_address(spec, name=name)


def mail_address(spec: str, *, name: str = "") -> Address:
    """One address, in a form that cannot smuggle anything into a header or a command.

    It is of ASCII: Python writes no headers for internationalised addresses (RFC 6532). A domain beyond
    ASCII has a form in it (`xn--…`).

    Raises:
        ValueError: it is none.
    """
    if (
        len(spec) > _MAX_ADDRESS
        or not spec.isascii()
        or not _ADDRESS.fullmatch(spec)
        or not name.isprintable()
    ):
        raise ValueError("it is not an e-mail address")
    try:
        return Address(display_name=name, addr_spec=spec)
    except (MessageError, ValueError, IndexError):  # what Python's parser raises varies with the mistake
        raise ValueError("it is not an e-mail address") from None
