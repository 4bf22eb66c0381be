"""Judging with a language model: the prompt, the shape of the answer and how it is read."""

from assay.domain.judging.answer import ParsedVerdict, UnparsableVerdict, parse_verdict, verdict_schema
from assay.domain.judging.default_models import DEFAULT_MODELS
from assay.domain.judging.prompt import MAX_PROMPT_CHARS, PromptParts, build_prompt, prompt_parts

__all__ = [
    "DEFAULT_MODELS",
    "MAX_PROMPT_CHARS",
    "ParsedVerdict",
    "PromptParts",
    "UnparsableVerdict",
    "build_prompt",
    "parse_verdict",
    "prompt_parts",
    "verdict_schema",
]
