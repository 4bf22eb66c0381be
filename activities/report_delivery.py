"""The activity of `evaluation-report-run` that brings a report to one recipient.

Every message leaves a receipt as soon as it is accepted, and a retry goes on behind the last receipt: a reply
that fails never posts the head again. A worker that is killed between a message and its receipt sends that
one message a second time, never an earlier one; mail servers can tell by the Message-ID, which stays the
same. A worker that is only asked to stop keeps the receipt first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import uuid5

import structlog
from pydantic import SecretStr
from temporalio import activity

from assay.contracts.delivery import EmailMessage
from assay.contracts.report_runs import Delivery, Recipient, RecipientKind, ReportRun
from assay.contracts.report_workflows import DeliverOutcome, DeliverReport
from assay.domain.report_charts import TrendPoint, has_rates, trend_png, trend_window, trend_words
from assay.domain.report_messages import CHART_ID, Letter, SlackMessage, render_email, slack_thread
from assay.domain.report_recipients import recipients_of
from assay.errors import DeliveryRefused, StoreUnavailable
from assay.ports import EmailSender, Registry, ReportData, SlackSender
from assay.temporal.heartbeat import heartbeating

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What goes to whom, and what has arrived.

    Attributes:
        true_is_failure: whether the evaluation's `true` means that something is wrong.
    """

    letter: Letter
    delivery: Delivery
    true_is_failure: bool

    @property
    def run(self) -> ReportRun:
        return self.letter.run

    @property
    def recipient(self) -> Recipient:
        return self.delivery.recipient


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

    @activity.defn(name="deliver-report")
    async def deliver(self, wanted: DeliverReport) -> DeliverOutcome:
        """Send what the recipient does not have yet.

        Returns:
            Why it will never have everything, if it will not: that is an answer, and is not tried again.

        Raises:
            DeliveryUnavailable: Slack or the mail server takes nothing now; `retry_after` if they say when.
            StoreUnavailable: the registry did not answer.
            ProviderKeyUnreadable: the secret that Slack's token is sealed with is not configured here.
        """
        async with heartbeating():
            try:
                parcel = await self._pack(wanted)
            except DeliveryRefused as error:
                return DeliverOutcome(recipient_key=wanted.recipient_key, error=error.detail)
            if parcel.delivery.is_done:
                return DeliverOutcome(recipient_key=wanted.recipient_key)
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
            log.warning("report not delivered", **about, error=error.detail)
            await self._note_refusal(parcel, error.detail)
            return DeliverOutcome(recipient_key=recipient.key, error=error.detail)
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
        deliveries = await self._registry.report_runs.deliveries(run.project_id, run.id)
        known = {delivery.recipient.key: delivery for delivery in deliveries}
        if wanted.recipient_key not in known:
            now = recipients_of(report.delivery_targets)
            known = {found.key: Delivery(run_id=run.id, recipient=found) for found in now}
        if wanted.recipient_key not in known:
            raise DeliveryRefused("The report does not go to this recipient any more.")
        letter = Letter(
            run=run,
            content=run.content,
            evaluation_name=evaluation.name,
            zone=report.timezone_name,
            page_url=self._page_url(run),
        )
        swapped = evaluation.output_config.get("true_is_failure") is True
        return _Parcel(letter, known[wanted.recipient_key], swapped)

    async def _note_refusal(self, parcel: _Parcel, error: str) -> None:
        """Store why, next to the receipts of what was accepted before."""
        run = parcel.run
        deliveries = await self._registry.report_runs.deliveries(run.project_id, run.id)
        so_far = next((found for found in deliveries if found.recipient == parcel.recipient), parcel.delivery)
        await self._registry.report_runs.save_delivery(
            run.project_id, so_far.model_copy(update={"error": error})
        )

    async def _post_thread(self, parcel: _Parcel) -> None:
        """Post the head, and then the replies to it, those that are missing."""
        thread = slack_thread(parcel.letter)
        token = await self._slack_token(parcel)
        receipt = parcel.delivery.receipt
        for number, message in enumerate((thread.head, *thread.replies)):
            if number < receipt.get("posted", 0):
                continue
            is_last = number == len(thread.replies)
            receipt = await _undivided(self._post(parcel, token, message, receipt, is_last=is_last))

    async def _post(
        self,
        parcel: _Parcel,
        token: SecretStr,
        message: SlackMessage,
        receipt: dict[str, Any],
        *,
        is_last: bool,
    ) -> dict[str, Any]:
        """Post one message and keep its receipt: the channel, the head's `ts`, how many were posted."""
        posted = await self._slack.post(
            token,
            channel=receipt.get("channel", parcel.recipient.address),
            text=message.text,
            blocks=message.blocks,
            thread_ts=receipt.get("ts"),
        )
        receipt = {
            "channel": posted.channel,
            "ts": receipt.get("ts", posted.ts),
            "posted": receipt.get("posted", 0) + 1,
        }
        await self._keep(parcel, receipt, is_done=is_last)
        return receipt

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
        with_chart = has_rates(points)
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
            await self._keep(parcel, {"message_id": message.message_id}, is_done=True)

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
        return [
            TrendPoint(bucket.start, bucket.counts.get("pass", 0), bucket.counts.get("fail", 0))
            for bucket in buckets
        ]

    async def _keep(self, parcel: _Parcel, receipt: dict[str, Any], *, is_done: bool) -> None:
        kept = Delivery(run_id=parcel.run.id, recipient=parcel.recipient, receipt=receipt, is_done=is_done)
        await self._registry.report_runs.save_delivery(parcel.run.project_id, kept)


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
