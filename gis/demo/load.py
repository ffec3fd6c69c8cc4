"""The generated county into the database, in the caller's transaction.

Divisions, cells, doorplates, sites and streets go through the loaders of their rooms. Cases and the visits of a year do
not: a county that has none yet gets them by COPY, and its figures are counted once at the end, where recording visits
batch by batch would move every household's dates ten times. `everycell check` finds no difference between the two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Final

import pandas as pd
from sqlalchemy import Connection, text

from gis.cells.load import load_cells, load_divisions
from gis.codes import county_of
from gis.demo.county import DemoCounty
from gis.demo.first_cases import load_first_cases
from gis.demo.patrols import load_teams
from gis.errors import Conflict
from gis.households.dwellings import split_dwellings
from gis.households.load import load_dwellings
from gis.households.rounds import open_round
from gis.patrol.drawn import network_of_lines
from gis.patrol.roads import store_network
from gis.sentence import Sentence
from gis.settings import Settings
from gis.sites.load import load_sites
from gis.storage.bulk import stage
from gis.storage.engine import Store
from gis.storage.report import LoadReport
from gis.streets.load import load_streets

Progress = Callable[[Sentence, int, int], None]

_STAGED: Final = {
    "id": "uuid",
    "household": "text",
    "visited_on": "date",
    "visited_at": "timestamptz",
    "outcome": "text",
    "team": "text",
    "purpose": "text",
}
_ADD: Final = text(
    """
    WITH added AS (
        INSERT INTO everycell.visit (county, id, visited_on, household, visited_at, outcome, team, purpose)
        SELECT :county, s.id, s.visited_on, h.id, s.visited_at, s.outcome, s.team, s.purpose
        FROM staged_visit s JOIN everycell.household h ON h.county = :county AND h.code = s.household
        RETURNING county, id, visited_on
    )
    INSERT INTO everycell.visit_id (county, id, visited_on) SELECT county, id, visited_on FROM added
    """
)
_DATE: Final = text(
    """
    UPDATE everycell.household h
    SET last_reached_on = greatest(h.reached_before, v.reached),
        last_contact_on = greatest(h.contact_before, h.reached_before, v.contact)
    FROM (SELECT household, max(visited_on) FILTER (WHERE outcome = 'reached') AS reached, max(visited_on) AS contact
          FROM everycell.visit WHERE county = :county GROUP BY household) v
    WHERE h.county = :county AND h.id = v.household
    """
)
_FIGURES: Final = (
    text("SELECT everycell.refresh_doorplates(:county, array_agg(id)) FROM everycell.doorplate WHERE county = :county"),
    text(
        "SELECT everycell.recount_cells(:county, array_agg(code)), everycell.raise_revision(:county, array_agg(code))"
        " FROM everycell.cell WHERE county = :county"
    ),
)


def load_county(
    conn: Connection, county: DemoCounty, settings: Settings, *, today: date, on_progress: Progress | None = None
) -> list[LoadReport]:
    """Write a whole generated county with its visits and its open round; a report for each table.

    `on_progress` gets the stage, what is done and what there is in all (0: cannot tell). Raises Conflict where the
    county has visits already.
    """
    told = on_progress or (lambda _stage, _done, _total: None)
    number = county_of(county.round.area)
    told(Sentence("cells"), 0, 0)
    reports = [
        load_divisions(conn, number, county.divisions, today=today, cut=False),
        load_cells(conn, number, county.cells, today=today),
    ]
    told(Sentence("streets and key sites"), 0, 0)
    reports += [load_streets(conn, number, county.streets), load_sites(conn, number, county.sites)]
    _load_network(conn, number, county, today)
    told(Sentence("households"), 0, 0)
    split = split_dwellings(county.dwellings, number)
    reports.append(load_dwellings(conn, number, split.doorplates, split.households, settings, today=today))
    told(Sentence("disputes"), 0, 0)
    reports.append(load_first_cases(conn, number, county, settings, today=today))
    reports.append(load_first_visits(conn, number, county.visits(), settings, on_progress=told))
    load_teams(conn, number)
    planned = county.round
    open_round(
        conn,
        area=planned.area,
        first_on=planned.first_on,
        last_on=planned.last_on,
        name=planned.name,
        target=planned.target,
    )
    return reports


def _load_network(conn: Connection, number: int, county: DemoCounty, today: date) -> None:
    """The generated streets, as what patrols are planned on."""
    streets = county.streets
    names = [name if isinstance(name, str) else None for name in streets["name"]]
    network = network_of_lines(streets.geometry.to_numpy(), streets["id"].tolist(), names, streets["class"].tolist())
    store_network(conn, number, network, source="demo", data_on=today, now=datetime.now(UTC))


def load_first_visits(
    conn: Connection,
    county: int,
    frames: Iterable[pd.DataFrame],
    settings: Settings,
    *,
    on_progress: Progress | None = None,
) -> LoadReport:
    """Write the visits (frames "visits" of docs/architecture.md) of a county that has none, and count its figures.

    Raises Conflict where there are visits already.
    """
    values = {"county": county}
    if conn.execute(text("SELECT EXISTS (SELECT FROM everycell.visit WHERE county = :county)"), values).scalar():
        raise Conflict("county {county:06} has visits already; its first visits cannot be added again", county=county)
    conn.execute(text("SELECT set_config('everycell.mode', 'batch', true), set_config('work_mem', '256MB', true)"))
    told = on_progress or (lambda _stage, _done, _total: None)
    written = 0
    told(Sentence("visits"), 0, 0)
    for frame in frames:
        local = frame["visited_at"].dt.tz_convert(settings.timezone)
        stage(conn, "staged_visit", _STAGED, frame.assign(visited_on=local.dt.date))
        conn.execute(text("SELECT everycell.ensure_visit_months(array_agg(DISTINCT visited_on)) FROM staged_visit"))
        written += conn.execute(_ADD, values).rowcount
        conn.execute(text("DROP TABLE staged_visit"))
        told(Sentence("visits"), written, 0)
    told(Sentence("figures"), 0, 0)
    conn.execute(_DATE, values)
    for statement in _FIGURES:
        conn.execute(statement, values)
    conn.execute(text("SELECT set_config('everycell.mode', '', true)"))
    return LoadReport("visit", written)


def settle(store: Store) -> None:
    """Bring PostgreSQL's statistics and visibility map up to date after a large load, outside any transaction."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM (ANALYZE)"))
