"""What the Temporal UI shows never breaks out of its Markdown and stays short."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluations import StatusReason
from assay.contracts.events import EventRef
from assay.domain.run_details import (
    failure_details,
    judge_summary,
    outcome_details,
    run_facts,
    run_summary,
    waiting_details,
)
from tests.workflows.scripted_activities import a_hog_judgement, a_hog_run, a_judgement, a_run


@given(st.text(max_size=400))
def test_a_name_stays_in_its_cell_and_its_line(name: str) -> None:
    target = EventRef(project_id=1, event=name, uuid=uuid4(), day=date(2026, 11, 21))
    run = a_run(evaluation_name=name, target=target)
    for summary in (run_summary(run), judge_summary(run)):
        assert len(summary.encode()) <= 400
        assert len(summary.splitlines()) == 1
    row = next(line for line in run_facts(run).splitlines() if line.startswith("| Evaluation |"))
    assert row.replace("\\|", "").count("|") == 3


@given(st.text())
def test_a_reason_stays_in_its_quote(reason: str) -> None:
    assert "\n#" not in outcome_details(a_judgement(reasoning=f"{reason}\n# not a heading"))
    assert "\n#" not in failure_details("code", f"{reason}\n# not a heading")


def test_verdict_reason_model_and_cost_are_told() -> None:
    details = outcome_details(a_judgement())
    for part in ("pass", "It answers the question.", "openai/gpt-5-mini", "120 in, 18 out", "$0.000066"):
        assert part in details
    assert "price unknown" in outcome_details(a_judgement(cost_usd=None))
    assert "no model was asked again" in outcome_details(a_judgement(already_recorded=True))


def test_a_hog_run_speaks_of_a_program_and_not_of_a_judge() -> None:
    run = a_hog_run()
    texts = [judge_summary(run), waiting_details(run), run_facts(run), outcome_details(a_hog_judgement())]
    assert "Hog" in texts[0]
    assert "Hog" in texts[1]
    assert not [text for text in texts if "judge" in text.lower()]
    assert "judge" in waiting_details(a_run())


def test_what_a_program_printed_stays_in_lines() -> None:
    details = outcome_details(a_hog_judgement(reasoning="length 31\n\n# ok\n> 5"))
    assert details.splitlines()[2:7] == ["> length 31", ">", "> \\# ok", ">", "> \\> 5"]


def test_what_stopped_an_evaluation_is_told() -> None:
    stopped = a_hog_judgement(
        verdict=None,
        skip_reason="hog_error",
        disable_reason=StatusReason.HOG_ERROR,
        reasoning="Runtime error: line 1, column 8: division by zero.\n\nprinted before",
    )
    for part in ("skipped", "line 1, column 8", "printed before", "hog_error", "put into `error`"):
        assert part in outcome_details(stopped)


def test_a_long_text_is_not_shown_to_its_end() -> None:
    details = outcome_details(a_hog_judgement(reasoning="line\n" * 100_000))
    assert len(details) < 10_000
    assert "> …" in details.splitlines()
