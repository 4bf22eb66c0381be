"""Scores against the definitions and versions that they name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.contracts.score_definitions import ScoreDefinition, ScoreDefinitionVersion, ScoreKind
from assay.contracts.trace_reviews import ScoreInput
from assay.domain.scores.checks import checked_scores
from assay.errors import FieldError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def definition(kind: ScoreKind, **config: Any) -> ScoreDefinition:
    return ScoreDefinition(
        id=uuid4(),
        project_id=1,
        name="d",
        kind=kind,
        config=config,
        archived=True,
        current_version=2,
        current_version_id=uuid4(),
        created_at=NOW,
        updated_at=NOW,
        created_by=None,
    )


def version_of(owner: ScoreDefinition, **config: Any) -> ScoreDefinitionVersion:
    return ScoreDefinitionVersion(
        id=uuid4(),
        definition_id=owner.id,
        version=1,
        kind=owner.kind,
        config=config,
        created_at=NOW,
        created_by=None,
    )


NUMBER = definition(ScoreKind.NUMERIC, max=1.0)
OLDER = version_of(NUMBER, max=9.0)
FLAG = definition(ScoreKind.BOOLEAN)
COLOURS = definition(ScoreKind.CATEGORICAL, options=[{"key": "red", "label": "Red"}])


def number(value: int, version_id: UUID | None = None) -> ScoreInput:
    return ScoreInput(definition_id=NUMBER.id, definition_version_id=version_id, numeric_value=Decimal(value))


def flag(**changes: Any) -> ScoreInput:
    fields: dict[str, Any] = {"definition_id": FLAG.id, "boolean_value": False}
    return ScoreInput(**(fields | changes))


def check(*scores: ScoreInput) -> Any:
    return checked_scores(scores, [NUMBER, FLAG, COLOURS], [OLDER])


def test_the_current_version_is_the_default_and_any_other_can_be_named() -> None:
    assert check(number(1))[0].definition_version_id == NUMBER.current_version_id
    assert check(number(5, OLDER.id))[0].definition_version_id == OLDER.id


def test_option_keys_are_normalised() -> None:
    (score,) = check(ScoreInput(definition_id=COLOURS.id, categorical_values=(" RED ",)))
    assert score.categorical_values == ("red",)


@pytest.mark.parametrize(
    ("scores", "named"),
    [
        ((number(1), flag(), number(1)), "scores[0].definition_id"),
        ((flag(), number(1), number(1)), "scores[1].definition_id"),
        ((flag(definition_id=uuid4()),), "scores[0].definition_id"),
        ((number(1, uuid4()),), "scores[0].definition_version_id"),
        ((flag(definition_version_id=OLDER.id),), "scores[0].definition_version_id"),
        ((flag(), number(2)), "scores[1].numeric_value"),
        ((number(9), flag(boolean_value=None, numeric_value=1)), "scores[0].numeric_value"),
        ((flag(boolean_value=None, numeric_value=1),), "scores[0].boolean_value"),
        (
            (ScoreInput(definition_id=COLOURS.id, categorical_values=("red", "Red")),),
            "scores[0].categorical_values",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-scores",
)
def test_the_first_score_at_fault_is_named(scores: tuple[ScoreInput, ...], named: str) -> None:
    with pytest.raises(FieldError) as refused:
        check(*scores)
    assert (refused.value.attr, refused.value.field_code) == ("scores", "invalid_input")
    assert refused.value.detail.startswith(f"{named}: ")
