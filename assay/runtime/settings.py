"""Every setting, in one typed place: environment variables, or a `.env` file in the working directory.

Temporal's own `TEMPORAL_*` variables are read by `temporalio.envconfig`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from temporalio.envconfig import ClientConfig, ClientConnectConfig

from assay.adapters.email import SmtpServer, sender_address
from assay.adapters.llm import LITELLM_ENVIRONMENT
from assay.adapters.outbound import OutboundPolicy
from assay.domain.embedding import hosted_model
from assay.errors import SetupError
from schedules.cron import check_cron
from schedules.job_kinds import CLUSTERING_CRON, OFF, SUMMARIZATION_CRON, JobCrons
from schedules.native import RECONCILE_REPORTS_CRON

Port = Annotated[int, Field(ge=0, le=65535)]

_ENV_FILE = ".env"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_TEMPORAL_CHOICE = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
"""Setting one of these means: use that service instead of a child."""


class SentimentBackend(StrEnum):
    """What tells how texts feel."""

    LEXICON = "lexicon"
    ONNX = "onnx"
    LLM = "llm"


class Settings(BaseSettings):
    """The operator's choices; `docs/settings.md` is made from this class."""

    model_config = SettingsConfigDict(
        env_prefix="ASSAY_", env_file=_ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True
    )

    data_dir: Path = Field(
        Path(".assay"), description="Embedded stores, Temporal's file and the generated secret."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: Port = Field(8000, description="Port of the API; 0 picks a free one.")
    public_url: str | None = Field(
        None,
        description="Where people reach the API, `https://assay.example.com`; unset: messages hold no links "
        "to the pages of reports.",
    )
    temporal_port: Port = Field(7233, description="Port of the child Temporal server; 0 picks a free one.")
    temporal_ui_port: Port = Field(8233, description="Port of its web UI; 0 switches the UI off.")
    database_url: SecretStr | None = Field(
        None, description="`postgresql+asyncpg://…`; unset: SQLite in the data folder."
    )
    clickhouse_url: SecretStr | None = Field(
        None, description="`http://user:password@host:8123/database`; unset: chDB in the data folder."
    )
    secret_keys: SecretStr | None = Field(
        None, description="Comma list: the first signs, all verify. Unset: generated (embedded only)."
    )
    init_api_key: SecretStr | None = Field(
        None, description="An API key with scope `*`, made at the next start."
    )
    init_project_token: SecretStr | None = Field(
        None, description="Ingestion token of project 1; another value replaces it."
    )
    init_user_email: str = Field("admin@localhost", description="First start: e-mail of the first user.")
    init_ai_consent: bool = Field(True, description="First start: consent to third-party AI processing.")
    trial_eval_limit: Annotated[int, Field(ge=0)] = Field(
        100, description="Evaluations per project on the operator's own model key."
    )
    outbound_allow: str | None = Field(
        None,
        description="Where model and delivery calls may go besides https on the public internet, also "
        "without TLS: comma list of hosts (`gateway.internal`, `*.svc.cluster.local`), addresses and "
        "networks, each optionally with `:port`.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="The mail server of reports: `smtp://user:password@host:587` (with STARTTLS where the "
        "server offers it; `?starttls=required` or `off`) or `smtps://…`; unset: no e-mail. A password is "
        "sent over TLS only.",
    )
    smtp_from: str | None = Field(
        None,
        validate_default=True,
        description="Who reports are from: `reports@example.com` or `Assay <reports@example.com>`; needed "
        "with a mail server.",
    )
    hog_processes: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Child processes that run Hog programs at a time; unset: half as many as there are "
        "processors. One more compiles programs.",
    )
    hog_process_memory_mb: Annotated[int, Field(ge=128)] = Field(
        256, description="Memory that each of them may allocate, in MiB."
    )
    model_concurrency: Annotated[int, Field(ge=1)] = Field(
        64, description="Questions in flight per provider key and worker process at most."
    )
    reconcile_minutes: Annotated[int, Field(ge=1, le=1440)] = Field(
        5, description="How often what was sampled is compared with its verdicts; the same for all workers."
    )
    report_reconcile_cron: str = Field(
        RECONCILE_REPORTS_CRON,
        description="When reports are compared with their workflows: cron with five fields, in UTC; the same "
        "for all workers.",
    )
    summarization_cron: str = Field(
        SUMMARIZATION_CRON,
        description="When samples of the last hours are [summarised](summarization.md#hour-by-hour), also in "
        "projects without clustering jobs: cron with five fields, in UTC, or `off`; the same for all "
        "processes. It costs up to 15 answers of a model per project and hour, on your own key where a "
        "project has none.",
    )
    clustering_cron: str = Field(
        CLUSTERING_CRON,
        description="When what happened in the last days is put into [clusters](clustering.md), also in "
        "projects without clustering jobs: cron with five fields, in UTC, or `off`; the same for all "
        "processes. New clusters are named by a model, on your own key where a project has none.",
    )
    embedding_model: str | None = Field(
        None,
        description="A hosted model that [embeds texts](embeddings.md), `provider/model`, such as "
        "`openai/text-embedding-3-small`; the same for all processes. Unset: the local model.",
    )
    sentiment_backend: SentimentBackend = Field(
        SentimentBackend.LEXICON,
        description="What tells [how texts feel](sentiment-backends.md): `lexicon`, `onnx` (your model) "
        "or `llm` (texts go to the model provider); the same for all processes.",
    )
    sentiment_model: str | None = Field(
        None,
        validate_default=True,
        description="With `onnx`, which needs it: a folder with `model.onnx`, `tokenizer.json` and "
        "`config.json`, or a repository of the Hugging Face hub, `owner/name@revision`. With `llm`: a model "
        "of the provider whose key is used; unset: its usual one.",
    )
    slack_base_url: str | None = Field(
        None, description="Base URL of Slack's Web API; unset: Slack's own, `https://slack.com/api/`."
    )
    throttle: bool = Field(True, description="`off` lifts the per-key request limits.")

    @field_validator("sentiment_model")
    @classmethod
    def _fits_the_backend(cls, value: str | None, info: ValidationInfo) -> str | None:
        backend = info.data.get("sentiment_backend")
        if value is None and backend is SentimentBackend.ONNX:
            raise ValueError("must be set with ASSAY_SENTIMENT_BACKEND=onnx")
        if value is not None and backend is SentimentBackend.LEXICON:
            raise ValueError("goes with ASSAY_SENTIMENT_BACKEND=onnx or llm; the lexicon has no other model")
        return value

    @field_validator("outbound_allow")
    @classmethod
    def _is_a_policy(cls, value: str | None) -> str | None:
        OutboundPolicy.parse(value or "")
        return value

    @field_validator("report_reconcile_cron")
    @classmethod
    def _is_a_cron_text(cls, value: str) -> str:
        return check_cron(value)

    @field_validator("summarization_cron", "clustering_cron")
    @classmethod
    def _is_a_cron_text_or_off(cls, value: str) -> str:
        return value if value == OFF else check_cron(value)

    @field_validator("embedding_model")
    @classmethod
    def _is_a_hosted_model(cls, value: str | None) -> str | None:
        return None if value is None else hosted_model(value).name

    @field_validator("public_url", "slack_base_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://host")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an http or https address without query and fragment")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            SmtpServer.parse(value.get_secret_value())
        return value

    @field_validator("smtp_from")
    @classmethod
    def _is_a_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            sender_address(value)
        elif info.data.get("smtp_url") is not None:
            raise ValueError("must be set with ASSAY_SMTP_URL")
        return value

    @field_validator("init_user_email")
    @classmethod
    def _has_at(cls, value: str) -> str:
        if "@" not in value:
            raise ValueError("must be an e-mail address")
        return value

    @property
    def embedded_events(self) -> bool:
        """Whether the event store is chDB inside this process."""
        return self.clickhouse_url is None

    @property
    def job_crons(self) -> JobCrons:
        """When things are done for clustering jobs."""
        return JobCrons(summarization=self.summarization_cron, clustering=self.clustering_cron)

    @property
    def registry_url(self) -> str:
        """SQLAlchemy URL of the registry."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.registry_file.absolute()}"

    @property
    def registry_file(self) -> Path:
        """The registry where no database is named."""
        return self.data_dir / "registry.sqlite"


class HouseSettings(BaseSettings):
    """The operator's own model access, under the names that litellm and the providers' SDKs use."""

    model_config = SettingsConfigDict(
        env_file=_ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = Field(
        None, validation_alias=AliasChoices("OPENAI_BASE_URL", "OPENAI_API_BASE")
    )
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str | None = Field(
        None, validation_alias=AliasChoices("ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE")
    )
    gemini_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("GEMINI_API_KEY", "GOOGLE_API_KEY")
    )
    gemini_base_url: str | None = None
    openrouter_api_key: SecretStr | None = None
    openrouter_base_url: str | None = Field(
        None, validation_alias=AliasChoices("OPENROUTER_BASE_URL", "OPENROUTER_API_BASE")
    )
    fireworks_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY")
    )
    fireworks_base_url: str | None = None
    azure_openai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("AZURE_API_KEY", "AZURE_OPENAI_API_KEY")
    )
    azure_openai_base_url: str | None = Field(
        None, validation_alias=AliasChoices("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT")
    )
    azure_openai_api_version: str | None = Field(
        None, validation_alias=AliasChoices("AZURE_API_VERSION", "OPENAI_API_VERSION")
    )
    together_ai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("TOGETHERAI_API_KEY", "TOGETHER_API_KEY")
    )
    together_ai_base_url: str | None = Field(
        None, validation_alias=AliasChoices("TOGETHERAI_BASE_URL", "TOGETHER_BASE_URL")
    )


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        SetupError: a value is not valid; names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "ASSAY_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SetupError(f"{name} is not valid: {first['msg']}.") from error


def _environment() -> dict[str, str]:
    """The process environment over the `.env` file."""
    from_file = {key: value for key, value in dotenv_values(_ENV_FILE).items() if value is not None}
    return from_file | dict(os.environ)  # noqa: TID251  (this module is where the environment is read)


def external_temporal() -> ClientConnectConfig | None:
    """How to connect to the operator's Temporal service; None when a child dev server is wanted."""
    environment = _environment()
    if not any(environment.get(name) for name in _TEMPORAL_CHOICE):
        return None
    return ClientConfig.load_client_connect_config(override_env_vars=environment)


def slack_bot_token() -> SecretStr | None:
    """The token of a Slack bot in the environment, under the name that Slack's own examples use."""
    token = _environment().get("SLACK_BOT_TOKEN")
    return SecretStr(token.strip()) if token else None


def certificate_authorities() -> Mapping[str, str]:
    """The variables that tell OpenSSL of more certificate authorities, fit for any working directory."""
    found = {name: os.environ.get(name) for name in _AUTHORITIES}  # noqa: TID251
    return {name: str(Path(value).absolute()) for name, value in found.items() if value}


def numeric_threads() -> Mapping[str, str]:
    """The variables that tell numeric libraries how many threads to use, for processes that compute."""
    found = {name: os.environ.get(name) for name in _THREADS}  # noqa: TID251
    return {name: value for name, value in found.items() if value}


def prepare_environment_for_litellm() -> None:
    """Set what the adapter relies on: litellm reads it, from the environment only."""
    os.environ.update(LITELLM_ENVIRONMENT)  # noqa: TID251  (litellm offers no other switch)
