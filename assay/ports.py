"""What the engine needs from the outside, as Protocols. `assay.adapters` implements them.

The event store is synchronous because the embedded engine has no asynchronous client: call it from
thread-pool activities or through `asyncio.to_thread`. Everything else is asynchronous.

Every port raises `assay.errors.StoreUnavailable` (stores) or another `WorkError` (models) when the
outside fails; driver exceptions never cross it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from assay.contracts.access import ApiKey, Organization, Principal, Project, User
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationQuery,
    EvaluationSpec,
    Provider,
    StatusReason,
    TrialPlace,
)
from assay.contracts.events import Event, EventRef
from assay.contracts.models import ModelReply, ModelRequest


class EventStore(Protocol):
    """Captured events and the derived ones (`$ai_evaluation` …), one table."""

    def insert(self, events: Sequence[Event]) -> None:
        """Write events; they are durable when this returns. Writing an event again changes no answer."""

    def find_event(self, ref: EventRef, *, distinct_id: str | None = None) -> Event | None:
        """One event by its full address, or None. `distinct_id`, when given, must match as well."""

    def trace(self, project_id: int, trace_id: str, *, limit: int = 1000) -> list[Event]:
        """The events of one trace, oldest first, each uuid once."""

    def ping(self) -> None:
        """Prove that the store answers."""

    def migrate(self) -> list[str]:
        """Apply the schema migrations that are still missing; returns their names."""

    def close(self) -> None:
        """Release the store."""


class EvaluationRepository(Protocol):
    """Evaluations of all projects; every call names the project, so no project sees another's."""

    async def create(self, project_id: int, spec: EvaluationSpec, *, created_by: int | None) -> Evaluation:
        """Store a new evaluation: `active` if enabled, else `paused`; version 1."""

    async def get(
        self, project_id: int, evaluation_id: UUID, *, include_deleted: bool = False
    ) -> Evaluation | None:
        """One evaluation, or None."""

    async def list(self, project_id: int, query: EvaluationQuery) -> tuple[int, list[Evaluation]]:
        """Number of matching evaluations that are not deleted, and one page of them."""

    async def update(
        self, project_id: int, evaluation_id: UUID, change: Callable[[Evaluation], EvaluationSpec]
    ) -> Evaluation | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. Status follows `enabled` when that changes, and
        the version grows when something that decides verdicts changes.
        """

    async def fail(self, project_id: int, evaluation_id: UUID, reason: StatusReason) -> bool:
        """Put an active evaluation into `error`; True only for the call that made the transition."""


class AccessRepository(Protocol):
    """Organisations, users, projects, memberships and API keys."""

    async def authenticate(self, secret: str) -> Principal | None:
        """The caller behind an API key, or None; refreshes `last_used_at` at most once an hour."""

    async def project(self, project_id: int) -> Project | None:
        """One project, or None."""

    async def project_by_token(self, token: str) -> Project | None:
        """The project that an ingestion token writes to, or None."""

    async def organization(self, organization_id: UUID) -> Organization | None:
        """One organisation, or None."""

    async def create_project(self, name: str) -> Project:
        """A new project of the first organisation, with a fresh ingestion token."""

    async def create_key(
        self, *, project_id: int | None, scopes: Sequence[str], label: str
    ) -> tuple[ApiKey, str]:
        """A new API key of the first user, limited to the project if one is given, and its secret."""

    async def list_keys(self) -> list[ApiKey]:
        """All keys that are not revoked, oldest first."""

    async def revoke_key(self, key_id: UUID) -> bool:
        """Revoke a key; False if there was none."""

    async def set_ai_consent(self, consent: bool) -> Organization:
        """Record the first organisation's decision on third-party AI processing."""

    async def first_user(self) -> User:
        """The user made by the bootstrap."""


class TrialLedger(Protocol):
    """Counts verdicts on the operator's own model key, one row per verdict, so a retry counts once.

    A place is reserved before the model is asked, and confirmed or released afterwards; a reservation whose
    process died comes back by itself.
    """

    async def reserve(self, project_id: int, verdict_event_id: UUID, *, limit: int) -> TrialPlace:
        """Take one of `limit` places for this verdict."""

    async def confirm(self, project_id: int, verdict_event_id: UUID) -> None:
        """The verdict was reached: its place is used for good."""

    async def release(self, project_id: int, verdict_event_id: UUID) -> None:
        """Give a reserved place back because no verdict came of it; a confirmed one stays."""

    async def used(self, project_id: int) -> int:
        """Confirmed places."""


class Registry(Protocol):
    """The SQL side: configuration and access."""

    @property
    def evaluations(self) -> EvaluationRepository:
        """Evaluations."""

    @property
    def access(self) -> AccessRepository:
        """Callers and projects."""

    @property
    def trial(self) -> TrialLedger:
        """Use of the house key."""

    async def ping(self) -> None:
        """Prove that the registry answers."""

    async def close(self) -> None:
        """Release all connections."""


class LanguageModel(Protocol):
    """Model providers behind one call."""

    def offers(self, provider: Provider) -> bool:
        """Whether the operator's house access covers this provider."""

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once, without retries of its own; failures are the model errors of `assay.errors`."""
