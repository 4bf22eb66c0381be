"""The coefficients of the lexicon classifier, made by `tests/fitting/lexicon.py`, which says of what."""

from __future__ import annotations

from typing import Final

INTERCEPTS: Final = (-0.4572, 0.8272, -0.3700)
"""Of negative, neutral and positive."""

COEFFICIENTS: Final = (
    (
        # negative
        -1.1438,  # balance
        0.0103,  # balance, either way
        0.7999,  # balance, damped
        -0.2340,  # positive
        -0.3859,  # negative
        0.4775,  # positive negated
        0.0406,  # negative negated
        0.1274,  # strongest positive
        -0.2300,  # strongest negative
        -1.4012,  # balance per word
        -0.5074,  # positive per word
        2.4817,  # negative per word
        0.0126,  # any positive
        0.4595,  # any negative
        -0.1410,  # last
        -0.2499,  # exclamation marks
        -0.0787,  # exclamation marks with the balance
        0.0407,  # a question mark
        0.3304,  # question marks
        1.3026,  # negations
        -0.0650,  # but
        0.4286,  # length
        0.3898,  # length with the balance
        -0.2630,  # all in capitals
        -5.1327,  # no words
    ),
    (
        # neutral
        0.5924,  # balance
        -0.5431,  # balance, either way
        -0.2863,  # balance, damped
        0.8064,  # positive
        -0.0073,  # negative
        -0.1621,  # positive negated
        0.0072,  # negative negated
        -0.5655,  # strongest positive
        -0.0926,  # strongest negative
        -0.2442,  # balance per word
        -1.5663,  # positive per word
        -1.7186,  # negative per word
        -0.1132,  # any positive
        -0.0840,  # any negative
        0.1163,  # last
        -0.5664,  # exclamation marks
        -0.1000,  # exclamation marks with the balance
        0.4420,  # a question mark
        -0.1703,  # question marks
        -0.8759,  # negations
        0.2345,  # but
        -0.5390,  # length
        -0.4582,  # length with the balance
        -0.3641,  # all in capitals
        3.0864,  # no words
    ),
    (
        # positive
        0.5514,  # balance
        0.5328,  # balance, either way
        -0.5136,  # balance, damped
        -0.5724,  # positive
        0.3932,  # negative
        -0.3154,  # positive negated
        -0.0479,  # negative negated
        0.4381,  # strongest positive
        0.3226,  # strongest negative
        1.6454,  # balance per word
        2.0737,  # positive per word
        -0.7631,  # negative per word
        0.1005,  # any positive
        -0.3756,  # any negative
        0.0247,  # last
        0.8164,  # exclamation marks
        0.1787,  # exclamation marks with the balance
        -0.4827,  # a question mark
        -0.1601,  # question marks
        -0.4267,  # negations
        -0.1696,  # but
        0.1103,  # length
        0.0684,  # length with the balance
        0.6272,  # all in capitals
        2.0463,  # no words
    ),
)
"""For each label, of each of `assay.domain.sentiment.features.FEATURES`."""
