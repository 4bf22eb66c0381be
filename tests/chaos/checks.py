"""What must hold afterwards, whatever happened: nothing lost, nothing twice, nobody stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.judge import CountingJudge, Kill
from tests.chaos.ledger import Ledger
from tests.chaos.sampling import Sampled

_SHOWN = 5

COMMIT_SECONDS = 2.0
"""An answer that came so shortly before a kill may not have reached the ledger: its call was under way, too."""


@dataclass
class Report:
    """What a run came to.

    Attributes:
        violations: one sentence for everything that must not be; empty: all is well.
        figures: what was counted.
    """

    violations: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def forbid(self, what: str, found: Collection[object]) -> None:
        """Note that there is something that must not be."""
        if found:
            some = ", ".join(str(one) for one in list(found)[:_SHOWN])
            self.violations.append(f"{len(found)} {what}: {some}")


def check_ledger(
    report: Report, ledger: Ledger, evaluations: Iterable[Sampled], acknowledged: Collection[str]
) -> None:
    """The verdicts are those of the sample, one each; what was acknowledged is there."""
    captured = {row["uuid"] for row in ledger.captured}
    report.forbid("acknowledged generations are not stored", set(acknowledged) - captured)
    expected = {
        (evaluation.id, uuid) for evaluation in evaluations for uuid in evaluation.sample(ledger.captured)
    }
    found = Counter(_subject(row) for row in ledger.verdicts)
    report.forbid("sampled targets without a verdict", expected - found.keys())
    report.forbid("verdicts on targets outside of the sample", found.keys() - expected)
    report.forbid("targets with several verdicts", [key for key, count in found.items() if count > 1])
    identities = Counter(subject for subject, _ in {(_subject(row), row["uuid"]) for row in ledger.rows})
    report.forbid(
        "targets with verdicts of several uuids", [k for k, count in identities.items() if count > 1]
    )
    claims = Counter((row["evaluation_id"], row["target"]) for row in ledger.claims)
    report.forbid("targets claimed twice", [key for key, count in claims.items() if count > 1])
    report.forbid("claims outside of the sample", claims.keys() - expected)
    report.figures |= {
        "captured": len(captured),
        "sampled": len(expected),
        "verdicts": len(ledger.verdicts),
        "verdict_rows_before_merging": len(ledger.rows),
        "skipped": dict(Counter(row["skip_reason"] for row in ledger.verdicts if row["skip_reason"])),
    }


def check_calls(report: Report, judge: CountingJudge, ledger: Ledger, kills: Sequence[Kill] = ()) -> None:
    """No more calls than targets and calls that a kill cut off; none after its verdict was there."""
    judged = {row["target"] for row in ledger.verdicts if row["model"] and not row["skip_reason"]}
    paid, cut = judge.paid(), judge.cut_by(kills)
    lately = Counter(
        call.target
        for call in judge.calls
        if any(not kill.cut(call) and kill.just_before(call, COMMIT_SECONDS) for kill in kills)
    )
    again = {target: count - 1 for target, count in paid.items() if count > 1}
    report.forbid(
        "targets judged again though no kill cut their call off",
        [target for target, count in again.items() if count > cut[target] + lately[target]],
    )
    report.forbid("targets with a verdict that nobody asked for", judged - paid.keys())
    recorded = _first_recorded(ledger)
    report.forbid(
        "calls after their verdict was recorded",
        [call.target for call in judge.calls if call.asked > recorded.get(call.target, float("inf"))],
    )
    report.figures |= {
        "calls": len(judge.calls),
        "calls_answered": sum(paid.values()),
        "calls_cut_off": sum(cut.values()),
        "calls_repeated": sum(again.values()),
        "calls_repeated_though_answered": sum(max(0, count - cut[t]) for t, count in again.items()),
        "longest_commit_s": round(max(_commits_lost(judge, kills, again), default=0.0), 2),
    }


def _commits_lost(judge: CountingJudge, kills: Sequence[Kill], again: Collection[str]) -> Iterator[float]:
    """How long before a kill the answers had come that were lost all the same."""
    for target in again:
        calls = [call for call in judge.calls if call.target == target]
        for call in sorted(calls, key=lambda call: call.asked)[:-1]:
            after = [
                kill.sent - call.answered for kill in kills if call.answered and kill.sent > call.answered
            ]
            if after:
                yield min(after)


def _first_recorded(ledger: Ledger) -> dict[str, float]:
    first: dict[str, float] = {}
    for row in ledger.rows:
        if row["model"]:
            first[row["target"]] = min(row["stored"], first.get(row["target"], row["stored"]))
    return first


def _subject(row: dict[str, Any]) -> tuple[str, str]:
    return row["evaluation_id"], row["target"]
