"""The forms of error bodies; each knows how to say what went wrong."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, RootModel

from api_shim.problems import Problem, field_map
from assay.contracts.wire import ResponseModel
from assay.errors import ErrorType, RequestError, VersionConflict, WorkFailed


class StandardError(ResponseModel):
    """What went wrong. Of invalid input, only the first problem in the order of the fields is told."""

    type: ErrorType
    """Family of the error."""
    code: str
    """Stable machine-readable name of the error."""
    detail: str
    """What is wrong, for a person."""
    attr: str | None
    """The field at fault, nested names joined with a double underscore; null if there is none."""

    @classmethod
    def of_problems(cls, problems: list[Problem]) -> StandardError:
        """The first problem."""
        first = problems[0]
        return cls(type="validation_error", code=first.code, detail=first.detail, attr=first.attr)

    @classmethod
    def of_error(cls, error: RequestError) -> StandardError:
        """A refusal that is about no field."""
        return cls(type=error.type, code=error.code, detail=error.detail, attr=None)


class FieldErrors(RootModel[dict[str, Any]]):
    """All problems: field to messages, nested like the input."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def of_problems(cls, problems: list[Problem]) -> FieldErrors:
        """All problems."""
        return cls(field_map(problems))


class ErrorFields(ResponseModel):
    """All problems under one key: field to messages, nested like the input."""

    error: dict[str, Any]

    @classmethod
    def of_problems(cls, problems: list[Problem]) -> ErrorFields:
        """All problems."""
        return cls(error=field_map(problems))


class ErrorText(ResponseModel):
    """What went wrong, as one text."""

    error: str

    @classmethod
    def of_error(cls, error: RequestError) -> ErrorText:
        """The refusal's text."""
        return cls(error=error.detail)


class ErrorAndDetail(ErrorText):
    """What went wrong; where work failed, why is told apart."""

    detail: str | None = Field(default=None, exclude_if=lambda detail: detail is None)
    """Why; left out where the error says all there is."""

    @classmethod
    def of_error(cls, error: RequestError) -> ErrorAndDetail:
        """The refusal's text, or that the work failed and why."""
        if isinstance(error, WorkFailed):
            return cls(error="The work that the answer needs has failed.", detail=error.detail)
        return cls(error=error.detail)


class DetailText(ResponseModel):
    """What went wrong, as one text."""

    detail: str

    @classmethod
    def of_problems(cls, problems: list[Problem]) -> DetailText:
        """The first problem, after the name of its field."""
        first = problems[0]
        return cls(detail=": ".join(filter(None, (first.attr, first.detail))))

    @classmethod
    def of_error(cls, error: RequestError) -> DetailText:
        """The refusal's text."""
        return cls(detail=error.detail)


class StaleVersion(DetailText):
    """The change was based on a version that is not the newest."""

    current_version: int
    """Number of the newest version."""

    @classmethod
    def of_error(cls, error: RequestError) -> StaleVersion:
        """The refusal's text and the version that it tells.

        Raises:
            RequestError: it is another refusal, which the application answers.
        """
        if not isinstance(error, VersionConflict):
            raise error
        return cls(detail=error.detail, current_version=error.current_version)
