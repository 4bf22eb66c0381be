"""One report as a Slack thread and as an e-mail, word for word; and what reports may do to messages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.report_runs import Citation, RateChange, ReportContent, ReportMetrics, ReportSection
from assay.domain.report_messages import SlackMessage, SlackThread, render_email, slack_thread
from assay.domain.report_messages.slack import MAX_BLOCKS, MAX_HEADER, MAX_MESSAGE, MAX_SECTION
from assay.domain.report_messages.splitting import size
from tests.unit.report_messages.letters import CITED, CONTENT, END, METRICS, START, a_letter

GOLDEN = Path(__file__).with_name("golden")


def _golden(name: str, text: str) -> None:
    """Compare with the file; to take a change over, delete the file and run the test twice."""
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text)
        pytest.fail(f"{name} was written: read it, and run the test again")
    assert text == path.read_text()


def _messages(thread: SlackThread) -> tuple[SlackMessage, ...]:
    return thread.head, *thread.replies


def _texts(message: SlackMessage) -> list[str]:
    return [str(block["text"]["text"]) for block in message.blocks if "text" in block]


def _content(*sections: tuple[str, str], **changes: object) -> ReportContent:
    return CONTENT.model_copy(
        update={"sections": tuple(ReportSection(title=t, content=c) for t, c in sections), **changes}
    )


def test_the_slack_thread() -> None:
    messages = [
        {"text": message.text, "blocks": message.blocks} for message in _messages(slack_thread(a_letter()))
    ]
    _golden("thread.json", json.dumps(messages, indent=2, ensure_ascii=False) + "\n")


def test_the_email() -> None:
    rendered = render_email(a_letter(), chart_words="Pass rate: 90 % to 92.5 %.")
    assert rendered.subject == "Helpfulness <beta>: Fewer failures, all of them about refunds"
    _golden("email.txt", rendered.text)
    _golden("email.html", rendered.html)


def test_without_a_page_there_are_no_links_to_it() -> None:
    letter = a_letter(page_url=None)
    rendered = render_email(letter)
    everything = json.dumps([message.blocks for message in _messages(slack_thread(letter))]) + rendered.html
    assert "assay.example" not in everything + rendered.text
    assert CITED in everything
    assert "cid:" not in rendered.html


def test_the_period_is_in_the_zone_of_the_report() -> None:
    assert (
        a_letter(zone="America/New_York").period == "6 Mar 2026 03:00 to 7 Mar 2026 03:00 (America/New_York)"
    )
    assert a_letter(zone="Nowhere/Here").period == "6 Mar 2026 08:00 to 7 Mar 2026 08:00 (UTC)"


def test_a_long_section_is_split_and_nothing_is_cut() -> None:
    words = [f"word{number}" for number in range(6_000)]
    thread = slack_thread(a_letter(content=_content(("Long", " ".join(words)), ("Next", "End."))))
    said = " ".join(text for message in _messages(thread) for text in _texts(message))
    assert re.findall(r"word\d+", said) == words
    assert len(thread.replies) > 3


@pytest.mark.parametrize(
    "heading",
    ["## Summary\n\n", "# **Summary** #\n", "**Summary**\n\n", "Summary\n=======\n", "\n### summary:\n"],
)
def test_a_heading_that_repeats_the_title_is_left_out(heading: str) -> None:
    letter = a_letter(content=_content(("Summary", heading + "Text.")))
    assert _texts(slack_thread(letter).head)[-2:] == ["*Summary*", "Text."]
    assert render_email(letter).html.count("ummary") == 1


@pytest.mark.parametrize("text", ["Summary of it\n\nText.", "## Another\n\nText.", "Summary\nText."])
def test_other_first_lines_stay(text: str) -> None:
    assert text.split("\n", maxsplit=1)[0].strip("# ") in "".join(
        _texts(slack_thread(a_letter(content=_content(("Summary", text)))).head)[-1:]
    )


def test_a_long_title_is_whole_below_the_header() -> None:
    title = "Very " * 39 + "long"
    head = slack_thread(a_letter(content=_content(("A", "B."), title=title))).head
    header, whole = _texts(head)[:2]
    assert size(header) <= MAX_HEADER
    assert header.endswith("…")
    assert whole == f"*{title}*"


def test_raw_html_is_text() -> None:
    hostile = "<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n<div onclick=alert(1)>\n\n![p](https://a.example/p.png)"
    letter = a_letter(
        content=_content(
            ("<script>alert(2)</script>", hostile),
            title="<script>alert(3)</script>",
            citations=(Citation(generation_id="<script>", trace_id="t", reason="<script>alert(4)"),),
        ),
        evaluation_name="<script>alert(5)</script>",
    )
    html = render_email(letter, chart_words='"><script>').html
    assert not re.search(r"<(script|div onclick|img src=x|img src=\"http)", html)
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[Open the report](https://evil.example/login)", "Open the report (evil.example)</a>"),
        ("[`Open`](https://evil.example/login)", "</code> (evil.example)</a>"),
        ("![Open the report](https://evil.example/p.png)", "Open the report (evil.example)</a>"),
        ("[https://assay.example/](https://evil.example/)", "https://assay.example/ (evil.example)</a>"),
        ("[Help](mailto:eve@evil.example)", "Help (eve@evil.example)</a>"),
        ("<https://a.example/>", ">https://a.example/</a>"),
    ],
    ids=["label", "code", "picture", "address", "mail", "itself"],
)
def test_a_link_in_a_mail_says_where_it_leads(markdown: str, shown: str) -> None:
    html = render_email(a_letter(content=_content(("A", f"Look: {markdown} now.")))).html
    assert shown in html


def test_names_with_line_breaks_stay_on_one_line() -> None:
    letter = a_letter(content=_content(("A", "B."), title="One\r\nBcc: eve"), evaluation_name="Two\nX: y")
    assert render_email(letter).subject == "Two X: y: One Bcc: eve"


@pytest.mark.parametrize(
    "name", ["*bold* _it_ ~no~ `code`", "<!channel> & <@U1>", ":tada: https://a.example"]
)
def test_slack_reads_nothing_into_the_name_of_an_evaluation(name: str) -> None:
    head = slack_thread(a_letter(evaluation_name=name)).head
    [small_print] = [element for block in head.blocks for element in block.get("elements", ())]
    assert (small_print["type"], small_print["emoji"]) == ("plain_text", False)
    assert small_print["text"].startswith(f"{name} · ")
    assert "<" not in head.text


def test_every_message_says_which_model_wrote_it() -> None:
    letter = a_letter(model="openai/gpt-5")
    words = "Written by openai/gpt-5. The numbers are counted, not written by the model."
    rendered = render_email(letter)
    head = json.dumps(slack_thread(letter).head.blocks)
    assert all(words in message for message in (head, rendered.text, rendered.html))

    plain = a_letter(model="openai/gpt-5", content=_content(("A", "B."), fallback_reason="It failed."))
    assert "Written by" not in json.dumps(slack_thread(plain).head.blocks) + render_email(plain).text


def test_a_change_beyond_any_doubt_has_no_p_value_of_zero() -> None:
    change = RateChange(percentage_points=-40.0, p_value=1e-9, is_significant=True)
    letter = a_letter(content=_content(("A", "B."), metrics=METRICS.model_copy(update={"change": change})))
    assert "▼ 40 pp, probably real, p < 0.001" in render_email(letter).text


def test_a_period_without_numbers_is_told_without_a_table() -> None:
    content = _content(
        ("Notice", "No numbers."), metrics=None, fallback_reason="The event store did not answer."
    )
    letter = a_letter(content=content)
    blocks = json.dumps(slack_thread(letter).head.blocks)
    assert "Pass rate" not in blocks
    assert "The event store did not answer." in blocks
    assert "The event store did not answer." in render_email(letter).html


def test_sentiment_has_shares_and_no_pass_rate() -> None:
    metrics = ReportMetrics(
        output_type="sentiment",
        total_runs=4,
        result_counts={"positive": 3, "neutral": 0, "negative": 1},
        result_rates={"positive": 75.0, "neutral": 0.0, "negative": 25.0},
        period_start=START,
        period_end=END,
    )
    [dashboard] = [
        t
        for t in _texts(slack_thread(a_letter(content=_content(("A", "B."), metrics=metrics))).head)
        if "```" in t
    ]
    assert "Pass rate" not in dashboard
    assert re.search(r"Positive +3  75 %  █+░+\n", dashboard)


def test_nothing_that_passed_or_failed_has_no_rate() -> None:
    metrics = METRICS.model_copy(update={"pass_rate_interval": None, "pass_rate": 0.0})
    assert "0 %  " not in json.dumps(
        slack_thread(a_letter(content=_content(("A", "B."), metrics=metrics))).head.blocks
    )


TEXT = st.text(max_size=300) | st.text(alphabet="ab .\n`*<&🙂|#->", max_size=2_000).map(lambda text: text * 5)


@given(
    st.lists(st.tuples(st.text(max_size=80), TEXT), max_size=6),
    st.text(max_size=200),
    st.lists(st.tuples(st.text(max_size=40), st.text(max_size=200)), max_size=50),
)
def test_messages_keep_slacks_limits(
    sections: list[tuple[str, str]], title: str, cited: list[tuple[str, str]]
) -> None:
    citations = tuple(Citation(generation_id=i, trace_id="t", reason=reason) for i, reason in cited)
    for message in _messages(
        slack_thread(a_letter(content=_content(*sections, title=title, citations=citations)))
    ):
        assert message.text.strip()
        assert 1 <= len(message.blocks) <= MAX_BLOCKS
        assert size(json.dumps(message.blocks, ensure_ascii=False)) <= MAX_MESSAGE + 2
        for block in message.blocks:
            limit = MAX_HEADER if block["type"] == "header" else MAX_SECTION
            if "text" in block:
                assert block["text"]["text"].strip()
                assert size(block["text"]["text"]) <= limit
