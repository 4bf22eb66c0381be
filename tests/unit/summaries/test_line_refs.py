"""References to lines: how they are read, and which resolve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.summaries.line_refs import KnownLines, Span, resolves, resolving, spans_of

TEXT = KnownLines.of_text("\n".join(f"L{number:03}: x" for number in range(1, 251)))


@pytest.mark.parametrize(
    ("references", "spelled"),
    [
        ("L45", "L45"),
        ("L045", "L45"),
        ("l45 ", "L45"),
        ("L1-L5", "L1-L5"),
        ("L1-5", "L1-L5"),
        ("L001 – L005", "L1-L5"),
        ("L5-L1", "L1-L5"),
        ("L3, L007;L3", "L3, L7"),
        ("L250,", "L250"),
        ("[L45, L60-L62]", "L45, L60-L62"),
        ("(L3), `L1—L2`", "L3, L1-L2"),
        ("", ""),
        ("[]", ""),
    ],
)
def test_references_that_resolve(references: str, spelled: str) -> None:
    assert resolves(references, TEXT)
    assert resolving(references, TEXT) == spelled


@pytest.mark.parametrize(
    ("references", "left"),
    [
        ("L0", ""),
        ("L251", ""),
        ("L1-L251", ""),
        ("L2, L999, L4-L6", "L2, L4-L6"),
        ("45", ""),
        ("line 4", ""),
        ("L4 and L5, L9", "L9"),
        ("L99999999999", ""),
        ("L-1", ""),
        ("L1-L2-L3", ""),
    ],
)
def test_references_that_do_not(references: str, left: str) -> None:
    assert not resolves(references, TEXT)
    assert resolving(references, TEXT) == left


def test_a_text_without_numbers_has_no_lines() -> None:
    assert KnownLines.of_text("").spans == ()
    assert not resolves("L1", KnownLines.of_text("x\ny"))


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=12), st.integers(1, 80))
def test_lines_of_references(spans: list[tuple[int, int]], line: int) -> None:
    references = [str(Span(first, first + more)) for first, more in spans]
    known = KnownLines.of_references(references)
    assert known.has(line) == any(first <= line <= first + more for first, more in spans)
    assert all(left.last + 1 < right.first for left, right in zip(known.spans, known.spans[1:], strict=False))


@given(st.text())
def test_any_text_can_be_read(references: str) -> None:
    spelled = resolving(references, TEXT)
    assert resolves(spelled, TEXT)
    assert all(TEXT.has(span.first) for span in spans_of(spelled) or ())
