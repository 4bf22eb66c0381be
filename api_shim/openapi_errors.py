"""Error answers in the OpenAPI document: those that all operations share, and each one's own."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import JsonSchemaMode

from api_shim.error_bodies import StandardError
from api_shim.errors import envelope
from api_shim.operations import Operation
from assay.errors import (
    AuthenticationFailed,
    FieldError,
    MalformedRequest,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RequestError,
    RequestTooLarge,
    StoreUnavailable,
    Throttled,
    UnsupportedMediaType,
)

type Json = dict[str, Any]
type SchemaRefs = dict[tuple[type[Any], JsonSchemaMode], Json]
"""Reference to the component schema of each model in use."""

_STANDARD_SCHEMA = {"$ref": f"#/components/schemas/{StandardError.__name__}"}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def _response(description: str, *examples: Json) -> Json:
    content: Json = {"schema": _STANDARD_SCHEMA}
    content["examples"] = {example["code"]: {"value": example} for example in examples}
    return {"description": description, "content": {"application/json": content}}


def _example(error: RequestError) -> Json:
    return StandardError.of_error(error).model_dump()


SHARED_RESPONSES: Json = {
    "Unauthorized": _response(
        "No API key, or one that is not valid.",
        _example(NotAuthenticated("Authentication credentials were not provided.")),
        _example(AuthenticationFailed("The personal API key found in Authorization header is invalid.")),
    ),
    "Forbidden": _response(
        "The key lacks the scope or may not use this project.",
        _example(PermissionDenied("This API key lacks the scope 'evaluation:write'.")),
    ),
    "NotFound": _response("No such project or object.", _example(NotFound("Not found."))),
    "NotAcceptable": _response(
        "The `Accept` header does not cover JSON.",
        _example(NotAcceptable("Could not satisfy the request Accept header.")),
    ),
    "TooLarge": _response(
        "The body is too large.",
        _example(RequestTooLarge("The request body is larger than 20971520 bytes.")),
    ),
    "UnsupportedMediaType": _response(
        "The content type is not read.",
        _example(UnsupportedMediaType('Unsupported media type "text/csv" in request.')),
    ),
    "Throttled": _response("Too many requests with this API key.", _example(Throttled(13)))
    | {"headers": _RETRY_AFTER},
    "ServerError": _response(
        "Unexpected failure.", envelope("server_error", "error", "A server error occurred.")
    ),
    "Unavailable": _response(
        "A store cannot be reached; send the request again after a while.",
        envelope("server_error", StoreUnavailable.code, "The registry cannot be reached."),
    )
    | {"headers": _RETRY_AFTER},
}

_OF_EVERY_OPERATION = {
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "406": "NotAcceptable",
    "429": "Throttled",
    "500": "ServerError",
    "503": "Unavailable",
}
_OF_BODIES = {"413": "TooLarge", "415": "UnsupportedMediaType"}


def error_responses(operation: Operation[Any, Any], refs: SchemaRefs) -> Json:
    """The error answers of one operation by status, in rising order."""
    names = _OF_EVERY_OPERATION | (_OF_BODIES if operation.body is not None else {})
    responses: Json = {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}
    if operation.body is not None or operation.query is not None:
        responses["400"] = _invalid(operation, refs)
    if operation.errors.not_found is not StandardError:
        unknown = refs[operation.errors.not_found, "serialization"]
        responses["404"] = _own("No such project or object.", unknown)
    for status, when in operation.also.items():
        responses[str(status)] = _also(operation, status, when, refs)
    return dict(sorted(responses.items()))


def _also(operation: Operation[Any, Any], status: int, when: str, refs: SchemaRefs) -> Json:
    refused = refs[operation.errors.refused, "serialization"]
    if status != FieldError.status or (operation.body is None and operation.query is None):
        return _own(when, refused)
    return _own(f"Invalid input, or: {when}", refs[operation.errors.invalid, "serialization"], refused)


def _invalid(operation: Operation[Any, Any], refs: SchemaRefs) -> Json:
    if operation.errors.invalid is not StandardError:
        return _own("Invalid input.", refs[operation.errors.invalid, "serialization"])
    return _response(
        "Invalid input.",
        envelope("validation_error", "required", "This field is required.", "name"),
        envelope("validation_error", FieldError.code, "Must be a valid UUID.", "id"),
        _example(MalformedRequest("JSON parse error - unexpected end of data: line 1 column 9 (char 8)")),
    )


def _own(description: str, *own: Json) -> Json:
    """An answer in one of the operation's own bodies; what is refused before the operation is standard."""
    schemas = [schema for number, schema in enumerate(own) if schema not in own[:number]]
    if _STANDARD_SCHEMA not in schemas:
        schemas.append(_STANDARD_SCHEMA)
    return {"description": description, "content": {"application/json": {"schema": {"anyOf": schemas}}}}
