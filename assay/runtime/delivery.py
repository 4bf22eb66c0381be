"""Ways to the people who read reports, as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from assay.adapters.email import NoMail, SmtpSender, SmtpServer, sender_address
from assay.contracts.report_runs import ReportRun
from assay.ports import EmailSender, SlackSender
from assay.runtime.secrets import report_links
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
    links = report_links(settings)
    async with slack_sender(settings) as slack:
        yield ReportDelivery(
            slack=slack,
            email=_email_sender(settings),
            # A link counts from the run, not from the attempt: each attempt sends the same text.
            page_url=lambda run: links.public_report_link(run.id, run.created_at),
        )


def _email_sender(settings: Settings) -> EmailSender:
    if settings.smtp_url is None or settings.smtp_from is None:
        return NoMail()
    return SmtpSender(
        SmtpServer.parse(settings.smtp_url.get_secret_value()), sender=sender_address(settings.smtp_from)
    )
