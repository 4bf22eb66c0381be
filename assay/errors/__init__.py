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

from assay.errors.requests import (
    AuthenticationFailed,
    CompilationFailed,
    Conflict,
    ErrorType,
    FieldError,
    LimitReached,
    MalformedRequest,
    MethodNotAllowed,
    NameTaken,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    NotPossible,
    PermissionDenied,
    RequestError,
    RequestTooLarge,
    ServerFault,
    ServiceUnavailable,
    StillWorking,
    Throttled,
    TranslationFailed,
    UnsupportedMediaType,
    VersionConflict,
    WorkFailed,
)
from assay.errors.root import (
    AssayError,
    SetupError,
)
from assay.errors.work import (
    AnswerEmpty,
    AnswerUnusable,
    ArtifactMissing,
    CircuitOpen,
    ComputeUnavailable,
    ContextWindowExceeded,
    DeliveryRefused,
    DeliveryUnavailable,
    EvaluationNotFound,
    EventsRejected,
    HogDefect,
    HogUnavailable,
    JudgeUnavailable,
    ModelNotFound,
    ModelsUnavailable,
    OutboundRefused,
    OutputLimitExceeded,
    PlatformFault,
    ProviderAuthenticationFailed,
    ProviderKeyRefused,
    ProviderKeyRequired,
    ProviderKeyUnreadable,
    ProviderPermissionDenied,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    RunAhead,
    SentimentUnavailable,
    StoreRejected,
    StoreUnavailable,
    TargetNotFound,
    TimedOut,
    TrialBusy,
    UnsupportedEvaluation,
    UnsupportedFilter,
    UserFault,
    WorkError,
)

__all__ = [
    "AnswerEmpty",
    "AnswerUnusable",
    "ArtifactMissing",
    "AssayError",
    "AuthenticationFailed",
    "CircuitOpen",
    "CompilationFailed",
    "ComputeUnavailable",
    "Conflict",
    "ContextWindowExceeded",
    "DeliveryRefused",
    "DeliveryUnavailable",
    "ErrorType",
    "EvaluationNotFound",
    "EventsRejected",
    "FieldError",
    "HogDefect",
    "HogUnavailable",
    "JudgeUnavailable",
    "LimitReached",
    "MalformedRequest",
    "MethodNotAllowed",
    "ModelNotFound",
    "ModelsUnavailable",
    "NameTaken",
    "NotAcceptable",
    "NotAuthenticated",
    "NotFound",
    "NotPossible",
    "OutboundRefused",
    "OutputLimitExceeded",
    "PermissionDenied",
    "PlatformFault",
    "ProviderAuthenticationFailed",
    "ProviderKeyRefused",
    "ProviderKeyRequired",
    "ProviderKeyUnreadable",
    "ProviderPermissionDenied",
    "ProviderUnavailable",
    "QuotaExceeded",
    "RateLimited",
    "RequestError",
    "RequestRejected",
    "RequestTooLarge",
    "RunAhead",
    "SentimentUnavailable",
    "ServerFault",
    "ServiceUnavailable",
    "SetupError",
    "StillWorking",
    "StoreRejected",
    "StoreUnavailable",
    "TargetNotFound",
    "Throttled",
    "TimedOut",
    "TranslationFailed",
    "TrialBusy",
    "UnsupportedEvaluation",
    "UnsupportedFilter",
    "UnsupportedMediaType",
    "UserFault",
    "VersionConflict",
    "WorkError",
    "WorkFailed",
    "catalogue",
]


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
