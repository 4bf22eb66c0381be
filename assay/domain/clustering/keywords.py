"""The words that set a cluster apart: class-based TF-IDF."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
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

_COMMON_SHARE: Final = 0.5
"""Of the texts outside of a cluster: a term that more of them have does not set it apart."""

_ENOUGH_OUTSIDE: Final = 10
"""Texts outside of a cluster, for their share to say anything."""

_TITLE_TERMS: Final = 3

_FRAME: Final = re.compile(r"\A(?:evaluator: .*\n)?verdict: .*$", re.MULTILINE)
"""How a text of a verdict opens: who judged and what came of it, not what it is about."""

_PIECE: Final = re.compile(r"\w(?:\w|['’-](?=\w))*|[^\w \t]")
"""A word, a number, an id, or what stands between phrases: punctuation, the end of a line."""

_ID_DIGITS: Final = 3
"""What has as many, or more digits than other characters, is an id; `oauth2` and `gpt-4` are words."""

_ENDINGS: Final = re.compile(r"'(?:s|re|ve|ll|d|m)$")
"""Of possessives and contractions; what is left of the latter ("they", "there") is a stop word."""

_INFLECTION: Final = re.compile(r"(?<=\w{3})(?:ies|ied|ing|ed|es|e|y|s)$")
"""Roughly: it decides no more than which terms stand beside each other."""

_MORE_STOP_WORDS: Final = re.compile(
    r"did|does|doing|let|im|ive|thats|theres|whats|\w+n't|(?:are|did|do|does|have|is|should|was|wo|would)nt"
)
"""That scikit-learn's list lacks: contractions, with and without their apostrophe, among them."""


def keywords(
    texts: Sequence[str], labels: Sequence[int] | NDArray[np.int32], *, per_cluster: int = 8
) -> dict[int, list[str]]:
    """For each cluster the words and pairs of words that are frequent in it and rare in the others.

    A term weighs its share of the cluster's texts times log(1 + A / f), with f its texts in all clusters
    and A the mean number of terms per cluster (Grootendorst, 2022, with texts counted once per term). The
    words of a pair are of one phrase: nothing but spaces and stop words is between them. What most texts of
    the other clusters say too, such as the same polite answer, names no cluster; nor do stop words,
    contractions, numbers and ids. No word is said twice.

    Args:
        texts: of the items.
        labels: the cluster of each item; -1 (noise) names nothing.
        per_cluster: terms at most.
    """
    import numpy as np

    numbers = np.asarray(labels, dtype=np.int64)
    clusters, rows, sizes = np.unique(numbers[numbers >= 0], return_inverse=True, return_counts=True)
    said = _read([texts[place] for place in np.flatnonzero(numbers >= 0).tolist()])
    if not said.words:
        return {label: [] for label in clusters.tolist()}
    names, frequencies = _counted(said, rows, len(clusters))
    return {
        label: _distinct_terms(map(names, _ordered(weights)), per_cluster)
        for label, weights in zip(clusters.tolist(), _weights(frequencies, sizes), strict=True)
    }


def title_of(terms: Sequence[str]) -> str:
    """A title of a few keywords, such as "Card arrival, delivery"; empty without keywords."""
    title = ", ".join(terms[:_TITLE_TERMS])
    return title[:1].upper() + title[1:]


@dataclass(frozen=True, slots=True)
class _Said:
    """The words of texts, one after the other, without stop words.

    Attributes:
        words: each once, by the alphabet.
        ids: of each word that is said: its place in `words`.
        texts: the text that it is in.
        goes_on: whether it goes on with the phrase of the word before.
    """

    words: list[str]
    ids: NDArray[np.int64]
    texts: NDArray[np.int64]
    goes_on: NDArray[np.bool_]


