"""Property filters: conditions on what an event, or the person behind it, carries."""

from __future__ import annotations

from enum import StrEnum

from pydantic import JsonValue

from assay.contracts.base import Contract


class FilterOperator(StrEnum):
    """How a property is compared with a filter's value; `docs/filters.md` has the meaning of each."""

    EXACT = "exact"
    IS_NOT = "is_not"
    ICONTAINS = "icontains"
    NOT_ICONTAINS = "not_icontains"
    REGEX = "regex"
    NOT_REGEX = "not_regex"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"
    IS_DATE_EXACT = "is_date_exact"
    IS_DATE_BEFORE = "is_date_before"
    IS_DATE_AFTER = "is_date_after"
    BETWEEN = "between"
    NOT_BETWEEN = "not_between"
    MIN = "min"
    MAX = "max"
    IN = "in"
    NOT_IN = "not_in"
    IS_CLEANED_PATH_EXACT = "is_cleaned_path_exact"
    FLAG_EVALUATES_TO = "flag_evaluates_to"


class FilterType(StrEnum):
    """Whose property a filter reads. The API knows more types; these can be evaluated."""

    EVENT = "event"
    PERSON = "person"


class PropertyFilter(Contract):
    """One filter as clients write it, defaults filled in.

    Attributes:
        key: name of the property, taken literally: dots and dollar signs mean nothing.
        value: what to compare with; null when the operator needs nothing.
    """

    key: str
    value: JsonValue = None
    operator: FilterOperator = FilterOperator.EXACT
    type: FilterType = FilterType.EVENT
