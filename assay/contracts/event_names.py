"""Names of events; a module of its own, without pydantic, for processes that must start quickly."""

from __future__ import annotations

GENERATION = "$ai_generation"
EVALUATION = "$ai_evaluation"
TRACE_SUMMARY = "$ai_trace_summary"
GENERATION_SUMMARY = "$ai_generation_summary"
