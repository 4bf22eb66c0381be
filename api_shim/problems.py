"""What is wrong with the input of a request, as a list in field order."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from assay.errors import FieldError

_NON_FIELD = "non_field_errors"
_BUILT_IN = frozenset(get_args(ErrorType))


class Problem(NamedTuple):
    """One broken rule.

    Attributes:
        path: where: names of fields and positions in lists, outermost first; empty for the whole body.
        code: code of the rule.
        detail: what is wrong.
    """

    path: tuple[str, ...]
    code: str
    detail: str

    @property
    def attr(self) -> str | None:
        """The path as the standard error body writes it: `model_configuration__provider`."""
        return "__".join(self.path) or None


class InvalidInput(Exception):
    """The input breaks one or more rules.

    Attributes:
        problems: at least one, in the order of the fields.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems

    @classmethod
    def of(cls, error: FieldError) -> InvalidInput:
        """The same refusal as a list of one."""
        path = () if error.attr is None else tuple(error.attr.split("__"))
        return cls([Problem(path, error.field_code, error.detail)])


def validated[Model: BaseModel](model: type[Model], data: Any) -> Model:
    """`data` as `model`.

    Raises:
        InvalidInput: it breaks the rules of the model.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidInput(problems_of(error)) from None


def problems_of(error: ValidationError) -> list[Problem]:
    """What a validation error says, in the order of the fields."""
    return [_problem(details) for details in error.errors(include_url=False, include_context=False)]


def field_map(problems: list[Problem]) -> dict[str, Any]:
    """All problems by field, nested like the input: `{"ids": {"0": ["Must be a valid UUID."]}}`."""
    tree: dict[str, Any] = {}
    for problem in problems:
        *parents, leaf = problem.path or (_NON_FIELD,)
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node.setdefault(leaf, []).append(problem.detail)
    return tree


def _problem(error: ErrorDetails) -> Problem:
    path = tuple(map(str, error["loc"]))
    match error["type"]:
        case "missing":
            return Problem(path, "required", "This field is required.")
        case "model_type":
            return _not_an_object(path, error["input"])
        case code if code in _BUILT_IN:
            return Problem(path, "invalid_input", error["msg"])
        case code:
            return Problem(path, code, error["msg"])


def _not_an_object(path: tuple[str, ...], value: Any) -> Problem:
    if value is None:
        return Problem(path, "null", "This field may not be null." if path else "No data provided")
    detail = f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
    return Problem((*path, _NON_FIELD) if path else (), "invalid_input", detail)
