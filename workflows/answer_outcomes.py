"""How workflows that make an answer end, as people and callers see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from assay.domain.run_details import failure_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.search_attributes import OUTCOME


@contextmanager
def outcome_shown(outcome: Callable[[], str] = lambda: "completed") -> Iterator[None]:
    """Show what becomes of the work inside: that it is done, or why it fails.

    Args:
        outcome: of what did not fail, asked at its end.

    Raises:
        ApplicationError: it failed; the catalogue's code is the type, so that callers find the story there.
    """
    try:
        yield
    except (ActivityError, ApplicationError) as error:
        if is_cancelled_exception(error):
            raise
        code, message = failure_code(error), failure_message(error)
        workflow.set_current_details(failure_details(code, message))
        workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
        raise ApplicationError(message, type=code, non_retryable=True) from error
    workflow.upsert_search_attributes([OUTCOME.value_set(outcome())])
