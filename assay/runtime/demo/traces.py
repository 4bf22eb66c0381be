"""Traces of an imaginary support bot, good answers and bad ones, sent with the real PostHog SDK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from posthog import Posthog

_SYSTEM = (
    "You are the support assistant of Northwind Cloud. Answer from the help centre articles you are given. "
    "Be correct, specific and polite."
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question to the bot, the article it found, and what it answered."""

    question: str
    article: str
    answer: str


@dataclass(frozen=True, slots=True)
class Captured:
    """A generation that was sent.

    Attributes:
        uuid: the event's uuid, which an evaluation run names as its target.
    """

    uuid: UUID
    timestamp: datetime
    exchange: Exchange


EXCHANGES: Sequence[Exchange] = tuple(
    Exchange(*fields)
    for fields in (
        (
            "How do I reset my password?",
            "Sign in page → “Forgot password” sends a link that is valid for 30 minutes.",
            "Open the sign-in page and choose “Forgot password”. We send a link; it works for 30 minutes.",
        ),
        (
            "Which regions can I deploy to?",
            "Regions: eu-central, eu-west, us-east, us-west, ap-south.",
            "You can deploy to eu-central, eu-west, us-east, us-west and ap-south.",
        ),
        (
            "Can I get a refund for last month?",
            "Refunds: within 14 days of the invoice, from Billing → Invoices → Request refund.",
            "I don't know.",
        ),
        (
            "My build fails with exit code 137.",
            "Exit code 137: the build ran out of memory. Raise it under Project → Builds → Memory.",
            "Exit code 137 means that the build ran out of memory. Raise the limit under Project → Builds → "
            "Memory and run it again.",
        ),
        (
            "How do I add a teammate?",
            "Settings → Members → Invite. Roles: viewer, developer, admin.",
            "Go to Settings → Members → Invite and pick a role: viewer, developer or admin.",
        ),
        (
            "Is my data encrypted at rest?",
            "All volumes use AES-256 encryption at rest; keys rotate every 90 days.",
            "Yes. All volumes are encrypted at rest with AES-256, and the keys rotate every 90 days.",
        ),
        (
            "Why was I charged twice?",
            "Double charges: a pending authorisation disappears after 5 days.",
            "I'm sorry, I can't help with that.",
        ),
        (
            "What is the rate limit of the API?",
            "API: 600 requests a minute per token; 429 with Retry-After above that.",
            "600 requests a minute per token. Above that you get a 429 with a Retry-After header.",
        ),
        (
            "How can I export my logs?",
            "Logs → Export: CSV or JSON, up to 30 days back.",
            "Use Logs → Export. You can choose CSV or JSON and go back up to 30 days.",
        ),
        (
            "Do you support single sign-on?",
            "SSO (SAML and OIDC) is part of the Business plan.",
            "Yes, SAML and OIDC single sign-on come with the Business plan.",
        ),
        (
            "How do I delete my account?",
            "Account → Close account; data is kept for 30 days.",
            "",
        ),
        (
            "Can I roll back a deployment?",
            "Deployments → … → Roll back. Database migrations are not rolled back.",
            "Yes: Deployments → … → Roll back. Note that database migrations are not rolled back.",
        ),
        (
            "What does the free plan include?",
            "Free: 1 project, 512 MB memory, 1 GB storage, community support.",
            "One project, 512 MB of memory, 1 GB of storage and community support.",
        ),
        (
            "How long do you keep backups?",
            "Backups: daily, kept for 7 days (Free) or 35 days (paid).",
            "Daily backups are kept for 7 days on the Free plan and 35 days on paid plans.",
        ),
        (
            "My custom domain shows a certificate error.",
            "Certificates are issued after the CNAME resolves; this takes up to one hour.",
            "As an AI language model I do not have access to your domain.",
        ),
        (
            "Can I change the region of a project?",
            "A project's region is fixed. Create a new one and use Transfer to move data.",
            "A project's region is fixed. Create a new project in the region you want and move data with "
            "Transfer.",
        ),
        (
            "How do I set environment variables?",
            "Project → Variables; changes take effect with the next deployment.",
            "Open Project → Variables. A change takes effect with your next deployment.",
        ),
        (
            "Do you offer a discount for students?",
            "Students get the Starter plan free for a year with a university e-mail.",
            "Yes, with a university e-mail address the Starter plan is free for one year.",
        ),
        (
            "Why is my site slow?",
            "Insights → Latency shows the slowest routes; add a cache rule for static files.",
            "That is a stupid question. Just buy a bigger plan.",
        ),
        (
            "How do I see my invoices?",
            "Billing → Invoices; owners and billing admins can see them.",
            "They are under Billing → Invoices. You need to be an owner or billing admin to see them.",
        ),
        (
            "What happens when I exceed my storage?",
            "Over 100 %: writes are refused until space is freed or the plan is raised.",
            "Writes are refused until you free space or move to a bigger plan; reads go on as usual.",
        ),
        (
            "Can I run cron jobs?",
            "Scheduled jobs: standard cron syntax in UTC, at most once a minute.",
            "Yes. Scheduled jobs use standard cron syntax in UTC and can run at most once a minute.",
        ),
        (
            "How do I rotate an API token?",
            "Tokens → Rotate: the old one stays valid for 24 hours.",
            "Choose Tokens → Rotate. The old token stays valid for 24 hours, so that you can switch over.",
        ),
        (
            "Is there a status page?",
            "status.northwind.example lists incidents and maintenance.",
            "Yes: status.northwind.example lists incidents and planned maintenance.",
        ),
        (
            "Can two projects share a database?",
            "A database belongs to one project; use a private link to reach it from another.",
            "I am not sure, you should ask somebody else.",
        ),
        (
            "How do I enable two-factor authentication?",
            "Account → Security → Two-factor; TOTP apps and security keys work.",
            "Go to Account → Security → Two-factor. Authenticator apps and security keys both work.",
        ),
        (
            "What is your SLA?",
            "Business: 99.95 % a month; credits of 10 % per started 0.1 % below.",
            "On the Business plan we promise 99.95 % a month, with a 10 % credit per started 0.1 % below.",
        ),
        (
            "How do I connect GitHub?",
            "Project → Source → Connect GitHub; needs the Northwind GitHub app.",
            "Open Project → Source → Connect GitHub and install the Northwind GitHub app when asked.",
        ),
        (
            "Do you have an on-premise version?",
            "There is no on-premise version; dedicated clusters are part of Enterprise.",
            "Yes we do. No, there is no on-premise version.",
        ),
        (
            "How do I scale to more instances?",
            "Project → Scaling: fixed count or automatic between a minimum and a maximum.",
            "Under Project → Scaling you set a fixed number of instances, or a minimum and maximum for "
            "automatic scaling.",
        ),
        (
            "Which Postgres versions are supported?",
            "PostgreSQL 15, 16 and 17; 14 until next spring.",
            "We support PostgreSQL 15, 16 and 17, and 14 until next spring.",
        ),
        (
            "Can I pay by bank transfer?",
            "Bank transfer: annual plans only, 30 days net.",
            "Yes, for annual plans. Payment is due within 30 days.",
        ),
        (
            "How do I get webhooks on deploys?",
            "Project → Webhooks: deploy.started, deploy.succeeded, deploy.failed; signed with HMAC.",
            "Add one under Project → Webhooks. You can subscribe to deploy.started, deploy.succeeded and "
            "deploy.failed; each call is signed with HMAC.",
        ),
        (
            "My invite link expired.",
            "Invitations expire after 7 days; an admin can send a new one from Members.",
            "Invitations expire after 7 days. Ask an admin to send you a new one from Settings → Members.",
        ),
    )
)


