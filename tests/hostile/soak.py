"""Evaluates a mix of programs for a long time in one process, and watches its memory.

python -m tests.hostile.soak --evaluations 100000
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from assay.domain.hog.budget import resident_bytes
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.evaluation import evaluate
from assay.domain.hog.limits import MIB, Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.outcomes import HogOutcome, HogTarget

_KEPT_PROGRAMS: Final = 8
"""Programs that stay loaded; the others are loaded anew each time, as in a process that serves many."""

_AS_USUAL: Final = Limits()
_TIGHT: Final = Limits(steps=20_000, seconds=10.0, memory=8 * MIB)

PROGRAMS: Final[tuple[tuple[str, Limits], ...]] = (
    ("return length(output) > 3 and not (output ilike '%sorry%')", _AS_USUAL),
    ("if (output =~* '\\\\b(error|failed)\\\\b') { print('an error') return false } return true", _AS_USUAL),
    ("fun read(s) { try { return jsonParse(s) } catch (e) { print(e.message) return null } } return read(output) != null", _AS_USUAL),
    ("let words := splitByString(' ', lower(output)) return arrayCount(w -> length(w) > 4, words) < 50", _AS_USUAL),
    ("for (let key, value in properties) { print(key, typeof(value)) } return length(properties) > 0", _AS_USUAL),
    ("let seen := {} for (let w in splitByString(' ', input)) { seen[w] := (seen[w] ?? 0) + 1 } print(seen) return true", _AS_USUAL),
    ("return null", _AS_USUAL),
    ("return 1", _AS_USUAL),
    ("return output / 2", _AS_USUAL),
    ("return properties.missing.deep.key > nobody", _AS_USUAL),
    ("throw HogError('Kind', output, properties)", _AS_USUAL),
    ("fun f(x) { return f(x + 1) } return f(1)", _AS_USUAL),
    ("let f := null f := () -> f let a := [f, output] a[2] := a return true", _AS_USUAL),
    ("let fs := [] for (let i := 0; i < 50; i := i + 1) { let s := output || toString(i) fs := arrayPushBack(fs, () -> s) } return fs[1]() != ''", _AS_USUAL),
    ("let s := 'x' * 3000000 let a := [s, null] a[2] := a return true", _AS_USUAL),
    ("let d := {} d.d := d d.e := Error('x', d) d.f := () -> d return d == d", _AS_USUAL),
    ("return match(output, concat('[a-z]+', toString(randomFloat())))", _AS_USUAL),
    ("return length(jsonStringify(evaluation_events)) > length(toString(range(5000)))", _AS_USUAL),
    ("return toYear(addDays(now(), 400)) > 2000 and md5Hex(output) != sha256Hex(input)", _AS_USUAL),
    ("while (true) { }", _TIGHT),
    ("let a := [] while (true) { a := [a, {'k': a}] }", _TIGHT),
    ("let s := 'x' while (true) { s := s || s }", _TIGHT),
    ("while (true) { try { throw Error('x', [output]) } catch (e) { print(e) } }", _TIGHT),
    ("let a := [1] a[1] := a let b := [1] b[1] := b return a == b", _TIGHT),
    ("return arraySort(range(1000000))", _TIGHT),
    ("let x := 3 while (true) { x := x * x }", _TIGHT),
)  # fmt: skip

_PROPERTIES: Final[tuple[Any, ...]] = (
    {"$ai_input": "what is 1 + 1?", "$ai_output": '{"answer": 2}', "$ai_model": "a"},
    {
        "$ai_input": [{"role": "user", "content": "tell me more " * 50}],
        "$ai_output": "an error occurred",
        "n": 1,
    },
    '{"$ai_input": "as text", "$ai_output_choices": [{"message": {"role": "assistant", "content": "sorry"}}]}',
    {"$ai_output": ["word"] * 2000, "nested": {"a": [{"b": [1, 2, 3]}] * 20}},
    "no JSON",
    {},
)


@dataclass
class Soak:
    """What a soak came to.

    Attributes:
        faults: how often each fault was found, and how often none.
        early: bytes that the process had after a tenth of the evaluations.
        late: bytes that it had at the end.
        peak: most bytes that it had when a program was done.
        seconds: it took.
    """

    faults: Counter[str] = field(default_factory=Counter)
    early: int = 0
    late: int = 0
    peak: int = 0
    seconds: float = 0.0


def soak(evaluations: int) -> Soak:
    """Evaluate that often."""
    result = Soak()
    machine = HogMachine()
    compiled = [(compile_source(source).bytecode, limits) for source, limits in PROGRAMS]
    kept = {at: machine.load(compiled[at][0]) for at in range(_KEPT_PROGRAMS)}
    started = time.monotonic()
    for count in range(evaluations):
        at = count % len(compiled)
        bytecode, limits = compiled[at]
        properties = _PROPERTIES[count // len(compiled) % len(_PROPERTIES)]
        target = HogTarget(f"uuid {count}", "$ai_generation", "somebody", "2026-01-01T00:00:00Z", properties)
        executable = kept.get(at) or machine.load(bytecode)
        outcome = evaluate(machine, executable, target, allows_na=at % 2 == 0, limits=limits)
        assert isinstance(outcome, HogOutcome)
        result.faults[outcome.fault or "none"] += 1
        if count % 10 == 0:
            result.peak = max(result.peak, resident_bytes())
        if count == evaluations // 10:
            result.early = resident_bytes()
    result.seconds = time.monotonic() - started
    result.late = resident_bytes()
    return result


def main() -> None:
    """Soak, and tell how memory went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--evaluations", type=int, default=100_000)
    options = parser.parse_args()
    sys.setrecursionlimit(10_000)
    result = soak(options.evaluations)
    sys.stdout.write(
        f"{options.evaluations:,} evaluations in {result.seconds:.0f} s; faults {dict(result.faults)}; "
        f"memory after a tenth {result.early // MIB} MiB, at the end {result.late // MIB} MiB, "
        f"at most {result.peak // MIB} MiB\n"
    )


if __name__ == "__main__":
    main()
