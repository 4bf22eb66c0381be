"""The OpenAPI 3.1 document, made from the same declarations as the routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, override

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import ModelSchema

from api_shim.endpoints import PREFIX
from api_shim.error_bodies import StandardError
from api_shim.field_docs import field_docs
from api_shim.openapi_errors import SHARED_RESPONSES, Json, SchemaRefs, error_responses
from api_shim.operations import Operation, Resource
from assay import __version__

_REF = "#/components/schemas/{model}"
_KEY_SCHEME = "PersonalApiKey"
_PARAMETERS = {
    "project_id": {
        "description": "Id of the project, or `@current` for the caller's current one.",
        "schema": {"anyOf": [{"type": "integer"}, {"const": "@current"}]},
    },
    "id": {"description": "Id of the object.", "schema": {"type": "string", "format": "uuid"}},
}
_DESCRIPTION = """\
Evaluates and analyses LLM traces. Wire-compatible with PostHog's LLM-analytics API.

Every path works with and without its trailing slash, and under `/api/projects/` as well as
`/api/environments/`. Send an API key as `Authorization: Bearer <key>`; each operation names the scope
that the key needs, and `write` implies `read`.
"""


def openapi_document(resources: Iterable[Resource]) -> Json:
    """The description of all operations of `resources`."""
    declared = [(resource, operation) for resource in resources for operation in resource.operations]
    refs, schemas = _schemas([operation for _, operation in declared])
    paths: dict[str, Json] = {}
    for resource, operation in declared:
        methods = paths.setdefault(_path(resource, operation), {})
        methods[operation.method.lower()] = _operation(resource, operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Assay", "version": __version__, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": SHARED_RESPONSES,
            "securitySchemes": {_KEY_SCHEME: {"type": "http", "scheme": "bearer"}},
        },
        "tags": [{"name": name} for name in dict.fromkeys(resource.name for resource, _ in declared)],
    }


class _Generator(GenerateJsonSchema):
    """Describes fields by the docstrings under them."""

    @override
    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        described = super().model_schema(schema)
        fields = schema["cls"].model_fields
        for name, doc in field_docs(schema["cls"]).items():
            shown = described["properties"].get(fields[name].alias or name)
            if shown is not None:
                shown.setdefault("description", doc)
        return described

    @override
    def normalize_name(self, name: str) -> str:
        return super().normalize_name(re.sub(r"^Page\[(\w+)\]$", r"Paginated\1List", name))


def _schemas(operations: Sequence[Operation[Any, Any]]) -> tuple[SchemaRefs, Json]:
    """References to every model in use, and the component schemas they lead to."""
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(StandardError, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            models[operation.body, "validation"] = None
        errors = operation.errors
        for model in (operation.response, errors.invalid, errors.refused, errors.not_found):
            if model is not None:
                models[model, "serialization"] = None
    refs, document = models_json_schema(list(models), ref_template=_REF, schema_generator=_Generator)
    return {(model, mode): ref for (model, mode), ref in refs.items()}, document["$defs"]


def _path(resource: Resource, operation: Operation[Any, Any]) -> str:
    return PREFIX + "/".join(filter(None, (resource.path, operation.path))) + "/"


def _operation(resource: Resource, operation: Operation[Any, Any], refs: SchemaRefs) -> Json:
    scope = f"{resource.scope}:{operation.needed_access}"
    described: Json = {
        "operationId": f"{resource.name}_{operation.name}",
        "summary": operation.summary,
        "description": "\n\n".join(filter(None, (operation.description, f"Required scope: `{scope}`."))),
        "tags": [resource.name],
        "security": [{_KEY_SCHEME: [scope]}],
        "parameters": [*_path_parameters(_path(resource, operation)), *_query_parameters(operation)],
        "responses": _responses(operation, refs),
    }
    if operation.body is not None:
        schema = refs[operation.body, "validation"]
        content = {"application/json": {"schema": schema}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.extension:
        described["x-assay-extension"] = True
    return described


def _responses(operation: Operation[Any, Any], refs: SchemaRefs) -> Json:
    success: Json = {"description": "Done." if operation.status < 400 else "Refused; the body is empty."}
    if operation.response is not None:
        schema = refs[operation.response, "serialization"]
        success["content"] = {"application/json": {"schema": schema}}
    return {str(operation.status): success} | error_responses(operation, refs)


def _path_parameters(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, **_PARAMETERS[name]}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(operation: Operation[Any, Any]) -> list[Json]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema(schema_generator=_Generator)
    required, definitions = schema.get("required", ()), schema.get("$defs", {})
    return [
        _query_parameter(name, _inlined(field, definitions), required=name in required)
        for name, field in schema["properties"].items()
    ]


def _inlined(schema: Json, definitions: Json) -> Json:
    """`schema` with what it refers to in its place: a parameter has no definitions of its own."""
    plain = {key: value for key, value in schema.items() if key != "$ref"}
    if "anyOf" in plain:
        plain["anyOf"] = [_inlined(option, definitions) for option in plain["anyOf"]]
    if "$ref" in schema:
        plain = _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions) | plain
    return plain


def _query_parameter(name: str, schema: Json, *, required: bool) -> Json:
    parameter: Json = {"name": name, "in": "query"}
    if required:
        parameter["required"] = True
        schema.pop("default", None)
    if description := schema.pop("description", None):
        parameter["description"] = description
    schema.pop("title", None)
    if schema.get("default", ...) is None:  # an absent parameter is no null
        del schema["default"]
        (given,) = (option for option in schema.pop("anyOf") if option != {"type": "null"})
        schema |= given
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter | {"schema": schema}
