"""Long texts in pieces: everything fits, nothing is lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.report_messages.splitting import shortened, size, split_lines, split_text

WHOLE = re.compile(r"<[^<>\n]+>|&(?:amp|lt|gt);")
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.text(alphabet="ab .!?\n\u00a0🙂", max_size=60),
        st.sampled_from(["\n\n", "\n", " ", ". ", "&amp;", "&lt;", "<https://a.example/b|two words>"]),
    ),
    max_size=30,
).map("".join)


def _visible(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(2, 80))
def test_nothing_is_lost_and_everything_fits(text: str, limit: int) -> None:
    pieces = split_text(text, limit, whole=WHOLE)
    assert _visible("".join(pieces)) == _visible(text)
    assert all(piece.strip() and size(piece) <= limit for piece in pieces)


@given(TEXTS, st.integers(40, 80))
def test_links_and_escapes_stay_whole(text: str, limit: int) -> None:
    def whole(parts: list[str]) -> list[str]:
        return [found for part in parts for found in WHOLE.findall(part) if size(found) <= limit // 2]

    assert whole(split_text(text, limit, whole=WHOLE)) == whole([text])


@given(TEXTS, st.integers(2, 80))
def test_lines_keep_their_spaces(text: str, limit: int) -> None:
    pieces = split_lines(text, limit)
    assert "".join(pieces).replace("\n", "") == text.replace("\n", "")
    assert all(size(piece) <= limit for piece in pieces)


@given(st.lists(st.text(alphabet="ab ", max_size=20)), st.integers(20, 60))
def test_lines_that_fit_are_not_broken(lines: list[str], limit: int) -> None:
    assert "\n".join(split_lines("\n".join(lines), limit)) == "\n".join(lines)


def test_the_best_pause_wins() -> None:
    assert split_text("One two. Three.\n\nFour five six.", 20) == ["One two. Three.", "Four five six."]
    assert split_text("One two. Three\nfour five six.", 18) == ["One two. Three", "four five six."]
    assert split_text("One two. Three four five.", 20) == ["One two.", "Three four five."]
    assert split_text("One two three four", 10) == ["One two", "three four"]
    assert split_text("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_a_pause_at_the_very_beginning_is_not_worth_it() -> None:
    assert split_text("A\n\n" + "word " * 20, 50)[0].startswith("A\n\nword")


def test_emoji_count_twice() -> None:
    assert size("🙂a") == 3
    assert split_text("🙂" * 5, 4) == ["🙂🙂", "🙂🙂", "🙂"]


def test_short_texts_stay() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("One two three", 9) == "One two…"
