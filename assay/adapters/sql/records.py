"""From rows to the contracts that leave the registry."""

from __future__ import annotations

from assay.adapters.sql.tables import (
    ApiKeyRow,
    EvaluationRow,
    MembershipRole,
    OrganizationRow,
    ProjectRow,
    ProviderKeyRow,
    UserRow,
)
from assay.contracts.access import ApiKey, Organization, Project, User
from assay.contracts.evaluations import Evaluation, ModelConfiguration
from assay.contracts.provider_keys import ProviderKey


def organization(row: OrganizationRow) -> Organization:
    """The organisation in `row`."""
    return Organization(id=row.id, name=row.name, ai_consent=row.ai_consent)


def project(row: ProjectRow) -> Project:
    """The project in `row`."""
    return Project(id=row.id, organization_id=row.organization_id, name=row.name, token=row.token)


def user(row: UserRow, role: MembershipRole | None = None) -> User:
    """The user in `row`, with the role in the organisation that the context is about, if any."""
    return User(
        id=row.id,
        uuid=row.uuid,
        distinct_id=row.distinct_id,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        is_email_verified=row.is_email_verified,
        role_at_organization=None if role is None else role.value,
        is_active=row.is_active,
    )


def api_key(row: ApiKeyRow, user_email: str) -> ApiKey:
    """What can be shown of the key in `row`."""
    return ApiKey(
        id=row.id,
        label=row.label,
        user_email=user_email,
        scopes=tuple(row.scopes),
        project_ids=None if row.project_ids is None else tuple(row.project_ids),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )


def provider_key(row: ProviderKeyRow, author: UserRow | None, role: MembershipRole | None) -> ProviderKey:
    """What can be shown of the provider key in `row`, with its author."""
    return ProviderKey(
        id=row.id,
        project_id=row.project_id,
        provider=row.provider,
        name=row.name,
        state=row.state,
        error_message=row.error_message,
        masked=row.masked,
        azure_endpoint=row.azure_endpoint,
        api_version=row.api_version,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=None if author is None else user(author, role),
        last_used_at=row.last_used_at,
    )


def evaluation(
    row: EvaluationRow, author: UserRow | None, role: MembershipRole | None, key_name: str | None
) -> Evaluation:
    """The evaluation in `row` with its author, the author's role in the organisation and its key's name."""
    return Evaluation(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        enabled=row.enabled,
        status=row.status,
        status_reason=row.status_reason,
        active_since=row.active_since,
        evaluation_type=row.evaluation_type,
        evaluation_config=row.evaluation_config,
        output_type=row.output_type,
        output_config=row.output_config,
        conditions=tuple(row.conditions),
        model_configuration=_model_configuration(row, key_name),
        deleted=row.deleted,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=None if author is None else user(author, role),
    )


def _model_configuration(row: EvaluationRow, key_name: str | None) -> ModelConfiguration | None:
    if row.provider is None or row.model is None:
        return None
    return ModelConfiguration(
        provider=row.provider,
        model=row.model,
        provider_key_id=row.provider_key_id,
        provider_key_name=key_name,
    )
