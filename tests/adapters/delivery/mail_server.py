"""A real SMTP server on loopback that can refuse, demand TLS and passwords, and go away."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine
from email import message_from_bytes, policy
from email.message import EmailMessage as MimeMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "assay", "p@ss:w/rd"


class _Listening(Controller):
    """A controller on a port that the system picks; aiosmtpd's own asks for one by number."""

    def __init__(self, handler: object, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, hostname="127.0.0.1", port=self._socket.getsockname()[1], **options)

    def _create_server(self) -> Coroutine[Any, Any, asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


class MailServer:
    """The server for the length of a `with` block.

    Attributes:
        received: messages that it took, as (addresses, message).
        protected: whether TLS protected each of them.
        answers: what it says instead of 250, by command (`RCPT`, `DATA`, `MAIL`).
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, auth: bool = False, **options: Any) -> None:
        self.received: list[tuple[list[str], MimeMessage]] = []
        self.protected: list[bool] = []
        self.answers: dict[str, str] = {}
        if tls is not None:
            options["tls_context"] = tls
        if auth:
            options |= {
                "authenticator": _authenticate,
                "auth_required": True,
                "auth_require_tls": tls is not None,
            }
        self._controller = _Listening(self, **options)
        self.port = self._controller.port

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's names)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, MimeMessage)
        self.received.append((envelope.rcpt_tos, message))
        self.protected.append(session.ssl is not None)
        return "250 OK"


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    given = data.login.decode(), data.password.decode()
    return AuthResult(success=given == (USER, PASSWORD), handled=False)
