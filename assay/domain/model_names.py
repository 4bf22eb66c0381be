"""What a model may be called.

Names travel in the path of some providers' URLs (Gemini's models, Azure OpenAI's deployments), so nothing may
get into one that means something there: no escape, query or fragment, and no segment that leads upwards.
Elsewhere `~` (OpenRouter's newest of a kind) and `#` (Fireworks' deployments) are parts of real names.
"""

from __future__ import annotations

import re

from assay.contracts.evaluations import Provider

MAX_MODEL_NAME_CHARS = 100
"""The longest name that an evaluation may carry."""

MODEL_NAME_PATTERN = r"^[A-Za-z0-9._:@+~#-]+(/[A-Za-z0-9._:@+~#-]+)*$"
"""How names are built, apart from the segments `.` and `..`, as JSON Schema writes it."""

_SEGMENT = re.compile(r"[A-Za-z0-9._:@+~#-]+")
_IN_PATHS = frozenset({Provider.GEMINI, Provider.AZURE_OPENAI})
"""Providers whose models are named in the path of a URL; with the others it is the body."""


def model_name_problem(name: str, provider: Provider | None = None) -> str | None:
    """What is wrong with the name of a model.

    Args:
        provider: whose model it is; with Azure OpenAI it names a deployment, which is one segment of a path.

    Returns:
        One sentence without the name; None for what can be sent.

    >>> model_name_problem("accounts/fireworks/models/llama-v3p1-8b-instruct")
    >>> model_name_problem("../keys")
    'The parts of a model name between slashes may be neither empty nor "." or "..".'
    """
    segments = name.split("/")
    if provider is Provider.AZURE_OPENAI and len(segments) > 1:
        return "The name of an Azure OpenAI deployment holds no slash."
    if provider in _IN_PATHS and ("#" in name or "~" in name):
        return f"A model of {provider} has neither # nor ~ in its name."
    if any(segment in {"", ".", ".."} for segment in segments):
        return 'The parts of a model name between slashes may be neither empty nor "." or "..".'
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return "A model name holds letters, digits and . _ - : @ + ~ # / only."
    return None
