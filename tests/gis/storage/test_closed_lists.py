"""The closed lists: the words of the rooms, of the models and of the database are the same."""

from __future__ import annotations

import re
from enum import StrEnum

import pytest
from sqlalchemy import CheckConstraint, text

from gis.access.scope import Role
from gis.alarms.kinds import Kind
from gis.alarms.lifecycle import Change
from gis.codes import Level
from gis.disputes import categories as case_lists
from gis.disputes.revisits import RevisitOutcome
from gis.disputes.workflow import State
from gis.households.visits import Outcome, Purpose
from gis.patrol.network import Mode
from gis.patrol.plan import WhyNot
from gis.patrol.request import Aim, Because
from gis.patrol.ticks import TickOutcome
from gis.patrol.tiers import Skill
from gis.sites.categories import Category
from gis.storage import alarm_models as _alarm_models  # noqa: F401
from gis.storage import dispute_models as _dispute_models  # noqa: F401 - registers its tables
from gis.storage import patrol_models as _patrol_models  # noqa: F401
from gis.storage.engine import Store
from gis.storage.models import metadata

LISTS = [
    ("site", "category", Category),
    ("visit", "outcome", Outcome),
    ("visit", "purpose", Purpose),
    ("dispute", "category", case_lists.Category),
    ("dispute", "channel", case_lists.Channel),
    ("dispute", "state", State),
    ("dispute", "level", Level),
    ("dispute_event", "state", State),
    ("dispute_event", "level", Level),
    ("dispute_event", "role", Role),
    ("revisit", "outcome", RevisitOutcome),
    ("case_release", "level", Level),
    ("case_figure", "level", Level),
    ("revisit", "role", Role),
    ("team", "mode", Mode),
    ("team", "skills", Skill),
    ("patrol_plan", "aim", Aim),
    ("patrol_route", "mode", Mode),
    ("patrol_route", "skills", Skill),
    ("patrol_stop", "because", Because),
    ("patrol_stop", "skills", Skill),
    ("patrol_stop", "why", WhyNot),
    ("patrol_tick", "outcome", TickOutcome),
    ("alarm", "kind", Kind),
    ("alarm_event", "kind", Kind),
    ("alarm_event", "change", Change),
    ("alarm", "acknowledged_by", Role),
    ("alarm", "shelved_by", Role),
    ("alarm_event", "role", Role),
]


@pytest.mark.parametrize(("table", "column", "words"), LISTS)
def test_words_are_the_same_everywhere(store: Store, table: str, column: str, words: type[StrEnum]) -> None:
    name = f"ck_{table}_{column}"
    (declared,) = (
        str(constraint.sqltext)
        for constraint in metadata.tables[f"everycell.{table}"].constraints
        if isinstance(constraint, CheckConstraint) and constraint.name == name
    )
    with store.read() as conn:
        stored = conn.execute(
            text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conname = :name AND conrelid = CAST(:table AS regclass)"
            ),
            {"name": name, "table": f"everycell.{table}"},
        ).scalar_one()
    for definition in (declared, stored):
        assert sorted(re.findall(r"'(\w+)'", definition)) == sorted(words)


def test_the_codes_of_changes_are_those_of_their_lists(store: Store) -> None:
    """With every change the database takes the codes of its list, and no other."""
    lists = {
        ("extension", "accepted"): case_lists.Extension,
        ("state", "not_accepted"): case_lists.NotAccepted,
        ("state", "referred"): case_lists.Referral,
        ("state", "closed"): case_lists.Closing,
        ("state", "in_mediation"): (),
        ("level", "accepted"): (),
    }
    everything = {code.value for kind in lists.values() for code in kind}
    with store.read() as conn:
        (rule,) = conn.execute(
            text("SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'ck_dispute_event_code'")
        ).scalars()
        ask = text(
            f"SELECT code FROM (SELECT CAST(:change AS text) AS change, CAST(:state AS text) AS state, code"
            f" FROM unnest(CAST(:codes AS text[])) AS code) given WHERE {rule}"
        )
        for (change, state), kind in lists.items():
            taken = conn.execute(ask, {"change": change, "state": state, "codes": sorted(everything)}).scalars()
            assert set(taken) == {code.value for code in kind}, (change, state)
