"""The text of a report as HTML that can do no harm.

A report is written around traffic that anybody may have sent, so its text may try anything. What comes out
has no markup but that of Markdown's own constructs (see `assay.domain.report_messages.markdown`); a link
shows where it leads; nothing is loaded from anywhere; and no attribute holds a style, so that the page's
policy can forbid inline styles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import override

from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from assay.contracts.report_runs import ReportSection
from assay.domain.report_messages.letter import section_text
from assay.domain.report_messages.markdown import destination, parse, parser

_HEADINGS_BELOW = 2
"""Sections stand below the page's title (h1) in titled parts (h2): their own headings begin at h3."""

_ALIGNMENTS = {"text-align:center": "center", "text-align:right": "right"}
_AUTOLINK = "autolink"


def section_html(section: ReportSection, evidence: Mapping[str, str]) -> str:
    """The HTML of a section, without its title.

    Args:
        evidence: cited id → where it stands on the page, `#evidence-1`.
    """
    tokens = parse(section_text(section), evidence)
    for token in tokens:
        _tame(token)
        for child in token.children or ():
            if child.type == "link_open":
                _show_destination(child)
    return str(_Renderer().render(tokens, parser().options, {}))


class _Renderer(RendererHTML):
    """HTML for what the usual renderer shows in a way that does not fit here."""

    @override
    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A block of code, without the class that its first line would choose."""
        return f"<pre><code>{escapeHtml(tokens[idx].content)}</code></pre>\n"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A table that is scrolled by itself where it is wider than the page."""
        return '<div class="scroll"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Its end."""
        return "</table></div>\n"


def _tame(token: Token) -> None:
    """Lower headings below those of the page; alignment by class instead of by style."""
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(int(token.tag[1]) + _HEADINGS_BELOW, 6)}"
    alignment = _ALIGNMENTS.get(str(token.attrs.pop("style", "")))
    if alignment is not None:
        token.attrSet("class", alignment)


def _show_destination(link: Token) -> None:
    """Name the host or mailbox that a link leads to, unless it stays on the page or says so itself."""
    address = str(link.attrGet("href"))
    if address.startswith("#"):
        return
    link.attrSet("rel", "noopener noreferrer nofollow")
    if link.markup != _AUTOLINK:
        link.attrSet("data-leads-to", destination(address))
