"""Background work that fails: Temporal is told whether to try again."""

from __future__ import annotations

from typing import ClassVar

from assay.errors.root import AssayError


class WorkError(AssayError):
    """Background work failed.

    Attributes:
        retryable: whether Temporal should try again.
        retry_after: seconds a provider asked us to wait, if it did.
    """

    code = "work_error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class UserFault(WorkError):
    """The project's own configuration is at fault; a retry cannot help."""

    code = "user_fault"


class PlatformFault(WorkError):
    """A dependency is at fault."""

    code = "platform_fault"
    retryable = True


class TargetNotFound(PlatformFault):
    """The event to work on is not in the store (yet): ingestion may be behind."""

    code = "generation_not_found"


class EvaluationNotFound(UserFault):
    """The evaluation was deleted after the run was asked for."""

    code = "evaluation_not_found"


class UnsupportedEvaluation(UserFault):
    """This version cannot run evaluations of that type."""

    code = "unsupported_evaluation"


class UnsupportedFilter(UserFault):
    """A property filter cannot be evaluated as it is written."""

    code = "unsupported_filter"


class HogUnavailable(PlatformFault):
    """No process could be had to compile or run a Hog program, or the machine was too busy for it."""

    code = "hog_unavailable"


class HogDefect(WorkError):
    """Assay failed while it ran a Hog program: a defect that neither the program nor a retry can mend."""

    code = "hog_defect"


class ComputeUnavailable(PlatformFault):
    """The process that computed ended in the middle of it, or could not be had."""

    code = "compute_unavailable"


class ModelsUnavailable(PlatformFault):
    """The process that asks models does not start, or ended in the middle of a call."""

    code = "models_unavailable"


class SentimentUnavailable(PlatformFault):
    """The model that is to tell how texts feel is not there, or the worker has another one."""

    code = "sentiment_unavailable"


class ProviderKeyRequired(UserFault):
    """No key for the model provider: the project has none, and neither has the operator."""

    code = "provider_key_required"


class ProviderKeyRefused(ProviderKeyRequired):
    """The project's active key is not usable: its provider refuses it, or it was never checked."""

    code = "provider_key_refused"


class ProviderKeyUnreadable(PlatformFault):
    """The secret that a provider key is encrypted under is not configured here."""

    code = "provider_key_unreadable"


class TrialBusy(PlatformFault):
    """Evaluations under way hold the last places of the trial; one may come back."""

    code = "trial_busy"


class RunAhead(PlatformFault):
    """Another run of the same job is at work, or its turn comes first."""

    code = "run_ahead"


class TimedOut(PlatformFault):
    """Every attempt ran out of time, or its worker went away."""

    code = "timed_out"


class ProviderUnavailable(PlatformFault):
    """The model provider did not answer, or answered 5xx."""

    code = "provider_unavailable"


class RateLimited(PlatformFault):
    """The model provider answered 429."""

    code = "rate_limit"


class CircuitOpen(PlatformFault):
    """Too many questions to the model provider failed in a row: on this key, nothing is asked for a while."""

    code = "circuit_open"


class JudgeUnavailable(PlatformFault):
    """The judge cannot be asked as things are; its questions wait until a person has mended that."""

    code = "judge_unavailable"


class QuotaExceeded(PlatformFault):
    """The model provider says that the account has no credit left."""

    code = "quota_error"


class ProviderAuthenticationFailed(PlatformFault):
    """The model provider refused the key."""

    code = "auth_error"


class ProviderPermissionDenied(WorkError):
    """The model provider forbids this request: the key may not use the model, or the text was flagged."""

    code = "permission_error"


class OutboundRefused(WorkError):
    """The outbound policy does not permit an address, or the answer that came from it."""

    code = "outbound_refused"


class ModelNotFound(WorkError):
    """The model provider does not know the model."""

    code = "model_not_found"


class RequestRejected(WorkError):
    """The model provider refuses the request as it is."""

    code = "request_rejected"


class ContextWindowExceeded(WorkError):
    """The prompt does not fit the model."""

    code = "context_window_exceeded"


class AnswerUnusable(WorkError):
    """The model answered, and its answer is not what was asked for, also after it was told so."""

    code = "answer_unusable"


class AnswerEmpty(AnswerUnusable):
    """The model answered with nothing."""

    code = "answer_empty"


class ArtifactMissing(WorkError):
    """What the work is about is not kept any more: it waited for too long."""

    code = "artifact_missing"


class OutputLimitExceeded(WorkError):
    """The model stopped at its output limit before it was done."""

    code = "output_limit_exceeded"


class DeliveryUnavailable(PlatformFault):
    """Slack or the mail server does not take messages right now."""

    code = "delivery_unavailable"


class DeliveryRefused(WorkError):
    """Slack or the mail server will never take this message: the recipient or the access is at fault."""

    code = "delivery_refused"


class EventsRejected(WorkError):
    """The event store refuses a value in the events; sending the same ones again cannot help."""

    code = "events_rejected"


class StoreUnavailable(PlatformFault):
    """The event store or the registry cannot be reached."""

    code = "store_unavailable"


class StoreRejected(WorkError):
    """A store refused data that breaks one of its rules: a defect, which a retry cannot mend."""

    code = "store_rejected"
