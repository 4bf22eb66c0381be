"""What `reconcile-reports` tells of what it did."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assay.contracts.report_reconcile import ReconcileReportsResult, ReportsRepaired, VerdictsSwept
from assay.domain.report_details import repair_details

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_verdicts_without_an_arrival_are_told() -> None:
    told = repair_details(ReportsRepaired(reports=5, started=1), VerdictsSwept(until=NOW, restored=1_234))
    assert told.startswith("## 1 of 5 reports had no workflow")
    assert "1,234 verdicts that were stored before 2026-11-21 12:00 UTC had no arrival" in told


def test_a_run_of_an_earlier_version_tells_nothing_of_them() -> None:
    assert "verdicts" not in repair_details(ReportsRepaired(reports=5))


@pytest.mark.parametrize(
    ("repaired", "restored", "outcome"),
    [
        ({}, 0, "clean"),
        ({}, 1, "repaired"),
        ({"started": 1}, 0, "repaired"),
        ({"failed": 1}, 1, "failed"),
    ],
)
def test_the_word_for_a_run(repaired: dict[str, int], restored: int, outcome: str) -> None:
    swept = VerdictsSwept(until=NOW, restored=restored)
    result = ReconcileReportsResult(looked_at=NOW, repaired=ReportsRepaired(**repaired), swept=swept)
    assert result.outcome == outcome
