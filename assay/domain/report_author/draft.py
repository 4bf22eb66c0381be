"""The report as far as it is written, and whether it may go out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from assay.contracts.report_runs import Citation, ReportContent, ReportMetrics, ReportSection
from assay.domain.report_author.evidence import Evidence
from assay.domain.report_author.mentions import mentions
from assay.domain.report_author.tools import AddCitation, AddSection, Arguments, SetTitle, ToolMisuse

MAX_SECTIONS: Final = 6
MAX_CITATIONS: Final = 50


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
            ToolMisuse: there is no room for it, or it cites or names what no query has returned.
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
        found += self._named_wrongly("its title", "The title", self.title, evidence)
        if not self.sections:
            found.append(Problem("it has no sections", "There are no sections: call add_section."))
        for number, section in enumerate(self.sections, 1):
            names = f"section {number}", f"Section {section.title!r}"
            found += self._named_wrongly(*names, _text(section), evidence)
        return found

    def uncited(self, evidence: Evidence) -> list[str]:
        """Ids in backticks in any section that readers could not open."""
        return _each_once(self._checked(_text(section), evidence).uncited for section in self.sections)

    def unknown(self, evidence: Evidence) -> list[str]:
        """UUIDs elsewhere in any section that are of no generation, trace or session that was shown."""
        return _each_once(self._checked(_text(section), evidence).unknown for section in self.sections)

    def content(self, metrics: ReportMetrics | None) -> ReportContent:
        """The report."""
        return ReportContent(
            title=self.title, sections=self.sections, citations=self.citations, metrics=metrics
        )

    def _named_wrongly(self, words: str, subject: str, text: str, evidence: Evidence) -> list[Problem]:
        uncited, unknown = self._checked(text, evidence)
        found = []
        if uncited:
            found.append(
                Problem(
                    f"{words} names {len(uncited)} ids that it does not cite",
                    f"{subject} names ids that are not cited: {', '.join(uncited)}. Cite each with "
                    "add_citation, or write it again without them.",
                )
            )
        if unknown:
            found.append(
                Problem(
                    f"{words} names {len(unknown)} ids that its author was not shown",
                    f"{subject} names what is no id of a generation, trace or session that you were shown: "
                    f"{', '.join(unknown)}. Write it again without them.",
                )
            )
        return found

    def _checked(self, text: str, evidence: Evidence) -> _Checked:
        cited = {
            text.lower()
            for citation in self.citations
            for text in (citation.generation_id, citation.trace_id, citation.session_id)
        }
        in_code, uuids = mentions(text, evidence.knows)
        uncited = [each for each in in_code if each.lower() not in cited]
        return _Checked(uncited, [each for each in _unknown(uuids, evidence) if each not in uncited])

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
        if unknown := _unknown(mentions(call.reason, evidence.knows).uuids, evidence):
            raise ToolMisuse(f"The reason names ids that no query has returned: {', '.join(unknown)}")
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


class _Checked(NamedTuple):
    """Ids in a text that must not be there as they are."""

    uncited: list[str]
    unknown: list[str]


def _text(section: ReportSection) -> str:
    # Two paragraphs: no mark that the title opens may close in the content.
    return f"{section.title}\n\n{section.content}"


def _unknown(uuids: Iterable[str], evidence: Evidence) -> list[str]:
    return [each for each in uuids if not (evidence.knows(each) or evidence.knows(each.lower()))]


def _each_once(lists: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(each for found in lists for each in found))
