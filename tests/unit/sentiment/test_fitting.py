"""The script that fits the lexicon classifier."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from assay.domain.sentiment import coefficients
from assay.domain.sentiment.features import FEATURES, features_of
from assay.domain.sentiment.words import english
from tests.fitting import lexicon

PHRASES = {"negative": "bad and wrong", "neutral": "on the table", "positive": "good and nice"}
RATINGS = {"negative": -2.0, "neutral": 0.1, "positive": 2.0}


def make_data(folder: Path) -> tuple[Path, Path]:
    for name in lexicon.RATED:
        lines = [
            f"{at}\t{RATINGS[label]}\t{PHRASES[label]} {at}" for at in range(20) for label in lexicon.LABELS
        ]
        (folder / f"{name}_GroundTruth.txt").write_text("\n".join(lines))
    path = folder / "tweets.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sentiment", "confidence", "text"])
        rows.writerows(
            [label, 1.0, f"@united {PHRASES[label]}"] for label in lexicon.LABELS for _ in range(9)
        )
    return folder, path


def test_what_it_writes_is_a_module_that_classifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["lexicon", *map(str, make_data(tmp_path))])
    lexicon.main()
    made: dict[str, Any] = {}
    exec(capsys.readouterr().out, made)  # noqa: S102  (what it has written just now)
    for label, phrase in enumerate(PHRASES.values()):
        values = features_of(phrase, english())
        sums = [
            intercept + sum(weight * value for weight, value in zip(row, values, strict=True))
            for intercept, row in zip(made["INTERCEPTS"], made["COEFFICIENTS"], strict=True)
        ]
        assert sums.index(max(sums)) == label


def test_labels_of_a_source_weigh_alike(tmp_path: Path) -> None:
    ratings, tweets = make_data(tmp_path)
    examples = [*lexicon.rated(ratings), *lexicon.labelled(tweets)]
    assert {one.source for one in examples} == {*lexicon.RATED, "airlines"}
    weights: dict[tuple[str, int], float] = {}
    for one, weight in zip(examples, lexicon.weights_of(examples), strict=True):
        weights[one.source, one.label] = weights.get((one.source, one.label), 0.0) + weight
    assert len(weights) == 15
    assert max(weights.values()) == pytest.approx(min(weights.values()))


def test_the_coefficients_were_written_by_it() -> None:
    written = Path(coefficients.__file__).read_text()
    assert "tests/fitting/lexicon.py" in written
    places = [written.index(f",  # {name}\n") for name in FEATURES]
    assert places == sorted(places)
