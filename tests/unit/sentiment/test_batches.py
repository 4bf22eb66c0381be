"""Which works are the same, and how they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.sentiment import SentimentBatchInput, SentimentSource, TextsClassified
from assay.domain.sentiment.batches import (
    LANGUAGE_MODEL,
    SentimentProgress,
    batches,
    progress_details,
    text_digest,
    work_digest,
    work_facts,
    work_line,
)

LEXICON = SentimentSource(backend="lexicon", model="1", is_third_party=False)


def work(texts: int, backend: str = "lexicon") -> SentimentBatchInput:
    return SentimentBatchInput(project_id=1, digest="d" * 64, texts=texts, backend=backend, model="1")


@given(st.integers(0, 3_000), st.sampled_from(["lexicon", "onnx", LANGUAGE_MODEL]))
def test_batches_are_all_texts_in_their_order(texts: int, backend: str) -> None:
    cut = batches(work(texts, backend))
    assert [n for start, stop in cut for n in range(start, stop)] == list(range(texts))
    assert all(start < stop for start, stop in cut)


def test_questions_are_small_where_each_may_cost_money() -> None:
    assert len(batches(work(1_000, LANGUAGE_MODEL))) > len(batches(work(1_000)))


@pytest.mark.parametrize("changes", [{"backend": "onnx"}, {"model": "2"}])
def test_models_are_not_mixed(changes: dict[str, str]) -> None:
    other = LEXICON.model_copy(update=changes)
    assert text_digest(other, "Thanks") != text_digest(LEXICON, "Thanks")
    assert work_digest(1, other, ["a"], refresh=False) != work_digest(1, LEXICON, ["a"], refresh=False)


def test_works_differ_by_project_texts_and_whether_they_are_done_anew() -> None:
    digests = [
        work_digest(1, LEXICON, ["a", "b"], refresh=False),
        work_digest(2, LEXICON, ["a", "b"], refresh=False),
        work_digest(1, LEXICON, ["a"], refresh=False),
        work_digest(1, LEXICON, ["a", "b"], refresh=True),
    ]
    assert len(set(digests)) == len(digests)


def test_people_read_how_far_it_is() -> None:
    progress = SentimentProgress(texts=1_200).after(TextsClassified(asked=900, found=100))
    assert "1,000 of 1,200 texts" in progress_details(progress)
    assert "100 had been classified already" in progress_details(progress)
    assert "✅" in progress_details(progress.after(TextsClassified(asked=200, found=0)))
    assert work_line(work(5)) == "Sentiment of 5 texts by lexicon"
    assert "| Made anew | no |" in work_facts(work(5))
