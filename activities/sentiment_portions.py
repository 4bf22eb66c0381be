"""Asking a sentiment model in portions, each of which may fail by itself.

An answer may have been paid for: it is kept when it comes, whatever becomes of the other portions. A text
that a provider does not take costs its neighbours nothing but further questions: a portion that is refused is
asked about in halves, until what is refused stands alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple

from assay.contracts.sentiment import SentimentScores
from assay.domain.together import few_at_once
from assay.errors import (
    AnswerUnusable,
    ContextWindowExceeded,
    OutputLimitExceeded,
    ProviderPermissionDenied,
    RequestRejected,
    WorkError,
)
from assay.ports import SentimentModel

Keep = Callable[[Mapping[str, SentimentScores]], Awaitable[None]]
"""Stores the scores of texts."""

_AT_ONCE: Final = 4
"""Portions of one call that are asked about together; the gate of a key bounds those of all calls."""

_REFUSALS: Final = (
    AnswerUnusable,
    ContextWindowExceeded,
    OutputLimitExceeded,
    ProviderPermissionDenied,
    RequestRejected,
)
"""What one text may be at fault for. All else would meet any text."""

_MOST_IN_A_ROW: Final = 8
"""Refusals of a portion without an answer between them. One text in 25 takes six at most; with so many it is
the model, or how it is asked, and not the texts."""


class Classified(NamedTuple):
    """What came of texts.

    Attributes:
        texts: how many have scores now.
        refusal: why the others have none; None if there are no others.
    """

    texts: int
    refusal: WorkError | None


async def classify_portions(
    model: SentimentModel, project_id: int, texts: Sequence[str], keep: Keep
) -> Classified:
    """Have texts classified, and their scores kept as they come.

    Args:
        keep: gets those of a portion when it is answered.

    Raises:
        SetupError, WorkError: what the model or `keep` raised first, unless it refused texts; what was
            answered is kept by then.
    """
    if not texts:
        return Classified(0, None)
    found: list[Classified] = []

    async def classified(portion: Sequence[str]) -> None:
        found.append(await _by_halves(model, project_id, portion, keep))

    await few_at_once(classified, model.portions(texts), at_once=_AT_ONCE)
    refusals = (each.refusal for each in found if each.refusal is not None)
    return Classified(sum(each.texts for each in found), next(refusals, None))


async def _by_halves(
    model: SentimentModel, project_id: int, portion: Sequence[str], keep: Keep
) -> Classified:
    waiting, answered, in_a_row = [portion], 0, 0
    refusal: WorkError | None = None
    while waiting and in_a_row < _MOST_IN_A_ROW:
        texts = waiting.pop()
        try:
            scores = await model.classify(project_id, texts)
        except _REFUSALS as error:
            refusal = refusal or error
            in_a_row += 1
            middle = len(texts) // 2
            waiting += [texts[middle:], texts[:middle]] if middle else []
        else:
            in_a_row = 0
            await keep(dict(zip(texts, scores, strict=True)))
            answered += len(texts)
    return Classified(answered, refusal)
