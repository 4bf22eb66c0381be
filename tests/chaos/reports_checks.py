"""What must hold of reports, wherever the engine was killed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

from tests.chaos.checks import Report
from tests.chaos.reports_partners import ASKED, HEAD, MAIL, REPLY, TAKEN
from tests.chaos.reports_world import ADDRESSES, SLACK, Reports
from tests.harness.read_events import read_events
from tests.harness.step_gate import Step

_RUNS = "SELECT id, generation_status, delivery_status, delivery_errors, content FROM report_runs"
_UNMARKED = """
SELECT run.id FROM report_runs AS run JOIN evaluation_reports AS report ON report.id = run.report_id
WHERE run.trigger != 'manual' AND report.last_delivered_at IS NOT run.period_end
"""
_DELIVERIES = "SELECT recipient_key, is_done, error FROM report_deliveries"
_MESSAGES = "SELECT number FROM report_messages"


def check_reports(report: Report, made: Reports) -> None:
    """Each report once, everywhere; more only of what was cut off between being taken and its receipt."""
    events = read_events(made.running.data_dir, "$ai_evaluation_report")
    with closing(sqlite3.connect(made.running.data_dir / "registry.sqlite")) as registry:
        report.forbid("automatic runs without their mark", registry.execute(_UNMARKED).fetchall())
        for report_id in made.ids:
            rows = _rows(registry, f"{_RUNS} WHERE report_id = ?", report_id)
            report.forbid("reports without one run", [] if len(rows) == 1 else [(report_id, len(rows))])
            for row in rows:
                run_id = str(UUID(row[0]))
                _check_row(report, run_id, row[1:])
                _check_registry(report, registry, made, report_id, run_id)
                of_run = [it for it in events if run_id in str(it["properties"])]
                report.forbid("runs without one event", [] if len(of_run) == 1 else [(run_id, len(of_run))])
                _check_slack(report, made, report_id, run_id)
                _check_mail(report, made, report_id, run_id)
            _check_questions(report, made, report_id)
    report.forbid("events of nobody's runs", events[len(made.ids) :])
    report.figures |= {
        "reports": len(made.ids),
        "kills": len(made.running.kills),
        "most_kills_of_one_run": max((len(it) for it in made.gate.hit.values()), default=0),
        "questions": made.author.asked.total(),
        "slack_messages": len(made.slack.messages),
        "mails": len(made.mail.received),
    }


def _check_row(report: Report, run_id: str, row: Sequence[Any]) -> None:
    generation, delivery, errors, content = row
    state = (generation, delivery, errors)
    report.forbid("runs that ended otherwise", [] if state == ("completed", "delivered", "[]") else [state])
    report.forbid(
        "reports that their author did not write", [run_id] if "scripted author" not in content else []
    )


def _check_registry(
    report: Report, registry: sqlite3.Connection, made: Reports, report_id: str, run_id: str
) -> None:
    deliveries = _rows(registry, f"{_DELIVERIES} WHERE run_id = ?", run_id)
    wanted = {SLACK, *(f"email:{address}" for address in ADDRESSES)}
    done = {key for key, is_done, error in deliveries if is_done and error is None}
    report.forbid("recipients without a receipt", wanted ^ done)
    numbers = sorted(number for (number,) in _rows(registry, f"{_MESSAGES} WHERE run_id = ?", run_id))
    gaps = [] if numbers == list(range(len(numbers))) else [(report_id, numbers)]
    report.forbid("conversations with gaps", gaps)


def _check_slack(report: Report, made: Reports, report_id: str, run_id: str) -> None:
    activity = f"deliver-report {SLACK}"
    heads, replies = made.slack.of_run(run_id)
    again = _hits(made, report_id, Step(activity, TAKEN.format(HEAD)))
    report.forbid("heads posted again", heads[1 + again :])
    report.forbid("reports without a head", [] if heads else [run_id])
    again = _hits(made, report_id, Step(activity, TAKEN.format(REPLY)))
    report.forbid("replies posted again", replies[1 + again :])
    report.forbid("threads without their reply", [] if replies else [run_id])
    report.forbid("threads in pieces", [it for it in replies if it[0] != heads[-1]])


def _check_mail(report: Report, made: Reports, report_id: str, run_id: str) -> None:
    received = made.mail.of_run(run_id)
    report.forbid("addresses without mail, or others with it", set(ADDRESSES) ^ received.keys())
    for address, message_ids in received.items():
        again = _hits(made, report_id, Step(f"deliver-report email:{address}", TAKEN.format(MAIL)))
        report.forbid("mails sent again", message_ids[1 + again :])
        report.forbid("copies that look like other mails", set(message_ids[1:]) - {message_ids[0]})


def _check_questions(report: Report, made: Reports, report_id: str) -> None:
    for (of, number), count in sorted(made.author.asked.items()):
        if of == report_id:
            again = _hits(made, report_id, Step(f"ask-report-author {number}", ASKED))
            report.forbid("answers paid for again", [(report_id, number)] * (count - 1 - again))


def _hits(made: Reports, report_id: str, step: Step) -> int:
    return made.gate.hit.get(report_id, []).count(step)


def _rows(registry: sqlite3.Connection, query: str, identity: str) -> list[tuple[Any, ...]]:
    return registry.execute(query, (UUID(identity).hex,)).fetchall()
