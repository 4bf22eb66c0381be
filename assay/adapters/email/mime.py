"""The MIME form of a message."""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from assay.contracts.delivery import EmailMessage

_ID = re.compile(r"[A-Za-z0-9_.+-]{1,200}")


def mime_message(message: EmailMessage, *, sender: Address, to: Address, sent_at: datetime) -> MimeMessage:
    """Text and HTML as alternatives, with the pictures that the HTML shows beside it.

    Python's policy refuses line ends in headers; what a subject must not hold is replaced before that.

    Args:
        sent_at: aware.

    Raises:
        ValueError: the message id has characters that none may have.
    """
    if not _ID.fullmatch(message.message_id):
        raise ValueError("A message id is made of letters, digits and _ . + -")
    mime = MimeMessage(policy=SMTP)
    mime["From"] = sender
    mime["To"] = to
    mime["Subject"] = _one_line(message.subject)
    mime["Date"] = format_datetime(sent_at)
    mime["Message-ID"] = f"<{message.message_id}@{sender.domain}>"
    # No answers by machines (RFC 3834 §5), such as notices of absence.
    mime["Auto-Submitted"] = "auto-generated"
    mime.set_content(message.text)
    mime.add_alternative(message.html, subtype="html")
    html = mime.get_body(("html",))
    for content_id, png in message.images.items():
        _add_picture(html, content_id, png)
    return mime


def _add_picture(html: MIMEPart | None, content_id: str, png: bytes) -> None:
    if html is None or not _ID.fullmatch(content_id):
        raise ValueError("A content id is made of letters, digits and _ . + -")
    html.add_related(
        png, "image", "png", cid=f"<{content_id}>", disposition="inline", filename=f"{content_id}.png"
    )


def _one_line(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())
