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

PATTERN = {"title": "A habit", "description": "", "frequency": "common", "example_generation_ids": []}

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
    if checked.findings is None:
        assert checked.faults
        assert not answer["overall_assessment"].strip()
        return
    assert checked.findings.overall_assessment or any(checked.findings.patterns.values())
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
    assert max(len(problem.told()) for problem in problems) < 500


def test_only_the_model_is_told_what_it_wrote() -> None:
    answer = {
        "overall_assessment": "Good.",
        "pass_patterns": [PATTERN | {"example_generation_ids": ["secret"]}],
    }
    answer |= {"fail_patterns": [], "na_patterns": []}
    [problem] = check_answer(json.dumps(answer), EVIDENCE, of_part=False).problems
    assert "secret" in problem.told()
    assert "secret" not in problem.words


def test_more_that_is_wrong_counts_for_more() -> None:
    def faults(assessment: str, *cited: str) -> int:
        pattern = PATTERN | {"example_generation_ids": list(cited)}
        answer = {"overall_assessment": assessment, "pass_patterns": [pattern]}
        answer |= {"fail_patterns": [], "na_patterns": []}
        return check_answer(json.dumps(answer), EVIDENCE, of_part=False).faults

    assert faults("Good.", "g1") == 0
    assert 0 < faults("Good.", "g1", "x") < faults("Good.", "x", "y") < faults("", "g1")


def test_a_pattern_that_cites_only_other_runs_is_made_up() -> None:
    def kept(*cited: str) -> int:
        pattern = PATTERN | {"example_generation_ids": list(cited)}
        answer = {"pass_patterns": [pattern], "fail_patterns": [], "na_patterns": []}
        findings = check_answer(json.dumps(answer), EVIDENCE, of_part=True).findings
        assert findings is not None
        return len(findings.patterns[RunResult.PASS])

    assert (kept("g1", "x"), kept("x"), kept("g2"), kept()) == (1, 0, 0, 1)


def test_an_answer_in_which_there_is_nothing_is_none() -> None:
    empty = {"overall_assessment": " ", "pass_patterns": [], "fail_patterns": [], "na_patterns": []}
    text = json.dumps(empty | {"recommendations": ["Do."]})
    assert check_answer(text, EVIDENCE, of_part=False).findings is None
    assert check_answer(text, EVIDENCE, of_part=True).findings is not None


def test_a_fence_around_an_answer_is_no_part_of_it() -> None:
    answer = {"overall_assessment": "Use `x```", "pass_patterns": [], "fail_patterns": [], "na_patterns": []}
    checked = check_answer(f"```json\n{json.dumps(answer)}\n```", EVIDENCE, of_part=False)
    assert checked.findings is not None
    assert checked.findings.overall_assessment == "Use `x```"


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
