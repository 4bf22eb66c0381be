"""A few seconds of fuzzing, and what longer runs have found."""

from __future__ import annotations

from typing import Any

import pytest

from assay.domain.hog.compiling import compile_tree
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.program import InvalidProgram, bytecode
from assay.domain.hog.tree import Tree
from tests.fuzz.hog.cases import made
from tests.fuzz.hog.fuzz import fuzz


def test_nothing_comes_out_that_must_not() -> None:
    findings = fuzz(1, seconds=60, cases=200)
    assert findings.found == []
    assert sum(findings.verdicts.values()) == 200
    assert len(findings.verdicts) > 8  # of all kinds, and with more than one kind of end


def test_a_case_is_the_same_each_time() -> None:
    assert [made(3, index) for index in range(40)] == [made(3, index) for index in range(40)]


def _program(*statements: dict[str, Any]) -> Tree:
    return Tree({"node": "Program", "declarations": list(statements)})


def _returned(**constant: Any) -> Tree:
    return _program({"node": "ReturnStatement", "expr": {"node": "Constant", **constant}})


NAMELESS = {"node": "Field", "chain": []}
ONE = {"node": "Constant", "value": 1}


@pytest.mark.parametrize(
    "tree",
    [
        _returned(value=float("inf")),
        _returned(value=float("nan")),
        _returned(value=[1]),
        _returned(value="1" * 5000, value_type="number"),
        _program({"node": "ExprStatement", "expr": NAMELESS}),
        _program({"node": "VariableAssignment", "left": NAMELESS, "right": ONE}),
        _program(
            {
                "node": "VariableAssignment",
                "left": {"node": "ArrayAccess", "array": NAMELESS, "property": ONE},
                "right": ONE,
            }
        ),
    ],
    ids=["infinity", "NaN", "a list", "many digits", "read", "set", "a part is set"],
)
def test_trees_that_no_parser_makes_are_refused(tree: Tree) -> None:
    with pytest.raises(HogCompileError):
        compile_tree(tree)


@pytest.mark.parametrize("line", [0, -1, 2**31, 2**64, True, None, "1"])
def test_places_that_no_source_has_do_not_matter(line: Any) -> None:
    place = {"line": line, "column": line}
    field = {"node": "Field", "chain": ["a"], "start": place}
    program = compile_tree(_program({"node": "ReturnStatement", "expr": field, "start": place}))
    assert HogMachine().load(program.bytecode).names == {"a"}


@pytest.mark.parametrize(
    "statements",
    [
        [99],
        [[]],
        [["let", 1]],
        [["let", "x", ["const", 1]]],
        [["let", True, ["const", 1]]],
        [["return", ["const", []]]],
        [["return", ["number", "1" * 5000]]],
        [["return", ["number", "__import__('os')"]]],
        [["return", ["call", 1, 0, "exec", []]]],
        [["return", ["call", 1, 0, "range", []]]],
        [["return", ["call", 1, 0, "range", {}]]],
        [["return", ["call", 1, 0, "upper", [["const", "a"], ["const", "b"]]]]],
        [["return", ["call", 1, 0, ["print"], []]]],
        [["return", ["name", 2**40, 2**40, "a", []]]],
        [["return", ["name", 1, 0, 7, []]]],
        [["return", ["name", 1, 0, "a", [7]]]],
        [["return", ["arith", 1, 0, "**", ["const", 1], ["const", 1]]]],
        [["return", ["function", 1, 0, ["f"], [], [], []]]],
        [["return", ["function", 1, 0, "f", [1, 1], [], []]]],
        [["return", ["function", 1, 0, "f", ["1=exec"], [], []]]],
        [["import", "os"]],
        [["try", [], [[None, 7, []]]]],
        [["while", 1, 0, ["const", True], [["while"]], []]],
    ],
    ids=repr,
)
def test_forged_programs_are_not_loaded(statements: list[Any]) -> None:
    with pytest.raises(InvalidProgram):
        HogMachine().load(bytecode(statements))
