"""RFC 5545 recurrence rules as data: what is accepted, and what is wrong with the rest.

Stricter than most parsers where the RFC is (section 3.3.10: which parts go together), and where a rule
would fire more than once an hour: nobody reads such reports, and the search for an occurrence stays short.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from schedules.zones import WallTime

MAX_COUNT = 10_000
"""Greatest COUNT, more than every hour of a year: occurrences are counted one by one from the start."""

MAX_RULE_LENGTH = 512
"""Longest text of a rule, in characters."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_PREFIX = "RRULE:"
_ECHO_LIMIT = 30
_NUMBER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
_TOO_OFTEN = ("MINUTELY", "SECONDLY")


class Frequency(StrEnum):
    """How long a period of a rule is."""

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"


class Weekday(NamedTuple):
    """A day of the week, Monday is 0, and which one in the month or year: -1 is the last, 0 is every."""

    ordinal: int
    weekday: int


class Until(NamedTuple):
    """The last moment at which a rule may fire; exactly one of the two is set.

    Attributes:
        instant: the end as an instant, in UTC.
        wall: the end by the clocks of the rule's zone.
    """

    instant: datetime | None = None
    wall: WallTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A recurrence rule. Parts are named as in RFC 5545; an empty set means that the part is absent."""

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: Until | None = None
    by_month: frozenset[int] = frozenset()
    by_week_no: frozenset[int] = frozenset()
    by_year_day: frozenset[int] = frozenset()
    by_month_day: frozenset[int] = frozenset()
    by_day: frozenset[Weekday] = frozenset()
    by_hour: frozenset[int] = frozenset()
    by_minute: int | None = None
    by_second: int | None = None
    by_set_pos: frozenset[int] = frozenset()
    week_start: int = 0


def parse_rule(text: str) -> Rule:
    """Read one rule, with or without the prefix `RRULE:`, in any case.

    Raises:
        ValueError: says what is wrong, in words for whoever wrote the rule.
    """
    fields: dict[str, Any] = {}
    for name, value in _parts(text).items():
        if name not in _READERS:
            raise ValueError(f"{_shown(name)} is not a part of a recurrence rule.")
        field, read = _READERS[name]
        fields[field] = read(name, value)
    if "freq" not in fields:
        raise ValueError("The rule has no FREQ.")
    rule = Rule(**fields)
    for is_broken, problem in _COMBINATIONS:
        if is_broken(rule):
            raise ValueError(problem)
    return rule


def _parts(text: str) -> dict[str, str]:
    """The parts of a rule in upper case, by name."""
    if len(text) > MAX_RULE_LENGTH:
        raise ValueError(f"The rule is longer than {MAX_RULE_LENGTH} characters.")
    rule = text.strip().upper()
    if "DTSTART" in rule:
        raise ValueError("The rule must not contain DTSTART: the start is a field of its own.")
    rule = rule.removeprefix(_PREFIX)
    if any(sign in rule for sign in ("\n", "\r", ":")):
        raise ValueError("Only a single RRULE is accepted, without EXRULE, RDATE or EXDATE.")
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        name, equals, value = part.partition("=")
        if not (name and equals and value):
            raise ValueError(f'"{_shown(part)}" is not of the form NAME=VALUE.')
        if name in parts:
            raise ValueError(f"{_shown(name)} is given twice.")
        parts[name] = value
    return parts


def _frequency(name: str, value: str) -> Frequency:
    if value in _TOO_OFTEN:
        raise ValueError(f"{name}={value} fires too often: the shortest period is HOURLY.")
    try:
        return Frequency(value)
    except ValueError:
        raise ValueError(f"{name} must be one of {', '.join(Frequency)}.") from None


def _positive(name: str, value: str) -> int:
    return _number(name, value, 1, 10**10)


def _count(name: str, value: str) -> int:
    return _number(name, value, 1, MAX_COUNT)


def _number(name: str, value: str, least: int, greatest: int) -> int:
    number = int(value) if _NUMBER.fullmatch(value) else None
    if number is None or not least <= number <= greatest:
        raise ValueError(f"{name} must be a whole number from {least} to {greatest}.")
    return number


def _numbers(name: str, value: str, *, least: int, greatest: int) -> frozenset[int]:
    return frozenset(_number(name, item, least, greatest) for item in value.split(","))


def _positions(name: str, value: str, *, greatest: int) -> frozenset[int]:
    """Positions counted from the beginning or, negative, from the end: there is no position 0."""
    found = _numbers(name, value, least=-greatest, greatest=greatest)
    if 0 in found:
        raise ValueError(f"{name} must not be 0.")
    return found


def _once_an_hour(name: str, value: str) -> int:
    found = _numbers(name, value, least=0, greatest=59)
    if len(found) > 1:
        raise ValueError(f"{name} takes one value: a rule fires at most once an hour.")
    return min(found)


def _weekdays(name: str, value: str) -> frozenset[Weekday]:
    return frozenset(_weekday(name, item) for item in value.split(","))


def _weekday(name: str, value: str) -> Weekday:
    match = _WEEKDAY.fullmatch(value)
    if match is None:
        raise ValueError(f"{name} takes {', '.join(WEEKDAYS)}, such as MO, 1MO or -1FR.")
    ordinal = match[1]
    if ordinal is not None and not 1 <= abs(int(ordinal)) <= 53:
        raise ValueError(f"{name} takes ordinals from 1 to 53 and from -53 to -1.")
    return Weekday(int(ordinal or 0), WEEKDAYS.index(match[2]))


def _week_start(name: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise ValueError(f"{name} must be one of {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(value)


def _until(name: str, value: str) -> Until:
    """The end of a rule: UTC with `Z`, by the clocks of the rule's zone without, or a last whole day."""
    match = _UNTIL.fullmatch(value)
    try:
        if match is None:
            raise ValueError
        day = date(int(match[1]), int(match[2]), int(match[3]))
        clock = time.max if match[4] is None else time(int(match[4]), int(match[5]), int(match[6]))
    except ValueError:
        raise ValueError(f"{name} must look like 20301231, 20301231T235959 or 20301231T235959Z.") from None
    if match[7]:
        return Until(instant=datetime.combine(day, clock, UTC))
    return Until(wall=WallTime(day, clock))


