"""Judging with a language model: the prompt, the shape of the answer and how it is read."""

from assay.domain.judging.answer import ParsedVerdict, UnparsableVerdict, parse_verdict, verdict_schema
from assay.domain.judging.default_models import DEFAULT_MODELS
from assay.domain.judging.prompt import MAX_PROMPT_CHARS, PromptParts, build_prompt, prompt_parts
from assay.domain.judging.trial_models import TRIAL_MODELS, TrialModels, is_trial_model

__all__ = [
    "DEFAULT_MODELS",
    "MAX_PROMPT_CHARS",
    "TRIAL_MODELS",
    "ParsedVerdict",
    "PromptParts",
    "TrialModels",
    "UnparsableVerdict",
    "build_prompt",
    "is_trial_model",
    "parse_verdict",
    "prompt_parts",
    "verdict_schema",
]
