"""Source texts: some by the grammar, some that were programs once, some that never were."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Final

from assay.domain.hog.library import FUNCTIONS
from tests.fuzz.hog.corpus import PROGRAMS

_FUNCTIONS: Final = sorted(name for name, function in FUNCTIONS.items() if not function.internal)
_GLOBALS: Final = ("input", "output", "properties", "event", "target", "evaluation_events", "nobody")
_OPERATORS: Final = (
    "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "like", "ilike", "not like", "=~",
    "!~", "=~*", "!~*", "and", "or", "??", "||",
)  # fmt: skip
_LITERALS: Final = (
    "0", "1", "-1", "2", "1.5", "1e308", "9223372036854775808", "1" + "0" * 300, "''", "'a'", "'1'", "'[1, {}]'",
    "'2026-01-01'", "'UTC'", "'day'", "'(a|b)+'", "'%'", "'\\n\\'x'", "'ß😀'", "true", "false", "null", "[]", "{}",
    "now()", "today()", "(1,)", "Error('x')", "x -> x", "() -> 1", "upper", "print",
)  # fmt: skip
_TOKEN: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\w+|\s+|[:<>=!~?|-]{2,3}|.", re.DOTALL)
_MOST_LEVELS: Final = 5


def source(random: Random) -> str:
    """Some source text of at most a few kilobytes."""
    makers: tuple[Callable[[Random], str], ...] = (
        _by_the_grammar,
        _by_the_grammar,
        _mutated,
        _mutated,
        _noise,
    )
    return random.choice(makers)(random)[:3000]


def _by_the_grammar(random: Random) -> str:
    return _Grammar(random).program()


class _Grammar:
    """Writes programs that mostly compile; variables that are read are mostly declared."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._names = ["a"]

    def program(self) -> str:
        """A program."""
        return "let a := [1, 2, 'x']; " + self._statements(0) + f" return {self._expression(0)}"

    def _statements(self, level: int) -> str:
        known = list(self._names)
        text = " ".join(self._statement(level) for _ in range(self._random.randint(1, 4)))
        self._names = known if level else self._names
        return text

    def _block(self, level: int) -> str:
        return f"{{ {self._statements(level + 1)} }}"

    def _statement(self, level: int) -> str:
        known = list(self._names)
        kind = self._random.choice(("let", "set", "put", "print") if level > 3 else _STATEMENTS)
        if kind == "let":  # the value first: it does not know the name
            value = self._expression(level)
            return f"let {self._declared()} := {value};"
        if kind == "fun":
            name = self._declared()
            text = f"fun {name}({self._declared()}) {self._block(level)}"
            self._names = [*known, name]
            return text
        text = self._of_kind(kind, level)
        self._names = known
        return text

    def _of_kind(self, kind: str, level: int) -> str:
        """A statement after which no new name is known."""
        value = self._expression(level)
        texts = {
            "set": lambda: f"{self._name()} := {value};",
            "put": lambda: f"{self._name()}[{self._expression(level + 2)}] := {value};",
            "if": lambda: f"if ({value}) {self._block(level)}",
            "if else": lambda: f"if ({value}) {self._block(level)} else {self._block(level)}",
            "while": lambda: f"while ({value}) {self._block(level)}",
            "for": lambda: self._for(level),
            "for in": lambda: f"for (let {self._declared()} in {value}) {self._block(level)}",
            "for pairs in": lambda: (
                f"for (let {self._declared()}, {self._declared()} in {value}) {self._block(level)}"
            ),
            "try": lambda: f"try {self._block(level)} catch ({self._declared()}) {self._block(level)}",
            "throw": lambda: f"throw Error({value}, {self._expression(level)});",
            "return": lambda: f"return {value};",
            "print": lambda: f"print({value});",
        }
        return texts[kind]()

    def _for(self, level: int) -> str:
        name = self._declared()
        return f"for (let {name} := 0; {name} < 3; {name} := {name} + 1) {self._block(level)}"

    def _declared(self) -> str:
        name = f"v{self._random.randint(1, 40)}_{len(self._names)}"
        self._names.append(name)
        return name

    def _name(self) -> str:
        return self._random.choice(self._names)

    def _expression(self, level: int) -> str:
        if level >= _MOST_LEVELS or self._random.random() < 0.4:
            return self._random.choice((self._name(), self._name(), *_LITERALS, *_GLOBALS))
        a, b, c = (self._expression(level + self._random.randint(1, 3)) for _ in range(3))
        name, function, operator = (
            self._name(),
            self._random.choice(_FUNCTIONS),
            self._random.choice(_OPERATORS),
        )
        called = FUNCTIONS[function]
        count = called.least if called.most is None else self._random.randint(called.least, called.most)
        arguments = ", ".join(([a, b, c] * (count // 3 + 1))[: max(count, 0)])
        return self._random.choice(
            (
                f"({a} {operator} {b})", f"({a} {operator} {b})", f"{function}({arguments})",
                f"{function}({arguments})", f"{function}({arguments})", f"[{a}, {b}]", f"({a}, {b})",
                f"{{'k': {a}, 'l': {b}}}", f"{{({a}): {b}}}", f"({a})[{b}]", f"({a}).k", f"({a})?.k", f"({a}).1",
                f"({name})({a})", f"({a} ? {b} : {c})", f"(x -> {a})", f"((x, y) -> {{ return {a} }})", f"not {a}",
                f"-({a})", f"({a} between {b} and {c})", f"f'x{{{a}}}y'", f"({a} is null)",
                f"arrayMap(x -> {a}, {b})", f"arrayReduce((x, y) -> {a}, {b}, {c})",
            )
        )  # fmt: skip


_STATEMENTS: Final = (
    "let", "let", "let", "set", "set", "put", "print", "if", "if else", "while", "for", "for in", "for pairs in",
    "try", "throw", "fun", "fun", "return",
)  # fmt: skip


def _mutated(random: Random) -> str:
    """A program with a few tokens exchanged; repeated little, for the parser may double its time with each."""
    tokens = _TOKEN.findall(random.choice(PROGRAMS))
    others = _TOKEN.findall(random.choice(PROGRAMS))
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(tokens) + 1)
        until = at + random.randint(0, 3)
        match random.randrange(5):
            case 0:
                tokens[at:until] = []
            case 1:
                tokens[at:at] = [random.choice(others)]
            case 2:
                tokens[at:until] = [
                    random.choice((*_LITERALS, *_OPERATORS, *_GLOBALS, *_FUNCTIONS, *"(){}[];,.:"))
                ]
            case 3:
                tokens[at:at] = tokens[at:until] * random.randint(1, 6)
            case 4:
                start = random.randrange(len(others))
                tokens[at:until] = others[start : start + random.randint(1, 10)]
    return "".join(tokens)


def _noise(random: Random) -> str:
    text = list(random.choice(PROGRAMS))
    for _ in range(random.randint(1, 10)):
        at = random.randrange(len(text) + 1)
        text[at : at + random.randint(0, 2)] = chr(
            random.choice((random.randrange(128), random.randrange(0x3000)))
        )
    return "".join(text)
