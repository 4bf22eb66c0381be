"""What must hold afterwards, whatever happened: nothing lost, nothing twice, nobody stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from tests.chaos.judge import Call, CountingJudge, Kill
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
    """No more calls than targets and calls under way at the kills; none after its verdict was there."""
    judged = {row["target"] for row in ledger.verdicts if row["model"] and not row["skip_reason"]}
    paid = judge.paid()
    cut = [call for call in paid if any(kill.cut(call) for kill in kills)]
    lost = _lost_answers(paid, kills)
    report.forbid(
        "answers paid for again though no kill came between them and the ledger",
        [call.target for call, seconds in lost if seconds > COMMIT_SECONDS],
    )
    report.forbid("targets with a verdict that nobody asked for", judged - {call.target for call in paid})
    recorded = _first_recorded(ledger)
    report.forbid(
        "calls after their verdict was recorded",
        [call.target for call in judge.calls if call.asked > recorded.get(call.target, inf)],
    )
    report.figures |= {
        "calls": len(judge.calls),
        "calls_with_a_verdict": len(paid),
        "calls_repeated": len(paid) - len({call.target for call in paid}),
        "calls_unanswered_at_kills": len(cut),
        "answers_lost_at_kills": len(lost),
        "oldest_answer_lost_s": round(max((seconds for _, seconds in lost), default=0.0), 2),
    }


def _lost_answers(calls: Iterable[Call], kills: Sequence[Kill]) -> list[tuple[Call, float]]:
    """The answers that were paid for again, and how long before the next kill they had come.

    Calls that a kill cut off had no answer. Without a kill afterwards there is no excuse: infinitely long.
    """
    by_target: dict[str, list[Call]] = {}
    for call in sorted(calls, key=lambda call: call.asked):
        by_target.setdefault(call.target, []).append(call)
    return [
        (call, min((kill.sent - call.answered for kill in kills if kill.sent > call.answered), default=inf))
        for same in by_target.values()
        for call in same[:-1]
        if call.answered is not None and not any(kill.cut(call) for kill in kills)
    ]


def _first_recorded(ledger: Ledger) -> dict[str, float]:
    first: dict[str, float] = {}
    for row in ledger.rows:
        if row["model"]:
            first[row["target"]] = min(row["stored"], first.get(row["target"], row["stored"]))
    return first


def _subject(row: dict[str, Any]) -> tuple[str, str]:
    return row["evaluation_id"], row["target"]
