"""What is left of any answer fits the data."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_summaries import RunResult
from assay.domain.evaluation_summaries.answer import check_answer, evidence_of_notes, summary_of
from assay.domain.evaluation_summaries.material import evidence_of
from tests.unit.evaluation_summaries.test_material import run

RUNS = [run(1), run(2, result=RunResult.FAIL), run(3, result=RunResult.FAIL, reasoning="It refuses.")]
EVIDENCE = evidence_of(RUNS)

ids = st.sampled_from(["g1", "g2", "g3", " g2 ", "g4", ""])
patterns = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.text(),
            "description": st.text(),
            "frequency": st.sampled_from(["common", "Rare", "often"]),
            "example_generation_ids": st.lists(ids),
        }
    ),
    max_size=6,
)
answers = st.fixed_dictionaries(
    {
        "overall_assessment": st.text(),
        "pass_patterns": patterns,
        "fail_patterns": patterns,
        "na_patterns": patterns,
        "recommendations": st.lists(st.text(), max_size=6),
    }
)


@given(answers)
def test_what_is_left_is_true(answer: dict[str, Any]) -> None:
    checked = check_answer(json.dumps(answer), EVIDENCE, of_part=False)
    assert checked.findings is not None
    for result, found in checked.findings.patterns.items():
        assert len(found) <= (4 if EVIDENCE.counts.get(result) else 0)
        for pattern in found:
            assert set(pattern.example_generation_ids) <= EVIDENCE.generations[result]
    assert len(checked.findings.recommendations) <= 4
    summary = summary_of(checked.findings, RUNS)
    assert summary.statistics.total_analyzed == 3
    for shown in summary.fail_patterns:
        first = (*shown.example_generation_ids, None)[0]
        assert shown.example_reasoning == {"g2": "Because.", "g3": "It refuses.", None: ""}[first]


@given(answers)
def test_what_is_left_has_no_problems(answer: dict[str, Any]) -> None:
    findings = check_answer(json.dumps(answer), EVIDENCE, of_part=True).findings
    assert findings is not None
    again = {
        f"{result}_patterns": [pattern.model_dump(mode="json") for pattern in found]
        for result, found in findings.patterns.items()
    }
    checked = check_answer(json.dumps(again), EVIDENCE, of_part=True)
    assert checked.problems == ()


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_read(text: str) -> None:
    checked = check_answer(text, EVIDENCE, of_part=False)
    assert checked.findings is None
    assert checked.problems


def test_deep_nesting_is_read() -> None:
    assert check_answer("[" * 100_000, EVIDENCE, of_part=False).findings is None


def test_problems_are_few_and_short() -> None:
    wrong = {"title": "", "description": "", "frequency": "x", "example_generation_ids": ["i" * 9_999] * 99}
    answer = {f"{result}_patterns": [wrong] * 9 for result in RunResult}
    problems = check_answer(json.dumps(answer), EVIDENCE, of_part=False).problems
    assert 0 < len(problems) <= 10
    assert max(map(len, problems)) < 500


def test_notes_can_be_cited_where_they_show_an_example() -> None:
    many = [run(n) for n in range(9)]
    shown = {
        "title": "All",
        "description": "",
        "frequency": "common",
        "example_generation_ids": [each.generation_id for each in many],
    }
    note = check_answer(
        json.dumps({"pass_patterns": [shown], "fail_patterns": [], "na_patterns": []}),
        evidence_of(many),
        of_part=True,
    ).findings
    assert note is not None
    evidence = evidence_of_notes(evidence_of(many), [note])
    assert evidence.generations[RunResult.PASS] == {"g0", "g1", "g2", "g3", "g4"}
    assert evidence.counts == {RunResult.PASS: 9}
