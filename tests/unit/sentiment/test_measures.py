"""How classifiers are measured."""

from __future__ import annotations

import pytest

from assay.domain.sentiment.measures import accuracy, calibration_error, macro_recall


def test_macro_recall_weighs_labels_alike_and_accuracy_texts() -> None:
    found, labels = [0, 0, 0, 0, 0], [0, 0, 0, 0, 2]
    assert macro_recall(found, labels) == 0.5
    assert accuracy(found, labels) == 0.8


def test_who_is_as_often_right_as_said_is_calibrated() -> None:
    probabilities = [(0.75, 0.25, 0.0)] * 4
    assert calibration_error(probabilities, [0, 0, 0, 1]) == pytest.approx(0)
    assert calibration_error(probabilities, [0, 0, 0, 0]) == pytest.approx(0.25)
    assert calibration_error(probabilities, [1, 1, 1, 1]) == pytest.approx(0.75)


def test_errors_of_different_confidence_do_not_cancel_out() -> None:
    probabilities = [(1.0, 0.0, 0.0), (0.5, 0.3, 0.2)]
    assert calibration_error(probabilities, [1, 0]) == pytest.approx((1.0 + 0.5) / 2)


def test_texts_may_weigh_differently() -> None:
    probabilities = [(1.0, 0.0, 0.0), (1.0, 0.0, 0.0)]
    assert calibration_error(probabilities, [0, 1], [3.0, 1.0]) == pytest.approx(0.25)
