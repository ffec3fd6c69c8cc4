"""Cuts and rebalances over HTTP: from a proposal in a draft to the published grid and back; what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
import shapely

from api import proposals
from gis.access.scope import ALL
from gis.cells.changesets import Editor, get
from gis.cells.cutting.partition import Range
from gis.cells.cutting.proposals import Ask, propose
from gis.cells.proposals import add_proposal, draft_proposal, ground_of
from gis.errors import Stale
from gis.households.check import check
from gis.storage.cluster import Cluster
from tests.api.conftest import Served, database, fill, serving
from tests.gis.world import SETTINGS, VILLAGE, cell_code

COUNTY: Final = "990101"
# Cells 1 to 6 have 14, 10, 8, 6, 4 and 0 households.
CUT: Final = {"kind": "cut", "village": VILLAGE, "households": [12, 16]}
EVEN: Final = {"kind": "rebalance", "village": VILLAGE, "households": [6, 14]}


@pytest.fixture(scope="module")
def reading(cluster: Cluster) -> Iterator[Served]:
    """A county for tests that leave its grid as it is."""
    with database(cluster, "proposals") as store:
        fill(store)
        with serving(store) as running:
            yield running


@pytest.fixture
def editor(own: Served) -> httpx.Client:
    return own.client_of("editor", COUNTY)


def draft(client: httpx.Client, area: str = COUNTY) -> str:
    answer = client.post("/changesets", json={"title": "均衡", "area": area})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def proposed(client: httpx.Client, id: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/changesets/{id}/proposals", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def known(served: Served) -> dict[str, int]:
    return {area["code"]: area["known"] for area in served.json("/coverage?level=cell")["areas"]}


def clean(served: Served) -> bool:
    with served.store.read() as conn:
        return list(check(conn, SETTINGS)) == []


def shapes(served: Served) -> dict[str, Any]:
    found = served.json("/collections/cells/items?limit=100")["features"]
    return {feature["id"]: feature["geometry"] for feature in found}


def test_a_cut_is_drafted_published_and_taken_back(own: Served, editor: httpx.Client) -> None:
    before, figures = shapes(own), known(own)
    id = draft(editor)
    told = proposed(editor, id, CUT)
    proposal, (op,) = told["proposal"], told["ops"]
    assert [cell["code"] for cell in proposal["cells"]] == [cell_code(n) for n in (7, 8, 9)], "none is used again"
    assert sum(cell["households"] for cell in proposal["cells"]) == sum(figures.values()) == 42
    assert sum(cell["doorplates"] for cell in proposal["cells"]) == 21
    assert proposal["inRange"] == sum(cell["why"] is None for cell in proposal["cells"])
    assert 0 <= proposal["alongStreetsM"] <= proposal["borderM"]
    assert (proposal["moved"], proposal["leastMoved"]) == (None, None)
    assert "3 个网格" in proposal["sentence"]["zh"]
    assert "3 cells" in proposal["sentence"]["en"]
    assert op["op"]["op"] == "recut"
    assert [p["name"] for p in op["op"]["pieces"]] == ["柳林村第1网格", "柳林村第2网格", "柳林村第3网格"]
    assert (told["issues"]["features"], len(told["retired"]), len(told["changed"]["features"])) == ([], 6, 3)
    assert known(own) == figures, "a draft changes nothing"
    done = editor.post(f"/changesets/{id}/publish")
    assert done.status_code == 200, done.text
    assert known(own) == {cell["code"]: cell["households"] for cell in proposal["cells"]}
    west = [shapely.bounds(shapely.geometry.shape(shape))[0] for _, shape in sorted(shapes(own).items())]
    assert len(west) == 3
    assert clean(own)
    assert editor.post(f"/changesets/{id}/undo").status_code == 201
    assert (shapes(own), known(own)) == (before, figures)
    assert clean(own)
    again = proposed(editor, draft(editor), CUT)
    assert [cell["code"] for cell in again["proposal"]["cells"]] == [cell_code(n) for n in (10, 11, 12)]


def test_a_rebalance_is_drafted_published_and_taken_back(own: Served, editor: httpx.Client) -> None:
    before, figures = shapes(own), known(own)
    id = draft(editor)
    told = proposed(editor, id, EVEN)
    proposal = told["proposal"]
    assert sum(cell["households"] for cell in proposal["cells"]) == 42
    assert proposal["inRange"] == len(proposal["cells"])
    assert 0 < proposal["leastMoved"] <= proposal["moved"]
    preview = editor.post(f"/changesets/{id}/preview").json()
    assert sum(move["households"] for move in preview["moved"]) == proposal["moved"]
    assert editor.post(f"/changesets/{id}/publish").status_code == 200
    assert known(own) == {cell["code"]: cell["households"] for cell in proposal["cells"]}
    assert clean(own)
    assert editor.post(f"/changesets/{id}/undo").status_code == 201
    assert (shapes(own), known(own)) == (before, figures)
    assert clean(own)


def test_nothing_to_change_adds_nothing(reading: Served) -> None:
    editor = reading.client_of("editor", COUNTY)
    id = draft(editor)
    merge = {"op": "merge", "cells": [cell_code(5), cell_code(6)], "keep": cell_code(5)}
    editor.post(f"/changesets/{id}/ops", json=merge)
    told = proposed(editor, id, {**EVEN, "households": [4, 14]})
    assert [op["op"]["op"] for op in told["ops"]] == ["merge"]
    assert told["proposal"]["sentence"]["en"] == "nothing to change: 5 cells, 5 of them with 4 to 14 households"
    assert told["proposal"]["sentence"]["zh"].startswith("无需调整")
    assert [cell["households"] for cell in told["proposal"]["cells"]] == [14, 10, 8, 6, 4]
    assert (told["proposal"]["moved"], told["nodes_shared"]) == (0, 0)


def test_two_drafts_keep_different_codes(reading: Served) -> None:
    editor = reading.client_of("editor", COUNTY)
    first, second = draft(editor), draft(editor)
    codes = [[c["code"] for c in proposed(editor, id, CUT)["proposal"]["cells"]] for id in (first, second)]
    assert not set(codes[0]) & set(codes[1])
    new = {
        "op": "split",
        "cell": cell_code(1),
        "line": {"type": "LineString", "coordinates": [[104.005, 34.49], [104.005, 34.52]]},
    }
    third = draft(editor)
    taken = editor.post(f"/changesets/{third}/ops", json={**new, "code": codes[0][0]})
    assert taken.json()["issues"]["features"][0]["properties"]["code"] == "CODE_TAKEN"
    for id in (first, second, third):
        assert editor.delete(f"/changesets/{id}").status_code == 204


def test_a_proposal_stands_on_what_the_draft_has_changed(own: Served, editor: httpx.Client) -> None:
    id = draft(editor)
    merge = {"op": "merge", "cells": [cell_code(5), cell_code(6)], "keep": cell_code(5)}
    assert editor.post(f"/changesets/{id}/ops", json=merge).status_code == 200
    told = proposed(editor, id, EVEN)
    assert len(told["ops"]) == 2
    assert cell_code(6) not in {cell["code"] for cell in told["proposal"]["cells"]}
    assert sum(cell["households"] for cell in told["proposal"]["cells"]) == 42
    assert editor.post(f"/changesets/{id}/publish").status_code == 200
    assert known(own) == {cell["code"]: cell["households"] for cell in told["proposal"]["cells"]}
    assert clean(own)


def test_the_grid_was_changed_while_it_was_worked_out(own: Served, editor: httpx.Client) -> None:
    ask, me = Ask("cut", Range(12, 16)), Editor("li", ALL.settings())
    with own.store.read() as conn:
        ground = ground_of(conn, VILLAGE)
    proposal = propose(ground.village, ask)
    id = draft(editor)
    merge = {"op": "merge", "cells": [cell_code(5), cell_code(6)], "keep": cell_code(5)}
    editor.post(f"/changesets/{id}/ops", json=merge)
    other = draft(editor)
    assert editor.post(f"/changesets/{id}/publish").status_code == 200
    with pytest.raises(Stale, match=cell_code(5)), own.store.begin(ALL.settings()) as conn:
        draft_proposal(conn, me, ask, ground, proposal)
    with pytest.raises(Stale), own.store.begin(ALL.settings()) as conn:
        add_proposal(conn, me, get(conn, [int(COUNTY)], other), ground, proposal)
    assert editor.get(f"/changesets/{other}").json()["ops"] == []
    assert len(editor.get("/changesets").json()["changesets"]) == 3, "nothing half written"


def test_what_takes_too_long_is_sent_to_the_command_line(reading: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "_LIMIT_S", 0.01)
    editor = reading.client_of("editor", COUNTY)
    id = draft(editor)
    answer = editor.post(f"/changesets/{id}/proposals", json=CUT)
    assert (answer.status_code, answer.json()["field"]) == (400, "village")
    assert f"everycell cells cut --village {VILLAGE} --households 12-16 --draft" in answer.json()["detail"]
    monkeypatch.setattr(proposals, "_WAIT_S", 0.01)
    with proposals._turn():
        answer = editor.post(f"/changesets/{id}/proposals", json=CUT)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:everycell:problem:busy")
    assert editor.get(f"/changesets/{id}").json()["ops"] == []


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"kind": "shuffle"}, 400, "kind"),
        ({"kind": None}, 400, "kind"),
        ({"village": 5}, 400, "village"),
        ({"village": "990101"}, 400, "village"),
        ({"village": cell_code(1)}, 400, "village"),
        ({"village": "x"}, 400, "village"),
        ({"village": "990101100299"}, 404, "village"),
        ({"village": "990102100201"}, 400, "village"),
        ({"households": None}, 400, "households"),
        ({"households": "300-500"}, 400, "households"),
        ({"households": [500, 300]}, 400, "households"),
        ({"households": [0, 5]}, 400, "households"),
        ({"households": [1, True]}, 400, "households"),
        ({"households": [1.0, 5]}, 400, "households"),
        ({"households": [1, 10**9]}, 400, "households"),
        ({"households": [1]}, 400, "households"),
        ({"seed": -1}, 400, "seed"),
        ({"seed": 10**9}, 400, "seed"),
        ({"seed": "1"}, 400, "seed"),
        ({"lines": []}, 400, "lines"),
    ],
)
def test_what_cannot_be_meant_names_the_member(reading: Served, wrong: dict[str, Any], status: int, field: str) -> None:
    editor = reading.client_of("editor", COUNTY)
    id = draft(editor)
    answer = editor.post(f"/changesets/{id}/proposals", json=CUT | wrong)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
    assert editor.get(f"/changesets/{id}").json()["ops"] == []


def test_only_a_draft_takes_a_proposal(reading: Served) -> None:
    editor = reading.client_of("editor", COUNTY)
    id = draft(editor)
    editor.delete(f"/changesets/{id}")
    answer = editor.post(f"/changesets/{id}/proposals", json=CUT)
    assert (answer.status_code, answer.json()["field"]) == (409, "id")


def test_an_editor_of_the_village_alone_gets_the_same(own: Served, editor: httpx.Client) -> None:
    whole = proposed(editor, (id := draft(editor)), CUT)["proposal"]
    editor.delete(f"/changesets/{id}")
    alone = own.client_of("editor", VILLAGE)
    assert proposed(alone, draft(alone, VILLAGE), CUT)["proposal"] == whole
    assert own.client_of("operator", COUNTY).post(f"/changesets/{id}/proposals", json=CUT).status_code == 403


def test_names_of_pieces_are_checked_as_other_names_are(reading: Served) -> None:
    editor = reading.client_of("editor", COUNTY)
    id = draft(editor)
    whole = {
        "type": "Polygon",
        "coordinates": [[[104, 34.5], [104.01, 34.5], [104.01, 34.51], [104, 34.51], [104, 34.5]]],
    }
    recut = {"op": "recut", "cells": [cell_code(1)], "pieces": [{"polygon": whole, "name": "13800138000"}]}
    answer = editor.post(f"/changesets/{id}/ops", json=recut)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:everycell:problem:personal-data")
    assert editor.get(f"/changesets/{id}").json()["ops"] == []
