"""Counting what becomes of the targets of a batch."""

from __future__ import annotations

from collections import Counter

from assay.contracts.evaluation_batches import BatchTally
from assay.contracts.evaluations import Judgement


class Tally:
    """A `BatchTally` that grows.

    Args:
        size: targets of the batch.
        recorded_before: those that had their verdict already.
    """

    def __init__(self, size: int, recorded_before: int = 0) -> None:
        self._size = size
        self._recorded_before = recorded_before
        self._outcomes: Counter[str] = Counter()
        self._skip_reasons: Counter[str] = Counter()
        self._input_tokens = self._output_tokens = self._unpriced = 0
        self._cost_usd = 0.0
        self.stopped: str | None = None
        self.stopped_because = ""

    def add(self, judgement: Judgement) -> None:
        """Count a verdict."""
        self._outcomes[judgement.outcome] += 1
        if judgement.skip_reason is not None:
            self._skip_reasons[judgement.skip_reason] += 1
        if judgement.model is None:
            return
        self._input_tokens += judgement.input_tokens or 0
        self._output_tokens += judgement.output_tokens or 0
        self._cost_usd += judgement.cost_usd or 0.0
        self._unpriced += judgement.cost_usd is None

    def total(self) -> BatchTally:
        """What was counted so far."""
        return BatchTally(
            size=self._size,
            outcomes=dict(self._outcomes),
            skip_reasons=dict(self._skip_reasons),
            recorded_before=self._recorded_before,
            input_tokens=self._input_tokens,
            output_tokens=self._output_tokens,
            cost_usd=self._cost_usd,
            unpriced=self._unpriced,
            stopped=self.stopped,
            stopped_because=self.stopped_because,
        )
