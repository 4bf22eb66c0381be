"""Organisations, users, projects, API keys, evaluations and the trial ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001_access_and_evaluations"
down_revision = None

# A step is history: it spells out what the schema was, and imports nothing that may change later.
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_INSTANT = sa.DateTime(timezone=True)
_FOLDED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _create_accounts()
    _create_projects()
    _create_api_keys()
    _create_evaluations()
    _create_trial_evaluations()


def _create_accounts() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ai_consent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("distinct_id", sa.Text()),
        sa.Column("is_email_verified", sa.Boolean()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("uuid", name="uq_users_uuid"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_memberships_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_memberships_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "organization_id", name="pk_memberships"),
    )


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), sa.Identity(start=2), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_projects_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("token", name="uq_projects_token"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_projects_organization_id", "projects", ["organization_id"])


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("scopes", _JSON, nullable=False),
        sa.Column("project_ids", _JSON),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("last_used_at", _INSTANT),
        sa.Column("revoked_at", _INSTANT),
        sa.CheckConstraint("length(key_hash) = 64", name=op.f("ck_api_keys_key_hash")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_keys_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])


def _create_evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("description_folded", _FOLDED_TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("status_reason", sa.String(40)),
        sa.Column("evaluation_type", sa.String(40), nullable=False),
        sa.Column("evaluation_config", _JSON, nullable=False),
        sa.Column("output_type", sa.String(40), nullable=False),
        sa.Column("output_config", _JSON, nullable=False),
        sa.Column("conditions", _JSON, nullable=False),
        sa.Column("provider", sa.String(40)),
        sa.Column("model", sa.Text()),
        sa.Column("provider_key_id", sa.Uuid()),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        *_evaluation_checks(),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name="fk_evaluations_created_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_evaluations_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
    )
    for column in ("created_at", "updated_at", "name_folded"):
        op.create_index(f"ix_evaluations_project_id_{column}", "evaluations", ["project_id", column])


def _evaluation_checks() -> list[sa.CheckConstraint]:
    checks = {
        "status_agrees": (
            "(status = 'active' AND enabled AND status_reason IS NULL)"
            " OR (status = 'paused' AND NOT enabled AND status_reason IS NULL)"
            " OR (status = 'error' AND NOT enabled AND status_reason IS NOT NULL)"
        ),
        "model_configuration_complete": (
            "(provider IS NULL) = (model IS NULL) AND (provider IS NOT NULL OR provider_key_id IS NULL)"
        ),
        "name_length": "length(name) BETWEEN 1 AND 400",
        "version_positive": "version >= 1",
        "status": "status IN ('active', 'paused', 'error')",
        "status_reason": (
            "status_reason IN ('trial_limit_reached', 'model_not_allowed', 'provider_key_deleted', "
            "'provider_key_required', 'hog_error')"
        ),
        "evaluation_type": "evaluation_type IN ('llm_judge', 'hog')",
        "output_type": "output_type IN ('boolean')",
        "provider": (
            "provider IN ('openai', 'anthropic', 'gemini', 'openrouter', 'fireworks', 'azure_openai', "
            "'together_ai')"
        ),
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_evaluations_{name}")) for name, rule in checks.items()]


def _create_trial_evaluations() -> None:
    op.create_table(
        "trial_evaluations",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("verdict_event_id", sa.Uuid(), nullable=False),
        sa.Column("reserved_at", _INSTANT, nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_trial_evaluations_project_id"),
        sa.PrimaryKeyConstraint("project_id", "verdict_event_id", name="pk_trial_evaluations"),
    )
