"""Evaluations: the stored record, the judge's answer and the messages of `run-evaluation`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from assay.contracts.access import User
from assay.contracts.base import Contract, HistoryContract, UtcDatetime
from assay.contracts.events import EventRef
from assay.contracts.lists import ListQuery


class EvaluationType(StrEnum):
    """How a verdict is reached."""

    LLM_JUDGE = "llm_judge"
    HOG = "hog"


class OutputType(StrEnum):
    """What a verdict looks like."""

    BOOLEAN = "boolean"


class EvaluationStatus(StrEnum):
    """The authoritative state; `enabled` is its projection (active ⇔ enabled)."""

    ACTIVE = "active"
    PAUSED = "paused"
    ERROR = "error"


class StatusReason(StrEnum):
    """Why an evaluation is in `error`."""

    TRIAL_LIMIT_REACHED = "trial_limit_reached"
    MODEL_NOT_ALLOWED = "model_not_allowed"
    PROVIDER_KEY_DELETED = "provider_key_deleted"
    PROVIDER_KEY_INVALID = "provider_key_invalid"
    PROVIDER_KEY_REQUIRED = "provider_key_required"
    HOG_ERROR = "hog_error"


class Provider(StrEnum):
    """Model providers of the public API."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OPENROUTER = "openrouter"
    FIREWORKS = "fireworks"
    AZURE_OPENAI = "azure_openai"
    TOGETHER_AI = "together_ai"


class TrialPlace(StrEnum):
    """Whether an evaluation may use the operator's own model key."""

    RESERVED = "reserved"
    """It has a place, now or from an earlier attempt."""
    BUSY = "busy"
    """All places that are left are held by evaluations under way; some may come back."""
    USED_UP = "used_up"
    """Verdicts have taken all places."""


class ModelConfiguration(Contract):
    """Which model judges, and on which of the project's keys.

    Attributes:
        provider_key_id: None: the project's active key if it is for that provider, else the operator's.
        provider_key_name: shown along; ignored where a configuration is stored.
    """

    provider: Provider
    model: str
    provider_key_id: UUID | None = None
    provider_key_name: str | None = None


class EvaluationSpec(Contract):
    """What a client decides about an evaluation, with configurations in their stored (normalised) form."""

    name: str
    description: str = ""
    enabled: bool = False
    evaluation_type: EvaluationType
    evaluation_config: dict[str, Any]
    output_type: OutputType
    output_config: dict[str, Any]
    conditions: tuple[dict[str, Any], ...] = ()
    model_configuration: ModelConfiguration | None = None
    deleted: bool = False


class Evaluation(EvaluationSpec):
    """A stored evaluation.

    Attributes:
        version: grows by one with every change that could change a verdict (type, configuration,
            output, provider and model, but not the key); part of a verdict's identity.
        active_since: since when it judges new events; None unless the status is `active`. It begins anew when
            the status becomes `active`, and when an active evaluation that was deleted is restored.
    """

    id: UUID
    project_id: int
    version: int
    status: EvaluationStatus
    status_reason: StatusReason | None
    active_since: UtcDatetime | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None


class EvaluationQuery(ListQuery):
    """Filters, order (created_at, updated_at, name; newest first by default) and page of evaluations."""

    enabled: bool | None = None
    ids: tuple[UUID, ...] | None = None
    search: str = ""


class Judgement(HistoryContract):
    """What judging one target produced; small enough for a history.

    Attributes:
        verdict: the boolean answer; None when not applicable or skipped.
        applicable: None unless the evaluation allows N/A.
        reasoning: one sentence (Hog: what was printed, after what went wrong if something did).
        skip_reason: set when no verdict was reached.
        model, provider: set when a model was asked.
        cost_usd: None when the price of the model is unknown.
        evaluation_version: version of the evaluation that was applied.
        verdict_event_id: uuid of the `$ai_evaluation` event that carries this judgement.
        disable_reason: set when the evaluation itself cannot go on as it is configured.
        already_recorded: the answer came from the ledger; nothing is left to write.
    """

    evaluation_version: int
    verdict_event_id: UUID
    verdict: bool | None = None
    applicable: bool | None = None
    allows_na: bool = False
    reasoning: str = ""
    skip_reason: str | None = None
    provider: str | None = None
    model: str | None = None
    key_type: Literal["byok", "posthog"] | None = None
    key_id: UUID | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    disable_reason: StatusReason | None = None
    already_recorded: bool = False

    @property
    def outcome(self) -> str:
        """`pass`, `fail`, `not_applicable` or `skipped`: the word shown to people."""
        if self.skip_reason is not None:
            return "skipped"
        if self.verdict is None:
            return "not_applicable"
        return "pass" if self.verdict else "fail"


class RunEvaluationInput(HistoryContract):
    """Start argument of `run-evaluation`.

    Attributes:
        evaluation_name, evaluation_type: as they were when the run was asked for; shown in the Temporal UI.
        trigger: tells runs of the same target apart; part of the verdict's identity.
        requested_at: when the run was asked for; the verdict's timestamp.
    """

    project_id: int
    evaluation_id: UUID
    evaluation_name: str
    evaluation_type: EvaluationType
    target: EventRef
    trigger: str
    requested_at: UtcDatetime


class RecordVerdictInput(HistoryContract):
    """Argument of the activity that writes the `$ai_evaluation` event."""

    run: RunEvaluationInput
    judgement: Judgement


class FailEvaluationInput(HistoryContract):
    """Argument of the activity that puts an evaluation into `error`.

    Attributes:
        version: of the evaluation, that cannot go on; a newer one may. None: whichever is stored (runs that
            an earlier version of Assay started do not say).
        active_since: one that was switched on later may go on, too: whoever did so knows more than what is
            reported here. None: whenever it was.
    """

    project_id: int
    evaluation_id: UUID
    reason: StatusReason
    version: int | None = None
    active_since: UtcDatetime | None = None


class RunEvaluationResult(HistoryContract):
    """What `run-evaluation` returns."""

    evaluation_id: UUID
    evaluation_type: EvaluationType
    skipped: bool
    skip_reason: str | None = None
    verdict: bool | None = None
    applicable: bool | None = None
    reasoning: str = ""
    verdict_event_id: UUID | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
