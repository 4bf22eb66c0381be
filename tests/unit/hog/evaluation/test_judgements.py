"""What the outcome of a program means for the evaluation, in the words that people read."""

from __future__ import annotations

import pytest

from assay.contracts.evaluations import StatusReason
from assay.domain.hog.outcomes import Fault, HogOutcome
from assay.domain.hog_evaluations import hog_judgement
from tests.workflows.scripted_activities import a_hog_judgement

BLANK = a_hog_judgement(verdict=None, reasoning="")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            "Runtime error: line 1, column 8: a number has no length.",
            "This event is not of the shape that the program works on; other events are still evaluated.",
        ),
        (
            "Limit exceeded: line 1, column 8: the program took more than 20,000,000 steps.",
            "This event is too large for what the program does with it; other events are still evaluated.",
        ),
    ],
)
def test_why_an_event_is_skipped(error: str, sentence: str) -> None:
    outcome = HogOutcome(reasoning="printed", fault=Fault.HOG_INPUT_ERROR, error=error)
    judgement = hog_judgement(BLANK, outcome)
    assert (judgement.skip_reason, judgement.disable_reason) == ("hog_input_error", None)
    assert judgement.reasoning.split("\n\n") == [sentence, error, "printed"]


def test_a_limit_that_is_the_fault_of_the_program_says_nothing_of_the_event() -> None:
    outcome = HogOutcome(fault=Fault.HOG_ERROR, error="Limit exceeded: the program ran for too long.")
    judgement = hog_judgement(BLANK, outcome)
    assert (judgement.skip_reason, judgement.disable_reason) == ("hog_error", StatusReason.HOG_ERROR)
    assert judgement.reasoning == outcome.error
