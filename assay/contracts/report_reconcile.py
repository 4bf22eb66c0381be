"""Messages of `reconcile-reports`."""

from __future__ import annotations

from assay.contracts.base import HistoryContract, UtcDatetime


class ReconcileReportsInput(HistoryContract):
    """Start argument of `reconcile-reports`; the attributes of `RepairReports` come from the run before."""


class RepairReports(HistoryContract):
    """Argument of `repair-reports`.

    Attributes:
        changed_since: reports that changed since then, or whose evaluation did, are planned anew.
    """

    changed_since: UtcDatetime


class ReportsRepaired(HistoryContract):
    """Answer of `repair-reports`.

    Attributes:
        reports: that were looked at.
        started: whose workflow did not run.
        planned: whose workflow was told to plan anew.
        ended: workflows that were told that their report is gone.
        failed: whose workflow could be neither started nor told.
    """

    reports: int = 0
    started: int = 0
    planned: int = 0
    ended: int = 0
    failed: int = 0

    @property
    def outcome(self) -> str:
        """`clean`, `repaired` or `failed`: the word shown to people."""
        if self.failed:
            return "failed"
        return "repaired" if self.started + self.planned + self.ended else "clean"


class SweepVerdicts(HistoryContract):
    """Argument of `sweep-verdicts`: verdicts that the store took in [since, until)."""

    since: UtcDatetime
    until: UtcDatetime


class VerdictsSwept(HistoryContract):
    """Answer of `sweep-verdicts`.

    Attributes:
        until: how far it came; the next run goes on from there.
        restored: verdicts that had no arrival, and have one now.
    """

    until: UtcDatetime
    restored: int = 0


class ReconcileReportsResult(HistoryContract):
    """What a run of `reconcile-reports` came to.

    Attributes:
        looked_at: when it began; the next run looks for changes since then.
        swept: None for runs before there was such a sweep.
    """

    looked_at: UtcDatetime
    repaired: ReportsRepaired
    swept: VerdictsSwept | None = None

    @property
    def outcome(self) -> str:
        """`clean`, `repaired` or `failed`: the word shown to people."""
        if self.repaired.outcome == "clean" and self.swept is not None and self.swept.restored:
            return "repaired"
        return self.repaired.outcome