def capture_traces(host: str, token: str) -> list[Captured]:
    """Send every exchange as a trace of three events with the PostHog SDK, and wait until all are taken.

    Args:
        host: base URL of the API, what the SDK calls host.
        token: the project's ingestion token.

    Raises:
        RuntimeError: the SDK could not deliver an event.
    """
    failures: list[str] = []
    sdk = Posthog(token, host=host, on_error=lambda error, _batch: failures.append(str(error)))
    try:
        captured = [_capture(sdk, number, exchange) for number, exchange in enumerate(EXCHANGES)]
        sdk.flush()
    finally:
        sdk.shutdown()
    if failures:
        raise RuntimeError(f"the SDK could not deliver: {failures[0]}")
    return captured


def _capture(sdk: Posthog, number: int, exchange: Exchange) -> Captured:
    trace_id, generation = str(uuid4()), uuid4()
    at = datetime.now(UTC) - timedelta(minutes=2 * (len(EXCHANGES) - number))
    user = f"customer-{number % 11}"
    shared = {"$ai_trace_id": trace_id, "$ai_session_id": f"session-{number % 17}"}

    def send(event: str, properties: dict[str, Any], **more: Any) -> None:
        sdk.capture_ai(event, distinct_id=user, timestamp=at, properties=shared | properties, **more)

    send(
        "$ai_span",
        {
            "$ai_span_name": "search help centre",
            "$ai_parent_id": trace_id,
            "$ai_input_state": {"query": exchange.question},
            "$ai_output_state": {"articles": [exchange.article]},
            "$ai_latency": 0.08,
        },
    )
    send("$ai_generation", _generation(exchange) | {"$ai_parent_id": trace_id}, uuid=str(generation))
    send(
        "$ai_trace",
        {
            "$ai_span_name": "support chat",
            "$ai_input_state": exchange.question,
            "$ai_output_state": exchange.answer,
            "$ai_latency": 0.9 + len(exchange.answer) / 400,
        },
    )
    return Captured(generation, at, exchange)


def _generation(exchange: Exchange) -> dict[str, Any]:
    prompt = f"Article: {exchange.article}\n\nQuestion: {exchange.question}"
    return {
        "$ai_model": "gpt-5-mini",
        "$ai_provider": "openai",
        "$ai_input": [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": prompt}],
        "$ai_output_choices": [{"role": "assistant", "content": exchange.answer}],
        "$ai_input_tokens": (len(_SYSTEM) + len(prompt)) // 4,
        "$ai_output_tokens": len(exchange.answer) // 4,
        "$ai_latency": 0.8 + len(exchange.answer) / 400,
        "$ai_http_status": 200,
    }
