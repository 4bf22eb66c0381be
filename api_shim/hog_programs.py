"""Hog source texts in requests: compiled when they are saved, so that what cannot run is not stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from assay.contracts.evaluations import Evaluation, EvaluationSpec, EvaluationType
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.program import is_current
from assay.domain.hog.source import explain
from assay.errors import FieldError, HogDefect, HogUnavailable, ServiceUnavailable
from assay.ports import HogRunner

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SavedProgram:
    """A source text and what it compiles to."""

    source: str
    bytecode: list[Any]


async def program_of(hog: HogRunner, spec: EvaluationSpec, project_id: int) -> SavedProgram | None:
    """The program of an evaluation that is to be stored; None for one that has none.

    Raises:
        FieldError: attr `evaluation_config`; the source does not compile.
        ServiceUnavailable: there is no process to compile it in.
    """
    if spec.evaluation_type is not EvaluationType.HOG:
        return None
    source = str(spec.evaluation_config["source"])
    try:
        with hog_available():
            return SavedProgram(source, (await hog.compile(source, owner=("save", project_id))).bytecode)
    except HogCompileError as error:
        raise FieldError(explain(source, error), attr="evaluation_config") from None


async def renewed_program(hog: HogRunner, spec: EvaluationSpec, project_id: int) -> SavedProgram | None:
    """The program of an evaluation whose source stays, if what is stored of it is of an older version.

    A source that an older version took and this one does not is no reason to refuse another change.
    """
    if is_current(spec.evaluation_config.get("bytecode")):
        return None
    try:
        return await program_of(hog, spec, project_id)
    except (FieldError, ServiceUnavailable, HogDefect) as error:
        log.warning("stored Hog program not renewed", reason=error.code)
        return None


def with_program(
    spec: EvaluationSpec, program: SavedProgram | None, *, stored: Evaluation | None = None
) -> EvaluationSpec:
    """The evaluation with its program beside the source.

    Args:
        program: what was compiled for this request; None if nothing was.
        stored: the evaluation as it is stored; its program stays while its source does.
    """
    if spec.evaluation_type is not EvaluationType.HOG:
        return spec
    source = spec.evaluation_config["source"]
    known = {} if stored is None else stored.evaluation_config
    if program is not None and program.source == source:
        bytecode = program.bytecode
    elif known.get("source") == source and "bytecode" in known:
        bytecode = known["bytecode"]
    else:  # somebody saved another source this very moment, or an old one stopped compiling: runs compile it
        return spec
    return spec.model_copy(update={"evaluation_config": {"source": source, "bytecode": bytecode}})


@contextmanager
def hog_available() -> Iterator[None]:
    """Answer 503 where there is no process for programs."""
    try:
        yield
    except HogUnavailable as error:
        raise no_process() from error


def no_process() -> ServiceUnavailable:
    """The refusal where there is no process for programs."""
    return ServiceUnavailable("There is no process for Hog programs now; send the request again.")
