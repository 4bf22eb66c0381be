"""What holds of every rule, zone and start."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.recurrence import next_occurrence
from tests.unit.recurrence.expansion import WEEKDAYS, instants, occurrences, wall_clock_rules, zones

YEARS = timedelta(days=6 * 366)

many = settings(max_examples=100, deadline=None)
hours_away = st.timedeltas(min_value=timedelta(days=-100), max_value=timedelta(days=2000))
hourly_rules = st.builds(
    lambda interval, filters: f"FREQ=HOURLY;INTERVAL={interval}{filters}",
    st.integers(1, 100),
    st.sampled_from(["", ";BYDAY=MO,SA", ";BYHOUR=1,2,3,9", ";BYMONTH=3,10", ";BYMONTHDAY=-1"]),
)
rules = wall_clock_rules() | hourly_rules


@many
@given(rule=wall_clock_rules(), start=instants, zone=zones, away=hours_away)
def test_it_agrees_with_a_slow_expansion(rule: str, start: datetime, zone: str, away: timedelta) -> None:
    after = start + away
    known_until = start + YEARS
    expanded = occurrences(rule, start, zone, until=known_until)

    found = next_occurrence(rule, start, zone, after)

    later = [instant for instant in expanded if instant > after]
    if later:
        assert found == later[0]
    else:
        assert found is None or found > known_until


@settings(max_examples=40, deadline=None)
@given(rule=wall_clock_rules(), start=instants, zone=zones)
def test_following_the_occurrences_leaves_none_out(rule: str, start: datetime, zone: str) -> None:
    until = start + timedelta(days=400)
    expanded = occurrences(rule, start, zone, until=until)[:30]
    followed = []
    after = start - timedelta(days=1)
    for _ in expanded:
        found = next_occurrence(rule, start, zone, after)
        assert found is not None
        followed.append(found)
        after = found
    assert followed == expanded


@many
@given(rule=rules, start=instants, zone=zones, away=hours_away)
def test_it_is_strictly_after_and_never_before_the_start(
    rule: str, start: datetime, zone: str, away: timedelta
) -> None:
    found = next_occurrence(rule, start, zone, start + away)
    if found is not None:
        assert found > start + away
        assert found >= start
        assert found.utcoffset() == timedelta(0)


@many
@given(rule=rules, start=instants, zone=zones, away=hours_away, more=st.timedeltas(timedelta(0), YEARS))
def test_a_later_question_never_has_an_earlier_answer(
    rule: str, start: datetime, zone: str, away: timedelta, more: timedelta
) -> None:
    early = next_occurrence(rule, start, zone, start + away)
    late = next_occurrence(rule, start, zone, start + away + more)
    if early is None:  # over, or so far away that only a later question sees it
        assert late is None or late > start + away + timedelta(days=40 * 365)
    elif late is not None:
        assert late >= early
        assert late == early or start + away + more >= early


@many
@given(interval=st.integers(1, 40), start=instants, zone=zones, away=hours_away)
def test_wall_time_is_kept_wherever_it_exists(
    interval: int, start: datetime, zone: str, away: timedelta
) -> None:
    tz = ZoneInfo(zone)
    found = next_occurrence(f"FREQ=DAILY;INTERVAL={interval}", start, zone, start + away)
    assert found is not None
    wall, first = found.astimezone(tz), start.astimezone(tz)
    just_before = (found - timedelta(hours=25)).astimezone(tz)
    if wall.utcoffset() == just_before.utcoffset():
        assert wall.time() == first.time()
        assert (wall.date() - first.date()).days % interval == 0


@many
@given(interval=st.integers(1, 2000), start=instants, zone=zones, away=hours_away)
def test_hourly_rules_step_in_absolute_time(
    interval: int, start: datetime, zone: str, away: timedelta
) -> None:
    step = timedelta(hours=interval)
    found = next_occurrence(f"FREQ=HOURLY;INTERVAL={interval}", start, zone, start + away)
    assert found is not None
    assert (found - start) % step == timedelta(0)
    assert found - (start + away) <= step or found == start


@many
@given(rule=hourly_rules, start=instants, zone=zones, away=hours_away)
def test_filters_of_hourly_rules_look_at_the_wall_clock(
    rule: str, start: datetime, zone: str, away: timedelta
) -> None:
    found = next_occurrence(rule, start, zone, start + away)
    if found is None:
        return
    wall = found.astimezone(ZoneInfo(zone))
    assert "BYDAY" not in rule or wall.weekday() in (0, 5)
    assert "BYHOUR" not in rule or wall.hour in (1, 2, 3, 9)
    assert "BYMONTH=" not in rule or wall.month in (3, 10)
    assert "BYMONTHDAY" not in rule or (wall + timedelta(days=1)).day == 1


@many
@given(start=instants, zone=zones, count=st.integers(1, 40), hour=st.integers(0, 23))
def test_an_hourly_count_is_used_up(start: datetime, zone: str, count: int, hour: int) -> None:
    endless = f"FREQ=HOURLY;BYHOUR={hour},{(hour + 5) % 24}"
    after = start - timedelta(hours=1)
    for _ in range(count):
        expected = next_occurrence(endless, start, zone, after)
        assert expected is not None
        assert next_occurrence(f"{endless};COUNT={count}", start, zone, after) == expected
        after = expected
    assert next_occurrence(f"{endless};COUNT={count}", start, zone, after) is None


@many
@given(
    parts=st.tuples(
        st.integers(1, 200),
        st.sets(st.integers(0, 23), min_size=1),
        st.sets(st.integers(0, 6), min_size=1),
        st.none() | st.integers(1, 200),
    ),
    start=instants,
    zone=zones,
    away=st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=300)),
)
def test_an_hourly_rule_agrees_with_going_through_the_hours(
    parts: tuple[int, set[int], set[int], int | None], start: datetime, zone: str, away: timedelta
) -> None:
    interval, hours, weekdays, count = parts
    by_hour, by_day = ",".join(map(str, hours)), ",".join(WEEKDAYS[day] for day in weekdays)
    rule = f"FREQ=HOURLY;INTERVAL={interval};BYHOUR={by_hour};BYDAY={by_day}"
    tz, known_until = ZoneInfo(zone), start + timedelta(days=400)
    steps = (start + timedelta(hours=hour) for hour in range(0, 400 * 24, interval))
    walls = ((step, step.astimezone(tz)) for step in steps)
    fires = [step for step, wall in walls if wall.hour in hours and wall.weekday() in weekdays][:count]

    found = next_occurrence(rule if count is None else f"{rule};COUNT={count}", start, zone, start + away)

    later = [instant for instant in fires if instant > start + away]
    if later:
        assert found == later[0]
    else:
        assert found is None or found >= known_until
