"""The questions: about all runs, about a part of them, and about what was found in the parts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from assay.contracts.evaluation_summaries import (
    Findings,
    Frequency,
    JudgedRun,
    Pattern,
    RunResult,
    SummaryMaterial,
)
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelMessage
from assay.domain.evaluation_summaries.material import MAX_PART_RUNS, part_sizes, statistics_of
from assay.domain.fences import fence_rule, fenced
from assay.domain.json_values import well_formed
from assay.domain.judging import DEFAULT_MODELS
from assay.domain.report_author.results import clipped

USUAL_MODEL: Final = "gpt-5-mini"
"""Of OpenAI."""

MAX_QUESTION_CHARS: Final = 20_000
"""A longer question about all runs is put in parts."""

MAX_PATTERNS: Final = 4
"""Of each result."""

MAX_RECOMMENDATIONS: Final = 4

_SHOWN_EXAMPLES: Final = 5
"""Of a pattern, when the notes are read."""

_NOTES_CHARS: Final = 30_000
"""For the descriptions of all notes together, so that the last question does not grow with the parts."""

_NOTE_TITLE_CHARS: Final = 100
_NAME_CHARS: Final = 400
_CRITERIA_CHARS: Final = 4_000
_ANSWER_CHARS: Final = 20_000

_ROLE = """\
You help the team that runs an AI application to understand an automatic evaluation of its answers. Each run \
of the evaluation judged one answer (a generation): its result is "pass", "fail" or "na" (not applicable), \
with a reasoning.

{fence_rule}

