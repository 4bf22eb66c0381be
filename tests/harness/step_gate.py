"""Holds the activities of report runs at chosen steps, so that a kill hits them exactly there.

It lives in the process of the test and outlives the engines that ask it. What it holds never gets an answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assay.adapters.testing.loopback import LoopbackServer

BEFORE, AFTER, FAILED = "before", "after", "failed"
"""Points of every activity: nothing is done; everything is, and nobody knows; it has failed."""

_REPORT = "evaluation-report-"
_RUN = "evaluation-report-run-"


class Step(NamedTuple):
    """A point within an activity.

    Attributes:
        activity: its type, and which one of the run's.
        point: one of every activity, or of the others that it talks to.
    """

    activity: str
    point: str

    def __str__(self) -> str:
        return f"{self.activity}: {self.point}"


class StepGate:
    """The gate, for the length of a `with` block. Reports are named by their ids.

    A report that is held at its step begins no other activity; so once those under way have come to their
    end, nothing of it is between an effect and what keeps the effect from happening twice.

    Attributes:
        passed: the steps of each report since it was armed, in the order in which they were reached first.
        hit: the steps at which each report's engine was killed.
        engine: number of the engine that is listened to; what an earlier one still says is not heard.
    """

    def __init__(self) -> None:
        self.passed: dict[str, list[Step]] = {}
        self.hit: dict[str, list[Step]] = {}
        self.engine = 0
        self._changed = threading.Condition()
        self._wanted: dict[str, list[Step]] = {}
        self._parked: dict[str, Step] = {}
        self._under_way: dict[str, list[str]] = {}
        self._frozen: set[str] = set()
        self._reports: dict[str, str] = {}
        self._server = LoopbackServer(Starlette(routes=[Route("/", self._asked, methods=["POST"])]))

    @property
    def url(self) -> str:
        """Where engines ask."""
        return self._server.origin

    @property
    def runs(self) -> Mapping[str, str]:
        """Report ids by the ids of the runs that have begun."""
        return self._reports

    def arm(self, report_id: str, steps: Iterable[Step]) -> None:
        """From now on hold a report at these steps, one after the other, with a kill between them."""
        with self._changed:
            self._wanted[report_id] = list(steps)
            self.passed[report_id] = []

    def is_held(self, report_id: str, step: Step) -> bool:
        """Note that a report has come to a step; whether it is to stay there."""
        with self._changed:
            seen = self.passed.setdefault(report_id, [])
            if step not in seen and step.point != FAILED:
                seen.append(step)
            held = self._holds(report_id, step)
            under_way = self._under_way.setdefault(report_id, [])
            if step.point == BEFORE and not held:
                under_way.append(step.activity)
            elif step.point in (AFTER, FAILED) and step.activity in under_way:
                under_way.remove(step.activity)
            self._changed.notify_all()
            return held

    def await_held(self, seconds: float) -> None:
        """Wait until every report is at the next of its steps, then stop the others between two activities.

        Raises:
            TimeoutError: one does not get there; says which.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            self._wait(
                lambda: all(it in self._parked for it, steps in self._wanted.items() if steps), deadline
            )
            self._frozen = set(self.passed)
            self._wait(lambda: not any(map(self._busy, self._under_way)), deadline)

    def killed(self) -> None:
        """The engine is gone: what was held goes on in the next one."""
        with self._changed:
            for report_id, step in self._parked.items():
                self._wanted[report_id].remove(step)
                self.hit.setdefault(report_id, []).append(step)
            self._parked, self._under_way, self._frozen = {}, {}, set()
            self.engine += 1

    def await_passed(self, report_id: str, step: Step, seconds: float) -> None:
        """Wait until a report has come to a step.

        Raises:
            TimeoutError: it does not.
        """
        with self._changed:
            self._wait(lambda: step in self.passed.get(report_id, ()), time.monotonic() + seconds)

    def await_runs(self, report_id: str, seconds: float) -> list[str]:
        """The runs of a report, once there is one.

        Raises:
            TimeoutError: there is none.
        """
        with self._changed:
            self._wait(lambda: report_id in self.runs.values(), time.monotonic() + seconds)
            return [run_id for run_id, of in self.runs.items() if of == report_id]

    @property
    def is_through(self) -> bool:
        """Whether every report was held at all of its steps."""
        return not any(self._wanted.values())

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def _holds(self, report_id: str, step: Step) -> bool:
        parked, wanted = self._parked.get(report_id), self._wanted.get(report_id, [])
        if parked is not None or report_id in self._frozen:
            return step.point == BEFORE or step == parked
        if not wanted:
            return False
        if step == wanted[0]:
            self._parked[report_id] = step
            return True
        # Recipients are served side by side: who is to be held later must not be done by then.
        later = {each.activity for each in wanted[1:]} - {wanted[0].activity}
        return step.point == BEFORE and step.activity in later

    def _busy(self, report_id: str) -> bool:
        parked = self._parked.get(report_id)
        return any(parked is None or name != parked.activity for name in self._under_way[report_id])

    def _wait(self, is_done: Callable[[], bool], deadline: float) -> None:
        if not self._changed.wait_for(is_done, max(0.0, deadline - time.monotonic())):
            waiting = {it: str(steps[0]) for it, steps in self._wanted.items() if steps}
            parked = {it: str(step) for it, step in self._parked.items()}
            raise TimeoutError(f"wanted {waiting}; held {parked}; under way {self._under_way}")

    async def _asked(self, request: Request) -> Response:
        asked = await request.json()
        # An engine that is dead by now may still have something in the socket.
        if asked["engine"] != self.engine or self.is_held(*self._place(asked)):
            await request.receive()  # the body has been read: what comes next is the client's end
        return Response()

    def _place(self, asked: Mapping[str, Any]) -> tuple[str, Step]:
        """Which report it is about, and the step."""
        given, workflow_id = asked["given"], asked["workflow"]
        report_id = _found(given, "report_id")
        if workflow_id.startswith(_RUN):
            run_id = workflow_id.removeprefix(_RUN)
            # The first activity of a run knows its report; the others need not.
            report_id = self._reports.setdefault(run_id, report_id or run_id)
        else:
            report_id = workflow_id.removeprefix(_REPORT)
        which = given.get("number", given.get("recipient_key"))
        named = asked["activity"] if which is None else f"{asked['activity']} {which}"
        return report_id, Step(named, asked["point"])


def _found(given: Mapping[str, Any], name: str) -> str | None:
    """A value of an activity's argument, however deep."""
    if name in given:
        return str(given[name])
    deeper = (it for it in given.values() if isinstance(it, dict))
    return next((found for it in deeper if (found := _found(it, name)) is not None), None)
