"""`EmailSender` over SMTP (RFC 5321), through Python's own smtplib in a thread."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage

from assay.adapters.email.mime import mime_message
from assay.adapters.email.server import SmtpServer, StartTls, mail_address
from assay.contracts.delivery import EmailMessage
from assay.errors import DeliveryRefused, DeliveryUnavailable

_TIMEOUT_SECONDS = 30.0
"""Of each wait for the server."""

_THREADS = 4
"""At most so many messages are handed over at a time; a slow server keeps nobody else's threads busy."""

_MAX_WORDS = 200
_NOT_SET_UP = "E-mail is not set up: the operator has not named a mail server (ASSAY_SMTP_URL)."


class NoMail:
    """`EmailSender` where no mail server is configured: every message is refused."""

    is_configured = False

    async def send(self, message: EmailMessage) -> None:
        """See the port."""
        raise DeliveryRefused(_NOT_SET_UP)


class SmtpSender:
    """Hands messages to the operator's mail server, a connection each, in threads of its own until `close`.

    A password never travels in the clear: without TLS the server is told nothing. Where the server is, the
    operator decides, not a project; so the outbound policy, which is about HTTP, has no say in it.

    Args:
        sender: who messages are from; its domain ends the Message-ID.
        tls: how certificates are verified; None trusts the system's authorities.
        timeout: seconds of each wait for the server.
    """

    is_configured = True

    def __init__(
        self,
        server: SmtpServer,
        *,
        sender: Address,
        tls: ssl.SSLContext | None = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._server = server
        self._sender = sender
        self._tls = tls or ssl.create_default_context()
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="smtp")

    async def send(self, message: EmailMessage) -> None:
        """See the port."""
        try:
            to = mail_address(message.to)
        except ValueError:
            raise DeliveryRefused(f"{message.to[:_MAX_WORDS]!r} is not an e-mail address.") from None
        mime = mime_message(message, sender=self._sender, to=to, sent_at=datetime.now(UTC))
        await asyncio.get_running_loop().run_in_executor(self._threads, self._hand_over, mime, to)

    def close(self) -> None:
        """Take no more messages. Those that wait are dropped; one on its way is given the time it needs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, mime: MimeMessage, to: Address) -> None:
        with _delivery_errors(to.addr_spec):
            connection = self._connect()
            try:
                self._open(connection)
                connection.send_message(mime, self._sender.addr_spec, [to.addr_spec])
            finally:
                # Accepted or not is decided; how the server takes leave changes nothing.
                with suppress(OSError, smtplib.SMTPException):
                    connection.quit()
                connection.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout, context=self._tls)
        return smtplib.SMTP(server.host, server.port, timeout=self._timeout)

    def _open(self, connection: smtplib.SMTP) -> None:
        """Protect the connection and say who we are, as the settings ask for."""
        server = self._server
        connection.ehlo()
        protected = server.tls
        if not protected and server.start_tls is not StartTls.OFF and connection.has_extn("starttls"):
            connection.starttls(context=self._tls)
            connection.ehlo()
            protected = True
        if not protected and (server.start_tls is StartTls.REQUIRED or server.password is not None):
            raise DeliveryRefused(
                "The mail server offers no TLS, which a password and starttls=required need (ASSAY_SMTP_URL)."
            )
        if server.user is not None and server.password is not None:
            connection.login(server.user, server.password)


@contextmanager
def _delivery_errors(recipient: str) -> Iterator[None]:
    """Failures of SMTP in the catalogue's words (RFC 5321 §4.2.1: 4xx passes, 5xx does not)."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        # Without the server's words, which may quote what it was sent.
        raise _by_code(
            error.smtp_code, "The mail server refuses the user or password of ASSAY_SMTP_URL"
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        code, words = error.recipients.get(recipient, (550, b""))
        raise _by_code(code, f"The mail server refuses {recipient}", words) from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, "The mail server refuses the message", error.smtp_error) from None
    except smtplib.SMTPServerDisconnected:
        raise DeliveryUnavailable("The mail server hung up.") from None
    except smtplib.SMTPException:
        # What is left of smtplib's own: no way to log in that both sides know.
        raise DeliveryRefused("The mail server takes no password, and ASSAY_SMTP_URL has one.") from None
    except OSError as error:
        raise DeliveryUnavailable(f"The mail server cannot be reached ({type(error).__name__}).") from None


def _by_code(code: int, what: str, words: bytes | str = b"") -> DeliveryRefused | DeliveryUnavailable:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    printable = " ".join("".join(c if c.isprintable() else " " for c in said).split())[:_MAX_WORDS]
    sentence = f"{what}: {code} {printable}".rstrip() + ("" if printable.endswith(".") else ".")
    return DeliveryRefused(sentence) if code >= 500 else DeliveryUnavailable(sentence)
