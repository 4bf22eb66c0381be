"""What people read about an evaluation run in the Temporal UI."""

from __future__ import annotations

import re

from assay.contracts.evaluations import EvaluationType, Judgement, RunEvaluationInput

OUTCOME_WORDS = {
    "pass": "✅ pass",
    "fail": "❌ fail",
    "not_applicable": "➖ not applicable",
    "skipped": "⏭️ skipped",
}
_MARKDOWN = re.compile(r"[\\`*_\[\]|<>#~]")

_NAME_CHARACTERS = 40
"""Two names, a UUID and some words stay below the 400 bytes of a summary, in any script."""

_QUOTED_CHARACTERS = 4_000
"""Of a reason: a model says a sentence, a program may print at length."""


def run_summary(run: RunEvaluationInput) -> str:
    """One line for the list of workflows."""
    return f"“{short(run.evaluation_name)}” on {short(run.target.event)} {run.target.uuid}"


def judge_summary(run: RunEvaluationInput) -> str:
    """One line for the activity that reaches the judgement."""
    what = "Run Hog on" if run.evaluation_type is EvaluationType.HOG else "Judge"
    return f"{what} {short(run.target.event)} {run.target.uuid}"


def waiting_details(run: RunEvaluationInput) -> str:
    """What the run is about until it has a judgement."""
    hog = run.evaluation_type is EvaluationType.HOG
    return "Running the Hog program …" if hog else "Asking the judge …"


def run_facts(run: RunEvaluationInput) -> str:
    """What was asked for, as Markdown; fixed for the life of the run."""
    return (
        f"| | |\n|---|---|\n"
        f"| Evaluation | **{cell(run.evaluation_name)}** `{run.evaluation_id}` |\n"
        f"| Type | {run.evaluation_type} |\n"
        f"| Target | {cell(run.target.event)} `{run.target.uuid}` ({run.target.day.isoformat()} UTC) |\n"
        f"| Project | {run.project_id} |\n"
        f"| Trigger | {run.trigger} |\n"
    )


def outcome_details(judgement: Judgement) -> str:
    """The verdict and its reason, as Markdown."""
    lines = [f"## {OUTCOME_WORDS[judgement.outcome]}"]
    if judgement.reasoning:
        lines.append(_quote(judgement.reasoning))
    if judgement.skip_reason:
        lines.append(f"Reason: `{judgement.skip_reason}`")
    if judgement.disable_reason:
        lines.append("The evaluation cannot go on as it is configured; an active one is put into `error`.")
    if judgement.model:
        tokens = f"{judgement.input_tokens or 0} in, {judgement.output_tokens or 0} out"
        cost = "price unknown" if judgement.cost_usd is None else f"${judgement.cost_usd:.6f}"
        lines.append(f"Judged by `{judgement.provider}/{judgement.model}` ({tokens}, {cost}).")
    if judgement.already_recorded:
        lines.append("This verdict was in the ledger already; no model was asked again, no program run.")
    if not judgement.disable_reason:
        lines.append(f"Verdict event: `{judgement.verdict_event_id}`")
    return "\n\n".join(lines)


def failure_details(code: str, message: str) -> str:
    """Why a run failed, as Markdown."""
    return f"## 🛑 failed: `{code}`\n\n> {cell(message)}"


def _quote(text: str) -> str:
    """Somebody's text as a quotation, line by line, cut where it is too long to be looked at."""
    shown = [cell(line) for line in text[:_QUOTED_CHARACTERS].splitlines() if line.strip()]
    if len(text) > _QUOTED_CHARACTERS:
        shown.append("…")
    return "\n>\n".join(f"> {line}" for line in shown)


def short(name: str) -> str:
    """A name that fits a summary: one line, cut where it is too long."""
    name = " ".join(name.split())
    return name if len(name) <= _NAME_CHARACTERS else name[: _NAME_CHARACTERS - 1] + "…"


def cell(text: str) -> str:
    """Somebody's text as one line of Markdown that shows it as it is."""
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))
