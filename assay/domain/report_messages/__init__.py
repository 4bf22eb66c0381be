"""A report as people get it: a Slack thread, an e-mail.

Everything here is a pure function of a `Letter`; nothing of a report is left out for want of room.
"""

from assay.domain.report_messages.email import CHART_ID, RenderedEmail, render_email
from assay.domain.report_messages.letter import Letter, evidence_anchor
from assay.domain.report_messages.slack import SlackMessage, SlackThread, slack_thread

__all__ = [
    "CHART_ID",
    "Letter",
    "RenderedEmail",
    "SlackMessage",
    "SlackThread",
    "evidence_anchor",
    "render_email",
    "slack_thread",
]
