import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.judging import ParsedVerdict, UnparsableVerdict, parse_verdict, verdict_schema
from tests.unit.judging.strategies import JSON, TEXT

FIELDS = st.sampled_from(["reasoning", "verdict", "outcome", "applicable", "extra"])
VALUES = JSON | st.sampled_from(["pass", "fail", "n/a", "Not Applicable", " PASS "])
ANSWERS = st.dictionaries(FIELDS, VALUES).map(json.dumps)


@given(st.text() | ANSWERS | ANSWERS.map("```json\n{}\n```".format), st.booleans())
def test_anything_is_a_verdict_or_unparsable(text: str, allows_na: bool) -> None:
    try:
        parsed = parse_verdict(text, allows_na=allows_na)
    except UnparsableVerdict:
        return
    parsed.reasoning.encode()
    assert len(parsed.reasoning) <= 4_000
    if allows_na:
        assert parsed.applicable is (parsed.verdict is not None)
    else:
        assert isinstance(parsed.verdict, bool)
        assert parsed.applicable is None


@given(TEXT, st.booleans())
def test_schema_valid_answers(reasoning: str, verdict: bool) -> None:
    text = json.dumps({"reasoning": reasoning, "verdict": verdict})
    assert parse_verdict(text, allows_na=False) == ParsedVerdict(verdict, None, reasoning.strip())
    text = json.dumps({"reasoning": reasoning, "outcome": "pass" if verdict else "fail"})
    assert parse_verdict(text, allows_na=True) == ParsedVerdict(verdict, True, reasoning.strip())


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        ("pass", True),
        ("FAIL", False),
        (" Pass\n", True),
        ("not_applicable", None),
        ("Not  Applicable", None),
        ("n/a", None),
        ("N/A", None),
        ("NA", None),
    ],
)
def test_spellings_of_an_outcome(outcome: str, verdict: bool | None) -> None:
    text = json.dumps({"outcome": outcome, "reasoning": "r"})
    assert parse_verdict(text, allows_na=True) == ParsedVerdict(verdict, verdict is not None, "r")


@pytest.mark.parametrize(
    "fence", ["```json\n{}\n```", "```\n{}\n```", "```JSON{}```", "  \n```json\n\n{}\n\n```\n"]
)
def test_a_markdown_fence_is_tolerated(fence: str) -> None:
    text = fence.replace("{}", '{"reasoning": "r", "verdict": true}')
    assert parse_verdict(text, allows_na=False) == ParsedVerdict(True, None, "r")


@pytest.mark.parametrize(
    ("applicable", "verdict", "expected"),
    [
        (True, True, ParsedVerdict(True, True, "r")),
        (True, False, ParsedVerdict(False, True, "r")),
        (False, None, ParsedVerdict(None, False, "r")),
        (True, None, None),
        (False, True, None),
        (False, False, None),
    ],
)
def test_the_older_form_must_be_consistent(
    applicable: bool, verdict: bool | None, expected: ParsedVerdict | None
) -> None:
    text = json.dumps({"applicable": applicable, "verdict": verdict, "reasoning": "r"})
    if expected is None:
        with pytest.raises(UnparsableVerdict):
            parse_verdict(text, allows_na=True)
    else:
        assert parse_verdict(text, allows_na=True) == expected
    with pytest.raises(UnparsableVerdict):
        parse_verdict(text, allows_na=False)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "true",
        "[]",
        "I think it passes.",
        '{"reasoning": "r"}',
        '{"verdict": true}',
        '{"reasoning": "r", "verdict": "true"}',
        '{"reasoning": "r", "verdict": 1}',
        '{"reasoning": "r", "verdict": null}',
        '{"reasoning": 5, "verdict": true}',
        '{"reasoning": "r", "verdict": true, "confidence": 1}',
        '{"reasoning": "r", "outcome": "pass"}',
        'Sure! {"reasoning": "r", "verdict": true}',
        '```json\n{"reasoning": "r", "verdict": true}',
        "``````",
        "```",
        "[" * 100_000,
        "9" * 10_000,
    ],
)
def test_everything_else_is_unparsable(answer: str) -> None:
    with pytest.raises(UnparsableVerdict):
        parse_verdict(answer, allows_na=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "maybe"},
        {"outcome": "not-applicable"},
        {"outcome": True},
        {"outcome": "pass", "verdict": True},
        {"outcome": "pass", "applicable": True},
        {"verdict": True},
        {"applicable": "yes", "verdict": True},
    ],
)
def test_outcomes_that_are_none(fields: dict[str, Any]) -> None:
    with pytest.raises(UnparsableVerdict):
        parse_verdict(json.dumps({"reasoning": "r", **fields}), allows_na=True)


def test_reasoning_is_trimmed_and_bounded() -> None:
    text = '{"reasoning": "  \\ud83d\\ude00 \\ud800 ' + "y" * 9_000 + '  ", "verdict": false}'
    reasoning = parse_verdict(text, allows_na=False).reasoning
    assert reasoning.startswith("😀 ? yyy")
    assert len(reasoning) == 4_000


@pytest.mark.parametrize("allows_na", [True, False])
def test_the_schema_is_one_that_strict_mode_takes(allows_na: bool) -> None:
    schema = verdict_schema(allows_na)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == schema["required"]
    assert schema["required"] == ["reasoning", "outcome" if allows_na else "verdict"]
