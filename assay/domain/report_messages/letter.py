"""What every message about a report is made from, and the words that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.contracts.report_runs import ReportContent, ReportRun, ReportSection, ReportTrigger
from assay.domain.report_words import period, zone_named

_BECAUSE = {
    ReportTrigger.MANUAL: "on request",
    ReportTrigger.SCHEDULED: "scheduled",
    ReportTrigger.THRESHOLD: "enough new results",
}


def evidence_anchor(number: int) -> str:
    """Name of the place of a citation on the page of a run.

    Args:
        number: of the citation, from 1.
    """
    return f"evidence-{number}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A report to be told to people.

    Attributes:
        content: of the run.
        evaluation_name: what was evaluated.
        zone: IANA name of the zone whose clocks the reader goes by.
        page_url: address of the page of the run; None if there is none.
    """

    run: ReportRun
    content: ReportContent
    evaluation_name: str
    zone: str = "UTC"
    page_url: str | None = None

    @property
    def title(self) -> str:
        """Name of the report, on one line."""
        return one_line(self.content.title) or self.name

    @property
    def name(self) -> str:
        """Name of the evaluation, on one line."""
        return one_line(self.evaluation_name) or "Evaluation report"

    @property
    def period(self) -> str:
        """The period by the reader's clocks."""
        return period(self.run.period_start, self.run.period_end, zone_named(self.zone))

    @property
    def because(self) -> str:
        """Why there is a report."""
        return _BECAUSE[self.run.trigger]

    @property
    def author(self) -> str:
        """Who wrote the text; empty where no model did."""
        if self.run.model is None or self.content.fallback_reason:
            return ""
        return f"Written by {self.run.model}. The numbers are counted, not written by the model."

    @property
    def evidence(self) -> Mapping[str, str]:
        """Cited id → address of its evidence on the page; empty if there is no page."""
        links: dict[str, str] = {}
        if self.page_url is None:
            return links
        for number, cited in enumerate(self.content.citations, start=1):
            for identity in (cited.generation_id, cited.trace_id, cited.session_id):
                if identity:
                    links.setdefault(identity, f"{self.page_url}#{evidence_anchor(number)}")
        return links


def section_text(section: ReportSection) -> str:
    """A section's Markdown without a first heading that only repeats its title.

    A heading is a line with hashes, one that is underlined, or one in bold alone.
    """
    first, _, rest = section.content.strip().partition("\n")
    if not _bare(first) or _bare(first) != _bare(section.title):
        return section.content
    below, _, after = rest.partition("\n")
    if below.strip() and not below.strip("=- "):
        return after.lstrip("\n")
    is_heading = first.startswith("#") or (first.startswith("**") and first.rstrip().endswith("**"))
    return rest.lstrip("\n") if is_heading else section.content


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, as subjects and titles need it."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


def _bare(heading: str) -> str:
    return one_line(heading).strip("#*_:. ").casefold()
