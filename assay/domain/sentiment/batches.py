"""Classifying texts as work: what is the same, in which batches it is done, and what people read of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from assay.contracts.sentiment import SentimentBatchInput, SentimentSource, TextsClassified
from assay.domain.counts import counted
from assay.domain.digests import digest_of
from assay.domain.run_details import cell, short
from assay.domain.sentiment.questions import MOST_TEXTS

LANGUAGE_MODEL: Final = "llm"
"""The backend whose texts are put to a language model: each answer is waited for, and may cost money."""

_TEXTS_AT_ONCE: Final = 250
"""Where texts are computed; a large model takes some ten seconds."""


def text_digest(source: SentimentSource, text: str) -> str:
    """What the scores of a text are kept under: models differ, places where it was said do not."""
    return digest_of("sentiment", source.backend, source.model, text)


def work_digest(
    project_id: int, source: SentimentSource, text_digests: Iterable[str], *, refresh: bool
) -> str:
    """What makes two works the same: who wants it done anew joins nobody who is content with less."""
    how = "anew" if refresh else "missing"
    return digest_of("sentiment-batch", str(project_id), source.backend, source.model, how, *text_digests)


def batches(work: SentimentBatchInput) -> Sequence[tuple[int, int]]:
    """Where each batch starts and before which text it stops.

    A language model gets one question with each, so that little is paid for twice if a worker dies.
    """
    size = MOST_TEXTS if work.backend == LANGUAGE_MODEL else _TEXTS_AT_ONCE
    return [(start, min(start + size, work.texts)) for start in range(0, work.texts, size)]


@dataclass(frozen=True, slots=True)
class SentimentProgress:
    """How far it is.

    Attributes:
        asked: texts that the model has classified.
        found: texts that had been classified already.
        problem: why some texts have no scores.
    """

    texts: int
    asked: int = 0
    found: int = 0
    problem: str = ""

    @property
    def classified(self) -> int:
        """Texts that have scores."""
        return self.asked + self.found

    def after(self, batch: TextsClassified) -> SentimentProgress:
        """How far it is with this batch done."""
        return SentimentProgress(
            texts=self.texts,
            asked=self.asked + batch.asked,
            found=self.found + batch.found,
            problem=self.problem or batch.problem,
        )


def work_line(work: SentimentBatchInput) -> str:
    """One line for the list of workflows."""
    return f"Sentiment of {counted(work.texts, 'text')} by {short(work.backend)}"


def work_facts(work: SentimentBatchInput) -> str:
    """What was asked for, as Markdown; fixed for the life of the workflow."""
    return (
        f"| | |\n|---|---|\n"
        f"| Texts | {work.texts:,} |\n"
        f"| Backend | {cell(short(work.backend))} |\n"
        f"| Model | {cell(short(work.model))} |\n"
        f"| Made anew | {'yes' if work.refresh else 'no'} |\n"
        f"| Project | {work.project_id} |\n"
    )


def batch_line(start: int, stop: int) -> str:
    """One line for the activity of a batch."""
    return f"Classify texts {start + 1:,} to {stop:,}"


def progress_details(progress: SentimentProgress) -> str:
    """How far it is, as Markdown."""
    if progress.classified == progress.texts:
        head = f"## ✅ {counted(progress.texts, 'text')} classified"
    else:
        head = f"## {progress.classified:,} of {counted(progress.texts, 'text')} classified"
    lines = [head]
    if progress.found:
        lines.append(f"Of them, {progress.found:,} had been classified already.")
    if progress.problem:
        lines.append(f"> {cell(progress.problem)}")
    return "\n\n".join(lines)
