"""Events and traces as text, for people and for models, in the exact format of PostHog's `text_repr`.

Every function is pure and total: it answers for any JSON value, however large or deeply nested. Time and text
are linear in the input: indentation that would be out of proportion is left out. `format_event` and
`format_trace` make finished texts; `build_hierarchy` makes the tree of a trace from its events.
"""

from assay.domain.text_repr.events import (
    format_embedding,
    format_evaluation,
    format_event,
    format_generation,
    format_span,
)
from assay.domain.text_repr.hierarchy import build_hierarchy
from assay.domain.text_repr.options import DEFAULT_MAX_DEPTH, Options
from assay.domain.text_repr.rendering import Rendering
from assay.domain.text_repr.traces import format_trace

__all__ = [
    "DEFAULT_MAX_DEPTH",
    "Options",
    "Rendering",
    "build_hierarchy",
    "format_embedding",
    "format_evaluation",
    "format_event",
    "format_generation",
    "format_span",
    "format_trace",
]
