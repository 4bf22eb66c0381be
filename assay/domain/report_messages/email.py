"""A report as an e-mail: the same text as HTML and without it.

Styles stand at every element, because mail programs drop style sheets; raw HTML of the report is text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape
from markdown_it.token import Token
from markupsafe import Markup

from assay.contracts.report_runs import Citation
from assay.domain.report_messages.letter import Letter, one_line, section_text
from assay.domain.report_messages.markdown import leads_to, parse, parser, plain
from assay.domain.report_messages.numbers import metric_rows

CHART_ID = "pass-rate"
"""Content id of the chart, which the HTML shows as `cid:pass-rate`."""

_CELL = "border:1px solid #d0d7de;padding:4px 10px;text-align:left"
_CODE = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px"
_STYLES = {
    "p": "margin:0 0 12px",
    "h1": "font-size:18px;margin:16px 0 8px",
    "h2": "font-size:17px;margin:16px 0 8px",
    "h3": "font-size:16px;margin:16px 0 8px",
    "ul": "margin:0 0 12px;padding-left:24px",
    "ol": "margin:0 0 12px;padding-left:24px",
    "blockquote": "margin:0 0 12px;padding-left:12px;border-left:3px solid #d0d7de;color:#57606a",
    "table": "border-collapse:collapse;margin:0 0 12px",
    "th": _CELL + ";background:#f6f8fa",
    "td": _CELL,
    "a": "color:#0a58ca",
    "code": _CODE,
}


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """What an e-mail says; the same for the same letter and chart."""

    subject: str
    text: str
    html: str


class _Section(NamedTuple):
    title: str
    text: str
    html: Markup


class _Reference(NamedTuple):
    identity: str
    address: str | None
    reason: str


def render_email(letter: Letter, *, chart_words: str | None = None) -> RenderedEmail:
    """The e-mail about a report.

    Args:
        chart_words: what the chart shows, in words; None: there is no chart.
    """
    evidence = letter.evidence
    context = {
        "letter": letter,
        "rows": [] if letter.content.metrics is None else metric_rows(letter.content.metrics),
        "notice": one_line(letter.content.fallback_reason or ""),
        "sections": [
            _Section(one_line(section.title), (text := section_text(section).strip()), _html(text, evidence))
            for section in letter.content.sections
        ],
        "references": [_reference(cited, evidence) for cited in letter.content.citations],
        "chart": chart_words and {"id": CHART_ID, "words": chart_words},
    }
    return RenderedEmail(
        subject=f"{letter.name}: {letter.title}",
        text=_template("email.txt.j2").render(context),
        html=_template("email.html.j2").render(context),
    )


def _reference(cited: Citation, evidence: Mapping[str, str]) -> _Reference:
    identity = cited.generation_id or cited.trace_id or cited.session_id
    return _Reference(identity, evidence.get(identity), one_line(cited.reason))


def _html(text: str, evidence: Mapping[str, str]) -> Markup:
    """Markdown as HTML with styles; the renderer escapes everything that is not its own."""
    tokens = parse(text, evidence)
    for whole in tokens:
        whole.children = None if whole.children is None else list(_honest(whole.children))
    for token in (part for whole in tokens for part in (whole, *(whole.children or ()))):
        style = _STYLES.get(token.tag)
        if style is not None and token.nesting >= 0:
            # A table's own style says how a column is aligned; the later rule wins.
            own = token.attrGet("style")
            token.attrSet("style", f"{style};{own}" if own else style)
    return Markup(parser().renderer.render(tokens, parser().options, {}))  # noqa: S704  (escaped just now)


def _honest(inline: Sequence[Token]) -> Iterator[Token]:
    """Inline tokens with the host behind the label of each link that does not say where it leads."""
    opening = 0
    for place, token in enumerate(inline):
        if token.type == "link_open":
            opening = place
        elif token.type == "link_close":
            host = leads_to(inline[opening], plain(inline[opening + 1 : place]))
            if host is not None:
                yield Token("text", "", 0, content=f" ({host})")
        yield token


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str) -> Template:
    return _templates().get_template(name)
