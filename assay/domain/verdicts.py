"""The `$ai_evaluation` event: how a judgement is written into the ledger and read back from it.

Names and presence of the properties follow PostHog, so that its SDKs, queries and dashboards find what
they expect: what does not apply is absent, never null. `$ai_evaluation_version` is Assay's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from assay.contracts.evaluation_batches import Claim
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationType,
    Judgement,
    OutputType,
    RunEvaluationInput,
)
from assay.contracts.events import EVALUATION, GENERATION, Event, EventRef
from assay.domain.json_values import well_formed

_COPIED_FROM_SOURCE = ("$ai_trace_id", "$session_id", "$ai_prompt_name", "$ai_prompt_version")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a verdict is about besides the judgement itself.

    Attributes:
        timestamp: of the verdict event; fixed, like its uuid, before anyone is asked.
        started_at: when judging began.
        trigger: `manual`, `live` or `backfill`.
    """

    project_id: int
    evaluation_id: UUID
    evaluation_name: str
    evaluation_type: EvaluationType
    target: EventRef
    timestamp: datetime
    started_at: datetime
    trigger: str
    backfill_id: UUID | None = None

    @classmethod
    def of_run(cls, run: RunEvaluationInput) -> Occasion:
        """A run that somebody asked for: its verdict happens when it is asked for."""
        return cls(
            project_id=run.project_id,
            evaluation_id=run.evaluation_id,
            evaluation_name=run.evaluation_name,
            evaluation_type=run.evaluation_type,
            target=run.target,
            timestamp=run.requested_at,
            started_at=run.requested_at,
            trigger=_trigger_kind(run.trigger),
        )

    @classmethod
    def of_claim(
        cls, claim: Claim, evaluation: Evaluation, *, started_at: datetime, backfill_id: UUID | None
    ) -> Occasion:
        """A target of a batch: its verdict happens when the target did, whoever judges it and when."""
        return cls(
            project_id=evaluation.project_id,
            evaluation_id=evaluation.id,
            evaluation_name=evaluation.name,
            evaluation_type=evaluation.evaluation_type,
            target=EventRef(
                project_id=evaluation.project_id, event=GENERATION, uuid=claim.target, day=claim.day
            ),
            timestamp=claim.timestamp,
            started_at=started_at,
            trigger=claim.origin,
            backfill_id=backfill_id,
        )


def verdict_event(occasion: Occasion, judgement: Judgement, *, source: Event | None) -> Event:
    """The ledger entry of a judgement.

    Its uuid and timestamp are fixed before anyone is asked, so writing it again changes nothing.

    Args:
        source: the judged event, if it is still there; its person, trace, session and prompt are copied.
    """
    return Event(
        project_id=occasion.project_id,
        event=EVALUATION,
        uuid=judgement.verdict_event_id,
        distinct_id=str(occasion.target.uuid) if source is None else source.distinct_id,
        timestamp=occasion.timestamp,
        properties={
            "$ai_evaluation_id": str(occasion.evaluation_id),
            "$ai_evaluation_name": occasion.evaluation_name,
            "$ai_evaluation_version": judgement.evaluation_version,
            "$ai_evaluation_type": "online",
            "$ai_evaluation_runtime": occasion.evaluation_type.value,
            "$ai_evaluation_result_type": OutputType.BOOLEAN.value,
            "$ai_evaluation_start_time": occasion.started_at.isoformat(),
            "$ai_evaluation_trigger": str(occasion.trigger),
            **_present({"$ai_evaluation_backfill_id": _text(occasion.backfill_id)}),
            "$ai_evaluation_reasoning": well_formed(judgement.reasoning),
            "$ai_evaluation_allows_na": judgement.allows_na,
            "$ai_target_event_id": str(occasion.target.uuid),
            "$ai_target_event_type": occasion.target.event,
            "$ai_target_id": str(occasion.target.uuid),
            "$ai_target_type": "generation_uuid",
            **_outcome(judgement),
            **_attribution(judgement),
            **_context({} if source is None else source.properties),
        },
    )


def judgement_of(event: Event) -> Judgement:
    """The judgement that a ledger entry carries: the inverse of `verdict_event`.

    Returns:
        The judgement, marked as recorded already.

    Raises:
        ValueError: the event is not a verdict that Assay wrote.
    """
    if event.event != EVALUATION:
        raise ValueError(f"A verdict is an {EVALUATION} event, not {event.event}.")
    found = event.properties
    return Judgement.model_validate(
        {
            "evaluation_version": found.get("$ai_evaluation_version"),
            "verdict_event_id": event.uuid,
            "verdict": found.get("$ai_evaluation_result"),
            "applicable": found.get("$ai_evaluation_applicable"),
            "allows_na": found.get("$ai_evaluation_allows_na", False),
            "reasoning": found.get("$ai_evaluation_reasoning", ""),
            "skip_reason": found.get("$ai_evaluation_skip_reason"),
            "provider": found.get("$ai_provider"),
            "model": found.get("$ai_model"),
            "key_type": found.get("$ai_evaluation_key_type"),
            "key_id": found.get("$ai_evaluation_key_id"),
            "input_tokens": found.get("$ai_input_tokens"),
            "output_tokens": found.get("$ai_output_tokens"),
            "cost_usd": found.get("$ai_total_cost_usd"),
            "already_recorded": True,
        }
    )


def _trigger_kind(trigger: str) -> str:
    """`manual` of `manual-1795000000000`; `live` for automatic judging, which names no request."""
    return trigger.partition("-")[0] or "live"


def _outcome(judgement: Judgement) -> dict[str, Any]:
    if judgement.skip_reason is not None:
        return {"$ai_evaluation_skipped": True, "$ai_evaluation_skip_reason": judgement.skip_reason}
    return _present(
        {
            "$ai_evaluation_result": judgement.verdict,
            "$ai_evaluation_applicable": judgement.applicable if judgement.allows_na else None,
        }
    )


def _attribution(judgement: Judgement) -> dict[str, Any]:
    """Who judged at what price; nothing unless a model was asked."""
    if judgement.model is None:
        return {}
    return _present(
        {
            "$ai_model": judgement.model,
            "$ai_provider": judgement.provider,
            "$ai_input_tokens": judgement.input_tokens,
            "$ai_output_tokens": judgement.output_tokens,
            "$ai_total_cost_usd": judgement.cost_usd,
            "$ai_evaluation_model": judgement.model,
            "$ai_evaluation_provider": judgement.provider,
            "$ai_evaluation_key_type": judgement.key_type,
            "$ai_evaluation_key_id": _text(judgement.key_id),
        }
    )


def _context(source: Mapping[str, Any]) -> dict[str, Any]:
    """Where the judged event belongs, as far as it says so in a plain word or number."""
    return {key: source[key] for key in _COPIED_FROM_SOURCE if isinstance(source.get(key), str | int)}


def _text(uuid: UUID | None) -> str | None:
    return None if uuid is None else str(uuid)


def _present(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}
