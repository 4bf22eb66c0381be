"""Names of events; a module of its own, without pydantic, for processes that must start quickly."""

from __future__ import annotations

GENERATION = "$ai_generation"
EVALUATION = "$ai_evaluation"
TRACE_SUMMARY = "$ai_trace_summary"
GENERATION_SUMMARY = "$ai_generation_summary"
TRACE_CLUSTERS = "$ai_trace_clusters"
GENERATION_CLUSTERS = "$ai_generation_clusters"
EVALUATION_CLUSTERS = "$ai_evaluation_clusters"

SUMMARIES = (TRACE_SUMMARY, GENERATION_SUMMARY)
CLUSTERS = (TRACE_CLUSTERS, GENERATION_CLUSTERS, EVALUATION_CLUSTERS)
OWN = (EVALUATION, *SUMMARIES, *CLUSTERS)
"""Events that Assay writes about what applications sent. Their uuids can be computed."""
