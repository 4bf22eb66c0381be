"""Delivery of reports: real stores, slack-sdk against a Slack on loopback, a real SMTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.report_delivery import ReportDeliveryActivities
from assay.adapters.clickhouse import ClickHouseEventStore, ClickHouseReportData
from assay.adapters.email import NoMail, SmtpSender, SmtpServer, sender_address
from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.slack import SlackWeb
from assay.adapters.sql import SqlRegistry
from assay.adapters.testing import SlackReply, SlackServer
from assay.contracts.delivery import EmailMessage
from assay.contracts.evaluation_reports import EvaluationReportSpec
from assay.contracts.evaluations import EvaluationSpec, EvaluationType, OutputType
from assay.contracts.integrations import IntegrationKind
from assay.contracts.report_run_workflows import DeliverOutcome, DeliverReport
from assay.contracts.report_runs import (
    Delivery,
    Recipient,
    RecipientKind,
    ReportContent,
    ReportMetrics,
    ReportRun,
    ReportSection,
    ReportTrigger,
)
from assay.errors import DeliveryRefused, DeliveryUnavailable, StoreUnavailable
from assay.ports import EmailSender
from tests.adapters.delivery.mail_server import MailServer
from tests.stores.events.support import Backend
from tests.stores.events.verdicts import verdict

PROJECT = 1
NOW = datetime.now(UTC)
MAIL = "email:ada@example.com"


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture(scope="module")
def post_office() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def slack(workspace: SlackServer) -> SlackServer:
    workspace.reset()
    return workspace


@pytest.fixture
def mail(post_office: MailServer) -> MailServer:
    post_office.received.clear()
    post_office.answers.clear()
    return post_office


class Outbox:
    """A stored report with three sections, and the activity that delivers it."""

    def __init__(self, registry: Any, events: ClickHouseEventStore, slack: SlackWeb) -> None:
        self.registry = registry
        self.events = events
        self.slack = slack
        self.run: ReportRun
        self.slack_key = ""

    async def prepare(self, **content: Any) -> None:
        """Store evaluation, integration, report and run."""
        integration = await self.registry.integrations.add(
            PROJECT, IntegrationKind.SLACK, name="Workspace", token=SecretStr("xoxb-scripted")
        )
        evaluation = await self.registry.evaluations.create(
            PROJECT,
            EvaluationSpec(
                name="Helpfulness",
                evaluation_type=EvaluationType.LLM_JUDGE,
                evaluation_config={"prompt": "Pass if it helps."},
                output_type=OutputType.BOOLEAN,
                output_config={},
            ),
            created_by=None,
        )
        targets = (
            {"type": "slack", "integration_id": integration.id, "channel": "#quality|quality"},
            {"type": "email", "value": "ada@example.com, nobody"},
        )
        report = await self.registry.evaluation_reports.create(
            PROJECT,
            EvaluationReportSpec(evaluation_id=evaluation.id, delivery_targets=targets),
            created_by=None,
        )
        self.slack_key = f"slack:{integration.id}:#quality"
        start, end = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
        metrics = ReportMetrics(
            output_type="boolean",
            total_runs=4,
            result_counts={"pass": 3, "fail": 1, "na": 0},
            result_rates={"pass": 75.0, "fail": 25.0, "na": 0.0},
            pass_rate=75.0,
            pass_rate_interval=(30.06, 95.44),
            period_start=start,
            period_end=end,
        )
        written = {
            "title": "All is well",
            "sections": tuple(ReportSection(title=f"Part {n}", content=f"Text {n}.") for n in range(3)),
            "metrics": metrics,
        }
        self.run = await self.registry.report_runs.create(
            ReportRun(
                id=uuid4(),
                project_id=PROJECT,
                report_id=report.id,
                evaluation_id=evaluation.id,
                trigger=ReportTrigger.MANUAL,
                period_start=start,
                period_end=end,
                created_at=NOW,
                content=ReportContent.model_validate(written | content),
            )
        )

    def activities(self, email: EmailSender | None = None) -> ReportDeliveryActivities:
        return ReportDeliveryActivities(
            registry=self.registry,
            data=ClickHouseReportData(self.events.connection),
            slack=self.slack,
            email=email or NoMail(),
            page_url=lambda run: f"https://assay.example/reports/{run.id}",
        )

    async def deliver(
        self,
        key: str,
        email: EmailSender | None = None,
        *,
        activities: ReportDeliveryActivities | None = None,
    ) -> DeliverOutcome:
        activities = activities or self.activities(email)
        wanted = DeliverReport(project_id=PROJECT, run_id=self.run.id, recipient_key=key)
        return await ActivityEnvironment().run(activities.deliver, wanted)

    async def delivery(self, key: str) -> Delivery:
        known: list[Delivery] = await self.registry.report_runs.deliveries(PROJECT, self.run.id)
        return next(delivery for delivery in known if delivery.recipient.key == key)


@pytest.fixture
async def outbox(
    registry: SqlRegistry, events: ClickHouseEventStore, slack: SlackServer
) -> AsyncIterator[Outbox]:
    async with outbound_client(OutboundPolicy().including([slack.base_url]), timeout=40) as http:
        outbox = Outbox(registry, events, SlackWeb(http, base_url=slack.base_url))
        await outbox.prepare()
        yield outbox


def _mailer(mail: MailServer) -> SmtpSender:
    server = SmtpServer.parse(f"smtp://localhost:{mail.port}")
    return SmtpSender(server, sender=sender_address("reports@assay.example"), timeout=40)


def _titles(slack: SlackServer) -> list[str]:
    return [message.text for message in slack.messages]


THREAD = ["Helpfulness: All is well", "Part 1", "Part 2"]


async def test_a_thread_is_posted_once(outbox: Outbox, slack: SlackServer) -> None:
    for _ in range(2):
        assert await outbox.deliver(outbox.slack_key) == DeliverOutcome(recipient_key=outbox.slack_key)
    assert _titles(slack) == THREAD
    head, *replies = slack.messages
    assert {reply.thread_ts for reply in replies} == {head.ts}
    delivery = await outbox.delivery(outbox.slack_key)
    assert (delivery.is_done, delivery.error) == (True, None)
    assert delivery.receipt == {"channel": "C0QUALITY", "ts": head.ts, "posted": 3}


@pytest.mark.parametrize("failing", [0, 1, 2])
async def test_a_retry_goes_on_where_it_failed(outbox: Outbox, slack: SlackServer, failing: int) -> None:
    lost = SlackReply(status=429, headers={"Retry-After": "7"})
    outbox.slack = _FailingAt(outbox.slack, slack, failing, lost)
    with pytest.raises(DeliveryUnavailable) as caught:
        await outbox.deliver(outbox.slack_key)
    assert caught.value.retry_after == 7
    assert _titles(slack) == THREAD[:failing]
    assert (await outbox.deliver(outbox.slack_key)).error is None
    assert _titles(slack) == THREAD


@pytest.mark.parametrize("dying", [0, 1, 2])
async def test_an_answer_that_gets_lost_repeats_one_message_at_most(
    outbox: Outbox, slack: SlackServer, dying: int
) -> None:
    outbox.slack = _FailingAt(outbox.slack, slack, dying, SlackReply(status=503, after_posting=True))
    with pytest.raises(DeliveryUnavailable):
        await outbox.deliver(outbox.slack_key)
    assert (await outbox.deliver(outbox.slack_key)).error is None
    assert _titles(slack) == THREAD[: dying + 1] + THREAD[dying:]


async def test_a_worker_that_is_asked_to_stop_keeps_the_receipt(outbox: Outbox, slack: SlackServer) -> None:
    paused = _PausedAfter(outbox.slack)
    outbox.slack = paused
    delivering = asyncio.create_task(outbox.deliver(outbox.slack_key))
    await paused.posted.wait()
    delivering.cancel()
    await asyncio.sleep(0)
    paused.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await delivering
    assert _titles(slack) == THREAD[:1]
    assert (await outbox.deliver(outbox.slack_key)).error is None
    assert _titles(slack) == THREAD


@pytest.mark.parametrize("before", [1, 2], ids=["before_a_reply", "before_the_last"])
async def test_an_attempt_that_stood_still_posts_nothing_more(
    outbox: Outbox, slack: SlackServer, before: int
) -> None:
    real, asleep = outbox.slack, _AsleepBeforeLooking(outbox.registry, looks=before + 2)
    outbox.registry = asleep
    late = asyncio.create_task(outbox.deliver(outbox.slack_key))
    await asleep.fell_asleep.wait()
    assert _titles(slack) == THREAD[:before]
    outbox.registry, outbox.slack = asleep.inner, real
    assert (await outbox.deliver(outbox.slack_key)).error is None
    asleep.wake.set()
    assert await late == DeliverOutcome(recipient_key=outbox.slack_key)
    assert _titles(slack) == THREAD


async def test_an_attempt_that_stood_still_while_posting_takes_nothing_back(
    outbox: Outbox, slack: SlackServer
) -> None:
    real, paused = outbox.slack, _PausedAfter(outbox.slack)
    outbox.slack = paused
    late = asyncio.create_task(outbox.deliver(outbox.slack_key))
    await paused.posted.wait()
    outbox.slack = real
    assert (await outbox.deliver(outbox.slack_key)).error is None
    done = await outbox.delivery(outbox.slack_key)
    assert (done.is_done, done.receipt["posted"]) == (True, 3)
    paused.go_on.set()
    assert await late == DeliverOutcome(recipient_key=outbox.slack_key)
    assert await outbox.delivery(outbox.slack_key) == done
    # Only the message that was on its way came twice.
    assert _titles(slack) == [THREAD[0], *THREAD]


async def test_an_attempt_that_is_overtaken_half_way_is_not_the_last(
    outbox: Outbox, slack: SlackServer
) -> None:
    """Else a thread would stay short when the attempt in front dies."""
    real, paused = outbox.slack, _PausedAfter(outbox.slack)
    outbox.slack = paused
    behind = asyncio.create_task(outbox.deliver(outbox.slack_key))
    await paused.posted.wait()
    outbox.slack = _FailingAt(real, slack, 1, SlackReply(status=429))
    with pytest.raises(DeliveryUnavailable):
        await outbox.deliver(outbox.slack_key)
    paused.go_on.set()
    with pytest.raises(DeliveryUnavailable, match="Another attempt"):
        await behind
    outbox.slack = real
    assert (await outbox.deliver(outbox.slack_key)).error is None
    assert (await outbox.delivery(outbox.slack_key)).is_done
    assert _titles(slack) == [THREAD[0], *THREAD]


async def test_a_late_refusal_does_not_undo_a_delivery(outbox: Outbox, slack: SlackServer) -> None:
    real, paused = outbox.slack, _PausedBefore(outbox.slack)
    outbox.slack = paused
    late = asyncio.create_task(outbox.deliver(outbox.slack_key))
    await paused.reached.wait()
    outbox.slack = real
    await outbox.deliver(outbox.slack_key)
    done = await outbox.delivery(outbox.slack_key)
    slack.enqueue(SlackReply(error="is_archived"))
    paused.go_on.set()
    assert (await late).error is None
    assert await outbox.delivery(outbox.slack_key) == done


async def test_a_mail_is_sent_by_one_of_two_attempts(outbox: Outbox, mail: MailServer) -> None:
    asleep = _AsleepBeforeLooking(outbox.registry, looks=2)
    outbox.registry = asleep
    late = asyncio.create_task(outbox.deliver(MAIL, _mailer(mail)))
    await asleep.fell_asleep.wait()
    outbox.registry = asleep.inner
    assert (await outbox.deliver(MAIL, _mailer(mail))).error is None
    asleep.wake.set()
    assert (await late).error is None
    assert len(mail.received) == 1


async def test_few_of_many_mails_are_under_way_at_once(outbox: Outbox) -> None:
    addresses = [f"reader-{number}@example.com" for number in range(12)]
    for address in addresses:
        recipient = Recipient(key=f"email:{address}", kind=RecipientKind.EMAIL, address=address)
        await outbox.registry.report_runs.save_delivery(
            PROJECT, Delivery(run_id=outbox.run.id, recipient=recipient)
        )
    counting = _CountingMail()
    activities = outbox.activities(counting)
    outcomes = await asyncio.gather(
        *(outbox.deliver(f"email:{address}", activities=activities) for address in addresses)
    )
    assert [outcome.error for outcome in outcomes] == [None] * 12
    assert counting.sent == 12
    assert counting.most <= 4


async def test_a_refusal_that_goes_on_and_on_is_shortened(outbox: Outbox, slack: SlackServer) -> None:
    outbox.slack = _Refusing(outbox.slack)
    error = (await outbox.deliver(outbox.slack_key)).error
    assert error is not None
    assert len(error) <= 300
    assert error.startswith("No, No")
    assert (await outbox.delivery(outbox.slack_key)).error == error


async def test_a_refusal_is_an_answer(outbox: Outbox, slack: SlackServer) -> None:
    outbox.slack = _FailingAt(outbox.slack, slack, 1, SlackReply(error="is_archived"))
    outcome = await outbox.deliver(outbox.slack_key)
    assert outcome.error is not None
    assert "archived" in outcome.error
    delivery = await outbox.delivery(outbox.slack_key)
    assert (delivery.is_done, delivery.error, delivery.receipt["posted"]) == (False, outcome.error, 1)


async def test_an_integration_that_was_removed(outbox: Outbox, slack: SlackServer) -> None:
    integration = int(outbox.slack_key.split(":")[1])
    await outbox.registry.integrations.remove(PROJECT, integration)
    assert (await outbox.deliver(outbox.slack_key)).error == "The Slack integration was removed."
    assert slack.messages == []


async def test_an_email_has_the_numbers_and_a_chart(outbox: Outbox, mail: MailServer) -> None:
    store = Backend(outbox.events.connection)
    for at, result in ((NOW - timedelta(hours=2), False), (NOW, True)):
        store.take(at, verdict(PROJECT, result, evaluation=outbox.run.evaluation_id))
    for _ in range(2):
        assert (await outbox.deliver(MAIL, _mailer(mail))).error is None
    [(addresses, message)] = mail.received
    assert addresses == ["ada@example.com"]
    assert message["Subject"] == "Helpfulness: All is well"
    _, related = message.iter_parts()
    html, picture = related.iter_parts()
    assert "75 %" in html.get_content()
    assert f'href="https://assay.example/reports/{outbox.run.id}"' in html.get_content()
    assert 'src="cid:pass-rate"' in html.get_content()
    assert picture.get_content().startswith(b"\x89PNG")
    assert (await outbox.delivery(MAIL)).is_done


async def test_an_email_without_results_has_no_chart(outbox: Outbox, mail: MailServer) -> None:
    assert (await outbox.deliver(MAIL, _mailer(mail))).error is None
    [(_, message)] = mail.received
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


async def test_an_email_that_is_sent_again_can_be_told_by_its_id(outbox: Outbox, mail: MailServer) -> None:
    outbox.registry = _LosingReceipts(outbox.registry)
    with pytest.raises(StoreUnavailable):
        await outbox.deliver(MAIL, _mailer(mail))
    assert (await outbox.deliver(MAIL, _mailer(mail))).error is None
    assert len(mail.received) == 2
    assert len({message["Message-ID"] for _, message in mail.received}) == 1


async def test_mail_servers_refuse_and_postpone(outbox: Outbox, mail: MailServer) -> None:
    mail.answers["RCPT"] = "450 4.2.1 Mailbox busy"
    with pytest.raises(DeliveryUnavailable):
        await outbox.deliver(MAIL, _mailer(mail))
    mail.answers["RCPT"] = "550 5.1.1 No such user"
    outcome = await outbox.deliver(MAIL, _mailer(mail))
    assert outcome.error is not None
    assert "No such user" in outcome.error
    assert (await outbox.delivery(MAIL)).error == outcome.error


async def test_what_cannot_be_delivered_is_told(outbox: Outbox, mail: MailServer) -> None:
    assert "not an e-mail address" in str((await outbox.deliver("email:nobody", _mailer(mail))).error)
    assert "ASSAY_SMTP_URL" in str((await outbox.deliver(MAIL)).error)
    assert "recipient" in str((await outbox.deliver("email:eve@example.com", _mailer(mail))).error)
    outbox.run = outbox.run.model_copy(update={"id": uuid4()})
    assert (await outbox.deliver(MAIL, _mailer(mail))).error == "There is no report to deliver."
    assert mail.received == []


class _FailingAt(SlackWeb):
    """Lets Slack answer one message, by its number, in another way."""

    def __init__(self, inner: SlackWeb, server: SlackServer, number: int, reply: SlackReply) -> None:
        self._inner, self._server, self._left, self._reply = inner, server, number, reply

    async def post(self, *arguments: Any, **named: Any) -> Any:
        if self._left == 0:
            self._server.enqueue(self._reply)
        self._left -= 1
        return await self._inner.post(*arguments, **named)


class _PausedAfter(SlackWeb):
    """Stops behind the first message until it may go on."""

    def __init__(self, inner: SlackWeb) -> None:
        self._inner = inner
        self.posted, self.go_on = asyncio.Event(), asyncio.Event()

    async def post(self, *arguments: Any, **named: Any) -> Any:
        answer = await self._inner.post(*arguments, **named)
        self.posted.set()
        await self.go_on.wait()
        return answer


class _PausedBefore(SlackWeb):
    """Stops before the first message until it may go on."""

    def __init__(self, inner: SlackWeb) -> None:
        self._inner = inner
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def post(self, *arguments: Any, **named: Any) -> Any:
        self.reached.set()
        await self.go_on.wait()
        return await self._inner.post(*arguments, **named)


class _Refusing(SlackWeb):
    """Refuses with many words."""

    def __init__(self, inner: SlackWeb) -> None:
        self._inner = inner

    async def post(self, *arguments: Any, **named: Any) -> Any:
        raise DeliveryRefused("No, " * 500)


class _CountingMail:
    """A mail server that notes how many messages it is given at once."""

    is_configured = True

    def __init__(self) -> None:
        self.sent = self.most = self._now = 0

    async def send(self, message: EmailMessage) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        # Until nobody else comes: what could be here at the same time is.
        for _ in range(200):
            await asyncio.sleep(0.001)
        self._now -= 1
        self.sent += 1


class _AsleepBeforeLooking:
    """A registry for a worker that stands still just before it looks at the receipts for the n-th time."""

    def __init__(self, inner: SqlRegistry, *, looks: int) -> None:
        self.inner = inner
        self.report_runs = self
        self.fell_asleep, self.wake = asyncio.Event(), asyncio.Event()
        self._looks = looks

    async def deliveries(self, project_id: int, run_id: UUID) -> list[Delivery]:
        self._looks -= 1
        if self._looks == 0:
            self.fell_asleep.set()
            await self.wake.wait()
        return await self.inner.report_runs.deliveries(project_id, run_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner.report_runs, name, None) or getattr(self.inner, name)


class _LosingReceipts:
    """A registry that is away when the first receipt of something sent comes."""

    def __init__(self, inner: SqlRegistry) -> None:
        self._inner = inner
        self.report_runs = self
        self._is_lost = False

    async def save_delivery(
        self, project_id: int, delivery: Delivery, *, over: Delivery | None = None
    ) -> Delivery:
        if delivery.is_done and not self._is_lost:
            self._is_lost = True
            raise StoreUnavailable("The registry did not answer.")
        return await self._inner.report_runs.save_delivery(project_id, delivery, over=over)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner.report_runs, name, None) or getattr(self._inner, name)
