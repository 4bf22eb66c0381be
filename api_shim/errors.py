"""Error answers: the styles that operations choose from, and the handler of everything else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from api_shim.error_bodies import (
    DetailText,
    ErrorAndDetail,
    ErrorFields,
    ErrorText,
    FieldErrors,
    StandardError,
)
from api_shim.problems import InvalidInput
from api_shim.responses import JsonResponse
from assay.errors import (
    ErrorType,
    FieldError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    RequestError,
    RequestTooLarge,
    StoreUnavailable,
    Throttled,
    UnsupportedMediaType,
)

RETRY_AFTER_SECONDS = 5
"""Told to callers while a store is down and has not said for how long."""

_ALWAYS_STANDARD = (MalformedRequest, PermissionDenied, RequestTooLarge, UnsupportedMediaType)
"""Refusals whose body is standard whatever style the operation has."""


@dataclass(frozen=True, slots=True)
class ErrorStyle:
    """How one operation words its own errors.

    Attributes:
        invalid: body for input that breaks rules.
        refused: body for every other refusal of the operation (unknown object, conflict, …).
        unknown: body for an object that there is not; None: that of `refused`.
    """

    invalid: type[StandardError | FieldErrors | ErrorFields | DetailText]
    refused: type[StandardError | ErrorText | DetailText]
    unknown: type[StandardError | ErrorText | DetailText] | None = None

    @property
    def not_found(self) -> type[StandardError | ErrorText | DetailText]:
        """Body for an object that there is not."""
        return self.unknown or self.refused

    def response(self, error: RequestError | InvalidInput) -> Response:
        """The answer to what an operation raised."""
        if isinstance(error, FieldError):
            error = InvalidInput.of(error)
        if isinstance(error, InvalidInput):
            return JsonResponse(self.invalid.of_problems(error.problems), 400)
        return JsonResponse(self._body(error).of_error(error), error.status)

    def _body(self, error: RequestError) -> type[StandardError | ErrorText | DetailText]:
        if isinstance(error, _ALWAYS_STANDARD):
            return StandardError
        return self.not_found if isinstance(error, NotFound) else self.refused


STANDARD = ErrorStyle(StandardError, StandardError)
"""`{"type", "code", "detail", "attr"}`."""

ERROR = ErrorStyle(ErrorFields, ErrorText)
"""`{"error": {field: [messages]}}` for invalid input, else `{"error": text}`."""

FIELDS = ErrorStyle(FieldErrors, StandardError)
"""`{field: [messages]}` for invalid input, else the standard body."""

FIELDS_OR_ERROR = ErrorStyle(FieldErrors, ErrorText)
"""`{field: [messages]}` for invalid input, else `{"error": text}`."""

FIELDS_OR_ERROR_AND_DETAIL = ErrorStyle(FieldErrors, ErrorAndDetail)
"""`{field: [messages]}` for invalid input, `{"error"}` for refusals, `{"error", "detail"}` for failures."""

DETAIL = ErrorStyle(StandardError, DetailText)
"""The standard body for invalid input, else `{"detail": text}`."""

REFUSALS_AS_DETAIL = ErrorStyle(StandardError, DetailText, unknown=StandardError)
"""The standard body for invalid input and for an unknown object, else `{"detail": text}`."""

ALL_DETAIL = ErrorStyle(DetailText, DetailText)
"""`{"detail": text}` whatever is wrong; of invalid input, only the first problem is told."""


def envelope(type_: ErrorType, code: str, detail: str, attr: str | None = None) -> dict[str, Any]:
    """The standard error body as plain data, for answers that add keys of their own."""
    return StandardError(type=type_, code=code, detail=detail, attr=attr).model_dump()


def error_response(error: RequestError, headers: Mapping[str, str] | None = None) -> Response:
    """The standard answer to a refusal."""
    if isinstance(error, FieldError):
        return STANDARD.response(error)
    if isinstance(error, Throttled):
        headers = {"Retry-After": str(error.wait_seconds)}
    return JsonResponse(StandardError.of_error(error), error.status, headers)


def server_error_response() -> Response:
    """The answer to a failure that nobody foresaw."""
    return _server_error("error", "A server error occurred.", 500)


def method_not_allowed(method: str) -> MethodNotAllowed:
    """The refusal of an HTTP method."""
    return MethodNotAllowed(f'Method "{method}" not allowed.')


async def handle_error(request: Request, error: Exception) -> Response:
    """The answer to an error that reached the application."""
    match error:
        case InvalidInput():
            return STANDARD.response(error)
        case RequestError():
            return error_response(error)
        case StoreUnavailable():
            wait = math.ceil(error.retry_after or RETRY_AFTER_SECONDS)
            return _server_error(error.code, error.detail, 503, {"Retry-After": str(wait)})
        case HTTPException():
            return _http_exception(request, error)
    return server_error_response()


EXPECTED_ERRORS: Mapping[Any, ExceptionHandler] = dict.fromkeys(
    (InvalidInput, RequestError, StoreUnavailable, HTTPException), handle_error
)
"""Errors that are answered without being logged as a failure of ours."""


def _server_error(code: str, detail: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return JsonResponse(envelope("server_error", code, detail), status, headers)


def _http_exception(request: Request, error: HTTPException) -> Response:
    """The framework's own refusals: no such route, a method that a plain route does not serve, …."""
    match error.status_code:
        case 404:
            return error_response(NotFound("Endpoint not found."))
        case 405:
            return error_response(method_not_allowed(request.method), error.headers)
    return JsonResponse(envelope("invalid_request", "error", error.detail), error.status_code, error.headers)
