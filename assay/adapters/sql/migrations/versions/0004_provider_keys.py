"""Provider keys, the evaluation settings of projects, and the keys that evaluations judge with."""

import sqlalchemy as sa
from alembic import op

revision = "0004_provider_keys"
down_revision = "0003_datasets"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_provider_keys()
    _create_evaluation_configs()
    _link_evaluations()


def _create_provider_keys() -> None:
    checks = {
        "name_length": "length(name) BETWEEN 1 AND 255",
        "version_positive": "version >= 1",
        "state_agrees": "state <> 'ok' OR error_message IS NULL",
        "azure_complete": (
            "(provider = 'azure_openai') = (azure_endpoint IS NOT NULL)"
            " AND (provider = 'azure_openai') = (api_version IS NOT NULL)"
        ),
        "provider": (
            "provider IN ('openai', 'anthropic', 'gemini', 'openrouter', 'fireworks', 'azure_openai', "
            "'together_ai')"
        ),
        "state": "state IN ('unknown', 'ok', 'invalid', 'error')",
    }
    op.create_table(
        "provider_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("error_message", sa.Text()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_with", sa.String(16), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("azure_endpoint", sa.Text()),
        sa.Column("api_version", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_used_at", _INSTANT),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_provider_keys_{name}")) for name, rule in checks.items()),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_provider_keys_project_id"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name="fk_provider_keys_created_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_provider_keys"),
    )
    op.create_index("ix_provider_keys_project_id_created_at", "provider_keys", ["project_id", "created_at"])


def _create_evaluation_configs() -> None:
    op.create_table(
        "evaluation_configs",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("active_provider_key_id", sa.Uuid()),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_evaluation_configs_project_id"),
        sa.ForeignKeyConstraint(
            ["active_provider_key_id"],
            ["provider_keys.id"],
            name="fk_evaluation_configs_active_provider_key_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("project_id", name="pk_evaluation_configs"),
    )
    op.create_index(
        "ix_evaluation_configs_active_provider_key_id", "evaluation_configs", ["active_provider_key_id"]
    )


def _link_evaluations() -> None:
    # No evaluation has a key yet: until this step, every id was refused as unknown. SQLite gets a copy of
    # the table, with its CHECKs: they are reflected, as all of them have names.
    with op.batch_alter_table("evaluations") as evaluations:
        evaluations.create_foreign_key(
            "fk_evaluations_provider_key_id",
            "provider_keys",
            ["provider_key_id"],
            ["id"],
            ondelete="SET NULL",
        )
        evaluations.create_index("ix_evaluations_provider_key_id", ["provider_key_id"])
