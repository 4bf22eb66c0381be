import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluations import EvaluationType, Judgement, RunEvaluationInput
from assay.contracts.events import EVALUATION, GENERATION, Event, EventRef
from assay.domain.verdicts import Occasion, judgement_of, verdict_event
from tests.unit.judging.strategies import JSON, TEXT

EVALUATION_ID = UUID("11111111-1111-4111-8111-111111111111")
VERDICT_ID = UUID("22222222-2222-5222-8222-222222222222")
KEY_ID = UUID("33333333-3333-4333-8333-333333333333")
SOURCE = Event(
    project_id=7,
    event=GENERATION,
    uuid=UUID("44444444-4444-4444-8444-444444444444"),
    distinct_id="user-1",
    timestamp=datetime(2026, 3, 1, 23, 59, tzinfo=UTC),
    properties={"$ai_trace_id": "trace-1", "$ai_input": "hi"},
)
RUN = RunEvaluationInput(
    project_id=7,
    evaluation_id=EVALUATION_ID,
    evaluation_name="Helpfulness",
    evaluation_type=EvaluationType.LLM_JUDGE,
    target=EventRef.of(SOURCE),
    trigger="manual-1795000000000",
    requested_at=datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC),
)
PASSED = Judgement(
    evaluation_version=3,
    verdict_event_id=VERDICT_ID,
    verdict=True,
    reasoning="It helps.",
    provider="openai",
    model="gpt-5-mini",
    key_type="posthog",
    input_tokens=12,
    output_tokens=3,
    cost_usd=0.0004,
)


@st.composite
def judgements(draw: st.DrawFn) -> Judgement:
    """Every judgement that an activity can reach and record."""
    allows_na, asked = draw(st.booleans()), draw(st.booleans())
    skip_reason = draw(st.none() | st.sampled_from(["trace_errored", "unparsable_response"]))
    verdict = None if skip_reason else draw(st.booleans() | st.none() if allows_na else st.booleans())
    attribution: dict[str, Any] = {}
    if asked:
        attribution = {
            "provider": draw(st.sampled_from(["openai", "anthropic"])),
            "model": draw(TEXT),
            "key_type": draw(st.sampled_from(["byok", "posthog"])),
            "key_id": draw(st.none() | st.uuids()),
            "input_tokens": draw(st.none() | st.integers(0, 10**9)),
            "output_tokens": draw(st.none() | st.integers(0, 10**9)),
            "cost_usd": draw(st.none() | st.floats(0, 1000)),
        }
    return Judgement(
        evaluation_version=draw(st.integers(1, 10**6)),
        verdict_event_id=draw(st.uuids()),
        verdict=verdict,
        applicable=None if skip_reason or not allows_na else verdict is not None,
        allows_na=allows_na,
        reasoning=draw(TEXT),
        skip_reason=skip_reason,
        **attribution,
    )


@given(judgements(), st.dictionaries(TEXT | st.just("$ai_trace_id"), JSON), st.booleans())
def test_the_ledger_gives_back_what_was_written(
    judgement: Judgement, properties: dict[str, Any], source_is_there: bool
) -> None:
    source = SOURCE.model_copy(update={"properties": properties}) if source_is_there else None
    event = verdict_event(Occasion.of_run(RUN), judgement, source=source)
    stored = event.model_copy(update={"properties": json.loads(json.dumps(event.properties))})
    assert judgement_of(stored) == judgement.model_copy(update={"already_recorded": True})
    assert None not in event.properties.values()


def test_a_verdict_of_a_manual_run() -> None:
    event = verdict_event(Occasion.of_run(RUN), PASSED, source=SOURCE)
    assert (event.event, event.uuid, event.project_id) == (EVALUATION, VERDICT_ID, 7)
    assert event.timestamp == RUN.requested_at
    assert event.distinct_id == "user-1"
    assert event.properties == {
        "$ai_evaluation_id": str(EVALUATION_ID),
        "$ai_evaluation_name": "Helpfulness",
        "$ai_evaluation_version": 3,
        "$ai_evaluation_type": "online",
        "$ai_evaluation_runtime": "llm_judge",
        "$ai_evaluation_result_type": "boolean",
        "$ai_evaluation_start_time": "2026-03-02T01:02:03.456789+00:00",
        "$ai_evaluation_trigger": "manual",
        "$ai_evaluation_reasoning": "It helps.",
        "$ai_evaluation_allows_na": False,
        "$ai_evaluation_result": True,
        "$ai_target_event_id": str(SOURCE.uuid),
        "$ai_target_event_type": "$ai_generation",
        "$ai_target_id": str(SOURCE.uuid),
        "$ai_target_type": "generation_uuid",
        "$ai_trace_id": "trace-1",
        "$ai_model": "gpt-5-mini",
        "$ai_provider": "openai",
        "$ai_input_tokens": 12,
        "$ai_output_tokens": 3,
        "$ai_total_cost_usd": 0.0004,
        "$ai_evaluation_model": "gpt-5-mini",
        "$ai_evaluation_provider": "openai",
        "$ai_evaluation_key_type": "posthog",
    }


