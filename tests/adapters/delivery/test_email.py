"""SMTP against a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from assay.adapters.email import NoMail, SmtpSender, SmtpServer, StartTls, sender_address
from assay.contracts.delivery import EmailMessage
from assay.errors import DeliveryRefused, DeliveryUnavailable, WorkError
from tests.adapters.delivery.mail_server import PASSWORD, USER, MailServer
from tests.adapters.outbound.servers import Authority

SENDER = sender_address("Assay <reports@assay.example>")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture(scope="module")
def plain() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def server(plain: MailServer) -> MailServer:
    plain.received.clear()
    plain.answers.clear()
    return plain


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    return authority.server_context("localhost", []), authority.client_context()


def _message(**changes: Any) -> EmailMessage:
    fields: dict[str, Any] = {
        "to": "ada@example.com",
        "subject": "Hilfsbereitschaft – größer: 92,5 %",
        "text": "Größer als zuvor.\n.\nEnde",
        "html": '<p>Größer</p><img src="cid:pass-rate">',
        "images": {"pass-rate": PNG},
        "message_id": "report-1234",
    }
    return EmailMessage.model_validate(fields | changes)


def _sender(port: int, url: str = "smtp://localhost:{port}", **options: Any) -> SmtpSender:
    return SmtpSender(SmtpServer.parse(url.format(port=port)), sender=SENDER, timeout=40, **options)


async def _failure(sender: SmtpSender, **changes: Any) -> WorkError:
    with pytest.raises(WorkError) as caught:
        await sender.send(_message(**changes))
    assert PASSWORD not in repr(caught.value)
    return caught.value


async def test_a_message_arrives_whole(server: MailServer) -> None:
    await _sender(server.port).send(_message())
    [(addresses, mail)] = server.received
    assert addresses == ["ada@example.com"]
    assert (mail["From"], mail["To"]) == ("Assay <reports@assay.example>", "ada@example.com")
    assert mail["Subject"] == "Hilfsbereitschaft – größer: 92,5 %"
    assert mail["Message-ID"] == "<report-1234@assay.example>"
    assert mail["Date"].datetime.tzinfo is not None
    text, related = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert text.get_content().splitlines() == ["Größer als zuvor.", ".", "Ende"]
    html, picture = related.iter_parts()
    assert "<p>Größer</p>" in html.get_content()
    assert (picture["Content-ID"], picture.get_content_type()) == ("<pass-rate>", "image/png")
    assert picture.get_content() == PNG


async def test_the_same_message_has_the_same_id(server: MailServer) -> None:
    for _ in range(2):
        await _sender(server.port).send(_message())
    assert len({mail["Message-ID"] for _, mail in server.received}) == 1


@pytest.mark.parametrize(
    "subject",
    ["A\r\nBcc: eve@example.com", "A\nX: 1", "A\u2028B: c", "A\x00\x0bB"],
    ids=["crlf", "lf", "separator", "controls"],
)
async def test_a_subject_adds_no_header(server: MailServer, subject: str) -> None:
    await _sender(server.port).send(_message(subject=subject))
    [(addresses, mail)] = server.received
    assert addresses == ["ada@example.com"]
    assert mail["Bcc"] is mail["X"] is mail["B"] is None
    assert mail["Subject"].startswith("A ")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example.com\r\nRCPT TO:<eve@example.com>",
        "ada@example.com,eve@example.com",
        "Ada <ada@example.com>",
        "ada@example.com>",
        "a@b@c",
        "jürgen@example.com",
        f"{'a' * 250}@example.com",
    ],
    ids=lambda address: str(len(address)),
)
async def test_what_is_no_address_is_refused(server: MailServer, address: str) -> None:
    error = await _failure(_sender(server.port), to=address)
    assert isinstance(error, DeliveryRefused)
    assert server.received == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_4xx_passes_and_5xx_does_not(server: MailServer, command: str) -> None:
    server.answers[command] = "451 4.3.0 Try again later"
    assert isinstance(await _failure(_sender(server.port)), DeliveryUnavailable)
    server.answers[command] = "554 5.1.1 No such user"
    error = await _failure(_sender(server.port))
    assert isinstance(error, DeliveryRefused)
    assert "554 5.1.1 No such user" in error.detail
    assert server.received == []


async def test_a_server_that_is_away_comes_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert isinstance(await _failure(_sender(port)), DeliveryUnavailable)


async def test_a_server_that_hangs_up_comes_back(server: MailServer) -> None:
    server.answers["DATA"] = "421 4.3.2 Shutting down"
    assert isinstance(await _failure(_sender(server.port)), DeliveryUnavailable)


async def test_a_server_that_says_nothing_keeps_only_threads_of_its_own_busy() -> None:
    # In a loop of its own, whose one common thread is quickly busy.
    await asyncio.to_thread(asyncio.run, _send_to_a_silent_server())


async def _send_to_a_silent_server() -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        sender = _sender(server.sockets[0].getsockname()[1])
        sends = [asyncio.create_task(sender.send(_message())) for _ in range(8)]
        await asyncio.sleep(0)
        await asyncio.to_thread(list)
        before = [send for send in sends if send.done()]
        sends[-1].cancel()
        gone.set()
        outcomes = await asyncio.gather(*sends, return_exceptions=True)
        sender.close()
    assert before == []
    assert [type(outcome) for outcome in outcomes[:-1]] == [DeliveryUnavailable] * 7
    assert isinstance(outcomes[-1], asyncio.CancelledError)


async def test_a_sender_that_is_closed_drops_what_waits(server: MailServer) -> None:
    sender = _sender(server.port)
    sender.close()
    with pytest.raises(RuntimeError):
        await sender.send(_message())
    assert server.received == []


async def test_tls_is_used_where_it_is_offered(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server_tls, client_tls = tls
    with MailServer(tls=server_tls) as server:
        await _sender(server.port, tls=client_tls).send(_message())
        await _sender(server.port, "smtp://localhost:{port}?starttls=off", tls=client_tls).send(_message())
        assert server.protected == [True, False]


async def test_a_certificate_of_nobody_is_not_trusted(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with MailServer(tls=tls[0]) as server:
        assert isinstance(await _failure(_sender(server.port)), DeliveryUnavailable)
        assert server.received == []


async def test_a_password_goes_over_tls_only(
    server: MailServer, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    url = f"smtp://{USER}:{quote(PASSWORD, safe='')}@localhost:{{port}}"
    error = await _failure(_sender(server.port, url))
    assert isinstance(error, DeliveryRefused)
    assert "TLS" in error.detail
    with MailServer(tls=tls[0], auth=True) as guarded:
        await _sender(guarded.port, url, tls=tls[1]).send(_message())
        assert guarded.protected == [True]


async def test_a_wrong_password_is_refused(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with MailServer(tls=tls[0], auth=True) as guarded:
        error = await _failure(_sender(guarded.port, f"smtp://{USER}:wrong@localhost:{{port}}", tls=tls[1]))
    assert isinstance(error, DeliveryRefused)
    assert "wrong" not in error.detail


async def test_required_tls_is_required(server: MailServer) -> None:
    error = await _failure(_sender(server.port, "smtp://localhost:{port}?starttls=required"))
    assert isinstance(error, DeliveryRefused)


async def test_a_server_that_takes_no_password(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with MailServer(tls=tls[0], auth_exclude_mechanism=["LOGIN", "PLAIN"]) as open_to_all:
        url = f"smtp://{USER}:word@localhost:{{port}}"
        error = await _failure(_sender(open_to_all.port, url, tls=tls[1]))
    assert isinstance(error, DeliveryRefused)


async def test_without_a_server_there_is_no_mail() -> None:
    sender = NoMail()
    assert not sender.is_configured
    with pytest.raises(DeliveryRefused, match="ASSAY_SMTP_URL"):
        await sender.send(_message())


def test_urls_of_mail_servers() -> None:
    assert SmtpServer.parse("smtp://mail.internal") == SmtpServer("mail.internal", 587)
    assert SmtpServer.parse("smtps://u:p%40@mail.example") == SmtpServer(
        "mail.example", 465, tls=True, user="u", password="p@"
    )
    required = SmtpServer.parse("smtp://[::1]:2525/?starttls=required")
    assert (required.host, required.port, required.start_tls) == ("::1", 2525, StartTls.REQUIRED)
    assert "p@" not in repr(SmtpServer.parse("smtps://u:p%40@mail.example"))


@pytest.mark.parametrize(
    "url",
    [
        "http://mail",
        "smtp://",
        "smtp://mail:port",
        "smtp://user@mail",
        "smtp://user:p%C3%A4ss@mail",
        "smtp://mail?tls=1",
        "smtp://mail?starttls=maybe",
        "smtp://mail/path",
        "mail.example",
    ],
)
def test_what_is_no_mail_server(url: str) -> None:
    with pytest.raises(ValueError, match=r"must|only|needs|not"):
        SmtpServer.parse(url)


def test_senders() -> None:
    assert str(sender_address("reports@assay.example")) == "reports@assay.example"
    for text in ("", "Assay", "Assay <reports>", "a@b\nBcc: c@d"):
        with pytest.raises(ValueError, match="address"):
            sender_address(text)
