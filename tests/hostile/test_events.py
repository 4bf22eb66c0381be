"""Whatever an event holds, evaluating it comes to an outcome."""

from __future__ import annotations

from typing import Any

import pytest

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.evaluation import evaluate
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.outcomes import Fault, HogOutcome, HogTarget
from tests.hostile.programs import FORGED
from tests.unit.hog.programs import deep_recursion

USES = (
    "return properties.n * 1 == properties",
    "return properties.n + 0.5 > 1",
    "return properties.n / 3 > 1",
    "return properties.n % 1.5 > 1",
    "return toFloat(properties.n) > floor(properties.n)",
    "return toInt(properties.n) == round(properties.n)",
    "return dateAdd('day', properties.n, now()) == fromUnixTimestamp(properties.n)",
    "return length(range(properties.n)) > 1",
    "return arraySort([properties.n, 1.5, 2]) == arraySort([properties.n])",
    "return 'a' * properties.n == substring('abc', properties.n)",
    "return [1][properties.n] == {'a': 1}[properties.n]",
    "print(properties, properties.n) return jsonStringify(properties) == toString(properties)",
    "let copy := properties copy.n := 1 return copy == properties",
    "return properties == properties.n or properties < properties.n",
    "return input == output or evaluation_events == target",
    "throw Error(properties.n, properties)",
    "return properties",
    "return lower(properties.n) || upper(properties.n) || reverse(properties.n) =~ 'a.b'",
    "return properties.n() or properties.n.__class__",
)

DEEP = '{"n": ' * 900 + "1" + "}" * 900
EVENTS: dict[str, Any] = {
    "an integer of 4,000 digits": '{"n": 1' + "0" * 4_000 + "}",
    "an integer of 310 digits": '{"n": -9' + "9" * 309 + "}",
    "an integer of 5,000 digits": '{"n": 1' + "0" * 5_000 + "}",
    "NaN": '{"n": NaN}',
    "infinity": '{"n": -Infinity}',
    "a float beyond all": '{"n": 1e999}',
    "levels": DEEP,
    "levels in the input": '{"$ai_input": ' + "[" * 900 + "]" * 900 + ', "n": [[]]}',
    "too many levels to read": '{"n": ' * 100_000,
    "too many brackets to read": "[" * 100_000,
    "a surrogate": '{"n": "\\ud800"}',
    "a surrogate as a key": '{"\\ud800": 1, "n": "\\ud800b"}',
    "NUL": '{"n": "a\\u0000b"}',
    "no object": "[1]",
    "nothing": "",
    "values of other machines": {"n": FORGED},
    "a key of a megabyte": {"n" * 1_000_000: 1, "n": "n"},
    "names of globals": {"input": 1, "output": 2, "event": 3, "n": {"__class__": 1, "__proto__": 2}},
}


@pytest.mark.parametrize("properties", EVENTS.values(), ids=EVENTS)
def test_every_event_has_an_outcome(properties: Any) -> None:
    machine = HogMachine()
    target = HogTarget("uuid", "$ai_generation", "somebody", "2026-01-01T00:00:00Z", properties)
    with deep_recursion():
        for source in USES:
            executable = machine.load(compile_source(source).bytecode)
            outcome = evaluate(machine, executable, target, allows_na=False, limits=Limits(seconds=60))
            assert isinstance(outcome, HogOutcome)
            assert (outcome.verdict is None) == (outcome.fault in set(Fault))
            outcome.reasoning.encode()
            (outcome.error or "").encode()
