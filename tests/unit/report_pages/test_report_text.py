"""Markdown of a model becomes HTML that does nothing: no script, no style, nothing loaded from anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_shim.report_text import section_html
from assay.contracts.report_runs import ReportSection
from tests.harness.markup import Elements

TAGS = frozenset(
    [
        "a",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
ATTRIBUTES = frozenset({"href", "rel", "title", "data-leads-to", "class", "start"})
CLASSES = frozenset({"scroll", "center", "right"})


def safe_html(markdown: str, *, title: str = "", evidence: dict[str, str] | None = None) -> str:
    """The HTML of a section."""
    return section_html(ReportSection(title=title, content=markdown), evidence or {})


def harmless(html: str) -> Elements:
    """The elements, of which none can do anything."""
    elements = Elements(html)
    assert set(elements.tags) <= TAGS
    for name, value in elements.attributes:
        assert name in ATTRIBUTES
        if name == "href":
            assert value.startswith(("#evidence-", "http:", "https:", "mailto:"))
        if name == "class":
            assert value in CLASSES
    return elements


PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        '<a href="javascript:alert(1)">',
        "<!--",
        "-->",
        "<![CDATA[",
        "<?php",
        "<!DOCTYPE html>",
        "<style>*{}</style>",
        "](javascript:alert(1))",
        "](JaVaScRiPt&colon;alert(1))",
        "](java\nscript:alert(1))",
        "](data:text/html;base64,PHNjcmlwdD4=)",
        "](vbscript:x)",
        "](//evil.example)",
        '](https://ok.example "ti\\"tle" onclick=x)',
        "](https://ok.example/&quot;onmouseover=alert(1))",
        "<https://ok.example/\"onclick='x'>",
        "<javascript:alert(1)>",
        "![",
        "[",
        "]",
        "](https://pixel.example/x.png)",
        "\n[ref]: javascript:alert(1)\n",
        "[ref]",
        '```html" onload="alert(1)\n',
        "\n```\n",
        "`",
        "|a|b|\n|:-:|--:|\n|<b>|`x`|\n",
        "\n# ",
        "\n> ",
        "\n- ",
        "\n7. ",
        "**",
        "~~",
        "\\",
        "&lt;script&gt;",
        "&#x6A;avascript:",
        "\x00",
        "\u202e",
        "\ud800",
        " ",
        "\n\n",
        "the-id",
        '"',
        "'",
    ]
)


@given(pieces=st.lists(PIECES, max_size=25), cited=st.booleans())
def test_nothing_that_is_written_can_do_anything(pieces: list[str], cited: bool) -> None:
    harmless(safe_html("".join(pieces), evidence={"the-id": "#evidence-1"} if cited else None))


@given(text=st.text(max_size=200))
def test_any_text_is_rendered(text: str) -> None:
    harmless(safe_html(text, title=text))


def test_raw_html_is_read_as_text() -> None:
    html = safe_html("Say <b>hi</b>\n\n<script>alert('x')</script>\n")
    assert harmless(html).text.split() == ["Say", "<b>hi</b>", "<script>alert('x')</script>"]


@pytest.mark.parametrize(
    "destination",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "vbscript:x",
        "//evil.example/x",
        "/reports/x",
        "#evidence-1",
    ],
)
def test_what_leads_neither_to_the_web_nor_to_a_mailbox_is_no_link(destination: str) -> None:
    assert "href" not in safe_html(f"[press here]({destination})")


def test_a_link_shows_where_it_leads_and_tells_nobody_where_it_was_found() -> None:
    html = safe_html("See [our bank](https://EVIL.example:8443/login?a=1&b=2 'The bank').")
    assert (
        '<a href="https://EVIL.example:8443/login?a=1&amp;b=2" title="The bank" '
        'rel="noopener noreferrer nofollow" data-leads-to="evil.example">our bank</a>'
    ) in html


@pytest.mark.parametrize(
    ("address", "destination"),
    [
        ("https://bank.example@evil.example/", "evil.example"),
        ("https://bank.example%5C@evil.example/", "evil.example"),
        ("https://evil.example/\\\\@bank.example/", "evil.example"),
        ("https://pаypal.example", "xn--pypal-4ve.example"),  # the second letter is Cyrillic
        ("mailto:thief@evil.example?subject=x", "thief@evil.example"),
        ("https://[::1", "nowhere"),
        ("https://", "nowhere"),
    ],
)
def test_a_link_names_the_host_that_a_browser_goes_to(address: str, destination: str) -> None:
    assert f'data-leads-to="{destination}">bank.example</a>' in safe_html(f"[bank.example]({address})")


def test_an_address_that_is_its_own_text_is_not_told_twice() -> None:
    html = safe_html("<https://a.example/b>")
    assert ">https://a.example/b</a>" in html
    assert "data-leads-to" not in html


def test_an_image_is_not_loaded() -> None:
    html = safe_html("![a <b>chart</b>](https://pixel.example/x.png) ![](https://pixel.example/y.png)")
    assert set(harmless(html).tags) == {"p", "a"}
    assert ">a &lt;b&gt;chart&lt;/b&gt;</a>" in html


def test_cited_ids_lead_to_their_evidence() -> None:
    evidence = {"gen-1": "#evidence-1"}
    html = safe_html("`gen-1`, `gen-2`, gen-1, [`gen-1`](https://a.example)", evidence=evidence)
    assert html == (
        '<p><a href="#evidence-1"><code>gen-1</code></a>, <code>gen-2</code>, gen-1, '
        '<a href="https://a.example" rel="noopener noreferrer nofollow" data-leads-to="a.example">'
        "<code>gen-1</code></a></p>\n"
    )


def test_headings_stand_below_those_of_the_page() -> None:
    html = safe_html("# One\n## Two\n#### Four\n###### Six")
    assert html == "<h3>One</h3>\n<h4>Two</h4>\n<h6>Four</h6>\n<h6>Six</h6>\n"


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("## What went WRONG\nMuch.", "<p>Much.</p>\n"),
        ("What went wrong\n===\n\nMuch.", "<p>Much.</p>\n"),
        ("## What went well\nMuch.", "<h4>What went well</h4>\n<p>Much.</p>\n"),
        ("Much.\n## What went wrong", "<p>Much.</p>\n<h4>What went wrong</h4>\n"),
    ],
)
def test_a_heading_that_repeats_the_title_is_left_out(markdown: str, html: str) -> None:
    assert safe_html(markdown, title="What went wrong") == html


def test_tables_are_scrolled_by_themselves_and_aligned_without_styles() -> None:
    html = safe_html("|a|b|c|d|\n|-|:-|:-:|-:|\n|1|2|3|4|")
    assert html.startswith('<div class="scroll"><table>')
    assert "style" not in html
    assert '<td>1</td>\n<td>2</td>\n<td class="center">3</td>\n<td class="right">4</td>' in html
