"""Runs what the pages about Hog show, on the event that `assay hog run` uses when it is given none."""

from __future__ import annotations

import pytest

from assay.domain.hog.budget import Budget
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.compiling.warnings import EVALUATION_GLOBALS
from assay.domain.hog.errors import HogCompileError, HogException
from assay.domain.hog.globals import evaluation_globals
from assay.domain.hog.printing import printed
from assay.runtime.cli.hog_events import SAMPLE
from tests.unit.hog.page.reading import Claim
from tests.unit.hog.programs import run

GLOBALS = evaluation_globals(SAMPLE, EVALUATION_GLOBALS)


def outcome_of(claim: Claim) -> str:
    """What really becomes of a source, in the form of its claim."""
    if claim.relation == "does not compile":
        with pytest.raises(HogCompileError) as refused:
            compile_source(claim.program)
        return refused.value.message
    if claim.relation == "fails":
        with pytest.raises(HogException) as failed:
            run(claim.program, GLOBALS)
        return failed.value.message
    ran = run(claim.program, GLOBALS)
    return "\n".join(ran.output) if claim.relation == "prints" else printed(Budget(), ran.value)
