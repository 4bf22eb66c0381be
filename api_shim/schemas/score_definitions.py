"""Bodies and query parameters of score definitions."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from api_shim.filters import BooleanFilter, ChoiceFilter, OrderBy, SearchFilter
from api_shim.pagination import PageQuery
from api_shim.representations import UserBasic
from assay.contracts.score_definitions import ScoreDefinition, ScoreDefinitionVersion, ScoreKind
from assay.contracts.wire import (
    Boolean,
    Choice,
    Integer,
    JsonValue,
    RequestModel,
    ResponseModel,
    Text,
    Timestamp,
    refusal,
)
from assay.domain.scores.config import MAX_KEY_LENGTH, MAX_LABEL_LENGTH, MAX_OPTIONS

_NULLABLE_COUNT: JsonDict = {"type": ["integer", "null"], "minimum": 1}
_NULLABLE_NUMBER: JsonDict = {"type": ["number", "null"]}
_TEXT: JsonDict = {"type": "string", "minLength": 1}
_OPTION: JsonDict = {
    "type": "object",
    "required": ["key", "label"],
    "properties": {
        "key": _TEXT | {"maxLength": MAX_KEY_LENGTH},
        "label": _TEXT | {"maxLength": MAX_LABEL_LENGTH},
    },
}
_CONFIG: JsonDict = {
    "type": "object",
    "anyOf": [
        {
            "title": "categorical",
            "required": ["options"],
            "additionalProperties": False,
            "properties": {
                "options": {"type": "array", "minItems": 1, "maxItems": MAX_OPTIONS, "items": _OPTION},
                "selection_mode": {"enum": ["single", "multiple"]},
                "min_selections": _NULLABLE_COUNT,
                "max_selections": _NULLABLE_COUNT,
            },
        },
        {
            "title": "numeric",
            "additionalProperties": False,
            "properties": dict.fromkeys(("min", "max", "step"), _NULLABLE_NUMBER),
        },
        {
            "title": "boolean",
            "additionalProperties": False,
            "properties": dict.fromkeys(
                ("true_label", "false_label"), _TEXT | {"maxLength": MAX_LABEL_LENGTH}
            ),
        },
    ],
}
_EXAMPLE: JsonDict = {
    "name": "Helpfulness",
    "description": "How far the answer gets the user.",
    "kind": "categorical",
    "config": {"options": [{"key": "low", "label": "Low"}, {"key": "high", "label": "High"}]},
}

ConfigField = Annotated[JsonValue, WithJsonSchema(_CONFIG)]
"""A config of any kind; which one it must be is known when the kind is."""


def _not_nullable(schema: JsonDict) -> None:
    """Describe a field that can be left out, but not be null."""
    del schema["anyOf"], schema["default"]
    schema["type"] = "integer"


def _active(archived: bool) -> bool:
    if archived:
        raise refusal("invalid_input", "A new score definition cannot be archived.")
    return archived


class ScoreDefinitionRequest(RequestModel):
    """A new score definition."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Annotated[str, Text(max_length=255)]
    """Name; need not be unique."""
    description: Annotated[str, Text(blank=True)] | None = ""
    """What is scored."""
    kind: Annotated[ScoreKind, Choice()]
    """What a score is; cannot be changed later."""
    archived: Annotated[Boolean, AfterValidator(_active)] = False
    """Must not be true for a new definition."""
    config: ConfigField
    """Which scores are possible; its keys depend on the kind."""


class ScoreDefinitionEdit(RequestModel):
    """A change of a score definition that makes no new version."""

    name: Annotated[str, Text(max_length=255)]
    """Name; need not be unique."""
    description: Annotated[str, Text(blank=True)] | None
    """What is scored."""
    archived: Boolean
    """Whether the definition is hidden from the list."""


class NewVersionRequest(RequestModel):
    """A new version of a score definition."""

    config: ConfigField
    """Which scores are possible from now on."""
    base_version: Annotated[int | None, Integer(1), Field(json_schema_extra=_not_nullable)] = None
    """The version that the change is based on; it is refused if there is a newer one."""


class ScoreDefinitionListQuery(PageQuery):
    """Filters, order and page of the list of score definitions."""

    archived: BooleanFilter = None
    """True for archived ones; else active ones are listed."""
    kind: Annotated[ScoreKind | None, ChoiceFilter(ScoreKind)] = None
    """Only this kind."""
    search: SearchFilter = ""
    """A piece of the name or description, in any case."""
    order_by: Annotated[
        tuple[str, ...], OrderBy(("name", "kind", "created_at", "updated_at", "current_version"))
    ] = ()
    """Order; by name if empty."""


class ScoreDefinitionResponse(ResponseModel):
    """A score definition."""

    id: UUID
    name: str
    description: str
    kind: ScoreKind
    archived: bool
    current_version: int
    current_version_id: UUID
    config: dict[str, Any]
    """The config of the current version."""
    created_by: UserBasic | None
    created_at: Timestamp
    updated_at: Timestamp
    team: int
    """Id of the project."""

    @classmethod
    def of(cls, definition: ScoreDefinition) -> ScoreDefinitionResponse:
        """The representation of `definition`."""
        plain = {name: getattr(definition, name) for name in cls.model_fields if name != "team"}
        plain["created_by"] = UserBasic.of(definition.created_by)
        return cls(**plain, team=definition.project_id)


class ScoreDefinitionVersionResponse(ResponseModel):
    """A version of a score definition; it never changes."""

    id: UUID
    version: int
    config: dict[str, Any]
    created_by: UserBasic | None
    created_at: Timestamp

    @classmethod
    def of(cls, version: ScoreDefinitionVersion) -> ScoreDefinitionVersionResponse:
        """The representation of `version`."""
        return cls(
            id=version.id,
            version=version.version,
            config=version.config,
            created_by=UserBasic.of(version.created_by),
            created_at=version.created_at,
        )
