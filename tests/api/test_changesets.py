"""Editing the grid over HTTP: a draft, its preview, publishing, conflicts, history; nothing half written, all noted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import pytest
import shapely
from sqlalchemy import text

from gis.access import audit
from gis.cells.scheduled import publish_due
from gis.households.check import check
from gis.households.rounds import close_round
from gis.storage.cluster import Cluster
from tests.api.conftest import Served, database, fill, serving
from tests.gis.world import SETTINGS, SOUTH, STEP, WEST, cell_code

AREA: Final = "990101"
ONE, TWO, SIX = cell_code(1), cell_code(2), cell_code(6)


@pytest.fixture
def editor(own: Served) -> httpx.Client:
    return own.client_of("editor", AREA)


@pytest.fixture(scope="module")
def reading(cluster: Cluster) -> Iterator[Served]:
    """A county for tests that leave it as it is."""
    with database(cluster, "changesets") as store:
        fill(store)
        with serving(store) as running:
            yield running


def line(number: int, share: float = 0.5) -> dict[str, Any]:
    """From south to north through the square of a cell."""
    x, y = WEST + ((number - 1) % 3 + share) * STEP, SOUTH + (number - 1) // 3 * STEP
    return {"type": "LineString", "coordinates": [[round(x, 8), y - 0.001], [round(x, 8), y + STEP + 0.001]]}


def split(number: int, share: float = 0.5) -> dict[str, Any]:
    return {"op": "split", "cell": cell_code(number), "line": line(number, share)}


def opened(client: httpx.Client, *ops: dict[str, Any], area: str = AREA) -> str:
    answer = client.post("/changesets", json={"title": "新路", "area": area})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert answer.headers["location"].endswith(f"/changesets/{found['id']}")
    if ops:
        added = client.post(f"/changesets/{found['id']}/ops", json=list(ops))
        assert added.status_code == 200, added.text
    return str(found["id"])


def published(client: httpx.Client, *ops: dict[str, Any]) -> dict[str, Any]:
    id = opened(client, *ops)
    answer = client.post(f"/changesets/{id}/publish")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def clean(served: Served) -> bool:
    with served.store.read() as conn:
        return list(check(conn, SETTINGS)) == []


# ---- the way of a change set


def test_from_a_draft_to_the_grid_and_back(own: Served, editor: httpx.Client) -> None:
    before = own.json("/collections/cells/items?limit=100")["features"]
    id = opened(editor)
    found = editor.get(f"/changesets/{id}").json()
    assert (found["status"], found["ops"], found["area"], found["county"]) == ("draft", [], AREA, AREA)
    assert found["created_by"] == "test"
    added = editor.post(f"/changesets/{id}/ops", json=split(1, 0.12)).json()
    assert [feature["id"] for feature in added["changed"]["features"]][:1] == [ONE]
    assert added["ops"][0]["op"]["code"] == cell_code(7)
    assert added["ops"][0]["seq"] == 1
    assert own.json("/collections/cells/items?limit=100")["features"] == before, "a draft changes nothing"
    preview = editor.post(f"/changesets/{id}/preview", json={}).json()
    assert preview["moved"] == [{"from": ONE, "to": cell_code(7), "doorplates": 3, "households": 6}]
    done = editor.post(f"/changesets/{id}/publish", json={}).json()
    assert (done["status"], done["valid_from"]) == ("published", str(own.today))
    cells = {f["id"]: f for f in own.json("/collections/cells/items?limit=100")["features"]}
    assert cells[cell_code(7)]["properties"]["version"] == 1
    figures = {a["code"]: a["known"] for a in own.json("/coverage?level=cell")["areas"]}
    assert (figures[ONE], figures[cell_code(7)]) == (8, 6)
    assert clean(own)
    undone = editor.post(f"/changesets/{id}/undo")
    assert (undone.status_code, undone.json()["undoes"]) == (201, id)
    assert [f["geometry"] for f in own.json("/collections/cells/items?limit=100")["features"]] == [
        f["geometry"] for f in before
    ]
    assert clean(own)
    states = [(one["status"], one["undoes"]) for one in editor.get("/changesets?status=published").json()["changesets"]]
    assert states == [("published", id), ("published", None), ("published", None)]


def test_a_preview_tells_all_before_it_happens(own: Served, editor: httpx.Client) -> None:
    id = opened(editor, split(1, 0.12))
    told = editor.post(f"/changesets/{id}/preview").json()
    assert {f["id"] for f in told["before"]["features"]} >= {ONE}
    assert {f["id"] for f in told["after"]["features"]} >= {ONE, cell_code(7)}
    areas = {area["code"]: area for area in told["areas"]}
    whole, part = areas[ONE], areas[cell_code(7)]
    assert whole["after_m2"] + part["after_m2"] == pytest.approx(whole["before_m2"], abs=0.2)
    assert (whole["households_before"], whole["households_after"], part["households_after"]) == (14, 8, 6)
    assert (part["before_m2"], part["households_before"]) == (None, None)
    assert 0 < part["compactness"] < whole["compactness"] < 1
    assert 10 < whole["across_min"] < 40
    before, after = told["coverage"]["before"], told["coverage"]["after"]
    assert [row["code"] for row in before] == [ONE]
    for figure in ("known", "reached", "tried", "never", "overdue"):
        assert sum(row[figure] for row in after) == sum(row[figure] for row in before), figure
    stored = {a["code"]: a for a in own.json("/coverage?level=cell")["areas"]}
    assert {k: v for k, v in before[0].items() if k != "name"} == {k: v for k, v in stored[ONE].items() if k != "name"}
    assert (told["cases"], told["plans"], told["issues"]["features"]) == (None, 0, [])
    editor.post(f"/changesets/{id}/publish")
    now = {a["code"]: a for a in own.json("/coverage?level=cell")["areas"]}
    assert after == [now[row["code"]] for row in after], "what the preview said has come"


def test_one_more_operation_is_previewed_and_not_stored(reading: Served) -> None:
    editor = reading.client_of("editor", AREA)
    id = opened(editor, split(2))
    node = {"op": "move_node", "from": [104.01, 34.51], "to": [104.011, 34.511]}
    told = editor.post(f"/changesets/{id}/preview", json={"op": node}).json()
    assert told["nodes_shared"] == 4
    assert len(told["after"]["features"]) >= 5
    assert len(editor.get(f"/changesets/{id}").json()["ops"]) == 1
    two = editor.post(f"/changesets/{id}/preview", json={"ops": [node, split(3)]}).json()
    assert len(two["after"]["features"]) > len(told["after"]["features"])
    assert editor.post(f"/changesets/{id}/preview", json={"ops": [node], "op": node}).status_code == 400
    wrong = {"op": "merge", "cells": [ONE, SIX], "keep": ONE}
    told = editor.post(f"/changesets/{id}/preview", json={"op": wrong}).json()
    assert [issue["properties"]["code"] for issue in told["issues"]["features"]] == ["NOT_ADJACENT"]


def test_operations_of_no_draft_are_previewed_and_leave_nothing(reading: Served) -> None:
    editor = reading.client_of("editor", AREA)
    before = editor.get("/changesets").json()
    told = editor.post("/changesets/preview", json={"area": AREA, "ops": [split(1, 0.12)]}).json()
    whole = editor.post(f"/changesets/{opened(editor)}/preview", json={"ops": [split(1, 0.12)]}).json()
    assert told == whole
    assert [area["code"] for area in told["areas"]][:1] == [ONE]
    assert len(told["areas"]) == 2
    wrong = {"op": "merge", "cells": [ONE, SIX], "keep": ONE}
    told = editor.post("/changesets/preview", json={"area": AREA, "ops": [wrong]}).json()
    assert [issue["properties"]["code"] for issue in told["issues"]["features"]] == ["NOT_ADJACENT"]
    assert len(editor.get("/changesets").json()["changesets"]) == len(before["changesets"]) + 1  # that of `opened`


def test_a_refused_operation_is_told_with_its_piece_and_what_would_help(reading: Served) -> None:
    editor = reading.client_of("editor", AREA)
    id = opened(editor)
    bow = [[104.0, 34.5], [104.01, 34.51], [104.01, 34.5], [104.0, 34.51], [104.0, 34.5]]
    answer = editor.post(
        f"/changesets/{id}/ops",
        json=[split(1), {"op": "reshape", "cell": TWO, "polygon": {"type": "Polygon", "coordinates": [bow]}}],
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:everycell:problem:refused")
    (issue,) = answer.json()["issues"]["features"]
    assert issue["properties"]["code"] == "SELF_INTERSECTION"
    assert issue["geometry"] is not None
    assert set(issue["properties"]["sentence"]) == {"en", "zh"}
    assert editor.get(f"/changesets/{id}").json()["ops"] == [], "all or none"


def test_operations_are_dropped_from_the_end(reading: Served) -> None:
    editor = reading.client_of("editor", AREA)
    id = opened(editor, split(1), split(2), split(3))
    answer = editor.delete(f"/changesets/{id}/ops/2")
    assert [op["op"]["cell"] for op in answer.json()["ops"]] == [ONE]
    assert editor.delete(f"/changesets/{id}/ops/2").status_code == 404
    assert editor.delete(f"/changesets/{id}").status_code == 204
    assert editor.get(f"/changesets/{id}").json()["status"] == "abandoned"
    for answer in (editor.post(f"/changesets/{id}/publish"), editor.delete(f"/changesets/{id}")):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:everycell:problem:conflict")


def test_a_conflict_shows_mine_theirs_and_the_base(own: Served, editor: httpx.Client) -> None:
    id = opened(editor, split(1))
    published(editor, {"op": "merge", "cells": [ONE, TWO], "keep": TWO})
    told = editor.post(f"/changesets/{id}/preview").json()
    assert [i["properties"]["code"] for i in told["issues"]["features"]] == ["STALE"]
    added = editor.post(f"/changesets/{id}/ops", json=split(6)).json()
    assert [i["properties"]["code"] for i in added["issues"]["features"]] == ["STALE"], "it goes on, on its base"
    answer = editor.post(f"/changesets/{id}/publish")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:everycell:problem:stale")
    (conflict,) = answer.json()["conflicts"]
    assert conflict["cell"] == ONE
    assert conflict["theirs"] is None, "it was merged away"
    assert conflict["theirs_changed"]
    base, mine = (shapely.geometry.shape(conflict[name]) for name in ("base", "mine"))
    assert base.contains(mine)
    assert clean(own)


def test_two_drafts_that_do_not_touch_are_both_published(own: Served, editor: httpx.Client) -> None:
    first, second = opened(editor, split(1)), opened(editor, split(2))
    assert [editor.post(f"/changesets/{id}/publish").status_code for id in (second, first)] == [200, 200]
    assert clean(own)


# ---- days to come, and days that have been


def test_a_change_set_for_a_day_to_come(own: Served, editor: httpx.Client) -> None:
    """Until its day everything is as before; on its day it is carried out; the past stays as it was."""
    before = own.json("/coverage?level=cell")
    day = own.today + timedelta(days=2)
    id = opened(editor, split(1, 0.12))
    answer = editor.post(f"/changesets/{id}/publish", json={"valid_from": str(day)}).json()
    assert (answer["status"], answer["valid_from"], answer["published_at"]) == ("scheduled", str(day), None)
    assert publish_due(own.store, day - timedelta(days=1)) == []
    assert own.json("/coverage?level=cell") == before
    told = editor.post(f"/changesets/{opened(editor, split(1))}/preview").json()
    (issue,) = told["issues"]["features"]
    assert (issue["properties"]["code"], issue["properties"]["severity"]) == ("SCHEDULED", "warning")
    (done,) = publish_due(own.store, day)
    assert (str(done.changeset.id), done.returned) == (id, None)
    own.service.mirror.refresh()
    assert len(own.json("/coverage?level=cell")["areas"]) == 7
    past = own.json(f"/collections/cells/items?datetime={day - timedelta(days=1)}&limit=100")["features"]
    assert (len(past), len(own.json(f"/collections/cells/items?datetime={day}")["features"])) == (6, 7)
    assert clean(own)


def test_what_cannot_be_carried_out_any_more_is_a_draft_again(own: Served, editor: httpx.Client) -> None:
    day = own.today + timedelta(days=1)
    id = opened(editor, split(1))
    editor.post(f"/changesets/{id}/publish", json={"valid_from": str(day)})
    published(editor, {"op": "merge", "cells": [ONE, TWO], "keep": TWO})
    (done,) = publish_due(own.store, day)
    assert "changed by somebody else" in (done.returned or "")
    found = editor.get(f"/changesets/{id}").json()
    assert (found["status"], found["valid_from"], len(found["ops"])) == ("draft", None, 1)
    with own.store.read() as conn:
        assert audit.latest(conn, 1)[0].action == "changeset_return"


def test_the_grid_as_of_a_day(own: Served, editor: httpx.Client) -> None:
    with own.store.begin() as conn:  # as if it had been there for a year
        conn.execute(text("UPDATE everycell.cell_history SET valid_from = valid_from - 365"))
    today, yesterday = own.today, own.today - timedelta(days=1)
    published(editor, split(1), {"op": "merge", "cells": [TWO, cell_code(3)], "keep": TWO})

    def codes(asked: str) -> list[str]:
        return [f["id"] for f in own.json(f"/collections/cells/items?datetime={asked}&limit=100")["features"]]

    old = [cell_code(n) for n in range(1, 7)]
    new = [ONE, TWO, *(cell_code(n) for n in (4, 5, 6, 7))]
    assert codes(str(yesterday)) == codes(f"{yesterday}T12:00:00%2B08:00") == codes(f"../{yesterday}") == old
    assert codes(str(today)) == codes(f"{today}/..") == codes(str(today + timedelta(days=100))) == new
    assert codes(f"{yesterday}/{today}") == sorted({*old, *new}), "all that there were, each as it last was"
    assert codes("2020-01-01") == []
    page = own.json(f"/collections/cells/items?datetime={yesterday}&limit=4")
    rest = own.client.get(page["links"][-1]["href"]).json()
    assert [f["id"] for f in (*page["features"], *rest["features"])] == old
    first = own.client.get(f"/collections/cells/items?datetime={yesterday}")
    tag = {"If-None-Match": first.headers["etag"]}
    assert own.client.get(f"/collections/cells/items?datetime={yesterday}", headers=tag).status_code == 304


def test_lineage_and_history(own: Served, editor: httpx.Client) -> None:
    made = published(editor, split(1))
    published(editor, {"op": "merge", "cells": [cell_code(7), cell_code(4)], "keep": cell_code(4)})
    told = own.json(f"/cells/{cell_code(7)}/lineage")
    assert told == {
        "code": cell_code(7),
        "live": False,
        "parents": [ONE],
        "children": [cell_code(4)],
        "successors": [cell_code(4)],
    }
    assert own.json(f"/cells/{ONE}/lineage")["successors"] == [ONE]
    versions = own.json(f"/cells/{ONE}/history")["versions"]
    assert [(v["version"], v["valid_to"]) for v in versions] == [(1, str(own.today)), (2, None)]
    assert versions[1]["changeset"] == made["id"]
    assert shapely.geometry.shape(versions[0]["geometry"]).area == pytest.approx(STEP**2)


def test_a_closed_round_is_drawn_on_the_grid_that_it_was_counted_on(own: Served, editor: httpx.Client) -> None:
    code = own.json("/rounds")["rounds"][0]["code"]
    with own.store.begin() as conn:
        close_round(conn, code, today=own.today, now=datetime.now(UTC))
    own.service.mirror.refresh()
    path = f"/coverage?level=cell&round={code}&f=geojson"
    before = own.json(path)
    merged = {"op": "merge", "cells": [TWO, cell_code(3)], "keep": TWO}
    published(editor, split(1), merged, {"op": "set", "cell": TWO, "name": "合"})
    after = own.json(path)
    assert [f["properties"] for f in after["features"]] == [f["properties"] for f in before["features"]]
    shapes = [[shapely.geometry.shape(f["geometry"]) for f in told["features"]] for told in (before, after)]
    assert all(one.equals(other) for one, other in zip(*shapes, strict=True))
    assert len(shapes[0]) == 6
    village = own.json(f"/coverage?level=village&round={code}&f=geojson")["features"][0]["geometry"]
    assert shapely.geometry.shape(village).area == pytest.approx(6 * STEP**2)


# ---- nodes for snapping


def test_nodes_of_the_grid_and_of_a_draft(reading: Served) -> None:
    editor = reading.client_of("editor", AREA)
    box = "104.009,34.499,104.011,34.511"
    told = editor.get(f"/changesets/nodes?bbox={box}").json()["nodes"]
    assert told == [[104.01, 34.5, [ONE, TWO]], [104.01, 34.51, [ONE, TWO, cell_code(4), cell_code(5)]]]
    id = opened(editor, {"op": "merge", "cells": [ONE, TWO], "keep": ONE})
    told = editor.get(f"/changesets/nodes?bbox={box}&changeset={id}").json()["nodes"]
    assert [node[2] for node in told] == [[ONE], [ONE, cell_code(4), cell_code(5)]]
    for bad in ("1,2,3", "170,0,-170,1"):
        assert editor.get(f"/changesets/nodes?bbox={bad}").status_code == 400
    assert editor.get("/changesets/nodes").status_code == 400


# ---- bad input, rights, audit


BAD: Final = [
    ("POST", "/changesets", [], 400, "body"),
    ("POST", "/changesets", {"title": "x"}, 400, "area"),
    ("POST", "/changesets", {"title": 5, "area": AREA}, 400, "title"),
    ("POST", "/changesets", {"title": "x", "area": "99"}, 400, "area"),
    ("POST", "/changesets", {"title": "x", "area": "110101"}, 403, "area"),
    ("POST", "/changesets", {"title": "x", "area": "990101100209"}, 404, "area"),
    ("POST", "/changesets", {"title": "x", "area": ONE}, 400, "area"),
    ("POST", "/changesets", {"title": "x", "area": AREA, "by": "me"}, 400, "by"),
    ("POST", "/changesets", {"title": "13800138000", "area": AREA}, 422, "title"),
    ("POST", "/changesets/{id}/ops", [], 400, "body"),
    ("POST", "/changesets/{id}/ops", 5, 400, "op"),
    ("POST", "/changesets/{id}/ops", {"op": "explode"}, 400, "op"),
    ("POST", "/changesets/{id}/ops", {"op": "split", "cell": ONE}, 400, "line"),
    ("POST", "/changesets/{id}/ops", {"op": "set", "cell": ONE, "name": "13800138000"}, 422, "name"),
    ("POST", "/changesets/{id}/ops", {"op": "set", "cell": ONE, "phone": "1"}, 400, "phone"),
    ("POST", "/changesets/{id}/preview", {"operation": {}}, 400, "operation"),
    ("POST", "/changesets/{id}/preview", {"op": 5}, 400, "op"),
    ("POST", "/changesets/preview", {"area": AREA}, 400, "op"),
    ("POST", "/changesets/preview", {"area": AREA, "ops": []}, 400, "body"),
    ("POST", "/changesets/preview", {"ops": [{"op": "explode"}]}, 400, "area"),
    ("POST", "/changesets/preview", {"area": AREA, "ops": [{"op": "explode"}]}, 400, "op"),
    ("POST", "/changesets/preview", {"area": ONE, "ops": [{"op": "set", "cell": ONE, "name": "x"}]}, 400, "area"),
    ("POST", "/changesets/preview", {"area": "110101", "ops": []}, 403, "area"),
    ("POST", "/changesets/{id}/publish", {"valid_from": "tomorrow"}, 400, "valid_from"),
    ("POST", "/changesets/{id}/publish", {"valid_from": 5}, 400, "valid_from"),
    ("POST", "/changesets/{id}/publish", {"valid_from": "2020-01-01"}, 400, "valid_from"),
    ("POST", "/changesets/{id}/undo", {}, 409, "id"),
    ("POST", "/changesets/{id}/undo", {"really": True}, 400, "really"),
    ("DELETE", "/changesets/{id}/ops/0", None, 400, "seq"),
    ("DELETE", "/changesets/{id}/ops/x", None, 400, "seq"),
    ("DELETE", "/changesets/{id}/ops/9", None, 404, "seq"),
    ("GET", "/changesets/nothing", None, 404, None),
    ("GET", "/changesets/{none}", None, 404, "id"),
    ("DELETE", "/changesets/{none}", None, 404, "id"),
    ("GET", "/changesets?status=lost", None, 400, "status"),
    ("GET", "/changesets?area=1", None, 400, "area"),
    ("GET", "/changesets/nodes?bbox=0,0,1,1&changeset=x", None, 400, "changeset"),
    ("GET", "/changesets/nodes?bbox=0,0,1,1&changeset={none}", None, 404, "id"),
    ("GET", "/cells/990101100201999/lineage", None, 404, "code"),
    ("GET", "/cells/990101100201/history", None, 400, "code"),
    ("GET", "/cells/x/history", None, 400, "code"),
    ("GET", "/collections/cells/items?datetime=yesterday", None, 400, "datetime"),
    ("GET", "/collections/cells/items?datetime=2026-13-01", None, 400, "datetime"),
    ("GET", "/collections/cells/items?datetime=2026-02-01/2026-01-01", None, 400, "datetime"),
    ("GET", "/collections/cells/items?datetime=2026-01-01/2026-01-02/..", None, 400, "datetime"),
    ("GET", "/collections/cells/items?datetime=", None, 400, "datetime"),
    ("GET", "/collections/sites/items?datetime=2026-01-01", None, 400, "datetime"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "field"), BAD)
def test_bad_input_is_a_problem_that_names_the_field(
    reading: Served, method: str, path: str, body: Any, status: int, field: str | None
) -> None:
    editor = reading.client_of("editor", AREA)
    id = opened(editor, split(6)) if "{id}" in path else ""
    answer = editor.request(method, path.format(id=id, none=uuid4()), json=body)
    assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text
    if id:
        assert len(editor.get(f"/changesets/{id}").json()["ops"]) == 1


def test_other_bodies_are_refused(reading: Served) -> None:
    editor = reading.client_of("editor", AREA)
    for kind, content, status in (
        ("text/plain", b"{}", 415),
        ("application/json", b"{", 400),
        ("application/json", b"\xff", 400),
        ("application/json", b" " * 5_000_000, 413),
    ):
        answer = editor.post(f"/changesets/{uuid4()}/ops", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status, answer.text


def test_a_change_set_of_an_area_is_seen_by_those_whose_area_it_is(reading: Served) -> None:
    county, village = reading.client_of("editor", AREA), reading.client_of("editor", "990101100201")
    of_county, of_village = opened(county), opened(village, area="990101100201")
    assert county.get(f"/changesets/{of_village}").status_code == 200
    assert village.get(f"/changesets/{of_county}").status_code == 404
    assert of_county not in {one["id"] for one in village.get("/changesets").json()["changesets"]}
    assert of_village in {one["id"] for one in county.get("/changesets?area=990101100201").json()["changesets"]}
    for role in ("wall", "operator", "patrol_leader"):
        client = reading.client_of(role, AREA)
        assert client.get("/changesets").status_code == 403
        assert client.post("/changesets", json={"title": "x", "area": AREA}).status_code == 403
        assert client.get(f"/cells/{ONE}/lineage").status_code == 200


def test_everything_that_is_done_is_in_the_audit(own: Served, editor: httpx.Client) -> None:
    id = opened(editor, split(1))
    editor.post(f"/changesets/{id}/publish")
    editor.post(f"/changesets/{id}/undo")
    editor.delete(f"/changesets/{opened(editor)}")
    later = opened(editor, split(3))
    editor.post(f"/changesets/{later}/publish", json={"valid_from": str(own.today + timedelta(days=1))})
    with own.store.read() as conn:
        entries = [entry for entry in audit.latest(conn, 100) if entry.action.startswith("changeset")]
        assert audit.verify(conn) == []
    assert [entry.action.removeprefix("changeset_") for entry in entries] == [
        *("open", "publish", "undo", "open", "abandon", "open", "schedule")
    ]
    assert {entry.area for entry in entries} == {AREA}
    assert all(entry.who.endswith(" test") for entry in entries)
    assert entries[1].detail == {"operations": 1, "revision": 2, "valid_from": str(own.today)}


def test_open_pages_hear_of_it(own: Served, editor: httpx.Client) -> None:
    made = published(editor, split(1))
    with own.store.read() as conn:
        row = conn.execute(text("SELECT payload FROM everycell.outbox WHERE kind = 'grid' ORDER BY id DESC LIMIT 1"))
        payload = row.scalar_one()
    assert payload == {"changeset": made["id"], "revision": 2}
    assert UUID(payload["changeset"])
    assert date.fromisoformat(made["valid_from"]) == own.today


def test_a_direct_edit_is_listed_and_taken_back(own: Served) -> None:
    """What somebody has saved in QGIS or psql is of the village it lies in: its editor may take it back."""
    editor = own.client_of("editor", ONE[:12])
    before = own.json("/collections/cells/items?limit=100")["features"]
    move = text("UPDATE everycell.cell SET geom = ST_SetSRID(ST_MakeEnvelope(:w, :s, :e, :n), 4490) WHERE code = :code")
    with own.store.begin() as conn:
        for code, west, east in ((ONE, 0, 0.5), (TWO, 0.5, 2)):
            box = {"w": WEST + west * STEP, "e": WEST + east * STEP, "s": SOUTH, "n": SOUTH + STEP}
            conn.execute(move, {"code": code, **box})
    found = editor.get("/changesets?status=published").json()["changesets"]
    made = next(one for one in found if one["title"].startswith("direct edit by "))
    undone = editor.post(f"/changesets/{made['id']}/undo")
    assert (undone.status_code, undone.json()["undoes"]) == (201, made["id"])
    after = own.json("/collections/cells/items?limit=100")["features"]
    assert [(f["id"], f["geometry"]) for f in after] == [(f["id"], f["geometry"]) for f in before]
    assert clean(own)
