"""The activity of `evaluation-report-run` that brings a report to one recipient.

Every message leaves a receipt as soon as it is accepted, and a retry goes on behind the last receipt: a reply
that fails never posts the head again. An attempt that was given up as lost may still be alive. So each looks
at the receipt before each message and writes it only over the one that it has seen; who finds another's
receipt there stops. What is left: a worker that is killed, or stands still, between a message and its receipt
has that one message sent a second time, never an earlier one; mail servers can tell by the Message-ID, which
stays the same. A worker that is only asked to stop keeps the receipt first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid5

import structlog
from pydantic import SecretStr
from temporalio import activity

from activities.report_receipts import Overtaken, Receipt
from assay.contracts.delivery import EmailMessage
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.report_run_workflows import DeliverOutcome, DeliverReport
from assay.contracts.report_runs import Delivery, Recipient, RecipientKind, ReportRun
from assay.domain.report_charts import (
    TrendPoint,
    has_trend,
    trend_png,
    trend_points,
    trend_window,
    trend_words,
)
from assay.domain.report_messages import CHART_ID, Letter, SlackMessage, render_email, slack_thread
from assay.domain.report_messages.splitting import shortened
from assay.domain.report_recipients import recipients_of
from assay.errors import DeliveryRefused, DeliveryUnavailable, StoreUnavailable
from assay.ports import EmailSender, Registry, ReportData, SlackSender
from assay.temporal.heartbeat import heartbeating

log = structlog.get_logger(__name__)

_AT_A_TIME: Final = {RecipientKind.SLACK: 16, RecipientKind.EMAIL: 4}
"""Deliveries of one process, so that a long list of recipients is not everybody's trouble. A mail keeps a
thread busy while it is handed over: more at a time would only wait where no cancellation reaches them."""

_MAX_ERROR: Final = 300
"""Characters of an error: hundreds of them travel together."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What goes to whom, and what has arrived.

    Attributes:
        receipt: of what has arrived.
        true_is_failure: whether the evaluation's `true` means that something is wrong.
    """

    letter: Letter
    receipt: Receipt
    true_is_failure: bool

    @property
    def run(self) -> ReportRun:
        return self.letter.run

    @property
    def recipient(self) -> Recipient:
        return self.receipt.known.recipient


class ReportDeliveryActivities:
    """Brings reports to recipients.

    Args:
        page_url: address of the page of a run; None where there is none that people can open.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        data: ReportData,
        slack: SlackSender,
        email: EmailSender,
        page_url: Callable[[ReportRun], str | None],
    ) -> None:
        self._registry = registry
        self._data = data
        self._slack = slack
        self._email = email
        self._page_url = page_url
        self._turns = {kind: asyncio.Semaphore(limit) for kind, limit in _AT_A_TIME.items()}

    @activity.defn(name="deliver-report")
    async def deliver(self, wanted: DeliverReport) -> DeliverOutcome:
        """Send what the recipient does not have yet.

        Returns:
            Why it will never have everything, if it will not: that is an answer, and is not tried again.

        Raises:
            DeliveryUnavailable: Slack or the mail server takes nothing now (`retry_after` if they say when),
                or another attempt is at it and has not come to an end.
            StoreUnavailable: the registry did not answer.
            ProviderKeyUnreadable: the secret that Slack's token is sealed with is not configured here.
        """
        async with heartbeating():
            try:
                parcel = await self._pack(wanted)
            except DeliveryRefused as error:
                return DeliverOutcome(recipient_key=wanted.recipient_key, error=error.detail)
            if parcel.receipt.known.is_done:
                return DeliverOutcome(recipient_key=wanted.recipient_key)
            async with self._turns[parcel.recipient.kind]:
                return await self._send(parcel)

    async def _send(self, parcel: _Parcel) -> DeliverOutcome:
        recipient = parcel.recipient
        about = {
            "run_id": str(parcel.run.id),
            "project_id": parcel.run.project_id,
            "by": recipient.kind.value,
        }
        try:
            if recipient.kind is RecipientKind.SLACK:
                await self._post_thread(parcel)
            else:
                await self._mail(parcel)
        except DeliveryRefused as error:
            refusal = shortened(error.detail, _MAX_ERROR)
            log.warning("report not delivered", **about, error=refusal)
            return await self._refused(parcel, refusal)
        except Overtaken as met:
            log.warning("report delivered by another attempt", **about)
            return _settled(met)
        log.info("report delivered", **about)
        return DeliverOutcome(recipient_key=recipient.key)

    async def _pack(self, wanted: DeliverReport) -> _Parcel:
        """The report, its recipient and the receipt.

        Raises:
            DeliveryRefused: there is no such report, or it does not go to this recipient.
        """
        run = await self._registry.report_runs.get(wanted.project_id, wanted.run_id)
        if run is None or run.content is None:
            raise DeliveryRefused("There is no report to deliver.")
        report = await self._registry.evaluation_reports.get(
            run.project_id, run.report_id, include_deleted=True
        )
        evaluation = await self._registry.evaluations.get(
            run.project_id, run.evaluation_id, include_deleted=True
        )
        if report is None or evaluation is None:
            raise DeliveryRefused("The report was removed.")
        delivery = await self._delivery(run, report, wanted.recipient_key)
        letter = Letter(
            run=run,
            content=run.content,
            evaluation_name=evaluation.name,
            zone=report.timezone_name,
            page_url=self._page_url(run),
        )
        swapped = evaluation.output_config.get("true_is_failure") is True
        receipt = Receipt(self._registry.report_runs, run.project_id, delivery)
        return _Parcel(letter, receipt, swapped)

    async def _delivery(self, run: ReportRun, report: EvaluationReport, key: str) -> Delivery:
        """What is stored of the delivery, from now on at the latest.

        Raises:
            DeliveryRefused: the report does not go to this recipient.
        """
        runs = self._registry.report_runs
        for delivery in await runs.deliveries(run.project_id, run.id):
            if delivery.recipient.key == key:
                return delivery
        for recipient in recipients_of(report.delivery_targets):
            if recipient.key == key:
                return await runs.save_delivery(run.project_id, Delivery(run_id=run.id, recipient=recipient))
        raise DeliveryRefused("The report does not go to this recipient any more.")

    async def _refused(self, parcel: _Parcel, error: str) -> DeliverOutcome:
        """Store why, next to the receipt of what was accepted before."""
        try:
            await parcel.receipt.keep(error=error)
        except Overtaken as met:
            return _settled(met)
        return DeliverOutcome(recipient_key=parcel.recipient.key, error=error)

    async def _post_thread(self, parcel: _Parcel) -> None:
        """Post the head, and then the replies to it, those that are missing."""
        thread = slack_thread(parcel.letter)
        token = await self._slack_token(parcel)
        messages = (thread.head, *thread.replies)
        for number in range(parcel.receipt.known.receipt.get("posted", 0), len(messages)):
            await parcel.receipt.check()
            is_last = number == len(messages) - 1
            await _undivided(self._post(parcel.receipt, token, messages[number], is_last=is_last))

    async def _post(self, to: Receipt, token: SecretStr, message: SlackMessage, *, is_last: bool) -> None:
        """Post one message and keep its receipt: the channel, the head's `ts`, how many were posted."""
        before = to.known.receipt
        posted = await self._slack.post(
            token,
            channel=before.get("channel", to.known.recipient.address),
            text=message.text,
            blocks=message.blocks,
            thread_ts=before.get("ts"),
        )
        receipt = {
            "channel": posted.channel,
            "ts": before.get("ts", posted.ts),
            "posted": before.get("posted", 0) + 1,
        }
        await to.keep(receipt=receipt, is_done=is_last, error=None)

    async def _slack_token(self, parcel: _Parcel) -> SecretStr:
        integration_id = parcel.recipient.integration_id
        token = None
        if integration_id is not None:
            token = await self._registry.integrations.token(parcel.run.project_id, integration_id)
        if token is None:
            raise DeliveryRefused("The Slack integration was removed.")
        return token

    async def _mail(self, parcel: _Parcel) -> None:
        """Send the one message."""
        points = await self._trend(parcel) if self._email.is_configured else []
        with_chart = has_trend(points)
        rendered = render_email(parcel.letter, chart_words=trend_words(points) if with_chart else None)
        message = EmailMessage(
            to=parcel.recipient.address,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            images={CHART_ID: await asyncio.to_thread(trend_png, points)} if with_chart else {},
            message_id=f"report-{uuid5(parcel.run.id, parcel.recipient.key)}",
        )

        async def send() -> None:
            await self._email.send(message)
            await parcel.receipt.keep(receipt={"message_id": message.message_id}, is_done=True, error=None)

        await parcel.receipt.check()
        await _undivided(send())

    async def _trend(self, parcel: _Parcel) -> list[TrendPoint]:
        """What the chart shows; empty where there are no numbers to be had: the text is what matters."""
        if parcel.letter.content.metrics is None:
            return []
        window, by = trend_window(parcel.run)
        try:
            buckets = await asyncio.to_thread(
                self._data.buckets, window, by=by, true_is_failure=parcel.true_is_failure
            )
        except StoreUnavailable:
            log.warning("report without a chart", run_id=str(parcel.run.id))
            return []
        return trend_points(buckets)


def _settled(met: Overtaken) -> DeliverOutcome:
    """What the other attempt came to.

    Raises:
        DeliveryUnavailable: nothing yet. It may die on the way, so this one must not be the last.
    """
    stored = met.stored
    if not stored.is_done and stored.error is None:
        raise DeliveryUnavailable(str(met))
    return DeliverOutcome(recipient_key=stored.recipient.key, error=stored.error)


async def _undivided[Result](work: Coroutine[Any, Any, Result]) -> Result:
    """Do a message and its receipt as one: a cancellation waits until both are done."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen: what ends the activity is the cancellation
        raise
