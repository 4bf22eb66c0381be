"""Which rules and zones are accepted, and what is said of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.recurrence_rules import MAX_RULE_LENGTH, Rule, Weekday, parse_rule
from schedules.zones import time_zone


@pytest.mark.parametrize("text", ["FREQ=DAILY", "RRULE:FREQ=DAILY", "rrule:freq=daily", " FREQ=DAILY "])
def test_spellings(text: str) -> None:
    assert parse_rule(text) == parse_rule("FREQ=DAILY")


def test_every_part() -> None:
    rule = parse_rule(
        "FREQ=YEARLY;INTERVAL=2;COUNT=9;BYMONTH=1,2;BYYEARDAY=-1,366;BYMONTHDAY=1,-31;BYDAY=MO,-1FR;BYHOUR=0,23;"
        "BYMINUTE=59;BYSECOND=0;BYSETPOS=-366,1;WKST=SU"
    )
    assert isinstance(rule, Rule)
    assert (rule.interval, rule.count, rule.week_start) == (2, 9, 6)
    assert rule.by_day == {Weekday(0, 0), Weekday(-1, 4)}
    assert (rule.by_minute, rule.by_second, rule.by_set_pos) == (59, 0, {-366, 1})
    assert parse_rule("FREQ=YEARLY;BYWEEKNO=-53,1").by_week_no == {-53, 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "NAME=VALUE"),
        ("RRULE:", "NAME=VALUE"),
        ("every monday", "NAME=VALUE"),
        ("FREQ=DAILY;", "NAME=VALUE"),
        ("FREQ=", "NAME=VALUE"),
        ("INTERVAL=2", "no FREQ"),
        ("FREQ=FORTNIGHTLY", "must be one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY"),
        ("FREQ=MINUTELY", "too often"),
        ("FREQ=SECONDLY;INTERVAL=86400", "too often"),
        ("FREQ=DAILY;FREQ=WEEKLY", "given twice"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER is not a part"),
        ("FREQ=DAILY;DTSTART=20260101T000000Z", "DTSTART"),
        ("DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY", "DTSTART"),
        ("dtstart;tzid=UTC:20260101T000000\nrrule:freq=daily", "DTSTART"),
        ("RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "single RRULE"),
        ("FREQ=DAILY\nFREQ=WEEKLY", "single RRULE"),
        ("RRULE:RRULE:FREQ=DAILY", "single RRULE"),
        ("EXRULE:FREQ=DAILY", "single RRULE"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a whole number from 1"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL must be a whole number from 1"),
        ("FREQ=DAILY;INTERVAL=1.5", "INTERVAL must be a whole number"),
        ("FREQ=DAILY;INTERVAL=" + "9" * 400, "INTERVAL must be a whole number"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL must be a whole number"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be a whole number from 1"),
        ("FREQ=DAILY;COUNT=10001", "COUNT must be a whole number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20300101", "not by both"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL must look like"),
        ("FREQ=DAILY;UNTIL=20300230", "UNTIL must look like"),
        ("FREQ=DAILY;UNTIL=20300101T250000Z", "UNTIL must look like"),
        ("FREQ=DAILY;BYMONTH=0", "BYMONTH must be a whole number from 1 to 12"),
        ("FREQ=DAILY;BYMONTH=1,", "BYMONTH must be a whole number from 1 to 12"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must not be 0"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY must be a whole number from -31 to 31"),
        ("FREQ=YEARLY;BYYEARDAY=-367", "BYYEARDAY must be"),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO must be"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY takes MO, TU"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY takes ordinals"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY takes ordinals"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR must be a whole number from 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE must be a whole number from 0 to 59"),
        ("FREQ=HOURLY;BYMINUTE=0,30", "at most once an hour"),
        ("FREQ=DAILY;BYSECOND=0,1", "at most once an hour"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS must not be 0"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs another BY part"),
        ("FREQ=DAILY;WKST=1", "WKST must be one of"),
        ("FREQ=WEEKLY;BYDAY=1MO", "only with FREQ=MONTHLY or YEARLY"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "beside BYWEEKNO"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO needs FREQ=YEARLY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY needs"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYHOUR=" + ",".join(["1"] * MAX_RULE_LENGTH), f"longer than {MAX_RULE_LENGTH}"),
    ],
    ids=lambda value: value[:40],
)
def test_a_refusal_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_rule(text)


_words = st.sampled_from(
    [
        "FREQ",
        "DAILY",
        "HOURLY",
        "BYDAY",
        "1MO",
        "BYSETPOS",
        "UNTIL",
        "20260101",
        "=",
        ";",
        ",",
        "-1",
        "0",
        ":",
        "\n",
    ]
)


@given(st.text() | st.lists(_words).map("".join))
def test_any_other_text_is_refused_with_a_value_error(text: str) -> None:
    try:
        rule = parse_rule(text)
    except ValueError:
        return
    assert rule.interval >= 1


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "US/Eastern", "Etc/GMT+3", "America/Argentina/Ushuaia"]
)
def test_zones(name: str) -> None:
    assert time_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "europe/berlin",
        "Europe/Berlin ",
        "Mars/Olympus",
        "localtime",
        "posixrules",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "Factory",
        "Europe",
        "../Europe/Berlin",
        "/etc/localtime",
        "/usr/share/zoneinfo/UTC",
        "UTC\0",
        "+02:00",
        "EST5EDT,M3.2.0,M11.1.0",
    ],
)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="IANA"):
        time_zone(name)
