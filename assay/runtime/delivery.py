"""Ways to the people who read reports, as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass

from assay.adapters.email import NoMail, SmtpSender, SmtpServer, sender_address
from assay.contracts.report_runs import ReportRun
from assay.domain.signed_links import Page
from assay.ports import EmailSender, SlackSender
from assay.runtime.secrets import page_links
from assay.runtime.settings import Settings
from assay.runtime.slack import slack_sender


@dataclass(frozen=True, slots=True)
class ReportDelivery:
    """What deliveries of reports need from outside.

    Attributes:
        page_url: address of the page of a run; None where people cannot reach the API.
    """

    slack: SlackSender
    email: EmailSender
    page_url: Callable[[ReportRun], str | None]


@asynccontextmanager
async def report_delivery(settings: Settings) -> AsyncIterator[ReportDelivery]:
    """Slack and e-mail for the length of the block."""
    links = page_links(settings)
    async with slack_sender(settings) as slack:
        with _email_sender(settings) as email:
            yield ReportDelivery(
                slack=slack,
                email=email,
                # A link counts from the run, not from the attempt: each attempt sends the same text.
                page_url=lambda run: links.public(Page.REPORT, run.id, run.created_at),
            )


@contextmanager
def _email_sender(settings: Settings) -> Iterator[EmailSender]:
    if settings.smtp_url is None or settings.smtp_from is None:
        yield NoMail()
        return
    server = SmtpServer.parse(settings.smtp_url.get_secret_value())
    with closing(SmtpSender(server, sender=sender_address(settings.smtp_from))) as sender:
        yield sender
