"""What models take, how notes are grouped, and under what summaries are kept."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.summarization import SummaryKind, SummaryMode, SummaryPoint
from assay.contracts.traces import TraceState
from assay.domain.summaries.entities import subject_of, summary_digest, trace_of, variant_of
from assay.domain.summaries.groups import groups_of, longest_notes
from assay.domain.summaries.line_refs import KnownLines
from assay.domain.summaries.notes import known_lines, notes_text, read_notes
from assay.domain.summaries.windows import DEFAULT_WINDOW, SMALLEST_WINDOW, window_of
from tests.api.answers.summarization.traces import generation

STATE = TraceState(mark="2@0", events=2, size=0, is_whole=True)


def test_windows() -> None:
    assert window_of("gpt-4.1-mini") > window_of("gpt-5-mini") > window_of("gpt-4o") > window_of("gpt-4-0613")
    assert window_of("openai/GPT-4.1") == window_of("gpt-4.1")
    assert window_of("accounts/fireworks/models/gpt-oss-20b") == window_of("gpt-oss")
    assert window_of("unheard-of") == window_of("") == DEFAULT_WINDOW
    assert window_of("gpt-4") >= SMALLEST_WINDOW


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(1_000, 3_000))
def test_groups_are_all_of_it_and_get_fewer(lengths: list[int], room: int) -> None:
    groups = groups_of(lengths, room)
    bounds = [0, *(group.stop for group in groups)]
    assert [group.start for group in groups] == bounds[:-1]
    assert bounds[-1] == len(lengths)
    assert all(group.stop - group.start >= 2 for group in groups[:-1])
    assert all(start < stop for start, stop in pairwise(bounds))
    assert len(groups) < len(lengths) or len(lengths) < 2


@given(st.lists(st.text(max_size=300), max_size=30), st.integers(0, 2_000))
def test_notes_have_room_for_each_other(texts: list[str], longest: int) -> None:
    known = KnownLines.of_references(["L1-L9"])
    answer = json.dumps({"notes": [{"text": text, "line_refs": "L3"} for text in texts]})
    notes = read_notes(answer, known=known, longest=longest)
    assert len(notes_text(notes)) <= longest
    assert all(note.text and note.line_refs == "L3" for note in notes)


def test_pieces_leave_room_for_more_than_one() -> None:
    assert 2 * (longest_notes(1_000) + 1) < 1_000


def test_who_reads_notes_knows_their_lines_only() -> None:
    notes = [SummaryPoint(text="a", line_refs="L4, L9-L12"), SummaryPoint(text="b", line_refs="")]
    assert [line for line in range(20) if known_lines(notes).has(line)] == [4, 9, 10, 11, 12]


def test_what_a_summary_depends_on() -> None:
    variants = [
        variant_of(kind, mode, model)
        for kind in SummaryKind
        for mode in SummaryMode
        for model in (None, "gpt-4o")
    ]
    places = [
        (project, subject, variant, text)
        for project in (1, 2)
        for subject in ("a", "b")
        for variant in variants
        for text in ("x", "y")
    ]
    assert len({summary_digest(*place) for place in places}) == len(places)
    assert subject_of("t" * 200) == "t" * 200
    assert len(subject_of("t" * 201)) == 64


@pytest.mark.parametrize("depth", [5_000])
def test_deep_traces_are_looked_through(depth: int) -> None:
    events = [
        generation("t", properties={"$ai_span_id": f"s{number}", "$ai_parent_id": f"s{number - 1}"})
        for number in range(depth)
    ]
    assert not trace_of("t", events, STATE).has_payload
    last = generation("t", properties={"$ai_parent_id": f"s{depth - 1}", "$ai_error": "late"})
    entity = trace_of("t", [*events, last], STATE)
    assert entity.has_payload
    assert entity.text
