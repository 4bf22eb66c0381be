"""From the scores that a client gives to those that a review stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from assay.contracts.score_definitions import ScoreDefinition, ScoreDefinitionVersion
from assay.contracts.trace_reviews import CheckedScore, ScoreInput
from assay.domain.scores.values import Misfit, normalized_selection, value_misfit
from assay.errors import FieldError


def checked_scores(
    scores: Sequence[ScoreInput],
    definitions: Iterable[ScoreDefinition],
    versions: Iterable[ScoreDefinitionVersion],
) -> tuple[CheckedScore, ...]:
    """Check each score against the version that it names, or else the current one of its definition.

    Archived definitions may be scored.

    Args:
        scores: as given; each has exactly one value.
        definitions: those among the named ones that the project has.
        versions: those among the named ones that the project has.

    Raises:
        FieldError: attr `scores`; the text names the first score and its field at fault.
    """
    definition_of = {definition.id: definition for definition in definitions}
    version_of = {version.id: version for version in versions}
    times = Counter(score.definition_id for score in scores)
    checked = []
    for position, score in enumerate(scores):
        outcome = _checked(score, definition_of, version_of, repeated=times[score.definition_id] > 1)
        if isinstance(outcome, Misfit):
            raise FieldError(score_problem(position, *outcome), attr="scores")
        checked.append(outcome)
    return tuple(checked)


def score_problem(position: int, field: str, detail: str) -> str:
    """How the text of an error says which score is wrong, and where: `scores[0].numeric_value: …`."""
    return f"scores[{position}]{field and '.'}{field}: {detail}"


def _checked(
    score: ScoreInput,
    definitions: dict[UUID, ScoreDefinition],
    versions: dict[UUID, ScoreDefinitionVersion],
    *,
    repeated: bool,
) -> CheckedScore | Misfit:
    definition = definitions.get(score.definition_id)
    if repeated:
        return Misfit("definition_id", "A review holds one score of a definition.")
    if definition is None:
        return Misfit("definition_id", "There is no such score definition.")
    version_id, config = definition.current_version_id, definition.config
    if score.definition_version_id is not None:
        version = versions.get(score.definition_version_id)
        if version is None:
            return Misfit("definition_version_id", "There is no such version.")
        if version.definition_id != definition.id:
            return Misfit("definition_version_id", "It is a version of another score definition.")
        version_id, config = version.id, version.config
    keys = score.categorical_values
    value = score.model_copy(
        update={"categorical_values": None if keys is None else normalized_selection(keys)}
    )
    return value_misfit(definition.kind, config, value) or CheckedScore(
        definition_id=definition.id,
        definition_version_id=version_id,
        categorical_values=value.categorical_values,
        numeric_value=value.numeric_value,
        boolean_value=value.boolean_value,
    )
