"""Status, version and identity of evaluations and verdicts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationStatus,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.domain.evaluations import initial_state, next_state, verdict_event_id

SPEC: dict[str, Any] = {
    "name": "Helpful",
    "evaluation_type": "llm_judge",
    "evaluation_config": {"prompt": "Is it?"},
    "output_type": "boolean",
    "output_config": {"allows_na": False},
}


BEFORE = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def spec(**changes: Any) -> EvaluationSpec:
    return EvaluationSpec.model_validate(SPEC | changes)


def stored(**changes: Any) -> Evaluation:
    now = datetime.now(UTC)
    status = EvaluationStatus.ACTIVE if changes.get("enabled") else EvaluationStatus.PAUSED
    derived = {
        "id": uuid4(),
        "project_id": 1,
        "version": 4,
        "status": status,
        "status_reason": None,
        "active_since": BEFORE if status is EvaluationStatus.ACTIVE else None,
        "created_at": now,
        "updated_at": now,
        "created_by": None,
    }
    return Evaluation.model_validate(SPEC | derived | changes)


@pytest.mark.parametrize(("enabled", "status", "since"), [(True, "active", NOW), (False, "paused", None)])
def test_enabled_decides_the_first_status(enabled: bool, status: str, since: datetime | None) -> None:
    assert initial_state(spec(enabled=enabled), NOW) == (status, None, since, 1)


def test_switching_drives_the_status_and_clears_the_reason() -> None:
    broken = stored(status=EvaluationStatus.ERROR, status_reason=StatusReason.TRIAL_LIMIT_REACHED)
    assert next_state(broken, spec(enabled=True), NOW) == (EvaluationStatus.ACTIVE, None, NOW, 4)
    active = stored(enabled=True)
    assert next_state(active, spec(enabled=False), NOW) == (EvaluationStatus.PAUSED, None, None, 4)


def test_switching_off_what_is_in_error_changes_nothing() -> None:
    broken = stored(status=EvaluationStatus.ERROR, status_reason=StatusReason.HOG_ERROR)
    unchanged = (EvaluationStatus.ERROR, StatusReason.HOG_ERROR, None, 4)
    assert next_state(broken, spec(enabled=False), NOW) == unchanged


@pytest.mark.parametrize(
    ("change", "since"),
    [({"name": "Other"}, BEFORE), ({"conditions": ({"id": "a"},)}, BEFORE), ({"deleted": True}, BEFORE)],
    ids=["name", "conditions", "deleted"],
)
def test_what_stays_active_has_been_since_the_same_time(change: dict[str, Any], since: datetime) -> None:
    assert next_state(stored(enabled=True), spec(enabled=True, **change), NOW).active_since == since


@pytest.mark.parametrize(("enabled", "since"), [(True, NOW), (False, None)], ids=["active", "paused"])
def test_what_is_restored_begins_anew(enabled: bool, since: datetime | None) -> None:
    deleted = stored(enabled=enabled, deleted=True)
    assert next_state(deleted, spec(enabled=enabled), NOW).active_since == since


def test_compiling_the_same_source_anew_makes_no_version() -> None:
    def hog(source: str, *bytecode: Any) -> dict[str, Any]:
        return {
            "evaluation_type": "hog",
            "evaluation_config": {"source": source, "bytecode": list(bytecode)},
        }

    current = stored(**hog("return true", "assay-hog", 0))
    assert next_state(current, spec(**hog("return true", "assay-hog", 1)), NOW).version == 4
    assert next_state(current, spec(**hog("return false", "assay-hog", 0)), NOW).version == 5


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ({"name": "Other", "description": "x", "deleted": True, "conditions": ({"id": "a"},)}, 4),
        ({"evaluation_config": {"prompt": "Is it not?"}}, 5),
        ({"output_config": {"allows_na": True}}, 5),
        ({"model_configuration": ModelConfiguration(provider=Provider.GEMINI, model="m")}, 5),
        ({"evaluation_type": "hog", "evaluation_config": {"source": "return true"}}, 5),
    ],
)
def test_only_what_decides_verdicts_makes_a_version(change: dict[str, Any], version: int) -> None:
    assert next_state(stored(), spec(**change), NOW).version == version


identities = st.fixed_dictionaries(
    {
        "project_id": st.integers(1, 99),
        "evaluation_id": st.uuids(),
        "version": st.integers(1, 99),
        "target": st.uuids(),
        "trigger": st.sampled_from(["", "manual-1795237856189", "manual-1795237856190", "backfill-7"]),
    }
)


@given(identities, identities)
def test_verdicts_are_the_same_exactly_when_everything_is(one: Any, other: Any) -> None:
    assert verdict_event_id(**one) == verdict_event_id(**dict(one))
    assert (verdict_event_id(**one) == verdict_event_id(**other)) == (one == other)


def test_the_identity_of_a_verdict_never_changes() -> None:
    """Stored verdicts are found again by it; a new value here makes every verdict be paid for again."""
    identity = verdict_event_id(
        project_id=1,
        evaluation_id=UUID("0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10"),
        version=1,
        target=UUID("497f6eca-6276-4993-bfeb-53cbbbba6f08"),
        trigger="manual-1795237856189",
    )
    assert identity == UUID("aecc991f-3d96-522c-9e63-9ef343eb8d17")
