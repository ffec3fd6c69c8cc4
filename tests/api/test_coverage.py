"""Coverage and the households behind it, in every form; rounds."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.tables import harmless
from gis.households.rounds import close_round, open_round
from tests.api.conftest import Served, run

FIELDS = ["code", "name", "level", "known", "reached", "tried", "never", "overdue", "coverage", "oldest_on", "empty"]


def recount(served: Served, area: str, since: date) -> dict[str, Any]:
    """The figures of an area, straight from its households."""
    homes = [
        h["properties"]
        for h in served.json(f"/collections/households/items?limit=1000&area={area}")["features"]
        if h["properties"]["status"] == "active"
    ]
    reached = [h for h in homes if h["last_reached_on"] and h["last_reached_on"] >= str(since)]
    dated = [h["last_reached_on"] for h in homes if h["last_reached_on"]]
    return {
        "known": len(homes),
        "reached": len(reached),
        "tried": sum(bool(h["last_contact_on"] and h["last_contact_on"] >= str(since)) for h in homes) - len(reached),
        "never": len(homes) - len(dated),
        "overdue": sum(h["due_on"] < str(served.today) for h in homes),
        "coverage": len(reached) / len(homes) if homes else None,
        "oldest_on": min(dated, default=None),
    }


@pytest.mark.parametrize("level", ["cell", "village", "town", "county"])
@pytest.mark.parametrize("days", [0, 10, 60, 700, 2000])
def test_figures_equal_a_recount(served: Served, level: str, days: int) -> None:
    since = served.today - timedelta(days=days)
    table = served.json(f"/coverage?level={level}&since={since}")
    assert (table["as_of"], table["since"]) == (str(served.today), str(since))
    assert len(table["areas"]) == (6 if level == "cell" else 1)
    for area in table["areas"]:
        assert list(area) == FIELDS
        expected = recount(served, area["code"], since)
        assert {name: area[name] for name in expected} == expected
    assert table["total"]["known"] == 42


def test_names_and_empty_cells(served: Served) -> None:
    cells = {area["code"]: area for area in served.json("/coverage?level=cell")["areas"]}
    empty = cells["990101100201006"]
    assert (empty["name"], empty["known"], empty["coverage"], empty["empty"]) == ("网格6", 0, None, "unchecked")
    assert cells["990101100201001"]["empty"] is None
    assert served.json("/coverage?level=town")["areas"][0]["name"] == "城关镇"


def test_one_area(served: Served) -> None:
    table = served.json("/coverage?area=990101100201002&level=cell")
    assert [area["code"] for area in table["areas"]] == ["990101100201002"]
    assert table["total"]["known"] == 10


def test_csv_for_a_spreadsheet(served: Served) -> None:
    answer = served.get("/coverage?level=cell&f=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="coverage.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert list(rows[0]) == FIELDS
    assert rows[0]["code"] == "990101100201001"
    assert len(rows) == 6


def test_geojson_has_outlines(served: Served) -> None:
    for level, kind in (("cell", "Polygon"), ("town", "MultiPolygon")):
        document = served.json(f"/coverage?level={level}&f=geojson")
        assert document["since"] == served.json("/coverage")["since"]
        for feature in document["features"]:
            assert feature["geometry"]["type"] == kind
            assert list(feature["properties"]) == FIELDS


def test_the_open_round_is_the_usual_cut_off(own: Served) -> None:
    [found] = own.json("/rounds")["rounds"]
    assert found["target"] == 70
    assert own.json("/coverage")["since"] == found["first_on"]
    by_round = own.json(f"/coverage?round={found['code']}")
    assert by_round == own.json("/coverage?area=990101")
    assert own.get(f"/coverage?round={found['code']}&area=990102").status_code == 400


def test_a_closed_round_is_frozen(own: Served) -> None:
    [found] = own.json("/rounds")["rounds"]
    before = own.json(f"/coverage?round={found['code']}&level=cell")
    with own.store.begin() as conn:
        close_round(conn, found["code"], today=own.today, now=datetime.now(UTC))
        open_round(conn, area="990101", first_on=own.today - timedelta(days=1), last_on=own.today)
    run(own.store, "UPDATE everycell.household SET status = 'exempt' WHERE code LIKE '990101-D001%'")
    own.service.mirror.refresh()
    after = own.json(f"/coverage?round={found['code']}&level=cell")
    assert after["areas"] == before["areas"]
    assert own.json("/coverage?level=cell")["total"]["known"] == 28
    assert [r["closed_at"] is None for r in own.json("/rounds")["rounds"]] == [True, False]


def test_the_running_round_is_that_closest_around_the_area(own: Served) -> None:
    [found] = own.json("/rounds")["rounds"]
    yesterday = own.today - timedelta(days=1)
    with own.store.begin() as conn:
        village = open_round(conn, area="990101100201", first_on=yesterday, last_on=own.today + timedelta(days=9))
        later = own.today + timedelta(days=1)
        open_round(conn, area="990101100", first_on=later, last_on=later)
    running = {area: own.json(f"/rounds?area={area}")["running"] for area in ("990101", "990101100", "990101100201")}
    assert running == {"990101": found["code"], "990101100": found["code"], "990101100201": village.code}
    assert own.json("/rounds")["running"] == found["code"], "there is one county"
    assert own.client_of("operator", "990101100201").get("/rounds").json()["running"] == village.code
    run(own.store, "UPDATE everycell.visit_round SET last_on = first_on WHERE area = '990101'")
    assert own.json("/rounds?area=990101")["running"] == found["code"], "as long as nobody closes it"


def test_unvisited_longest_wait_first(served: Served) -> None:
    since = served.today - timedelta(days=30)
    document = served.json(f"/households/unvisited?since={since}")
    lasts = [f["properties"]["last_reached_on"] for f in document["features"]]
    assert len(lasts) == 41
    assert lasts == sorted(lasts, key=lambda day: day or "")
    first = document["features"][0]
    assert first["geometry"]["type"] == "Point"
    assert set(first["properties"]) == {
        "code", "unit", "address", "doorplate", "cell", "registered_on", "last_reached_on", "last_contact_on", "due_on"
    }  # fmt: skip
    assert served.get(f"/households/unvisited?since={since}").headers["cache-control"] == "no-store"


def test_unvisited_of_an_area_as_csv(served: Served) -> None:
    answer = served.get("/households/unvisited?area=990101100201001&f=csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="unvisited-990101100201001.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 13
    assert {row["cell"] for row in rows} == {"990101100201001"}
    none = served.get("/households/unvisited?area=990101100201006&f=csv").content.decode("utf-8-sig")
    assert none.count("\r\n") == 1, "the header alone"
    assert served.json("/households/unvisited?area=990101100201006")["features"] == []


def test_formulas_are_disarmed(own: Served) -> None:
    for n, start in enumerate("=+-@\t\r"):
        run(own.store, "UPDATE everycell.doorplate SET address = :a WHERE code = :c",
            a=f"{start}cmd|' /C calc'!A0", c=f"990101-D001-{n:04}")  # fmt: skip
    text = own.get("/households/unvisited?since=2100-01-01&f=csv").content.decode("utf-8-sig")
    addresses = [row["address"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert sum(a.startswith("'") for a in addresses) == 12
    assert not any(a[:1] in "=+-@\t\r" for a in addresses)
    assert harmless(-5.5) == -5.5


def test_a_long_list_arrives_in_pieces(own: Served) -> None:
    run(
        own.store,
        "INSERT INTO everycell.household (county, code, doorplate, interval_days, registered_on)"
        " SELECT county, code || '-' || n, doorplate, 90, '2026-01-01' FROM everycell.household"
        " CROSS JOIN generate_series(1, 120) n WHERE code LIKE '990101-D001%'",
    )
    with own.client.stream("GET", "/households/unvisited?since=2100-01-01") as answer:
        assert "content-length" not in answer.headers
        body = b"".join(answer.iter_raw())
    assert len(json.loads(body)["features"]) == 42 + 14 * 120


def test_a_client_that_leaves_gives_its_connection_back(own: Served) -> None:
    run(
        own.store,
        "INSERT INTO everycell.household (county, code, doorplate, interval_days, registered_on)"
        " SELECT county, code || '-' || n, doorplate, 90, '2026-01-01' FROM everycell.household"
        " CROSS JOIN generate_series(1, 100) n WHERE code LIKE '990101-D001-000%'",
    )
    # Some megabytes, more than the sockets take in at once.
    run(own.store, "UPDATE everycell.doorplate SET address = repeat('柳林村', 1000) WHERE code LIKE '990101-D001%'")
    for _ in range(8):
        with own.client.stream("GET", "/households/unvisited?since=2100-01-01") as answer:
            assert answer.status_code in (200, 503), "503: the one before is still noticing that its client has left"
            next(answer.iter_raw())
    path = "/households/unvisited?since=2100-01-01&area=990101100201002"
    until = time.monotonic() + 10
    taken = own.store.engine.pool.checkedout  # type: ignore[attr-defined]
    while ((answer := own.get(path)).status_code == 503 or taken()) and time.monotonic() < until:
        pass
    assert len(answer.json()["features"]) == 10
    assert taken() == 0