"""
_OF_RUNS = """\
# Task
Find out what the runs have in common, result by result. Go by their reasonings.
"""
_OF_NOTES = """\
# Task
The runs were read in parts. The notes are the patterns that were found in each part: the result, a title, \
a description, how many runs show it ("runs") and examples. Bring them together: notes about the same thing \
are one pattern, seen as often as their runs together. Keep what matters most.
"""
_PATTERNS = f"""
# How to answer
Answer with one JSON object and nothing else.
- "pass_patterns", "fail_patterns", "na_patterns": at most {MAX_PATTERNS} patterns of runs with that result, \
the most frequent first; an empty list where there are no such runs. Each has a short "title", a \
"description" of one to three sentences, a "frequency" among the runs of that result (common, occasional or \
rare), and "example_generation_ids": {{examples}}, copied exactly. An id belongs to the patterns of its own \
run's result.
"""
_ALL_EXAMPLES = "the generation_id of every run that shows it"
_SOME_EXAMPLES = "the generation_id of one to five runs that show it, the clearest first"
_OVERALL = """\
- "overall_assessment": two to four sentences on how the application does under this evaluation. Readers see \
the counts beside your text: state no numbers of your own.
- "recommendations": two to four things that the team should do next, each in a sentence.
"""
_TRUE_IS_FAILURE = """
For this evaluation "pass" means that the problem which it looks for is there: passes are the bad results.
"""


def asked_model(provider: Provider | None) -> str:
    """The model that makes a summary, as far as a project decides that.

    Args:
        provider: of the project's active key; None: it has none, and the operator decides.
    """
    if provider is None:
        return ""
    return f"{provider}/{USUAL_MODEL if provider is Provider.OPENAI else DEFAULT_MODELS[provider]}"


def needs_parts(material: SummaryMaterial) -> bool:
    """Whether one question about all runs would be too much."""
    if len(material.runs) <= MAX_PART_RUNS:
        return False
    return sum(len(message.content) for message in ask_about_all(material, "0" * 32)) > MAX_QUESTION_CHARS


def parts_of(material: SummaryMaterial) -> tuple[int, ...]:
    """How many runs each part has; empty if one question is about all of them."""
    return part_sizes(len(material.runs)) if needs_parts(material) else ()


def answer_schema(*, of_part: bool) -> dict[str, Any]:
    """JSON Schema of an answer, within what OpenAI's strict mode takes.

    Args:
        of_part: whether the question is about a part of the runs.
    """
    pattern = _object(
        title={"type": "string"},
        description={"type": "string"},
        frequency={"type": "string", "enum": [each.value for each in Frequency]},
        example_generation_ids={"type": "array", "items": {"type": "string"}},
    )
    patterns = {f"{result}_patterns": {"type": "array", "items": pattern} for result in RunResult}
    if of_part:
        return _object(**patterns)
    return _object(
        overall_assessment={"type": "string"},
        **patterns,
        recommendations={"type": "array", "items": {"type": "string"}},
    )


def ask_about_all(material: SummaryMaterial, boundary: str) -> tuple[ModelMessage, ...]:
    """The question about all runs; see `assay.domain.fences` for the boundary."""
    task = _OF_RUNS + _PATTERNS.format(examples=_SOME_EXAMPLES) + _OVERALL
    return _messages(material, task, fenced("RUNS", _runs_text(material.runs), boundary), boundary)


def ask_about_part(
    material: SummaryMaterial, start: int, end: int, boundary: str
) -> tuple[ModelMessage, ...]:
    """The question about the runs from `start` to before `end`."""
    task = _OF_RUNS + _PATTERNS.format(examples=_ALL_EXAMPLES)
    runs = _runs_text(material.runs[start:end])
    return _messages(material, task, fenced("RUNS", runs, boundary), boundary)


def ask_about_notes(
    material: SummaryMaterial, notes: Sequence[Findings], boundary: str
) -> tuple[ModelMessage, ...]:
    """The question about what was found in the parts."""
    task = _OF_NOTES + _PATTERNS.format(examples=_SOME_EXAMPLES) + _OVERALL
    return _messages(material, task, fenced("NOTES", _notes_text(notes), boundary), boundary)


def ask_again(
    question: tuple[ModelMessage, ...], answer: str, problems: Sequence[str], boundary: str
) -> tuple[ModelMessage, ...]:
    """A question, with what is wrong with the answer that it got."""
    *before, last = question
    wrong = "\n".join(f"- {problem}" for problem in problems)
    parts = [
        last.content,
        "# Your last answer\n" + fenced("ANSWER", well_formed(clipped(answer, _ANSWER_CHARS)), boundary),
        "# What is wrong with it\n" + fenced("PROBLEMS", well_formed(wrong), boundary),
        "Answer again, in full, without these problems.",
    ]
    return (*before, ModelMessage(role="user", content="\n\n".join(parts)))


def _messages(material: SummaryMaterial, task: str, data: str, boundary: str) -> tuple[ModelMessage, ...]:
    note = _TRUE_IS_FAILURE if material.true_is_failure else ""
    counts = statistics_of(material.runs)
    about = {
        "evaluation": clipped(material.name, _NAME_CHARS),
        "description": clipped(material.description, _CRITERIA_CHARS),
        "criteria": clipped(material.criteria, _CRITERIA_CHARS),
        "runs": counts.total_analyzed,
        "pass": counts.pass_count,
        "fail": counts.fail_count,
        "na": counts.na_count,
    }
    return (
        ModelMessage(role="system", content=_ROLE.format(fence_rule=fence_rule(boundary)) + task + note),
        ModelMessage(role="user", content=f"{fenced('EVALUATION', _line(about), boundary)}\n\n{data}"),
    )


def _runs_text(runs: Sequence[JudgedRun]) -> str:
    """One line of JSON each: a reasoning cannot pass for another run."""
    return "\n".join(
        _line({"generation_id": run.generation_id, "result": run.result, "reasoning": run.reasoning})
        for run in runs
    )


def _notes_text(notes: Sequence[Findings]) -> str:
    patterns = list(chain.from_iterable(map(_by_result, notes)))
    room = _NOTES_CHARS // max(len(patterns), 1)
    return "\n".join(
        _line(
            {
                "result": result,
                "title": clipped(pattern.title, _NOTE_TITLE_CHARS),
                "description": clipped(pattern.description, room),
                "runs": len(pattern.example_generation_ids),
                "example_generation_ids": shown_examples(pattern),
            }
        )
        for result, pattern in patterns
    )


def shown_examples(pattern: Pattern) -> tuple[str, ...]:
    """The examples of a note that are shown when notes are brought together."""
    return pattern.example_generation_ids[:_SHOWN_EXAMPLES]


def _by_result(findings: Findings) -> list[tuple[RunResult, Pattern]]:
    return [(result, pattern) for result, patterns in findings.patterns.items() for pattern in patterns]


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _line(value: Mapping[str, Any]) -> str:
    return well_formed(json.dumps(value, ensure_ascii=False))
