"""Requests that are refused, or fail: the caller is told."""

from __future__ import annotations

from typing import ClassVar, Literal

from assay.errors.root import AssayError

ErrorType = Literal[
    "validation_error", "authentication_error", "invalid_request", "throttled_error", "server_error"
]


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
