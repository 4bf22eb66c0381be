"""Events of summaries: the same one has the same identity, another one another; and what is embedded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.summarization import StoredSummary, Summary, SummaryPoint
from assay.contracts.summarization_windows import ItemOfWindow, RecordSummary, WindowItem, WindowRef
from assay.domain.summary_events import embedded_text, summary_event, summary_event_id
from tests.histories.summarization_cases import some_work

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
JOB = UUID(int=7)
SUMMARY = Summary(
    title="It rains",
    flow_diagram="flowchart TD\nA --> B",
    summary_bullets=(SummaryPoint(text="Asked", line_refs="L1"), SummaryPoint(text="Told", line_refs="")),
    interesting_notes=(SummaryPoint(text="A typo", line_refs="L2"),),
)


def an_item(**changes: Any) -> ItemOfWindow:
    values: dict[str, Any] = {
        "ref": WindowRef(project_id=1, job_id=JOB),
        "job_name": "Checkout",
        "level": AnalysisLevel.TRACE,
        "until": NOON,
        "item": WindowItem(id="a trace", timestamp=NOON - timedelta(minutes=9)),
    }
    return ItemOfWindow(**(values | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"ref": WindowRef(project_id=2, job_id=JOB)},
        {"ref": WindowRef(project_id=1, job_id=UUID(int=8))},
        {"ref": WindowRef(project_id=1)},
        {"level": AnalysisLevel.GENERATION},
        {"until": NOON + timedelta(hours=1)},
        {"item": WindowItem(id="another", timestamp=NOON)},
    ],
    ids=["project", "job", "no job", "level", "window", "item"],
)
def test_what_makes_it_another_event(changes: dict[str, Any]) -> None:
    assert summary_event_id(an_item(**changes)) != summary_event_id(an_item())


def test_what_is_said_and_when_makes_no_other_event() -> None:
    said = an_item(job_name="Renamed", item=WindowItem(id="a trace", timestamp=NOON))
    assert (
        summary_event_id(said) == summary_event_id(an_item()) == UUID("ddca7596-48d2-5ba5-8cf0-8b9f08bcef32")
    )


def test_what_does_not_apply_is_absent() -> None:
    item = an_item(
        ref=WindowRef(project_id=1), job_name="", level=AnalysisLevel.GENERATION, item=_generation()
    )
    given = RecordSummary(of=item, work=some_work(), trace_id="")
    event = summary_event(given, StoredSummary(summary=SUMMARY, model="gpt-5", made_by="run"))
    assert (event.event, event.distinct_id) == ("$ai_generation_summary", "generation_summary_1")
    assert event.timestamp == NOON
    assert event.properties == {
        "$ai_generation_id": str(JOB),
        "$ai_batch_run_id": "1_2026-03-29T12:00:00+00:00",
        "$ai_summary_mode": "minimal",
        "$ai_summary_model": "gpt-5",
        "$ai_summary_title": "It rains",
        "$ai_summary_flow_diagram": "flowchart TD\nA --> B",
        "$ai_summary_bullets": [
            {"text": "Asked", "line_refs": "L1"},
            {"text": "Told", "line_refs": ""},
        ],
        "$ai_summary_interesting_notes": [{"text": "A typo", "line_refs": "L2"}],
        "$ai_text_repr_length": 60_000,
        "trace_timestamp": NOON.isoformat(),
    }


def _generation() -> WindowItem:
    return WindowItem(id=str(JOB), timestamp=NOON)


def test_a_summary_is_embedded_by_what_it_says() -> None:
    assert embedded_text(SUMMARY) == "It rains\n\nflowchart TD\nA --> B\n\nAsked\nTold\n\nA typo"
    bare = SUMMARY.model_copy(update={"flow_diagram": "", "interesting_notes": ()})
    assert embedded_text(bare) == "It rains\n\nAsked\nTold"
