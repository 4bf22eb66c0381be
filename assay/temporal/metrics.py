"""Counters of background work, exported at `/metrics`."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

VERDICTS = Counter("assay_verdicts_total", "Judgements reached by this process.", ["runtime", "outcome"])
MODEL_CALLS = Counter(
    "assay_model_calls_total",
    "Questions put to a model provider; code is `ok` or an error code.",
    ["provider", "code"],
)
MODEL_CALL_SECONDS = Histogram(
    "assay_model_call_seconds",
    "Time until the model answered.",
    ["provider"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 90),
)
