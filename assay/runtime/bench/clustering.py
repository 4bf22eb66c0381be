"""`assay bench clustering`: clusters against the reference recipe, on the same vectors in fresh processes.

The recipe is UMAP to 100 dimensions, then HDBSCAN with a smallest cluster of 2 %; it needs the extra
`assay[reference]`.
"""

from __future__ import annotations

import csv
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assay.adapters.embeddings import StaticEmbeddings
from assay.contracts.embeddings import Vectors

_WITHOUT_REFERENCE: Final = "umap-learn is not installed: pip install assay[reference]"

_TOPICS: Final = 40
_NOISE: Final = 0.2
_DIMENSIONS: Final = 384
_SPREAD: Final = 0.05
_SEED: Final = 0

type Labels = NDArray[np.int32]


def run(
    texts: Path | None, vectors: Path | None, items: Sequence[int], reference_items: int
) -> dict[str, Any]:
    """Measure quality on labelled texts, and speed on mixtures.

    Args:
        texts: a CSV with the columns `text` and `category`; None: only speed is measured.
        vectors: a NumPy file of vectors of the texts by another model, which are clustered too.
        items: sizes of the mixtures.
        reference_items: the largest mixture that the reference recipe is given, which may need many minutes.

    Returns:
        Per embedding: agreement with the categories (adjusted Rand index, normalised mutual information),
        clusters, noise. Per size: seconds in a new process with everything that is loaded and compiled in it,
        seconds of doing it once more there, peak memory; and ratios to the recipe.
    """
    quality = {} if texts is None else _quality(texts, vectors)
    return {"quality": quality, "speed": {str(size): _speed(size, reference_items) for size in items}}


def _quality(texts: Path, vectors: Path | None) -> dict[str, Any]:
    with texts.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    categories = [row["category"] for row in rows]
    model = StaticEmbeddings()
    embedded: dict[str, Vectors] = {model.name: model.vectors([row["text"] for row in rows])}
    if vectors is not None:
        embedded[vectors.stem] = np.load(vectors)
    return {
        "texts": len(rows),
        "categories": len(set(categories)),
        **{name: _compared(given, categories) for name, given in embedded.items()},
    }


def _compared(vectors: Vectors, categories: list[str]) -> dict[str, Any]:
    return {
        "assay": _agreement(_in_new_process(_assay, vectors, again=False), categories),
        "reference": _agreement(_in_new_process(_reference, vectors, again=False), categories)
        if find_spec("umap")
        else _WITHOUT_REFERENCE,
    }


def _agreement(measured: dict[str, Any], categories: list[str]) -> dict[str, Any]:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    labels = measured.pop("labels")
    return {
        "adjusted_rand_index": round(float(adjusted_rand_score(categories, labels)), 3),
        "normalised_mutual_information": round(float(normalized_mutual_info_score(categories, labels)), 3),
        "clusters": int(labels.max()) + 1,
        "noise": round(float((labels < 0).mean()), 3),
        **measured,
    }


def _speed(items: int, reference_items: int) -> dict[str, Any]:
    vectors, topics = mixture(items)
    own = _agreement(_in_new_process(_assay, vectors, again=True), topics)
    if not find_spec("umap"):
        return {"assay": own, "reference": _WITHOUT_REFERENCE}
    if items > reference_items:
        return {"assay": own, "reference": f"not run beyond {reference_items} items"}
    recipe = _agreement(_in_new_process(_reference, vectors, again=True), topics)
    ratios = {key: round(recipe[key] / own[key], 1) for key in ("seconds", "seconds_again")}
    return {"assay": own, "reference": recipe, "times_as_fast": ratios}


def mixture(items: int) -> tuple[Vectors, list[str]]:
    """Items around 40 topics, and a fifth of them between two: vectors of length 1, and their topics."""
    generator = np.random.default_rng(_SEED)
    topics = generator.standard_normal((_TOPICS, _DIMENSIONS), dtype=np.float32)
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    first, second = generator.integers(0, _TOPICS, (2, items))
    noise = generator.random(items) < _NOISE
    middles = np.where(noise[:, None], (topics[first] + topics[second]) / 2, topics[first])
    vectors = middles + _SPREAD * generator.standard_normal((items, _DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = ["noise" if lost else f"topic {topic}" for lost, topic in zip(noise, first, strict=True)]
    return vectors.astype(np.float32), names


def _in_new_process(recipe: Callable[[Vectors], Labels], vectors: Vectors, *, again: bool) -> dict[str, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, recipe, vectors, again=again).result()


def _measured(recipe: Callable[[Vectors], Labels], vectors: Vectors, *, again: bool) -> dict[str, Any]:
    started = time.perf_counter()
    labels = recipe(vectors)
    measured: dict[str, Any] = {"seconds": round(time.perf_counter() - started, 2)}
    if again:
        started = time.perf_counter()
        recipe(vectors)
        measured["seconds_again"] = round(time.perf_counter() - started, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes
    measured["peak_megabytes"] = round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6)
    return {**measured, "labels": labels}


def _assay(vectors: Vectors) -> Labels:
    from assay.domain.clustering import cluster

    return cluster(vectors).labels


def _reference(vectors: Vectors) -> Labels:
    """PostHog's recipe: UMAP, then HDBSCAN; the settings are its own."""
    import umap
    from sklearn.cluster import HDBSCAN

    items = len(vectors)
    reduced = umap.UMAP(
        n_components=min(100, items - 2),
        n_neighbors=min(15, items - 1),
        min_dist=0.0,
        metric="euclidean",
        init="random",
        random_state=42,
    ).fit_transform(vectors)
    found: Labels = HDBSCAN(
        min_cluster_size=max(5, int(0.02 * items)),
        min_samples=5,
        cluster_selection_method="eom",
        max_cluster_size=items // 2,
        copy=True,
    ).fit_predict(reduced)
    return found
