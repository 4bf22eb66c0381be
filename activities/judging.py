"""A model as a judge: one question about one target, and what its answer means.

Who judges, and what follows from a key that is refused, is decided around this: a run that somebody waits
for and a batch that nobody looks at decide differently.
"""

from __future__ import annotations

import asyncio
import secrets

from activities.failing_targets import FailingTargets
from activities.judge_models import JudgeModel, JudgeModels
from activities.model_gate import GateKey, ModelGate, Turn
from assay.contracts.evaluations import Evaluation, Judgement
from assay.contracts.events import Event
from assay.contracts.models import ModelMessage, ModelReply, ModelRequest
from assay.domain.judging import UnparsableVerdict, build_prompt, parse_verdict, verdict_schema
from assay.domain.readable import target_text
from assay.errors import (
    ContextWindowExceeded,
    OutputLimitExceeded,
    ProviderPermissionDenied,
    WorkError,
)
from assay.temporal.retry import MODEL_CALL_TIMEOUT

ERRORED = "trace_errored"
"""Why a target is skipped that its sender marked as failed."""

UNPARSABLE = "unparsable_response"
"""Why a target is skipped whose judge gave no verdict."""


class Judge:
    """Asks models for verdicts.

    Attributes:
        models: which of them judge.
        gate: what every question passes.
        failing: targets without an answer so far.
    """

    def __init__(self, models: JudgeModels, gate: ModelGate) -> None:
        self.models = models
        self.gate = gate
        self.failing = FailingTargets()

    async def ask(
        self,
        turn: Turn,
        evaluation: Evaluation,
        target: Event,
        chosen: JudgeModel,
        blank: Judgement,
        *,
        is_long: bool = True,
    ) -> Judgement:
        """The judgement of a model on a target.

        What only this question meets is a judgement, too: that it is skipped, and why.

        Args:
            turn: of the gate, for `gate_key(chosen)`.
            blank: the judgement as far as it is known.
            is_long: whether preparing the question may take long enough to be done in a thread.

        Raises:
            WorkError: the model gave no answer.
        """
        messages = (
            await asyncio.to_thread(_prompt, evaluation, target, blank.allows_na)
            if is_long
            else _prompt(evaluation, target, blank.allows_na)
        )
        request = ModelRequest(
            provider=chosen.provider,
            model=chosen.model,
            messages=messages,
            schema_name="verdict",
            json_schema=verdict_schema(blank.allows_na),
            timeout_seconds=MODEL_CALL_TIMEOUT.total_seconds(),
        )
        try:
            reply = await turn.ask(request, chosen.access)
        except (ContextWindowExceeded, OutputLimitExceeded) as error:
            return skipped(blank, error.code, by=chosen)
        except ProviderPermissionDenied as error:
            return declined(blank, error, by=chosen)
        await self.models.absolve(chosen)
        return _read(blank, reply, chosen)


def gate_key(chosen: JudgeModel) -> GateKey:
    """Whose account pays for a question."""
    own = chosen.own_key
    return GateKey(chosen.provider, None if own is None else (own.key.id, own.key.version))


def is_errored(target: Event) -> bool:
    """Whether the sender marked the generation as failed (`$ai_is_error`, a boolean or its spelling)."""
    return str(target.properties.get("$ai_is_error", "")).lower() == "true"


def skipped(blank: Judgement, reason: str, *, by: JudgeModel | None = None) -> Judgement:
    """A judgement that there is none.

    Args:
        by: the model that was asked, if one was.
    """
    return blank.model_copy(update={"skip_reason": reason} | _attribution(by))


def declined(blank: Judgement, error: WorkError, *, by: JudgeModel) -> Judgement:
    """A judgement that the provider does not want this question, in its own words; no retry changes that."""
    return skipped(blank, error.code, by=by).model_copy(update={"reasoning": error.detail})


def _prompt(evaluation: Evaluation, target: Event, allows_na: bool) -> tuple[ModelMessage, ...]:
    return build_prompt(
        str(evaluation.evaluation_config["prompt"]),
        target_text(target.event, target.properties),
        allows_na=allows_na,
        boundary=secrets.token_hex(16),
    )


def _read(blank: Judgement, reply: ModelReply, chosen: JudgeModel) -> Judgement:
    attributed = blank.model_copy(
        update={
            "input_tokens": reply.input_tokens,
            "output_tokens": reply.output_tokens,
            "cost_usd": reply.cost_usd,
        }
        | _attribution(chosen)
    )
    try:
        parsed = parse_verdict(reply.text, allows_na=blank.allows_na)
    except UnparsableVerdict:
        return skipped(attributed, UNPARSABLE)
    return attributed.model_copy(
        update={"verdict": parsed.verdict, "applicable": parsed.applicable, "reasoning": parsed.reasoning}
    )


def _attribution(chosen: JudgeModel | None) -> dict[str, object]:
    """Who judges, and on whose key."""
    if chosen is None:
        return {}
    own = chosen.own_key
    return {
        "provider": chosen.provider.value,
        "model": chosen.model,
        "key_type": "posthog" if own is None else "byok",
        "key_id": None if own is None else own.key.id,
    }
