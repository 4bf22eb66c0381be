"""Whom a report run talks to: a model, a Slack and a mail server that a `StepGate` can hold."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage as MimeMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import Response

from assay.adapters.testing import Reply, ScriptedModelServer
from assay.adapters.testing.slack_server import SlackServer
from tests.adapters.delivery.mail_server import MailServer
from tests.harness.step_gate import Step, StepGate

ASKED = "asked"
"""The model has the question, and has not answered."""

ARRIVED, TAKEN = "{} arrived", "{} taken"
"""A message has come and is not taken; it is taken, and nobody was told."""

HEAD, REPLY, MAIL = "head", "reply", "mail"

_PAGE = re.compile(r"/reports/([0-9a-f-]{36})")
_REPORT = re.compile(r"report-([0-9a-f-]{36})")


def guidance(name: str) -> str:
    """What a report asks of its author, from which the model knows which report it is about."""
    return f"This is report-{name}."


class Author(ScriptedModelServer):
    """Writes reports; who is held is never answered.

    Attributes:
        names: ids of reports by what `guidance` calls them.
        asked: how often each place of each report's conversation was asked for.
    """

    def __init__(self, gate: StepGate) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.asked: Counter[tuple[str, int]] = Counter()
        self._gate = gate

    def _scripted(self, request: Request, body: Any) -> Reply:
        messages = body.get("messages", []) if isinstance(body, dict) else []
        named = _REPORT.search(str(messages[0].get("content"))) if messages else None
        if named is not None:
            report_id, number = self.names[named[1]], len(messages)
            self.asked[report_id, number] += 1
            if self._gate.is_held(report_id, Step(f"ask-report-author {number}", ASKED)):
                return Reply(hang=True)
        return super()._scripted(request, body)


class Workspace(SlackServer):
    """Takes messages.

    Args:
        recipient: key of the channel that all reports go to.
    """

    def __init__(self, gate: StepGate, recipient: str) -> None:
        super().__init__()
        self._gate = gate
        self._activity = f"deliver-report {recipient}"

    def of_run(self, run_id: str) -> tuple[list[str], list[tuple[str, str]]]:
        """The heads that report a run, and the replies as (head, text)."""
        heads = [it.ts for it in self.messages if it.thread_ts is None and f"/{run_id}" in str(it.blocks)]
        replies = [(it.thread_ts, it.text) for it in self.messages if it.thread_ts in heads]
        return heads, [(head, text) for head, text in replies if head is not None]

    async def _post_message(self, request: Request) -> Response:
        body = await request.json()
        thread, kind = body.get("thread_ts"), HEAD if body.get("thread_ts") is None else REPLY
        head = next((str(it.blocks) for it in self.messages if it.ts == thread), str(body.get("blocks")))
        report_id = _report(self._gate, head)
        if self._gate.is_held(report_id, Step(self._activity, ARRIVED.format(kind))):
            await request.receive()  # the body has been read: what comes next is the client's end
            return Response(status_code=499)
        answer = await super()._post_message(request)
        if self._gate.is_held(report_id, Step(self._activity, TAKEN.format(kind))):
            await request.receive()
        return answer


class Mailboxes(MailServer):
    """Takes mail for everybody."""

    def __init__(self, gate: StepGate) -> None:
        super().__init__()
        self._gate = gate

    def of_run(self, run_id: str) -> dict[str, list[str]]:
        """The Message-IDs of what reports a run, by address, in the order of arrival."""
        found: dict[str, list[str]] = {}
        for (address,), message in self.received:
            if f"/reports/{run_id}" in _text(message):
                found.setdefault(address, []).append(str(message["Message-ID"]))
        return found

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, MimeMessage)
        report_id = _report(self._gate, _text(message))
        activity = f"deliver-report email:{envelope.rcpt_tos[0]}"
        if self._gate.is_held(report_id, Step(activity, ARRIVED.format(MAIL))):
            await asyncio.Event().wait()  # until the connection ends, and this with it
        answer = await super().handle_DATA(server, session, envelope)
        if self._gate.is_held(report_id, Step(activity, TAKEN.format(MAIL))):
            await asyncio.Event().wait()
        return answer


def _report(gate: StepGate, text: str) -> str:
    page = _PAGE.search(text)
    return gate.runs[page[1]] if page is not None and page[1] in gate.runs else ""


def _text(message: MimeMessage) -> str:
    body = message.get_body(("plain",))
    return "" if body is None else str(body.get_content())
