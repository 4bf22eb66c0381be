"""The report as far as it is written, and whether it may go out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from assay.contracts.report_runs import Citation, ReportContent, ReportMetrics, ReportSection
from assay.domain.report_author.evidence import Evidence
from assay.domain.report_author.tools import AddCitation, AddSection, Arguments, SetTitle, ToolMisuse

MAX_SECTIONS: Final = 6
MAX_CITATIONS: Final = 50

_IN_BACKTICKS = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Problem(NamedTuple):
    """Something that keeps a draft from going out.

    Attributes:
        words: for people; nothing of the model's text.
        advice: for the model: what to do about it.
    """

    words: str
    advice: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What the write tools have made so far."""

    title: str = ""
    sections: tuple[ReportSection, ...] = ()
    citations: tuple[Citation, ...] = ()

    def after(self, call: Arguments, evidence: Evidence) -> Draft:
        """The draft after another write call.

        Raises:
            ToolMisuse: there is no room for it, or it cites what no query has returned.
        """
        match call:
            case SetTitle(title=title):
                return replace(self, title=" ".join(title.split()))
            case AddSection():
                return self._with_section(ReportSection(title=call.title, content=call.content))
            case AddCitation():
                return self._with_citation(call, evidence)
            case _:
                raise TypeError(f"{call.name} writes nothing.")

    def problems(self, evidence: Evidence) -> list[Problem]:
        """What is wrong with it as a report; nothing: it may go out."""
        found = []
        if not self.title:
            found.append(Problem("it has no title", "There is no title: call set_title."))
        if not self.sections:
            found.append(Problem("it has no sections", "There are no sections: call add_section."))
        for number, section in enumerate(self.sections, 1):
            if uncited := self.uncited(section, evidence):
                found.append(
                    Problem(
                        f"section {number} names {len(uncited)} ids that it does not cite",
                        f"Section {section.title!r} names ids that are not cited: {', '.join(uncited)}. Cite "
                        "each with add_citation, or write the section again without them.",
                    )
                )
        return found

    def uncited(self, section: ReportSection, evidence: Evidence) -> list[str]:
        """Ids in backticks that readers could not open."""
        cited = {
            text.lower()
            for citation in self.citations
            for text in (citation.generation_id, citation.trace_id, citation.session_id)
        }
        named = dict.fromkeys(_ids(f"{section.title}\n{section.content}", evidence))
        return [text for text in named if text.lower() not in cited]

    def content(self, metrics: ReportMetrics | None) -> ReportContent:
        """The report."""
        return ReportContent(
            title=self.title, sections=self.sections, citations=self.citations, metrics=metrics
        )

    def _with_section(self, section: ReportSection) -> Draft:
        titles = [each.title for each in self.sections]
        if section.title in titles:
            place = titles.index(section.title)
            return replace(self, sections=(*self.sections[:place], section, *self.sections[place + 1 :]))
        if len(titles) == MAX_SECTIONS:
            raise ToolMisuse(f"There are {MAX_SECTIONS} sections already; replace one by using its title.")
        return replace(self, sections=(*self.sections, section))

    def _with_citation(self, call: AddCitation, evidence: Evidence) -> Draft:
        seen = evidence.generation(call.generation_id)
        others = tuple(each for each in self.citations if each.generation_id != call.generation_id)
        if len(others) == MAX_CITATIONS:
            raise ToolMisuse(f"There are {MAX_CITATIONS} citations already.")
        citation = Citation(
            generation_id=call.generation_id,
            trace_id=seen.trace_id,
            session_id=seen.session_id,
            reason=" ".join(call.reason.split()),
        )
        return replace(self, citations=(*others, citation))


def _ids(text: str, evidence: Evidence) -> Iterator[str]:
    """Ids in backticks: known ones, and whatever looks like one."""
    for _, span in _IN_BACKTICKS.findall(text):
        whole = span.strip()
        if evidence.knows(whole):
            yield whole
        else:
            yield from _UUID.findall(whole)
