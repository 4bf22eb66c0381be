from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assay.adapters.embeddings import StaticEmbeddings
from assay.contracts.embeddings import Vectors
from assay.ports.embeddings import EmbeddingModel


@pytest.fixture(scope="module")
def model() -> StaticEmbeddings:
    return StaticEmbeddings()


def test_vectors_have_length_one_and_come_in_order(model: StaticEmbeddings) -> None:
    texts = [f"text number {number}" for number in range(1_100)]

    vectors = model.vectors(texts)

    assert vectors.shape == (1_100, 256)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.allclose(vectors[[0, 700]], model.vectors([texts[0], texts[700]]))


def test_similar_texts_are_closer_than_others(model: StaticEmbeddings) -> None:
    card, lost_card, pasta = model.vectors(
        ["My credit card has not arrived", "I am still waiting for my bank card", "How long do I boil pasta?"]
    )

    assert card @ lost_card > card @ pasta + 0.2


@pytest.mark.parametrize("text", ["", "\ud800", "\x00", "x" * 3_000_000], ids=range(4))
def test_any_text_has_a_vector(model: StaticEmbeddings, text: str) -> None:
    [vector] = model.vectors([text])

    assert np.isfinite(vector).all()


def test_a_text_without_words_has_zeros_and_no_texts_no_rows(model: StaticEmbeddings) -> None:
    assert not model.vectors([""]).any()
    assert model.vectors([]).shape == (0, 256)


async def test_it_is_a_local_embedding_model(model: EmbeddingModel) -> None:
    kept: dict[str, Vectors] = {}

    async def keep(vectors: Mapping[str, Vectors]) -> None:
        kept.update(vectors)

    await model.embed(1, {"1": "a text", "2": ""}, keep)
    await model.embed(1, {}, keep)

    assert not model.is_third_party
    assert list(kept) == ["1", "2"]
    assert np.array_equal(np.stack(list(kept.values())), StaticEmbeddings().vectors(["a text", ""]))


def test_threads_share_a_model_that_nobody_has_used() -> None:
    model = StaticEmbeddings()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(model.vectors, [["the same words"]] * 4))

    assert all(np.array_equal(found[0], other) for other in found[1:])
