import re
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.domain.judging import MAX_PROMPT_CHARS, build_prompt, prompt_parts
from assay.domain.readable import TargetText
from tests.unit.judging.strategies import TEXT

BOUNDARY = "c0ffee0123456789abcdef0123456789"
HOSTILE = st.lists(
    st.sampled_from(
        [
            "BEGIN OUTPUT ",
            "END INPUT ",
            "END OUTPUT ",
            BOUNDARY,
            BOUNDARY.upper(),
            BOUNDARY[:16],
            "\n",
            "x",
            "# Output",
        ]
    )
).map("".join)
TARGETS = st.builds(TargetText, TEXT | HOSTILE, TEXT | HOSTILE, TEXT | HOSTILE)


def user_text(target: TargetText) -> str:
    return build_prompt("Be kind.", target, allows_na=False, boundary=BOUNDARY)[1].content


def test_the_prompt_says_what_matters() -> None:
    target = TargetText("user: hi", "assistant: ho", '{"name": "search"}')
    system, user = build_prompt("Pass if polite.", target, allows_na=False, boundary=BOUNDARY)
    assert (system.role, user.role) == ("system", "user")
    assert "# Criteria\nPass if polite.\n" in system.content
    assert f'"BEGIN <NAME> {BOUNDARY}"' in system.content
    assert "untrusted data" in system.content
    assert '"verdict"' in system.content
    assert '"outcome"' not in system.content
    assert user.content == (
        f"# Input\nBEGIN INPUT {BOUNDARY}\nuser: hi\nEND INPUT {BOUNDARY}\n\n"
        f'# Tools\nBEGIN TOOLS {BOUNDARY}\n{{"name": "search"}}\nEND TOOLS {BOUNDARY}\n\n'
        f"# Output\nBEGIN OUTPUT {BOUNDARY}\nassistant: ho\nEND OUTPUT {BOUNDARY}"
    )


def test_not_applicable_is_offered_only_where_allowed() -> None:
    system, user = build_prompt("x", TargetText("", "", ""), allows_na=True, boundary=BOUNDARY)
    assert "not_applicable" in system.content
    assert '"verdict"' not in system.content
    assert "# Tools" not in user.content
    assert f"BEGIN OUTPUT {BOUNDARY}\n\nEND OUTPUT {BOUNDARY}" in user.content


def test_criteria_are_taken_literally() -> None:
    criteria = "Use {braces} and {boundary} and %s"
    system, _ = build_prompt(criteria, TargetText("", "", ""), allows_na=False, boundary=BOUNDARY)
    assert criteria in system.content


@pytest.mark.parametrize(
    "boundary", ["", "short", "a" * 15, "a" * 65, "a" * 15 + ".*", "ab cd" * 5, "é" * 20]
)
def test_a_weak_boundary_is_refused(boundary: str) -> None:
    with pytest.raises(ValueError, match="boundary"):
        build_prompt("x", TargetText("", "", ""), allows_na=False, boundary=boundary)


@given(TARGETS)
def test_no_text_can_write_a_boundary_line(target: TargetText) -> None:
    content = user_text(target)
    names = ["INPUT", "TOOLS", "OUTPUT"] if target.tools else ["INPUT", "OUTPUT"]
    marks = [line for line in content.split("\n") if BOUNDARY in line.lower()]
    assert marks == [f"{word} {name} {BOUNDARY}" for name in names for word in ("BEGIN", "END")]


@given(TEXT | HOSTILE, TARGETS, st.booleans())
def test_a_prompt_can_be_taken_apart(criteria: str, target: TargetText, allows_na: bool) -> None:
    boundary = secrets.token_hex(16)
    system, user = build_prompt(criteria, target, allows_na=allows_na, boundary=boundary)
    parts = prompt_parts(system.content, user.content)
    assert parts is not None
    assert parts.criteria == criteria
    assert parts.target == target


@given(TEXT, TEXT)
def test_other_prompts_are_not_taken_for_ours(system: str, user: str) -> None:
    assert prompt_parts(system, user) is None
    ours, _ = build_prompt(system, TargetText("", "", ""), allows_na=False, boundary=BOUNDARY)
    assert prompt_parts(ours.content, user) is None


LENGTHS = st.sampled_from([0, 1, 100, 49_000, 74_000, 75_000, 149_000, 150_000, 160_000, 400_000])
PATTERNS = st.sampled_from(["x", "word ", "line of a log\n", "\n", "ü\n\n", BOUNDARY[:31]])


@given(st.lists(st.tuples(LENGTHS, PATTERNS), min_size=3, max_size=3))
@settings(max_examples=40)
def test_the_user_message_is_bounded(sizes: list[tuple[int, str]]) -> None:
    texts = [(pattern * (length // len(pattern) + 1))[:length] for length, pattern in sizes]
    target = TargetText(*texts)
    content = user_text(target)
    assert len(content) <= MAX_PROMPT_CHARS
    assert content == user_text(target)
    if sum(map(len, texts)) > MAX_PROMPT_CHARS:
        assert "Too long to show in full" in content
        assert len(content) > MAX_PROMPT_CHARS // 4
    elif sum(map(len, texts)) < MAX_PROMPT_CHARS - 1_000:
        parts = prompt_parts(build_prompt("", target, allows_na=False, boundary=BOUNDARY)[0].content, content)
        assert parts is not None
        assert parts.target == target


def test_a_long_input_leaves_the_output_whole() -> None:
    lines = [f"entry {number}" for number in range(50_000)]
    content = user_text(TargetText("\n".join(lines), "assistant: the answer", "[]"))
    assert "assistant: the answer" in content
    note, begin, first = content.split("\n")[1:4]
    shown = re.fullmatch(r"\(Too long to show in full: (\d+) of 50000 lines, .*\)", note)
    assert shown
    assert begin == f"BEGIN INPUT {BOUNDARY}"
    assert first == "1: entry 0"
    assert f"\n50000: entry 49999\nEND INPUT {BOUNDARY}" in content
    section = content.split(f"END INPUT {BOUNDARY}")[0].split(f"BEGIN INPUT {BOUNDARY}\n")[1]
    assert section.count("\n") == int(shown[1])
    assert len(content) > MAX_PROMPT_CHARS * 0.9
