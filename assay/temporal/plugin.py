"""All Temporal wiring in one plugin, given to clients, workers and the replayer alike.

One plugin for production and tests means that they cannot drift apart.
"""

from __future__ import annotations

import pydantic
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from assay.temporal.interceptors import ErrorMapping, Ownership

PASSTHROUGH_MODULES = (
    # Contracts hold some hundred pydantic models; building them anew for each run costs seven times the run.
    "assay.contracts",
    # Pure functions: no clock, no randomness, no I/O. Zone arithmetic also does not work inside the sandbox.
    "assay.domain",
    "schedules",
    # Constants, ids and failure mapping.
    "assay.errors",
    "assay.temporal",
    # Workflows name activities by method; the modules import only contracts, domain and ports.
    "assay.ports",
    "activities",
    # The activities' logger.
    "structlog",
)


def _sandboxed(runner: WorkflowRunner | None) -> WorkflowRunner:
    base = runner.restrictions if isinstance(runner, SandboxedWorkflowRunner) else SandboxRestrictions.default
    return SandboxedWorkflowRunner(restrictions=base.with_passthrough_modules(*PASSTHROUGH_MODULES))


class AssayPlugin(SimplePlugin):
    """Pydantic data converter, sandbox pass-through, error mapping and workflow failure types."""

    def __init__(self) -> None:
        super().__init__(
            "assay.AssayPlugin",
            data_converter=pydantic_data_converter,
            interceptors=[Ownership(), ErrorMapping()],
            workflow_runner=_sandboxed,
            # A payload that cannot be decoded fails the run at once instead of retrying its task for ever.
            workflow_failure_exception_types=[pydantic.ValidationError],
        )
