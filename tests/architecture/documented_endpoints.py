"""Every endpoint that PostHog's public API pages document for LLM analytics, evaluations and datasets.

Method and path below `/api/environments/:project_id/`, the scope that a personal API key needs (None where
the pages name none) and the status of success.
"""

from __future__ import annotations

from typing import NamedTuple


class Documented(NamedTuple):
    method: str
    path: str
    scope: str | None
    status: int


ENDPOINTS = tuple(
    Documented(*endpoint)
    for endpoint in (
        ("GET", "dataset_items", "dataset:read", 200),
        ("POST", "dataset_items", "dataset:write", 201),
        ("GET", "dataset_items/{id}", "dataset:read", 200),
        ("PATCH", "dataset_items/{id}", "dataset:write", 200),
        ("DELETE", "dataset_items/{id}", "dataset:write", 405),
        ("GET", "datasets", "dataset:read", 200),
        ("POST", "datasets", "dataset:write", 201),
        ("GET", "datasets/{id}", "dataset:read", 200),
        ("PATCH", "datasets/{id}", "dataset:write", 200),
        ("DELETE", "datasets/{id}", "dataset:write", 405),
        ("POST", "evaluation_runs", "evaluation:write", 200),
        ("GET", "evaluations", "evaluation:read", 200),
        ("POST", "evaluations", "evaluation:write", 201),
        ("GET", "evaluations/{id}", "evaluation:read", 200),
        ("PATCH", "evaluations/{id}", "evaluation:write", 200),
        ("DELETE", "evaluations/{id}", "evaluation:write", 405),
        ("POST", "evaluations/test_hog", "evaluation:read", 200),
        ("GET", "llm_analytics/clustering_config", "llm_analytics:read", 200),
        ("POST", "llm_analytics/clustering_config/set_event_filters", "llm_analytics:write", 200),
        ("GET", "llm_analytics/clustering_jobs", "llm_analytics:read", 200),
        ("POST", "llm_analytics/clustering_jobs", "llm_analytics:write", 201),
        ("GET", "llm_analytics/clustering_jobs/{id}", "llm_analytics:read", 200),
        ("PATCH", "llm_analytics/clustering_jobs/{id}", "llm_analytics:write", 200),
        ("DELETE", "llm_analytics/clustering_jobs/{id}", "llm_analytics:write", 204),
        ("GET", "llm_analytics/evaluation_config", "evaluation:read", 200),
        ("POST", "llm_analytics/evaluation_config/set_active_key", "evaluation:write", 200),
        ("GET", "llm_analytics/evaluation_reports", "llm_analytics:read", 200),
        ("POST", "llm_analytics/evaluation_reports", "llm_analytics:write", 201),
        ("GET", "llm_analytics/evaluation_reports/{id}", "llm_analytics:read", 200),
        ("PATCH", "llm_analytics/evaluation_reports/{id}", "llm_analytics:write", 200),
        ("DELETE", "llm_analytics/evaluation_reports/{id}", "llm_analytics:write", 405),
        ("POST", "llm_analytics/evaluation_reports/{id}/generate", "llm_analytics:write", 202),
        ("GET", "llm_analytics/evaluation_reports/{id}/runs", "llm_analytics:read", 200),
        ("POST", "llm_analytics/evaluation_summary", "llm_analytics:write", 200),
        ("GET", "llm_analytics/models", "evaluation:read", 200),
        ("GET", "llm_analytics/score_definitions", "llm_analytics:read", 200),
        ("POST", "llm_analytics/score_definitions", "llm_analytics:write", 201),
        ("GET", "llm_analytics/score_definitions/{id}", "llm_analytics:read", 200),
        ("PATCH", "llm_analytics/score_definitions/{id}", "llm_analytics:write", 200),
        ("POST", "llm_analytics/score_definitions/{id}/new_version", "llm_analytics:write", 200),
        ("POST", "llm_analytics/sentiment", "llm_analytics:write", 200),
        ("POST", "llm_analytics/sentiment/generations", None, 200),
        ("POST", "llm_analytics/summarization", "llm_analytics:write", 200),
        ("POST", "llm_analytics/summarization/batch_check", None, 200),
        ("POST", "llm_analytics/text_repr", "llm_analytics:write", 200),
        ("GET", "llm_analytics/trace_reviews", "llm_analytics:read", 200),
        ("POST", "llm_analytics/trace_reviews", "llm_analytics:write", 201),
        ("GET", "llm_analytics/trace_reviews/{id}", "llm_analytics:read", 200),
        ("PATCH", "llm_analytics/trace_reviews/{id}", "llm_analytics:write", 200),
        ("DELETE", "llm_analytics/trace_reviews/{id}", "llm_analytics:write", 204),
        ("POST", "llm_analytics/translate", "llm_analytics:write", 201),
    )
)
