"""What docs/hog.md says about the language is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from activities.hog_judging import LIMITS
from api_shim.routes.hog_tests import EACH_SECONDS, TOGETHER_SECONDS
from api_shim.schemas.evaluations import EvaluationRequest
from assay.domain.evaluation_config import normalized_configs
from assay.domain.hog import limits
from assay.domain.hog.budget import Budget
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.compiling.calls import MAX_ARGUMENTS
from assay.domain.hog.compiling.warnings import EVALUATION_GLOBALS
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.evaluation import evaluate
from assay.domain.hog.hints import FOREIGN_WORDS
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.printing import printed
from assay.domain.hog_evaluations import MAX_REASONING
from assay.runtime.cli.hog_events import SAMPLE, read_events
from tests.unit.hog.page.proving import GLOBALS, outcome_of
from tests.unit.hog.page.reading import (
    LANGUAGE,
    LIBRARY,
    Claim,
    Worked,
    blocks,
    claims,
    expected_of,
    prose,
    table,
    worked_evaluations,
)
from tests.unit.hog.programs import run

WORDS = {True: "pass", False: "fail", None: "n/a"}


@pytest.mark.parametrize("claim", claims(LANGUAGE), ids=str)
def test_every_value_on_the_page(claim: Claim) -> None:
    told = outcome_of(claim)
    assert told.startswith(claim.outcome) if claim.relation == "fails" else told == claim.outcome


@pytest.mark.parametrize("page", [LANGUAGE, LIBRARY], ids=lambda page: page.name)
def test_no_value_is_overlooked(page: Path) -> None:
    told = [claim for claim in claims(page) if claim.relation != "prints"]
    assert len(told) == prose(page).count("→") > 80


@pytest.mark.parametrize("block", blocks(LANGUAGE, "hog"))
def test_every_block_on_the_page(block: str) -> None:
    assert compile_source(block).warnings == ()
    ran = run(block, GLOBALS)
    shown = [line.replace("\n", "\\n") for line in ran.output]
    assert [*shown, *([] if ran.value is None else [printed(Budget(), ran.value)])] == expected_of(block)


@pytest.mark.parametrize("worked", worked_evaluations(LANGUAGE), ids=str)
def test_every_worked_evaluation(worked: Worked) -> None:
    program = compile_source(worked.source)
    assert program.warnings == ()
    machine = HogMachine()
    executable = machine.load(program.bytecode)
    allows_na = "n/a" in worked.results
    lines = []
    for target in read_events(worked.events.encode(), "events.jsonl").targets:
        outcome = evaluate(machine, executable, target, allows_na=allows_na, limits=LIMITS)
        assert outcome.fault is None, outcome.error
        first, *more = outcome.reasoning.split("\n")
        lines += [f"{WORDS[outcome.verdict]:4}  {first}".rstrip(), *(f"      {line}" for line in more)]
    assert lines == worked.results.splitlines()


def test_there_are_ten_worked_evaluations_and_the_ninth_allows_na() -> None:
    worked = worked_evaluations(LANGUAGE)
    assert [it.title.partition(". ")[0] for it in worked] == [str(number) for number in range(1, 11)]
    assert ["n/a" in it.results for it in worked].index(True) == 8
    for it in worked:
        assert {line[:4].strip() for line in it.results.splitlines()} >= {"pass", "fail"}


@pytest.mark.parametrize(("source", "fault", "_reason"), table(LANGUAGE, "program", "fault", "because"))
def test_faults(source: str, fault: str, _reason: str) -> None:
    machine = HogMachine()
    executable = machine.load(compile_source(source).bytecode)
    assert evaluate(machine, executable, SAMPLE, allows_na=False, limits=LIMITS).fault == fault


@pytest.mark.parametrize(("source", "message", "hint"), table(LANGUAGE, "source", "message", "hint"))
def test_refusals(source: str, message: str, hint: str) -> None:
    with pytest.raises(HogCompileError) as refused:
        compile_source(source)
    assert (refused.value.message, refused.value.hint) == (message, hint)


@pytest.mark.parametrize(("source", "warning"), table(LANGUAGE, "source", "warning"))
def test_warnings(source: str, warning: str) -> None:
    found = [re.sub(r"\Aline \d+, column \d+: ", "", line) for line in compile_source(source).warnings]
    assert found == [warning]


def test_the_evaluation_on_the_page_can_be_stored() -> None:
    sent = EvaluationRequest.model_validate_json(blocks(LANGUAGE, "json")[0])
    configs = normalized_configs(
        sent.evaluation_type, sent.output_type, sent.evaluation_config, sent.output_config
    )
    assert compile_source(configs.evaluation_config["source"]).warnings == ()


def test_globals() -> None:
    listed = [
        name for cell, _ in table(LANGUAGE, "global", "what it is") for name in re.findall(r"\w+", cell)
    ]
    assert set(listed) == EVALUATION_GLOBALS
    told = dict(table(LANGUAGE, "global", "what it is"))
    for name, value in (
        ("event", GLOBALS["event"]),
        ("target", GLOBALS["target"]),
        ("evaluation_events", GLOBALS["evaluation_events"][0]),
    ):
        named = re.findall(r"`([a-z_]+)`", told[name])
        assert named == list(value)


def test_the_size_of_a_large_event() -> None:
    assert f"more than {limits.LARGE_EVENT:,} characters as JSON" in prose(LANGUAGE)


def test_limits() -> None:
    evaluation = LIMITS
    assert [value for _, value in table(LANGUAGE, "limit", "")] == [
        f"{limits.MAX_SOURCE_BYTES:,} bytes of UTF-8",
        f"{limits.MAX_SOURCE_NESTING}",
        f"{limits.MAX_TREE_DEPTH}",
        f"{limits.MAX_BLOCK_NESTING}",
        f"{MAX_ARGUMENTS}",
        f"{evaluation.steps:,}",
        f"{evaluation.seconds:g} s",
        f"{EACH_SECONDS:g} s for an event, {TOGETHER_SECONDS:g} s for all",
        f"{evaluation.memory // limits.MIB} MiB",
        f"{limits.MAX_CALL_DEPTH}",
        f"{limits.MAX_NESTING}",
        f"{limits.MAX_INTEGER_BITS:,} bits",
        f"{limits.MAX_TEXT:,} characters",
        f"{limits.MAX_ITEMS:,} items",
        f"{limits.MAX_PATTERN:,} characters",
        f"{limits.MAX_OUTPUT:,} characters, {limits.MAX_OUTPUT_LINES:,} lines",
        f"{MAX_REASONING:,} characters",
    ]


def test_what_is_left_out_does_not_compile_and_says_so() -> None:
    [sentence] = re.findall(r"Left out, (.*?)\.", prose(LANGUAGE))
    names = re.findall(r"`(\w+)`", sentence)
    assert len(names) == 6
    for name in names:
        with pytest.raises(HogCompileError) as refused:
            compile_source(f"{name}('x')")
        assert "nothing" in refused.value.hint
    assert not FOREIGN_WORDS.keys() & set(names)
