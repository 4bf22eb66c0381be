"""What delivery targets come to for one run: whom it goes to, and what became of that altogether."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from assay.contracts.report_runs import DeliveryStatus, Recipient, RecipientKind
from assay.domain.report_recipients import recipients_of

MAX_RECIPIENTS: Final = 200
"""Of one run."""

_NOBODY: Final[Mapping[object, str]] = {
    RecipientKind.EMAIL.value: "An e-mail target names no address.",
    RecipientKind.SLACK.value: "A Slack target names no integration or no channel.",
}
_KIND_CHARS: Final = 40

_ERRORS_TOLD: Final = 50
"""Of one run: whoever reads fifty has seen what is wrong, and hundreds fill lists of runs and details."""


class Addressees(NamedTuple):
    """Whom a run goes to.

    Attributes:
        problems: one text for each target that names nobody, and one if there are too many recipients.
    """

    recipients: tuple[Recipient, ...]
    problems: tuple[str, ...]


def addressees(targets: Sequence[Mapping[str, Any]]) -> Addressees:
    """The recipients that delivery targets name, each once.

    Args:
        targets: as the client wrote them.
    """
    found = recipients_of(targets)
    problems = [_problem(target) for target in targets if not recipients_of([target])]
    if len(found) > MAX_RECIPIENTS:
        left_out = len(found) - MAX_RECIPIENTS
        problems.append(f"A report goes to {MAX_RECIPIENTS} recipients at most; {left_out} got nothing.")
    return Addressees(tuple(found[:MAX_RECIPIENTS]), tuple(problems[:MAX_RECIPIENTS]))


def delivery_status(attempted: int, failed: int) -> DeliveryStatus:
    """What became of all deliveries of a run.

    Args:
        attempted: recipients, and targets that name nobody.
        failed: those of them that have nothing, or not everything.
    """
    if attempted == 0:
        return DeliveryStatus.PENDING
    if failed == 0:
        return DeliveryStatus.DELIVERED
    return DeliveryStatus.FAILED if failed >= attempted else DeliveryStatus.PARTIAL_FAILURE


def told_errors(errors: Sequence[str]) -> tuple[str, ...]:
    """The errors of a run as people are told of them: the first ones, and how many more there were."""
    if len(errors) <= _ERRORS_TOLD:
        return tuple(errors)
    return (*errors[:_ERRORS_TOLD], f"… and {len(errors) - _ERRORS_TOLD:,} more")


def _problem(target: Mapping[str, Any]) -> str:
    kind = target.get("type")
    if isinstance(kind, str) and kind in _NOBODY:
        return _NOBODY[kind]
    return f"There are no targets of type {str(kind)[:_KIND_CHARS]!r}."
