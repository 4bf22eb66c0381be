"""PATCH bodies from the models of full bodies."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from assay.contracts.wire import RequestModel


def patch_of[Model: RequestModel](model: type[Model]) -> type[Model]:
    """The model for PATCH: the same rules, but every field may be left out.

    A field that was left out reads as None, whatever its type says: go by `sent_fields`.
    """
    fields: dict[str, Any] = {name: _optional(field) for name, field in model.model_fields.items()}
    patch: type[Model] = create_model(
        f"Patched{model.__name__}", __base__=model, __doc__=model.__doc__, **fields
    )
    return patch


def sent_fields(form: RequestModel) -> dict[str, Any]:
    """The fields that the client sent, validated."""
    return {name: getattr(form, name) for name in type(form).model_fields if name in form.model_fields_set}


def with_changes[Spec: BaseModel](spec: type[Spec], current: BaseModel, changes: dict[str, Any]) -> Spec:
    """What `current` has of a spec, with some fields changed."""
    return spec(**{name: getattr(current, name) for name in spec.model_fields} | changes)


def _optional(field: FieldInfo) -> Any:
    rule = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return Annotated[rule, Field(json_schema_extra=without_default)], None


def without_default(schema: JsonDict) -> None:
    """Describe a field whose absence does not mean what its default says."""
    schema.pop("default", None)