def _read(texts: Iterable[str]) -> _Said:
    import numpy as np
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    word_of = cache(lambda piece: _word(piece, ENGLISH_STOP_WORDS))  # most pieces are seen thousands of times
    numbers: dict[str, int] = {}
    ids, places, goes_on = array("q"), array("q"), bytearray()
    for place, text in enumerate(texts):
        is_open = False
        for piece in _PIECE.findall(_FRAME.sub("", text[:_CHARACTERS].lower())):
            word = word_of(piece)
            if word:
                ids.append(numbers.setdefault(word, len(numbers)))
                places.append(place)
                goes_on.append(is_open)
                is_open = True
            elif word is None:
                is_open = False
    words = sorted(numbers)
    ranks = np.empty(len(words), dtype=np.int64)
    ranks[[numbers[word] for word in words]] = np.arange(len(words))
    return _Said(
        words=words,
        ids=ranks[np.frombuffer(ids, dtype=np.int64)],
        texts=np.frombuffer(places, dtype=np.int64),
        goes_on=np.frombuffer(goes_on, dtype=np.bool_),
    )


def _counted(
    said: _Said, rows: NDArray[np.int64], clusters: int
) -> tuple[Callable[[int], str], NDArray[np.float64]]:
    """What names a term, and the texts of each cluster (rows) that have each term (columns).

    The terms are the most frequent ones, pairs before words and each by the alphabet, so that a pair goes
    before its words where they are never apart.

    Args:
        rows: the cluster of each text.
    """
    import numpy as np

    count = len(said.words)
    second = np.flatnonzero(said.goes_on)
    second = second[said.ids[second - 1] != said.ids[second]]
    pairs, pair_ids = np.unique(said.ids[second - 1] * count + said.ids[second], return_inverse=True)
    ids = np.concatenate((pair_ids, said.ids + len(pairs)))
    texts = np.concatenate((said.texts[second], said.texts))
    total = len(pairs) + count
    said_where = np.sort(texts * total + ids)  # np.unique without inverse hashes, which takes longer
    texts, ids = np.divmod(said_where[np.diff(said_where, prepend=-1) > 0], total)
    kept = np.sort(np.argsort(-np.bincount(ids, minlength=total), kind="stable")[:_TERMS])
    columns = np.full(total, -1)
    columns[kept] = np.arange(len(kept))
    is_kept = columns[ids] >= 0
    cells = rows[texts[is_kept]] * len(kept) + columns[ids[is_kept]]
    frequencies = np.bincount(cells, minlength=clusters * len(kept)).reshape(clusters, len(kept))

    def name(column: int) -> str:
        term = int(kept[column])
        if term >= len(pairs):
            return said.words[term - len(pairs)]
        return " ".join(said.words[word] for word in divmod(int(pairs[term]), count))

    return name, frequencies.astype(np.float64)


def _word(piece: str, stop_words: frozenset[str]) -> str | None:
    """The word that is counted; empty for a stop word; nothing if a phrase ends there."""
    plain = piece.replace("’", "'")
    letters = sum(character.isalpha() for character in plain)
    digits = sum(character.isdigit() for character in plain)
    if not plain[0].isalpha() or digits >= _ID_DIGITS or digits > letters:
        return None
    word = _ENDINGS.sub("", plain)
    return "" if len(word) == 1 or word in stop_words or _MORE_STOP_WORDS.fullmatch(word) else word


def _weights(frequencies: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each term in each cluster; 0 where it does not name the cluster.

    Args:
        frequencies: texts of each cluster (rows) that have each term (columns).
        sizes: texts of each cluster.
    """
    import numpy as np

    everywhere = frequencies.sum(axis=0)
    weights = frequencies / sizes[:, None] * np.log1p(frequencies.sum() / len(sizes) / everywhere)
    least = np.where(sizes > 2, np.maximum(2, _LEAST_SHARE * sizes), 1)
    outside = sizes.sum() - sizes
    most = np.where(outside >= _ENOUGH_OUTSIDE, _COMMON_SHARE * outside, outside)
    weights[(frequencies < least[:, None]) | (everywhere - frequencies > most[:, None])] = 0
    return weights


def _ordered(weights: NDArray[np.float64]) -> Iterator[int]:
    """Places by falling weight, then as they are given; without those of no weight."""
    for place in (-weights).argsort(kind="stable").tolist():
        if weights[place] <= 0:
            return
        yield place


def _distinct_terms(ordered: Iterable[str], count: int) -> list[str]:
    """The first terms, without those that repeat a word of one before, be it in another form."""
    taken: list[str] = []
    said: set[str] = set()
    for term in ordered:
        words = {_INFLECTION.sub("", word) for word in term.split()}
        if said.isdisjoint(words):
            taken.append(term)
            said |= words
        if len(taken) == count:
            break
    return taken
