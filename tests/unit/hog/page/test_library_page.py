"""docs/hog-library.md lists the standard library: every function, its arguments, and an example that holds."""

from __future__ import annotations

import re

import pytest

from assay.domain.hog.library import FUNCTIONS
from tests.unit.hog.page.proving import outcome_of
from tests.unit.hog.page.reading import LIBRARY, Claim, claims

ROWS = re.findall(r"^\| `(\w+)\((.*?)\)` \| [^|]+ \| (`.*) \|$", LIBRARY.read_text(), re.MULTILINE)


def arity(arguments: str) -> tuple[int, int | None]:
    """The fewest and the most arguments of a signature such as `text, [start], …`."""
    names = arguments.split(", ") if arguments else []
    fixed = [name for name in names if name != "…"]
    least = sum(not name.startswith("[") for name in fixed)
    return least, None if "…" in names else len(fixed)


def test_the_page_lists_every_function_once_with_its_arguments() -> None:
    listed = [(name, *arity(arguments)) for name, arguments, _ in ROWS]
    public = [(it.name, it.least, it.most) for it in FUNCTIONS.values() if not it.internal]
    assert sorted(listed, key=str) == sorted(public, key=str)


@pytest.mark.parametrize(("name", "_arguments", "example"), ROWS, ids=[name for name, _, _ in ROWS])
def test_every_function_has_an_example_of_its_own(name: str, _arguments: str, example: str) -> None:
    assert f"{name}(" in example


@pytest.mark.parametrize("claim", claims(LIBRARY), ids=str)
def test_every_example_holds(claim: Claim) -> None:
    assert outcome_of(claim) == claim.outcome
