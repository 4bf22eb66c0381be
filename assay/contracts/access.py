"""Who may do what: organisations, projects, users and API keys."""

from __future__ import annotations

from uuid import UUID

from assay.contracts.base import Contract, UtcDatetime


class Organization(Contract):
    """A customer: owns projects and decides on AI processing.

    Attributes:
        ai_consent: whether the organisation approved third-party AI processing of its data.
    """

    id: UUID
    name: str
    ai_consent: bool


class Project(Contract):
    """What the API calls an environment or team.

    Attributes:
        token: the ingestion token that SDKs send; it can write events and nothing else.
    """

    id: int
    organization_id: UUID
    name: str
    token: str


class User(Contract):
    """A person; `created_by` of the objects that they make."""

    id: int
    uuid: UUID
    distinct_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    email: str
    is_email_verified: bool | None = None
    role_at_organization: str | None = None
    is_active: bool = True


class Principal(Contract):
    """The caller behind a valid API key.

    Attributes:
        key_id: id of the key, also the throttle's counter key.
        scopes: granted `<object>:read|write` strings, or `*`.
        project_ids: projects the key is limited to; None is no limit.
        organization_ids: organisations that the user is a member of.
        admin_organization_ids: those of them where the user is an owner or an admin.
        current_project_id: what `@current` means for this user, None if the user has no project.
    """

    key_id: UUID
    user: User
    scopes: tuple[str, ...]
    project_ids: tuple[int, ...] | None
    organization_ids: tuple[UUID, ...]
    admin_organization_ids: tuple[UUID, ...]
    current_project_id: int | None


class ApiKey(Contract):
    """An API key as it can be shown: the secret itself is not stored."""

    id: UUID
    label: str
    user_email: str
    scopes: tuple[str, ...]
    project_ids: tuple[int, ...] | None
    created_at: UtcDatetime
    last_used_at: UtcDatetime | None
