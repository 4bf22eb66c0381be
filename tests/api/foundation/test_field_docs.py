"""Docstrings of fields, against pydantic's own reading of them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from api_shim.app import RESOURCES
from api_shim.field_docs import field_docs
from api_shim.openapi import openapi_document
from api_shim.partial import patch_of
from assay.contracts.wire import RequestModel


class Base(RequestModel):
    """Model with fields of every kind."""

    first: int
    """Of the base."""
    second: int = 0
    """Of the base, too:
    on two lines.
    """
    plain: str = ""
    shared: ClassVar[int] = 0
    """Of no field."""


class Derived(Base):
    """Model that says some of it anew."""

    second: int = 1
    """Of the derived one."""
    third: str = ""

    """Below an empty line."""


class Outer(RequestModel):
    """Model with a model inside."""

    class Inner(RequestModel):
        """Model of the same field."""

        first: int
        """Of the inner one."""

    first: Inner


def test_fields_are_documented_by_what_stands_below_them() -> None:
    assert field_docs(Base) == {"first": "Of the base.", "second": "Of the base, too:\non two lines."}
    assert field_docs(Outer) == {}
    assert field_docs(Outer.Inner) == {"first": "Of the inner one."}


def test_what_a_base_says_holds_until_it_is_said_anew() -> None:
    said = {"first": "Of the base.", "second": "Of the derived one.", "third": "Below an empty line."}
    assert field_docs(Derived) == said
    assert field_docs(patch_of(Derived)) == said


def test_pydantic_reads_the_same() -> None:
    class Twin(BaseModel):
        """Model whose docstrings pydantic reads itself."""

        model_config = ConfigDict(use_attribute_docstrings=True)

        first: int
        """Of the twin:

            indented.
        """
        second: int

    assert field_docs(Twin) == {
        name: field.description for name, field in Twin.model_fields.items() if field.description
    }


def test_the_description_of_the_api_holds_them() -> None:
    schemas = openapi_document(RESOURCES)["components"]["schemas"]
    described = [
        name
        for schema in schemas.values()
        for name, shown in schema.get("properties", {}).items()
        if "description" in shown
    ]
    assert len(described) > 100
