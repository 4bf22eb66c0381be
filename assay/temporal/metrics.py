"""Counters of background work, exported at `/metrics`."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

VERDICTS = Counter("assay_verdicts_total", "Judgements reached by this process.", ["runtime", "outcome"])
MATCHES = Counter(
    "assay_evaluation_matches_total",
    "Pairs of an arrival and an active evaluation; outcome is `matched` or `filtered`.",
    ["outcome"],
)
EVALUATIONS_STOPPED = Counter(
    "assay_evaluations_stopped_total", "Evaluations that this process put into `error`.", ["reason"]
)
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
MODEL_TOKENS = Counter(
    "assay_model_tokens_total",
    "Tokens of answered questions, as providers report them; kind is `input` or `output`.",
    ["provider", "kind"],
)
MODEL_COST = Counter(
    "assay_model_cost_usd_total", "Price of answered questions, where it is known, in USD.", ["provider"]
)
MODEL_UNPRICED = Counter(
    "assay_model_unpriced_total", "Answered questions whose price is not known.", ["provider"]
)
MODEL_WAIT_SECONDS = Histogram(
    "assay_model_wait_seconds",
    "Time until a question could be put to the provider: for a place, and for the end of a Retry-After.",
    ["provider"],
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 90),
)
MODEL_CONCURRENCY_LIMIT = Gauge(
    "assay_model_concurrency_limit",
    "Questions that may be in flight, over all keys in use of a provider.",
    ["provider"],
)
MODEL_CALLS_IN_FLIGHT = Gauge(
    "assay_model_calls_in_flight", "Questions whose answer is awaited.", ["provider"]
)
MODEL_CIRCUITS_OPEN = Gauge(
    "assay_model_circuits_open", "Keys on which nothing is asked because too much failed.", ["provider"]
)
CLUSTERING_RUNS = Counter(
    "assay_clustering_runs_total",
    "Runs of clustering jobs that this process closed; outcome is `completed`, `skipped` or `failed`.",
    ["level", "outcome"],
)
CLUSTERING_ITEMS = Counter(
    "assay_clustering_items_total",
    "Items that runs have put into clusters or found to belong to none, even if a later step failed.",
    ["level"],
)
RECONCILE_GAPS = Counter(
    "assay_reconcile_gaps_total", "Sampled targets found without a verdict that nobody worked on."
)
RECONCILE_REDRIVEN = Counter("assay_reconcile_redriven_total", "Batches started again because of that.")
RECONCILE_MISSED = Counter(
    "assay_reconcile_missed_total", "Arrivals that had been passed by and were claimed afterwards."
)
RECONCILE_DRIFT = Counter(
    "assay_reconcile_drift_repairs_total",
    "Repairs between registry and Temporal; kind is `stream_woken` or `batch_released`.",
    ["kind"],
)
RECONCILE_FAILED = Counter(
    "assay_reconcile_failed_projects_total", "Projects that could not be looked at or repaired."
)
RECONCILE_LAST_RUN = Gauge(
    "assay_reconcile_last_run_timestamp_seconds", "When this process last finished a run of `reconcile`."
)
