from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from assay.contracts.evaluation_batches import Origin
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationStatus,
    EvaluationType,
    OutputType,
    StatusReason,
)
from assay.domain.eligibility import obstacle

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BOTH = tuple(Origin)


def evaluation(**changes: Any) -> Evaluation:
    status = changes.pop("status", EvaluationStatus.ACTIVE)
    known = {
        "id": uuid4(),
        "project_id": 1,
        "version": 1,
        "name": "n",
        "enabled": status is EvaluationStatus.ACTIVE,
        "evaluation_type": EvaluationType.HOG,
        "evaluation_config": {},
        "output_type": OutputType.BOOLEAN,
        "output_config": {},
        "status": status,
        "status_reason": None,
        "created_at": NOW,
        "updated_at": NOW,
        "created_by": None,
    }
    return Evaluation.model_validate(known | changes)


def test_an_active_one_judges() -> None:
    assert [obstacle(evaluation(), origin, consent=False) for origin in BOTH] == [None, None]


@pytest.mark.parametrize("gone", [None, evaluation(deleted=True)], ids=["missing", "deleted"])
def test_a_deleted_one_judges_nothing(gone: Evaluation | None) -> None:
    assert [obstacle(gone, origin, consent=True) for origin in BOTH] == ["deleted", "deleted"]


def test_a_paused_one_judges_history_only() -> None:
    paused = evaluation(status=EvaluationStatus.PAUSED)
    assert obstacle(paused, Origin.LIVE, consent=True) == "paused"
    assert obstacle(paused, Origin.BACKFILL, consent=True) is None


def test_one_in_error_judges_nothing_and_says_why() -> None:
    broken = evaluation(status=EvaluationStatus.ERROR, status_reason=StatusReason.HOG_ERROR)
    assert [obstacle(broken, origin, consent=True) for origin in BOTH] == ["hog_error", "hog_error"]


def test_a_judge_needs_consent_and_a_program_does_not() -> None:
    judge = evaluation(evaluation_type=EvaluationType.LLM_JUDGE)
    assert obstacle(judge, Origin.LIVE, consent=False) == "ai_consent_missing"
    assert obstacle(judge, Origin.LIVE, consent=True) is None
