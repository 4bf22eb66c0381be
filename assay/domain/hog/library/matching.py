"""Functions that look for patterns in texts."""

from __future__ import annotations

from assay.domain.hog import patterns, text_operators
from assay.domain.hog.arguments import text_argument
from assay.domain.hog.library.folding import folded
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.printing import text_of
from assay.domain.hog.values import Value


@function("like", 2, scalar=True)
def like(machine: Machine, text: Value, pattern: Value) -> bool:
    """The operator `like`."""
    return text_operators.like(machine.budget, text, pattern)


@function("ilike", 2, scalar=True)
def ilike(machine: Machine, text: Value, pattern: Value) -> bool:
    """The operator `ilike`."""
    return text_operators.ilike(machine.budget, text, pattern)


@function("notLike", 2, scalar=True)
def not_like(machine: Machine, text: Value, pattern: Value) -> bool:
    """The operator `not like`."""
    return text_operators.not_like(machine.budget, text, pattern)


@function("notILike", 2, scalar=True)
def not_ilike(machine: Machine, text: Value, pattern: Value) -> bool:
    """The operator `not ilike`."""
    return text_operators.not_ilike(machine.budget, text, pattern)


@function("match", 2, scalar=True)
def match(machine: Machine, text: Value, pattern: Value) -> bool:
    """Whether a regular expression matches some part of a text; an empty one does, null does not."""
    if text is None or pattern is None:
        return False
    return patterns.search(machine.budget, text_argument("match", text), text_argument("match", pattern))


@function("extractRegex", 2, scalar=True)
def extract_regex(machine: Machine, text: Value, pattern: Value) -> str:
    """The part that a regular expression matches, or its first group; empty if there is none."""
    if text is None or pattern is None:
        return ""
    given = text_of(machine.budget, text)
    return patterns.search_group(machine.budget, given, text_argument("extractRegex", pattern)) or ""


@function("multiSearchAnyCaseInsensitive", 2, scalar=True)
def multi_search_any_case_insensitive(machine: Machine, text: Value, sought: Value) -> int:
    """1 if one of several texts is a part of a text, in any case; else 0."""
    if text is None or not isinstance(sought, list | tuple):
        return 0
    budget = machine.budget
    within = folded(budget, text_of(budget, text))
    for value in sought:
        budget.spend(1)
        budget.text(len(within))
        if value is not None and folded(budget, text_of(budget, value)) in within:
            return 1
    return 0
