"""A report as a Slack thread: the head with the numbers and the first section, the rest as replies.

Slack's limits (https://docs.slack.dev/reference/block-kit/blocks): 150 characters in a header, 3,000 in a
section, 50 blocks in a message. Beyond what is written there it refuses messages whose blocks are
longer than about 12,000 characters together (`msg_blocks_too_long`), so messages stay well below that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assay.contracts.report_runs import ReportSection
from assay.domain.report_messages.letter import Letter, evidence_anchor, one_line, section_text
from assay.domain.report_messages.mrkdwn import escaped, fenced, lines, link, mrkdwn
from assay.domain.report_messages.numbers import dashboard, metric_rows
from assay.domain.report_messages.splitting import shortened, size, split_text

MAX_HEADER = 150
MAX_SECTION = 3_000
MAX_BLOCKS = 50
MAX_MESSAGE = 10_000
"""Characters of all blocks of a message together, as JSON."""

_MAX_NOTICE = 300
"""Characters of the text that notifications show."""

_MAX_CONTEXT = 2_000

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message.

    Attributes:
        text: what notifications show.
    """

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class SlackThread:
    """A message and the replies to it, in order; the same for the same letter."""

    head: SlackMessage
    replies: tuple[SlackMessage, ...]


def slack_thread(letter: Letter) -> SlackThread:
    """The messages about a report."""
    first, *others = [_section_blocks(letter, section) for section in letter.content.sections] or [[]]
    head, *overflow = _messages(_summary(letter) + first, f"{letter.name}: {letter.title}")
    replies = overflow
    for section, blocks in zip(letter.content.sections[1:], others, strict=True):
        replies += _messages(blocks, one_line(section.title) or letter.title)
    replies += _messages(_references(letter), "Evidence")
    return SlackThread(head, tuple(replies))


def _summary(letter: Letter) -> list[Block]:
    """What stands above the first section."""
    header = {"type": "plain_text", "text": shortened(letter.title, MAX_HEADER), "emoji": False}
    blocks: list[Block] = [{"type": "header", "text": header}]
    if size(letter.title) > MAX_HEADER:
        blocks += _sections([f"*{escaped(letter.title)}*"])
    blocks += _context(f"{letter.name} · {letter.period} · {letter.because}")
    if letter.page_url is not None:
        blocks += _sections([link(letter.page_url, "Open the report")])
    if letter.content.metrics is not None:
        blocks += _sections([fenced(escaped(dashboard(metric_rows(letter.content.metrics))))])
    blocks += _context(one_line(letter.content.fallback_reason or letter.author))
    return [*blocks, {"type": "divider"}] if letter.content.sections else blocks


def _section_blocks(letter: Letter, section: ReportSection) -> list[Block]:
    title = one_line(section.title)
    heading = split_text(escaped(title), MAX_SECTION - 2) if title else []
    texts = mrkdwn(section_text(section), letter.evidence, limit=MAX_SECTION)
    return _sections([*(f"*{part}*" for part in heading), *texts])


def _references(letter: Letter) -> list[Block]:
    """The list of what is cited; empty if nothing is."""
    texts = ["*Evidence*"] if letter.content.citations else []
    for number, cited in enumerate(letter.content.citations, start=1):
        identity = cited.generation_id or cited.trace_id or cited.session_id
        address = None if letter.page_url is None else f"{letter.page_url}#{evidence_anchor(number)}"
        shown = escaped(identity) if address is None else link(address, identity)
        texts.append(f"{number}. {shown}: {escaped(one_line(cited.reason))}")
    return _sections(lines(texts, limit=MAX_SECTION))


def _sections(texts: Iterable[str]) -> list[Block]:
    # `expand`: Slack would hide all but the first lines behind “See more”.
    return [
        {"type": "section", "expand": True, "text": {"type": "mrkdwn", "text": text}}
        for text in texts
        if text
    ]


def _context(text: str) -> list[Block]:
    """Small print, which Slack shows as it is: mrkdwn has no way to write a name like `*ok*`."""
    return [
        {"type": "context", "elements": [{"type": "plain_text", "text": part, "emoji": False}]}
        for part in split_text(text, _MAX_CONTEXT)
    ]


def _messages(blocks: Sequence[Block], notice: str) -> list[SlackMessage]:
    """Blocks in as few messages as they fit in."""
    groups: list[list[Block]] = []
    room = 0
    for block in blocks:
        length = size(json.dumps(block, ensure_ascii=False)) + 1
        if not groups or length > room or len(groups[-1]) == MAX_BLOCKS:
            groups.append([])
            room = MAX_MESSAGE
        groups[-1].append(block)
        room -= length
    text = escaped(shortened(notice, _MAX_NOTICE))
    return [SlackMessage(text, tuple(group)) for group in groups]