def _shown(text: str) -> str:
    return text[:_ECHO_LIMIT]


_READERS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "FREQ": ("freq", _frequency),
    "INTERVAL": ("interval", _positive),
    "COUNT": ("count", _count),
    "UNTIL": ("until", _until),
    "BYMONTH": ("by_month", partial(_numbers, least=1, greatest=12)),
    "BYWEEKNO": ("by_week_no", partial(_positions, greatest=53)),
    "BYYEARDAY": ("by_year_day", partial(_positions, greatest=366)),
    "BYMONTHDAY": ("by_month_day", partial(_positions, greatest=31)),
    "BYDAY": ("by_day", _weekdays),
    "BYHOUR": ("by_hour", partial(_numbers, least=0, greatest=23)),
    "BYMINUTE": ("by_minute", _once_an_hour),
    "BYSECOND": ("by_second", _once_an_hour),
    "BYSETPOS": ("by_set_pos", partial(_positions, greatest=366)),
    "WKST": ("week_start", _week_start),
}
"""By the name of a part: the field of `Rule` that holds it and what reads its value."""


def _numbers_weekdays(rule: Rule) -> bool:
    return any(day.ordinal for day in rule.by_day)


def _selects_from_nothing(rule: Rule) -> bool:
    expanding = (
        rule.by_month, rule.by_week_no, rule.by_year_day, rule.by_month_day, rule.by_day, rule.by_hour,
    )  # fmt: skip
    has_clock = rule.by_minute is not None or rule.by_second is not None
    return bool(rule.by_set_pos) and not any(expanding) and not has_clock


_COMBINATIONS: tuple[tuple[Callable[[Rule], bool], str], ...] = (
    (
        lambda rule: rule.count is not None and rule.until is not None,
        "A rule ends by COUNT or by UNTIL, not by both.",
    ),
    (
        lambda rule: bool(rule.by_week_no) and rule.freq is not Frequency.YEARLY,
        "BYWEEKNO needs FREQ=YEARLY.",
    ),
    (
        lambda rule: bool(rule.by_year_day) and rule.freq not in (Frequency.YEARLY, Frequency.HOURLY),
        "BYYEARDAY needs FREQ=YEARLY or HOURLY.",
    ),
    (
        lambda rule: bool(rule.by_month_day) and rule.freq is Frequency.WEEKLY,
        "BYMONTHDAY does not go with FREQ=WEEKLY.",
    ),
    (
        lambda rule: _numbers_weekdays(rule) and rule.freq not in (Frequency.YEARLY, Frequency.MONTHLY),
        "BYDAY takes ordinals, such as 1MO, only with FREQ=MONTHLY or YEARLY.",
    ),
    (
        lambda rule: _numbers_weekdays(rule) and bool(rule.by_week_no),
        "BYDAY takes no ordinals, such as 1MO, beside BYWEEKNO.",
    ),
    (_selects_from_nothing, "BYSETPOS needs another BY part to select from."),
)
"""What must not come together (RFC 5545, section 3.3.10), and how that is said."""
