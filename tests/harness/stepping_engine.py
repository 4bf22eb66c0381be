"""`assay dev`, whose report activities ask a `StepGate` before they begin and after they are done.

Started as a script, with the gate's address and the number of the engine; nothing else is different.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from assay.runtime.cli import main
from assay.temporal.interceptors import Ownership

_OF_REPORTS = "evaluation-report-"


def command(gate_url: str, number: int) -> Sequence[str]:
    """How such an engine is started."""
    # -P: the folder of this file must not hide packages of the same names.
    return (sys.executable, "-P", str(Path(__file__)), gate_url, str(number))


class _Stepping(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, gate_url: str, number: int) -> None:
        super().__init__(next)
        self._gate_url = gate_url
        self._number = number

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        if info.workflow_id is None or not info.workflow_id.startswith(_OF_REPORTS):
            return await super().execute_activity(input)
        given = input.args[0].model_dump(mode="json")
        step = {
            "engine": self._number,
            "workflow": info.workflow_id,
            "activity": info.activity_type,
            "given": given,
        }
        await self._ask({**step, "point": "before"})
        try:
            result = await super().execute_activity(input)
        except BaseException:
            await self._ask({**step, "point": "failed"})
            raise
        await self._ask({**step, "point": "after"})
        return result

    async def _ask(self, step: dict[str, Any]) -> None:
        """Returns when the gate lets this step pass, which may be never."""
        async with httpx.AsyncClient(timeout=None, trust_env=False, verify=False) as client:  # noqa: S113, S501
            await client.post(self._gate_url, json=step)


def _install(gate_url: str, number: int) -> None:
    """Put the steps around what surrounds every activity."""
    inside = Ownership.intercept_activity

    def intercept(self: Ownership, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Stepping(inside(self, next), gate_url, number)

    setattr(Ownership, "intercept_activity", intercept)  # noqa: B010  (mypy forbids the assignment)


if __name__ == "__main__":
    _install(sys.argv[1], int(sys.argv[2]))
    sys.argv = ["assay", "dev"]
    main()
