"""Markdown as Slack's mrkdwn."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.report_messages.mrkdwn import mrkdwn
from assay.domain.report_messages.splitting import size

MARKDOWN = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                "\n\n", "\n", "# Title\n", "- item\n", "  - inner\n", "1. one\n", "> quoted\n", "```\ncode\n```\n",
                "**bold** ", "_it_ ", "`id`", "[a](https://b.example/?c=1&d=2)", "![p](https://b.example/p.png)",
                "| a | b |\n| - | - |\n| 1 | 2 |\n", "<script>", "&amp;", "<!channel>", "---\n", "    indented\n",
            ]
        ),
    ),
    max_size=25,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**bold** and *it* and ~~gone~~", "*bold* and _it_ and ~gone~"),
        ("# A **heading**", "*A heading*"),
        ("a\nb  \nc", "a\nb\nc"),
        ("- a\n- b\n  1. c\n  2. d\n- e", "• a\n• b\n    1. c\n    2. d\n• e"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("> a\n> b", "> a\n> b"),
        ("`a < b`", "`a &lt; b`"),
        ("```py\na & b\n```", "```\na &amp; b\n```"),
        ("[a b](https://c.example/?d=1&e=2)", "<https://c.example/?d=1&amp;e=2|a b (c.example)>"),
        ("[**a**](https://c.example/x|y)", "<https://c.example/x%7Cy|a (c.example)>"),
        ("![chart](https://c.example/p.png)", "<https://c.example/p.png|chart (c.example)>"),
        ("[![p](https://a.example/)](https://b.example/)", "<https://b.example/|p (b.example)>"),
        ("<https://a.example/>", "<https://a.example/|https://a.example/>"),
        ("<ada@a.example>", "<mailto:ada@a.example|ada@a.example>"),
        ("[Write](mailto:eve@b.example)", "<mailto:eve@b.example|Write (eve@b.example)>"),
        ("[https://a.example/](https://b.example/)", "<https://b.example/|https://a.example/ (b.example)>"),
        ("[a](https://a.example@b.example/)", "<https://a.example@b.example/|a (b.example)>"),
        ("[a]\n\n[a]: https://b.example/ 'a.example'", "<https://b.example/|a (b.example)>"),
        ("[ ](https://b.example/)", "<https://b.example/>"),
        ("| a | bb |\n| - | - |\n| ccc | d |", "```\na    bb\n---  --\nccc  d\n```"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](data:text/html,y)", "[x](data:text/html,y)"),
        ("<b>raw</b>", "&lt;b&gt;raw&lt;/b&gt;"),
        ("", ""),
    ],
    ids=range(26),
)
def test_constructs(markdown: str, expected: str) -> None:
    assert "\n\n".join(mrkdwn(markdown, {}, limit=3000)) == expected


def test_cited_ids_are_links() -> None:
    links = {"id-1": "https://a.example/#evidence-1"}
    assert mrkdwn("See `id-1`, `id-2`.", links, limit=3000) == [
        "See <https://a.example/#evidence-1|id-1>, `id-2`."
    ]


@given(MARKDOWN, st.integers(200, 400))
def test_no_text_is_too_long_or_speaks_slack(markdown: str, limit: int) -> None:
    for text in mrkdwn(markdown, {}, limit=limit):
        assert text.strip()
        assert size(text) <= limit
        # what is not ours: mentions, and escapes cut in two
        assert not re.search(r"<[!@#]", text)
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
        assert text.count("```") % 2 == 0


@given(st.lists(st.text(alphabet="abcdefgh .", min_size=1, max_size=200), max_size=20), st.integers(100, 300))
def test_no_word_is_lost(paragraphs: list[str], limit: int) -> None:
    texts = mrkdwn("\n\n".join(paragraph.strip() for paragraph in paragraphs), {}, limit=limit)
    assert "".join(" ".join(texts).split()) == "".join("".join(paragraphs).split())


def test_code_keeps_its_fences_and_spaces_when_it_is_split() -> None:
    code = "\n".join(f"    line {number}" for number in range(200))
    texts = mrkdwn(f"```\n{code}\n```", {}, limit=500)
    assert len(texts) > 3
    assert all(text.startswith("```\n    line") and text.endswith("\n```") for text in texts)
    assert "\n".join(text[4:-4] for text in texts) == code


def test_a_quotation_that_is_split_stays_one() -> None:
    texts = mrkdwn("> " + "word " * 500, {}, limit=300)
    assert len(texts) > 5
    assert all(line.startswith("> ") for text in texts for line in text.splitlines())
