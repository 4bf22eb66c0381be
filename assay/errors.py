"""The error catalogue: every way Assay can refuse or fail, with what to do about it.

The tree::

    AssayError
    ├── RequestError         the caller must change something (4xx); never retried
    │   ├── FieldError       one field of a request is wrong
    │   ├── AuthenticationError / PermissionDenied / NotFound / …
    └── WorkError            background work could not be done; may be retried
        ├── UserFault        the project's configuration is at fault: not retried
        └── PlatformFault    a dependency is at fault: retried while the budget lasts

Every class has a stable `code`; it is the `code` of an HTTP error body and the `type` of a Temporal
`ApplicationError`, so one word finds the story in the API, the logs and the Temporal UI.
"""

from __future__ import annotations

from typing import ClassVar, Literal

ErrorType = Literal[
    "validation_error", "authentication_error", "invalid_request", "throttled_error", "server_error"
]


class AssayError(Exception):
    """Root of the tree.

    Attributes:
        code: stable machine-readable name.
        detail: one sentence for a person; never holds a secret or another project's data.
    """

    code: ClassVar[str] = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class RequestError(AssayError):
    """A request that cannot be served as it was sent.

    Attributes:
        status: HTTP status code.
        type: error family of the HTTP body.
    """

    status: ClassVar[int] = 400
    type: ClassVar[ErrorType] = "invalid_request"


class FieldError(RequestError):
    """One field of a request breaks a rule.

    Args:
        detail: what is wrong.
        attr: name of the field, nested names joined with a double underscore; None for the whole body.
        code: the framework code of the rule (`required`, `invalid_choice`, …).
    """

    code = "invalid_input"
    type = "validation_error"

    def __init__(self, detail: str, *, attr: str | None, code: str = "invalid_input") -> None:
        super().__init__(detail)
        self.attr = attr
        self.field_code = code


class MalformedRequest(RequestError):
    """The body is not what its content type says."""

    code = "parse_error"


class NotAuthenticated(RequestError):
    """No credentials were sent."""

    code = "not_authenticated"
    status = 401
    type = "authentication_error"


class AuthenticationFailed(RequestError):
    """The credentials sent are not valid."""

    code = "authentication_failed"
    status = 401
    type = "authentication_error"


class PermissionDenied(RequestError):
    """The caller is known but may not do this."""

    code = "permission_denied"
    status = 403
    type = "authentication_error"


class NotFound(RequestError):
    """There is no such object for this caller."""

    code = "not_found"
    status = 404


class NameTaken(RequestError):
    """The project has another object of that kind and name."""

    code = "name_taken"


class LimitReached(RequestError):
    """The project has as many objects of that kind as it may have."""

    code = "limit_reached"


class NotPossible(RequestError):
    """What is asked for does not fit the objects as they are; no single field is at fault."""

    code = "not_possible"


class CompilationFailed(RequestError):
    """A Hog program does not compile."""

    code = "compilation_failed"


class Conflict(RequestError):
    """The object was changed by somebody else meanwhile: look at it and send the request again."""

    code = "conflict"
    status = 409


class VersionConflict(RequestError):
    """The object has a newer version than the one that the change was based on.

    Args:
        current_version: number of the newest version.
    """

    code = "version_conflict"
    status = 409

    def __init__(self, current_version: int) -> None:
        super().__init__(f"The base version is out of date: the current version is {current_version}.")
        self.current_version = current_version


class MethodNotAllowed(RequestError):
    """The resource does not serve this HTTP method."""

    code = "method_not_allowed"
    status = 405


class NotAcceptable(RequestError):
    """The representation asked for is not JSON."""

    code = "not_acceptable"
    status = 406


class RequestTooLarge(RequestError):
    """The body, compressed or not, is over the limit."""

    code = "request_too_large"
    status = 413


class UnsupportedMediaType(RequestError):
    """The content type or content encoding cannot be read."""

    code = "unsupported_media_type"
    status = 415


class Throttled(RequestError):
    """Too many requests for this API key.

    Args:
        wait_seconds: whole seconds until a request is admitted again.
    """

    code = "throttled"
    status = 429
    type = "throttled_error"

    def __init__(self, wait_seconds: int) -> None:
        unit = "second" if wait_seconds == 1 else "seconds"
        super().__init__(f"Request was throttled. Expected available in {wait_seconds} {unit}.")
        self.wait_seconds = wait_seconds


class ServiceUnavailable(RequestError):
    """A store, Temporal or a secret is not there; the request was not acknowledged and can be sent again."""

    code = "service_unavailable"
    status = 503
    type = "server_error"


class StillWorking(RequestError):
    """The work that the answer needs goes on; who sends the request again joins it."""

    code = "still_working"
    status = 504
    type = "server_error"


class WorkFailed(RequestError):
    """The work that the answer needs has failed: a model did not answer, or not in a way that is of use."""

    code = "work_failed"
    status = 500
    type = "server_error"


class TranslationFailed(WorkFailed):
    """A text was not translated."""

    code = "translation_error"


class ServerFault(RequestError):
    """Assay failed while it served the request: a defect, which the log tells more about."""

    code = "server_fault"
    status = 500
    type = "server_error"


class SetupError(AssayError):
    """The process cannot start as it is configured; `detail` says what to change."""

    code = "setup_error"


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


def catalogue() -> list[type[AssayError]]:
    """Every class of the tree, parents first, in definition order.

    Returns:
        The classes; `code`, the docstring and, for HTTP errors, `status` document each.
    """
    found: list[type[AssayError]] = []

    def walk(cls: type[AssayError]) -> None:
        found.append(cls)
        for child in cls.__subclasses__():
            walk(child)

    walk(AssayError)
    return found
