"""Messages of `reconcile`: how far it has come, what it found, what it did about it."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from assay.contracts.base import HistoryContract, UtcDatetime
from assay.contracts.evaluation_batches import ClaimedBatch, Origin
from assay.contracts.summarization_windows import SchedulesKept


class ReconcileInput(HistoryContract):
    """Start argument.

    Attributes:
        redrives: batches that one run starts again at most; the rest has its turn in the next run.
    """

    redrives: int = 50


class Hold(HistoryContract):
    """Claims without a verdict that were compared already and have to be compared again.

    Attributes:
        origin: of the claims; a paused evaluation still judges history.
        oldest, newest: when the first and the last of them were claimed.
        claims: how many.
    """

    evaluation_id: UUID
    origin: Origin
    oldest: UtcDatetime
    newest: UtcDatetime
    claims: int


class Sweep(HistoryContract):
    """A window of arrivals that is looked through again for one evaluation.

    A window that ends where it begins stands for a point: everything before it was looked through.

    Attributes:
        since, until: by the time of ingestion; half-open.
        before: where the next page begins, in the words of `ClaimedPage`; None: at the beginning.
    """

    since: UtcDatetime
    until: UtcDatetime
    before: tuple[UtcDatetime, UUID] | None = None


class ProjectMark(HistoryContract):
    """How far the work on one project has come.

    Attributes:
        compared: claims made before this have their verdict, those of `held` excepted.
        swept: arrivals before this were looked through for all evaluations, those of `sweeps` excepted.
        sweeps: evaluation id → where it stands instead.
    """

    compared: UtcDatetime
    swept: UtcDatetime
    held: tuple[Hold, ...] = ()
    sweeps: dict[UUID, Sweep] = Field(default_factory=dict)


class Marks(HistoryContract):
    """How far the work has come; handed from each run to the next.

    Attributes:
        compared, swept: see `ProjectMark`; of all projects that are not listed.
        projects: project id → its own mark, where it is another one.
    """

    compared: UtcDatetime
    swept: UtcDatetime
    projects: dict[int, ProjectMark] = Field(default_factory=dict)


class ListProjectsInput(HistoryContract):
    """Asks which projects there is anything to reconcile in.

    Attributes:
        claiming_since: projects with claims since then belong to it.
    """

    claiming_since: UtcDatetime


class ProjectList(HistoryContract):
    """Project ids, ascending."""

    projects: tuple[int, ...] = ()


class SurveyInput(HistoryContract):
    """Asks what is wrong in some projects.

    Attributes:
        now: the beginning of the run; every margin counts from here, however late an attempt is.
        marks: by project id.
        gaps: batches to name per project at most.
    """

    now: UtcDatetime
    marks: dict[int, ProjectMark]
    gaps: int


class Gap(HistoryContract):
    """A batch with targets that have no verdict and that nobody works on.

    Attributes:
        batch: its size counts those targets alone.
    """

    batch: ClaimedBatch
    origin: Origin


class Findings(HistoryContract):
    """What is wrong in a project.

    Attributes:
        mark: where the next run begins, with no sweep of this one done.
        missing: claims in `gaps`, and in those that did not fit in.
        gaps: oldest first.
        running: claims without a verdict in batches that run or are parked.
        resting: those in batches that came to nothing lately and are left alone for a while.
        waiting: those of evaluations that judge nothing now.
        lost: batches that the stream waits for in vain.
        stream_fault: why the stream has to be woken; empty: it has not.
        sweeps: evaluation id → the window to look through.
        failure: code of what kept the project from being looked at; empty: it was.
    """

    project_id: int
    mark: ProjectMark
    missing: int = 0
    gaps: tuple[Gap, ...] = ()
    running: int = 0
    resting: int = 0
    waiting: int = 0
    lost: tuple[ClaimedBatch, ...] = ()
    stream_fault: str = ""
    sweeps: dict[UUID, Sweep] = Field(default_factory=dict)
    failure: str = ""


class Survey(HistoryContract):
    """What is wrong in some projects."""

    findings: tuple[Findings, ...]


class RepairInput(HistoryContract):
    """Asks to put a project right; the attributes are those of `Findings`.

    Attributes:
        wake: whether the stream has to be woken.
    """

    project_id: int
    gaps: tuple[Gap, ...] = ()
    lost: tuple[ClaimedBatch, ...] = ()
    wake: bool = False
    sweeps: dict[UUID, Sweep] = Field(default_factory=dict)


class Repairs(HistoryContract):
    """What was done in a project.

    Attributes:
        redriven: batches started again; one that had begun to run meanwhile is not among them.
        missed: arrivals that should have been claimed, and were now.
        released: batches that the stream no longer waits for.
        woken: streams, 0 or 1.
        sweeps: evaluation id → where it stands now.
    """

    redriven: int = 0
    missed: int = 0
    released: int = 0
    woken: int = 0
    sweeps: dict[UUID, Sweep] = Field(default_factory=dict)


class ProjectReport(HistoryContract):
    """What a run found and did in a project: the numbers of `Findings` and `Repairs`.

    Attributes:
        failure: code of what went wrong; empty: nothing.
    """

    project_id: int
    missing: int = 0
    running: int = 0
    resting: int = 0
    waiting: int = 0
    redriven: int = 0
    missed: int = 0
    released: int = 0
    woken: int = 0
    failure: str = ""


class ReconcileTotals(HistoryContract):
    """What a run found and did in all projects together; see `ProjectReport`.

    Attributes:
        projects: that were looked at.
        failed: those of them that something went wrong in.
    """

    projects: int = 0
    failed: int = 0
    missing: int = 0
    running: int = 0
    resting: int = 0
    waiting: int = 0
    redriven: int = 0
    missed: int = 0
    released: int = 0
    woken: int = 0

    @property
    def outcome(self) -> str:
        """`clean`, `repaired` or `failed`: the word shown to people."""
        if self.failed:
            return "failed"
        return "repaired" if self.redriven + self.missed + self.released + self.woken else "clean"


class ReconcileResult(HistoryContract):
    """What a run came to; the next one goes on from its marks.

    Attributes:
        schedules: what became of the Schedules of clustering jobs; None: the run did not look after them.
    """

    marks: Marks
    totals: ReconcileTotals
    schedules: SchedulesKept | None = None

    @property
    def outcome(self) -> str:
        """The word of the totals, unless the Schedules were not looked after."""
        return "failed" if self.schedules is not None and self.schedules.failure else self.totals.outcome
