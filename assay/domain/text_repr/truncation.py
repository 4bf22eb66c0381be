"""Long contents, without their middle."""

from __future__ import annotations

from assay.domain.text_repr.markers import encoded, marker
from assay.domain.text_repr.options import Options


def truncated(text: str, options: Options) -> str:
    """`text`, or its two ends and what stands for the middle if it is longer than the buffer.

    The number that is told is how much the text is over the buffer. With an odd buffer the middle is one
    character longer than that, and a buffer below 2 keeps all of the text as its end: so it is in the
    format.
    """
    buffer = max(options.truncate_buffer, 0)
    if not options.truncated or len(text) <= buffer:
        return text
    half, over = buffer // 2, len(text) - buffer
    middle = text[half:-half] if half else ""
    cut = (
        marker("TRUNCATED", encoded(middle), str(over))
        if options.include_markers
        else f"... ({over} chars truncated) ..."
    )
    return f"{text[:half]}\n\n{cut}\n\n{text[-half:]}"
