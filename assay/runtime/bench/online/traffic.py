"""What a feature with a model behind it sends, and the program that evaluates it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

SEED = 20261121

PROGRAM = """
let answer := trim(output)
let problems := []
if (length(answer) < 40) { problems := arrayPushBack(problems, f'only {length(answer)} characters') }
if (answer ilike '%as an ai%' or answer ilike '%i cannot help%') { problems := arrayPushBack(problems, 'it refuses') }
if (answer =~ '[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}') { problems := arrayPushBack(problems, 'it shows a card number') }
if (input ilike '%refund%' and not (answer ilike '%refund%')) { problems := arrayPushBack(problems, 'no word of the refund') }
if ((properties.$ai_latency ?? 0) > 8) { problems := arrayPushBack(problems, f'it took {properties.$ai_latency} s') }
print(if(empty(problems), f'{length(answer)} characters by {properties.$ai_model}', arrayStringConcat(problems, '; ')))
return empty(problems)
"""  # noqa: E501  (a program of ten lines, as people write them)

CRITERIA = "Pass if the answer solves the customer's problem, is polite, and makes no promise about money."

CONDITIONS = (
    {
        "id": "production",
        "rollout_percentage": 100,
        "properties": [
            {"key": "environment", "value": "production", "operator": "exact", "type": "event"},
        ],
    },
)
"""One property to look at, as most evaluations have; all of the traffic has it."""

_SYSTEM = (
    "You answer customers of a shop for outdoor equipment. Be friendly and short, and use what the tools "
    "tell you about the order. Never promise money back; say that a colleague decides about it. "
) * 2
_TOPICS = ("delivery", "refund", "invoice", "warranty", "size of a jacket", "broken zip", "voucher", "login")
_WORDS = (
    *(
        "order",
        "customer",
        "parcel",
        "address",
        "account",
        "today",
        "label",
        "colleague",
        "change",
        "warehouse",
    ),
    *("tent", "rope", "boots", "number", "please", "because", "usually", "before", "after", "morning", "box"),
    *("online", "payment", "card", "shop", "question", "answer", "week", "return"),
)
_MODELS = (("gpt-5", "openai"), ("gpt-5-mini", "openai"), ("claude-sonnet-5", "anthropic"))
_SHORT_ANSWERS = ("", "I cannot help with that.", "Please ask a colleague.")


def generations(count: int, *, seed: int = SEED) -> list[dict[str, Any]]:
    """Generations as SDKs send them, about 2 KB of JSON each; but for the time, the seed decides all.

    A tenth of the answers is short, some take long, and an eighth of the questions is about a refund, so that
    not all verdicts are the same.
    """
    draw = random.Random(seed)
    return [_generation(draw, number) for number in range(count)]


def batches(events: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """The events in requests of at most `size`."""
    for first in range(0, len(events), size):
        yield events[first : first + size]


def _generation(draw: random.Random, number: int) -> dict[str, Any]:
    topic = draw.choice(_TOPICS)
    model, provider = draw.choice(_MODELS)
    question = f"I have a question about my {topic}. {_text(draw, draw.randint(20, 90))}"
    answer = f"About the {topic}: {_text(draw, draw.randint(30, 130))}"
    if draw.random() < 0.1:
        answer = draw.choice(_SHORT_ANSWERS)
    return {
        "event": "$ai_generation",
        "distinct_id": f"customer-{draw.randrange(5000)}",
        "uuid": str(UUID(int=draw.getrandbits(128), version=4)),
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {
            "$ai_trace_id": f"trace-{draw.getrandbits(48):x}",
            "$ai_session_id": f"session-{number // 7}",
            "$ai_span_name": "support-answer",
            "$ai_model": model,
            "$ai_provider": provider,
            "$ai_model_parameters": {"temperature": 0.3, "max_tokens": 800},
            "$ai_base_url": "https://gateway.example.com/v1",
            "$ai_http_status": 200,
            "$ai_is_error": False,
            "$ai_latency": round(draw.expovariate(0.5), 3),
            "$ai_input_tokens": len(_SYSTEM + question) // 4,
            "$ai_output_tokens": len(answer) // 4,
            "$ai_total_cost_usd": round(draw.random() / 100, 6),
            "$ai_input": [
                {"role": "system", "content": _SYSTEM},
                {"role": "user", "content": question},
            ],
            "$ai_output_choices": [{"role": "assistant", "content": answer}],
            "$lib": "posthog-python",
            "$lib_version": "7.91.1",
            "environment": "production",
            "topic": topic,
            "release": f"2026.11.{draw.randint(1, 20)}",
        },
    }


def _text(draw: random.Random, words: int) -> str:
    return " ".join(draw.choices(_WORDS, k=words)).capitalize() + "."
