"""The programs that are timed, and an event for them."""

from __future__ import annotations

from typing import Any, Final

from assay.domain.hog.outcomes import HogTarget

PROGRAMS: Final = {
    "mandelbrot 80x24x30": """
let width := 80
let height := 24
let inside := 0
for (let row := 0; row < height; row := row + 1) {
  for (let column := 0; column < width; column := column + 1) {
    let real := column * 3.0 / width - 2.0
    let imaginary := row * 2.0 / height - 1.0
    let a := 0.0
    let b := 0.0
    let round := 0
    while (round < 30 and a * a + b * b < 4) {
      let next := a * a - b * b + real
      b := 2 * a * b + imaginary
      a := next
      round := round + 1
    }
    if (round = 30) { inside := inside + 1 }
  }
}
return inside
""",
    "while, 100000 rounds": """
let i := 0
let sum := 0
while (i < 100000) {
  sum := sum + i
  i := i + 1
}
return sum
""",
    "fib(20)": """
fun fib(n) {
  if (n < 2) { return n }
  return fib(n - 1) + fib(n - 2)
}
return fib(20)
""",
    "for-in range(20000)": """
let sum := 0
for (let value in range(20000)) { sum := sum + value }
return sum
""",
    "arrayMap over 5000": "return length(arrayMap(value -> value * 2, range(5000)))",
}

EVALUATION: Final = """
// A support answer must be there, grounded, affordable and safe to show.
let answer := trim(output)
if (empty(answer)) {
  print('The answer is empty.')
  return false
}

fun mentions(text, phrases) {
  for (let phrase in phrases) {
    if (phrase in text) { return true }
  }
  return false
}

let problems := []
let lowered := lower(answer)

fun looksLikeFailure(text) {
  return startsWith(text, 'error') or 'traceback' in text
}

// form
if (length(answer) < 20) {
  problems := arrayPushBack(problems, f'only {length(answer)} characters')
}
if (length(answer) > 4000) {
  problems := arrayPushBack(problems, f'{length(answer)} characters are too many')
}
if (looksLikeFailure(lowered)) {
  problems := arrayPushBack(problems, 'it is a failure in disguise')
}

// refusals and leaks
if (mentions(lowered, ['as an ai', 'i cannot help', 'i am unable to'])) {
  problems := arrayPushBack(problems, 'it refuses')
}
if (answer =~ '[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}') {
  problems := arrayPushBack(problems, 'it shows a card number')
}
if (answer ilike '%password%' and not (input ilike '%password%')) {
  problems := arrayPushBack(problems, 'it speaks of a password that nobody asked for')
}

// grounding
if (input ilike '%delivery%' and not (answer ilike '%delivery%')) {
  problems := arrayPushBack(problems, 'it does not speak of the delivery')
}

// budget
let seconds := properties.$ai_latency ?? 0
if (seconds > 20) {
  problems := arrayPushBack(problems, f'it took {round(seconds)} s')
}
let cost := toFloat(properties.$ai_total_cost_usd) ?? 0
if (cost > 0.05) {
  problems := arrayPushBack(problems, f'it cost {cost} USD')
}

if (notEmpty(problems)) {
  print(arrayStringConcat(problems, '; '))
  return false
}
print(f'{length(answer)} characters in {seconds} s by {properties.$ai_model}')
return true
"""
"""A typical evaluation of about 60 lines."""

_QUESTION: Final = "How do I change the delivery address of an order that has been packed already? " * 6
_ANSWER: Final = (
    "You can change the delivery address until the parcel leaves the warehouse. Open the order in your "
    "account, choose the address and save it; the label is printed again. "
) * 4


def target(number: int) -> HogTarget:
    """A generation event of about 3 kB."""
    properties: dict[str, Any] = {
        "$ai_model": "gpt-5-mini",
        "$ai_provider": "openai",
        "$ai_trace_id": f"trace-{number}",
        "$ai_latency": 1.25,
        "$ai_input_tokens": 420,
        "$ai_output_tokens": 130,
        "$ai_total_cost_usd": 0.0012,
        "$ai_input": [
            {"role": "system", "content": "You answer questions of customers of a shop, friendly and short."},
            {"role": "user", "content": f"{_QUESTION} Order {number}."},
        ],
        "$ai_output_choices": [{"role": "assistant", "content": _ANSWER}],
        "$lib": "posthog-python",
        "$lib_version": "7.91.0",
        "tags": ["support", "orders"],
    }
    return HogTarget(
        uuid=f"00000000-0000-4000-8000-{number:012d}",
        event="$ai_generation",
        distinct_id=f"customer-{number}",
        timestamp="2026-03-29T12:00:00+00:00",
        properties=properties,
    )