def properties_of(source: Event | None = SOURCE, **changes: Any) -> dict[str, Any]:
    return verdict_event(Occasion.of_run(RUN), PASSED.model_copy(update=changes), source=source).properties


def test_results_are_there_when_they_apply() -> None:
    passed = properties_of(allows_na=True, applicable=True)
    assert (passed["$ai_evaluation_result"], passed["$ai_evaluation_applicable"]) == (True, True)
    not_applicable = properties_of(allows_na=True, applicable=False, verdict=None)
    assert not_applicable["$ai_evaluation_applicable"] is False
    assert not_applicable["$ai_evaluation_allows_na"] is True
    assert "$ai_evaluation_result" not in not_applicable
    assert "$ai_evaluation_skipped" not in not_applicable
    assert "$ai_evaluation_applicable" not in properties_of(allows_na=False, applicable=True)


def test_a_skip_has_no_result() -> None:
    skipped = properties_of(allows_na=True, verdict=None, skip_reason="unparsable_response")
    assert skipped["$ai_evaluation_skipped"] is True
    assert skipped["$ai_evaluation_skip_reason"] == "unparsable_response"
    assert skipped["$ai_model"] == "gpt-5-mini"  # it was asked, and is billed
    assert "$ai_evaluation_result" not in skipped
    assert "$ai_evaluation_applicable" not in skipped


def test_nobody_is_named_when_nobody_was_asked() -> None:
    unasked = Judgement(evaluation_version=1, verdict_event_id=VERDICT_ID, skip_reason="trace_errored")
    named = verdict_event(Occasion.of_run(RUN), unasked, source=SOURCE).properties
    assert not {
        key for key in named if "model" in key or "provider" in key or "token" in key or "key_" in key
    }
    assert "$ai_total_cost_usd" not in named


def test_the_customers_key_is_named() -> None:
    named = properties_of(key_type="byok", key_id=KEY_ID, cost_usd=None)
    assert (named["$ai_evaluation_key_type"], named["$ai_evaluation_key_id"]) == ("byok", str(KEY_ID))
    assert "$ai_total_cost_usd" not in named


@pytest.mark.parametrize(
    ("trigger", "kind"),
    [("", "live"), ("manual-1", "manual"), ("backfill-x-y", "backfill"), ("rerun", "rerun")],
)
def test_kinds_of_trigger(trigger: str, kind: str) -> None:
    run = RUN.model_copy(update={"trigger": trigger})
    assert (
        verdict_event(Occasion.of_run(run), PASSED, source=None).properties["$ai_evaluation_trigger"] == kind
    )


def test_context_is_copied_as_far_as_it_is_plain() -> None:
    context = {"$session_id": "s", "$ai_prompt_name": "greet", "$ai_prompt_version": 4}
    source = SOURCE.model_copy(update={"properties": {**context, "$ai_trace_id": {"not": "an id"}, "x": 1}})
    copied = properties_of(source)
    assert context.items() <= copied.items()
    assert "$ai_trace_id" not in copied
    assert "x" not in copied


def test_a_source_that_is_gone_is_replaced_by_its_id() -> None:
    assert verdict_event(Occasion.of_run(RUN), PASSED, source=None).distinct_id == str(SOURCE.uuid)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": GENERATION},
        {"properties": {}},
        {"properties": {"$ai_evaluation_version": "x"}},
        {"properties": {"$ai_evaluation_version": 1, "$ai_evaluation_key_id": "no uuid"}},
    ],
)
def test_what_is_no_verdict_of_ours_is_refused(changes: dict[str, Any]) -> None:
    event = verdict_event(Occasion.of_run(RUN), PASSED, source=SOURCE).model_copy(update=changes)
    with pytest.raises(ValueError, match=r"verdict|validation"):
        judgement_of(event)
