"""How much an author may take: kept in the state of the workflow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

MAX_MODEL_CALLS: Final = 40
MAX_TOKENS: Final = 1_500_000
"""In and out, of all calls together: every call puts the conversation again."""

MAX_READ_CHARS: Final = 4_000_000
"""Of all results of queries together: they are stored, and read again at every step."""

MAX_TIME: Final = timedelta(hours=2)
MAX_CALLS_PER_MESSAGE: Final = 16


@dataclass(frozen=True, slots=True)
class Spent:
    """What an author has taken so far."""

    model_calls: int = 0
    tool_calls: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    time: timedelta = timedelta()

    def after_call(self, *, tokens: int, cost_usd: float | None) -> Spent:
        """After another answer of the model."""
        return replace(
            self,
            model_calls=self.model_calls + 1,
            tokens=self.tokens + tokens,
            cost_usd=self.cost_usd + (cost_usd or 0.0),
        )

    def exhausted(self) -> str | None:
        """Why nothing more may be asked; None: something may."""
        if self.model_calls >= MAX_MODEL_CALLS:
            return f"the author did not come to an end within {MAX_MODEL_CALLS} answers"
        if self.tokens >= MAX_TOKENS:
            return f"the author did not come to an end within {MAX_TOKENS:,} tokens"
        if self.time >= MAX_TIME:
            return f"the author did not come to an end within {MAX_TIME.total_seconds() / 3600:.0f} hours"
        return None
