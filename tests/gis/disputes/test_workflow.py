"""Closed lists, the states of a case and its dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest

from gis.codes import Level
from gis.disputes.categories import (
    FAMILY,
    NAMES,
    TABLED,
    Category,
    Channel,
    Closing,
    Extension,
    NotAccepted,
    Referral,
    entry_of,
)
from gis.disputes.workflow import (
    DUE,
    LADDER,
    OPEN,
    STATE_NAMES,
    Deadlines,
    State,
    check_change,
    check_level,
    due_at,
    extended,
    is_overdue,
    next_states,
    revisits_on,
    said_with,
)
from gis.errors import BadInput, Conflict

LISTS = (Category, Channel, NotAccepted, Extension, Referral, Closing)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", LISTS)
def test_every_entry_has_names_of_its_own(kind: type[StrEnum]) -> None:
    for names in ([NAMES[entry].zh for entry in kind], [NAMES[entry].en for entry in kind]):
        assert all(names)
        assert len(set(names)) == len(names)
    for entry in kind:
        assert entry_of(kind, f" {NAMES[entry].zh} ", field="x") is entry
        assert entry_of(kind, NAMES[entry].en.upper(), field="x") is entry
        assert entry_of(kind, entry.value, field="x") is entry


@pytest.mark.parametrize("word", ["", "张三", "petition", "信访", "religion", "mental_health", "neighbours; see file"])
def test_the_lists_are_closed(word: str) -> None:
    for kind in LISTS:
        with pytest.raises(BadInput, match="not in the list") as refused:
            entry_of(kind, word, field="category")
        assert refused.value.field == "category"


def test_fourteen_categories_family_apart() -> None:
    assert len(Category) == 14
    assert set(TABLED) == set(Category) - {FAMILY}


def test_every_state_has_names_and_a_way_on() -> None:
    assert set(STATE_NAMES) == set(State)
    for state in State:
        assert next_states(state)
        assert state not in next_states(state)


def test_every_state_is_reached_from_registration_and_leads_to_an_end() -> None:
    def reach(start: State) -> set[State]:
        seen, waiting = set(), [start]
        while waiting:
            state = waiting.pop()
            if state not in seen:
                seen.add(state)
                waiting += next_states(state)
        return seen

    assert reach(State.registered) == set(State)
    for state in State:
        assert State.closed in reach(state)
    assert State.registered not in set().union(*(next_states(state) for state in State))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("to", list(State))
def test_a_change_goes_where_it_may_and_says_what_it_has_to(state: State, to: State) -> None:
    kind = said_with(to)
    code = next(iter(kind)).value if kind else None
    if to in next_states(state):
        assert check_change(state, to, code=code) == code
        with pytest.raises(BadInput, match="code:"):
            check_change(state, to, code=None if kind else "performed")
    else:
        with pytest.raises(Conflict, match="it can become"):
            check_change(state, to, code=code)


def test_a_reason_is_one_of_the_list_and_no_text() -> None:
    with pytest.raises(BadInput, match="not in the list"):
        check_change(State.registered, State.not_accepted, code="他不愿意调解")


def test_levels_go_one_step_while_the_case_is_dealt_with() -> None:
    check_level(State.in_mediation, Level.cell, Level.village)
    check_level(State.not_agreed, Level.county, Level.town)
    for level, to in ((Level.cell, Level.town), (Level.town, Level.town), (Level.county, Level.cell)):
        with pytest.raises(Conflict, match="one level"):
            check_level(State.accepted, level, to)
    for state in set(State) - DUE:
        with pytest.raises(Conflict, match="stays at"):
            check_level(state, Level.cell, Level.village)


def test_a_case_is_due_thirty_days_after_acceptance_if_nothing_else_is_said() -> None:
    for level in LADDER:
        assert due_at(NOON, level, Deadlines()) == NOON + timedelta(days=30)
    longer = Deadlines({**dict.fromkeys(LADDER, 15), Level.county: 60})
    assert due_at(NOON, Level.county, longer) == datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("days", [{}, {**dict.fromkeys(LADDER, 30), Level.town: 0}])
def test_every_level_needs_days(days: dict[Level, int]) -> None:
    with pytest.raises(BadInput, match="a day or more"):
        Deadlines(days)


def test_more_time_once_in_time_and_for_a_reason() -> None:
    due = due_at(NOON, Level.village, Deadlines())
    say = {"now": NOON, "extensions": 0, "code": "survey", "deadlines": Deadlines(extension_days=10)}
    assert extended(due, State.in_mediation, **say) == due + timedelta(days=10)  # type: ignore[arg-type]
    for change, error, words in (
        ({"extensions": 1}, Conflict, "once"),
        ({"now": due}, Conflict, "has passed"),
        ({"code": "busy"}, BadInput, "not in the list"),
    ):
        with pytest.raises(error, match=words):
            extended(due, State.in_mediation, **(say | change))  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="no date runs"):
        extended(due, State.referred, **say)  # type: ignore[arg-type]


def test_overdue_is_what_is_dealt_with_past_its_date() -> None:
    for state in State:
        assert is_overdue(state, NOON, NOON) == (state in DUE)
        assert not is_overdue(state, NOON, NOON - timedelta(seconds=1))
        assert not is_overdue(state, None, NOON)
    assert DUE < OPEN


def test_the_place_is_visited_again_three_times() -> None:
    closed = date(2026, 11, 29)
    days = (date(2026, 12, 6), date(2026, 12, 29), date(2027, 2, 27))
    assert revisits_on(closed) == days
