"""The words that set a cluster apart: class-based TF-IDF."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHARACTERS: Final = 2_000
"""Of a text that are read."""

_TERMS: Final = 50_000
"""Words and pairs of words that are counted: the most frequent ones."""

_LEAST_SHARE: Final = 0.02
"""Of a cluster's texts that have a term which names it; two texts at least, where it has more than two."""

_WORD: Final = r"(?u)\b[^\W\d_][\w'’-]+\b"

_TITLE_TERMS: Final = 3


def keywords(
    texts: Sequence[str], labels: Sequence[int] | NDArray[np.int32], *, per_cluster: int = 8
) -> dict[int, list[str]]:
    """For each cluster the words and pairs of words that are frequent in it and rare in the others.

    A term weighs its share of the cluster's texts times log(1 + A / f), with f its texts in all clusters
    and A the mean number of terms per cluster (Grootendorst, 2022, with texts counted once per term).

    Args:
        texts: of the items.
        labels: the cluster of each item; -1 (noise) names nothing.
        per_cluster: terms at most.
    """
    import numpy as np
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer

    numbers = np.asarray(labels, dtype=np.int64)
    clusters = sorted({int(label) for label in numbers if label >= 0})
    if not clusters:
        return {}
    inside = np.flatnonzero(numbers >= 0)
    counter = CountVectorizer(
        ngram_range=(1, 2), stop_words="english", token_pattern=_WORD, binary=True, max_features=_TERMS
    )
    try:
        found = counter.fit_transform(texts[place][:_CHARACTERS].lower() for place in inside.tolist())
    except ValueError:  # there are no words but stop words
        return {label: [] for label in clusters}
    terms = counter.get_feature_names_out().tolist()
    rows = np.searchsorted(clusters, numbers[inside])
    grouping = csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(clusters), len(rows)))
    frequencies = (grouping @ found).toarray()
    sizes = np.bincount(rows, minlength=len(clusters))
    everywhere = frequencies.sum(axis=0)
    weights = frequencies / sizes[:, None] * np.log1p(frequencies.sum() / len(clusters) / everywhere)
    least = np.where(sizes > 2, np.maximum(2, _LEAST_SHARE * sizes), 1)
    weights[frequencies < least[:, None]] = 0
    return {
        label: _distinct_terms(_ordered(row, terms), per_cluster)
        for label, row in zip(clusters, weights, strict=True)
    }


def title_of(terms: Sequence[str]) -> str:
    """A title of a few keywords, such as "Card arrival, delivery"; empty without keywords."""
    title = ", ".join(terms[:_TITLE_TERMS])
    return title[:1].upper() + title[1:]


def _ordered(weights: NDArray[np.float64], terms: list[str]) -> Iterator[str]:
    """Terms by falling weight, then by the alphabet, in which they are given."""
    for place in (-weights).argsort(kind="stable"):
        if weights[place] <= 0:
            return
        yield terms[place]


def _distinct_terms(ordered: Iterator[str], count: int) -> list[str]:
    """The first terms, without those whose words are all in one that was taken, or the other way round."""
    taken: list[str] = []
    for term in ordered:
        words = set(re.split(r"\s+", term))
        if not any(words <= set(other.split()) or set(other.split()) <= words for other in taken):
            taken.append(term)
        if len(taken) == count:
            break
    return taken
