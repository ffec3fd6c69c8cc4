"""Whatever text comes in, it stays text: in statements, in the audit, in links, in headers.

Where text can come in is read from the live OpenAPI document, so that a new parameter is tried without a word here. An
operator of one village asks; nothing of the village beside it, whose every name says so, may ever come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import httpx
import pandas as pd
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import event, text

from api.callers import COOKIE
from api.features.collections import COLLECTIONS
from api.permissions import PERMISSIONS
from gis.access import passwords
from gis.access.accounts import add_account, add_grant
from gis.access.scope import Grant, Role
from gis.cells.load import load_cells, load_divisions
from gis.households.load import load_dwellings
from gis.households.rounds import open_round
from gis.households.visits import FIELDS
from gis.sites.load import load_sites
from gis.storage.cluster import Cluster
from gis.storage.engine import Store
from tests.api.conftest import Served, database, serving, tile_of
from tests.api.signing import PASSWORD
from tests.api.test_problems import problem
from tests.corpora.markup import HOSTS, LINKS, LOCAL
from tests.corpora.sql import SLEEPS, TEXTS, on_the_wire
from tests.examples import some
from tests.gis import world
from tests.gis.exchange.dump import fingerprint

OTHER: Final = "990101100202"
SECRET: Final = "隐秘"  # in every name of the other village
DOOR: Final = "990101-D001-0000"
# What changes without anything being written that came in: who asked when, wrong passwords as digests, the daily job.
BOOKS: Final = ("audit", "login_throttle", "retention_run", "session", "token")
SLOW_S: Final = 1.0
COLUMN, ROW = tile_of(104.005, 34.505, 14)
# A value of each parameter that the service takes. One that is not here is tried alone, without a good one before it.
GOOD: Final = {
    "tileMatrixSetId": "WebMercatorQuad",
    "tileMatrix": "14",
    "tileRow": str(ROW),
    "tileCol": str(COLUMN),
    "path": "page.js",
    "q": "柳林",
    "area": world.VILLAGE,
    "bbox": "103,34,105,35",
    "limit": "10",
    "level": "cell",
    "since": "2026-01-01",
    "round": "990101-R100201-20261024",
    "f": "json",
    "lang": "zh",
    "v": "0123456789abcdef",
    "next": "/me",
    "after": "1.990101-D",
    "doorplate": "990101000000001",
    "login": "chen",
    "password": PASSWORD,
}
LEAKS: Final = re.compile(
    r"Traceback|psycopg|sqlalchemy|FROM everycell|\.sql\b|\.py\b|site-packages|LINE \d+:|syntax error|unterminated"
    r"|relation \"|does not exist|invalid input syntax|out of range|SQLSTATE",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def village(cluster: Cluster) -> Iterator[Served]:
    """Two villages, served; argon2 with hardly any work."""
    with pytest.MonkeyPatch.context() as patch, database(cluster, "injection") as store:
        quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        patch.setattr(passwords, "_hasher", quick)
        _fill(store)
        with serving(store) as running:
            yield running


def _fill(store: Store) -> None:
    shapes, parts, names = world.divisions(), world.grid(), ("网格", f"{SECRET}网格")
    shapes = pd.concat([shapes, shapes.tail(1).assign(row=4, code=OTHER, name=f"{SECRET}村")], ignore_index=True)
    parts["village"] = [world.VILLAGE] * 3 + [OTHER] * 3
    parts["code"] = [f"{v}{n:03}" for v, n in zip(parts["village"], [1, 2, 3] * 2, strict=True)]
    parts["name"] = [f"{names[n >= 3]}{n}" for n in range(6)]
    doors, homes = world.dwellings({1: 4, 2: 3, 4: 5, 5: 3}, units=2)
    far = doors["code"].str.contains("D004|D005")
    doors["address"] = doors["address"].where(~far, SECRET + doors["address"])
    homes["unit"] = homes["unit"].where(~homes["code"].str.contains("D004|D005"), SECRET + homes["unit"])
    for frame, name in ((doors, "code"), (homes, "code"), (homes, "doorplate_code")):
        frame[name] = frame[name].str.replace("-D00([45])", r"-Z00\1", regex=True)
    places = [
        (1, "990101-S1", "柳林小学", "school", "柳林村1号", 104.005, 34.505),
        (2, "990101-Z2", f"{SECRET}药店", "pharmacy", SECRET, 104.005, 34.515),
    ]
    with store.begin() as conn:
        load_divisions(conn, world.COUNTY, shapes, today=world.TODAY, cut=False)
        load_cells(conn, world.COUNTY, parts, today=world.TODAY)
        load_dwellings(conn, world.COUNTY, doors, homes, world.SETTINGS, today=world.TODAY)
        columns = ["row", "code", "name", "category", "address", "lon", "lat"]
        load_sites(conn, world.COUNTY, pd.DataFrame(places, columns=columns))
        for area, name in ((world.VILLAGE, "秋季"), (OTHER, SECRET)):
            open_round(conn, area=area, first_on=world.TODAY, last_on=world.TODAY, name=name)
        add_account(conn, "chen", PASSWORD)
        add_grant(conn, "chen", Grant(Role.operator, world.VILLAGE))


@pytest.fixture
def statements(village: Served) -> Iterator[set[str]]:
    """The statements that the service sends, without their values."""
    sent: set[str] = set()

    def listen(_c: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: Any) -> None:
        sent.add(statement)

    engine = village.service.store.engine
    event.listen(engine, "before_cursor_execute", listen)
    yield sent
    event.remove(engine, "before_cursor_execute", listen)


@pytest.fixture
def untouched(village: Served, statements: set[str]) -> Iterator[None]:
    """Afterwards everything is stored as it was, and what came in stands in no statement and in none of the books."""
    before = _stored(village.store)
    yield
    assert _stored(village.store) == before
    hostile = [each for each in (*TEXTS, *SLEEPS) if ("'" in each.strip("'") and len(each) > 4) or "sleep" in each]
    assert len(hostile) > 20
    assert [(each, one) for each in hostile for one in statements if each in one] == []
    with village.store.read() as conn:
        for book in BOOKS:
            rows = conn.execute(text(f"SELECT t::text FROM everycell.{book} t")).scalars().all()
            assert [row for row in rows for each in hostile if each in row or each.replace("'", "''") in row] == []


def _stored(store: Store) -> dict[str, str]:
    """The hash of every table but the books, and the number of relations. The daily job makes months of visits."""
    found = {
        table: digest for table, digest in fingerprint(store).items() if not (table in BOOKS or "visit_2" in table)
    }
    with store.read() as conn:
        schemas = "JOIN pg_namespace n ON n.oid = relnamespace AND nspname !~ '^pg_'"
        sql = f"SELECT count(*) FROM pg_class {schemas} WHERE relname !~ 'visit_2'"
        return {**found, "relations": str(conn.execute(text(sql)).scalar())}


@dataclass(frozen=True)
class Slot:
    """A place where text comes in: `name` is a parameter in `where`; the path has `{...}` for those that lie in it."""

    method: str
    path: str
    where: str
    name: str
    fill: dict[str, str]
    needed: dict[str, str]

    def address(self, value: str | None) -> str:
        """The address with a value as it stands on the wire; without the parameter, or with a good one, for None."""
        fill = {name: quote(good, safe="") for name, good in self.fill.items()}
        query = {name: quote(good) for name, good in self.needed.items()}
        if value is not None:
            (fill if self.where == "path" else query)[self.name] = value
        asked = "&".join(f"{name}={given}" for name, given in query.items())
        return self.path.format(**fill) + (f"?{asked}" if asked else "")


def documented(path: str) -> str:
    """A path of the table of permissions as the document writes it: without the kind of a parameter."""
    return re.sub(r":\w+}", "}", path)


def slots_of(document: dict[str, Any], ids: dict[str, str], method: str, path: str) -> list[Slot]:
    """Every parameter of an operation; where it is about a collection: for two of them, and for all where each reads
    the parameter in its own way."""
    listed = document["paths"].get(documented(path), {}).get(method.lower(), {}).get("parameters", [])
    inside = [each["name"] for each in listed if each["in"] == "path"]
    needed = {e["name"]: GOOD.get(e["name"], "1") for e in listed if e["in"] == "query" and e.get("required")}
    if path == "/events":  # of no log: an answer that has an end
        needed["last_event_id"] = "1"
    found = []
    for collection in ids if "collectionId" in inside else [""]:
        own = {"collectionId": collection, "featureId": ids.get(collection, "")}
        fill = {name: own.get(name) or GOOD.get(name, "x") for name in inside}
        found += [
            Slot(method, documented(path), each["in"], each["name"], fill, needed)
            for each in listed
            if collection in ("", "cells", "households") or each["name"] in ("featureId", "after", "area")
        ]
    return found


def rows_in(answer: httpx.Response) -> int:
    """How many things an answer tells of: the longest list of a JSON document, lines of a CSV, 1 for another body."""
    if answer.status_code != 200:
        return 0
    if "json" in (kind := answer.headers["content-type"]) and "manifest" not in kind:  # whose lists are of pictures
        lists = [value for value in answer.json().values() if isinstance(value, list)]
        return max(map(len, lists), default=1)
    return len(answer.content.splitlines()) if "csv" in answer.headers["content-type"] else 1


def harmless(answer: httpx.Response, most: int, why: object) -> None:
    """The answer is one the service means, tells nothing of the other village nor of its inside, and not too much."""
    assert answer.status_code in (200, 204, 303, 304, 400, 401, 403, 404), (why, answer.status_code, answer.text)
    assert rows_in(answer) <= most, (why, answer.text[:1000])
    for secret in (SECRET, "990101-Z", OTHER):
        assert secret.encode() not in answer.content, (why, answer.text[:1000])
    if answer.status_code >= 400:
        assert not LEAKS.search(answer.text), (why, answer.text)
        if answer.headers["content-type"].startswith("application/"):
            problem(answer)


def quickest(client: httpx.Client, address: str) -> httpx.Response:
    """The answer, asked again where it was slow: a busy machine is slow once, a statement that sleeps always."""
    answers = [client.get(address)]
    while answers[-1].elapsed.total_seconds() > SLOW_S and len(answers) < 3:
        answers.append(client.get(address))
    return min(answers, key=lambda answer: answer.elapsed)


def test_the_document_describes_every_route(village: Served) -> None:
    document = village.json("/api")
    described = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    listed = {(method, documented(path)) for method, path in PERMISSIONS}
    # Takes what the provider sends, which nobody can foresee; tests/api/test_oidc.py
    assert listed - described == {("GET", "/login/oidc/callback")}
    assert described <= listed


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("method", "path"), sorted(need for need in PERMISSIONS if need[0] == "GET"))
def test_every_parameter_takes_text_as_text(village: Served, method: str, path: str) -> None:
    client = village.client_of("operator", world.VILLAGE)
    features = {name: client.get(f"/collections/{name}/items").json()["features"] for name in COLLECTIONS}
    ids = {name: found[0]["id"] if found else "990101-none" for name, found in features.items()}  # no routes today
    slots = slots_of(village.json("/api"), {name: str(id) for name, id in ids.items()}, method, path)
    for slot in slots:
        without = client.get(slot.address(None))
        most = max(1, rows_in(without))
        harmless(without, most, slot)
        for plain, wire in some(on_the_wire()):
            values = [wire, quote(GOOD[slot.name]) + wire] if slot.name in GOOD else [wire]
            for value in some(values):
                address = slot.address(value)
                answer = quickest(client, address) if plain in SLEEPS else client.get(address)
                harmless(answer, most, (slot.name, address))
                assert answer.elapsed.total_seconds() < SLOW_S or plain not in SLEEPS, (address, answer.elapsed)
    assert slots or "{" not in path


def visit(**members: Any) -> dict[str, Any]:
    """A visit as an operator of the village may record it, with other members where they are given."""
    good = {
        "id": str(uuid4()),
        "household": f"{DOOR}-00",
        "visited_at": f"{world.TODAY}T08:00:00+08:00",
        "outcome": "reached",
        "team": "A1",
        "purpose": "routine",
    }
    assert set(good) == set(FIELDS)
    return good | members


# What a member is for, however odd it looks: a uuid with braces or without its signs, a team's code.
MEANT: Final = {"id": re.compile(r"[{}-]*([0-9a-f]-*){32}[{}-]*"), "team": re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("member", FIELDS)
def test_every_member_of_a_visit_takes_text_as_text(village: Served, member: str) -> None:
    client = village.client_of("operator", world.VILLAGE)
    texts = [each for each in TEXTS if each]
    values = [*texts, *(f"{visit()[member]}{each}" for each in texts)]
    values = [value for value in values if member not in MEANT or not MEANT[member].fullmatch(value)]
    batch = [visit(**{member: value}) for value in values]
    others: list[Any] = [[], {}, ["A1"], {"$ne": None}, 1, 1.5, True, None, [[[]]]]
    batch += [visit(**{member: other}) for other in others]
    batch += [visit() | {value: "x"} for value in texts]
    answer = client.post("/visits", json=batch)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["accepted"], told["repeated"]) == (0, 0), [
        batch[n] for n in range(len(batch)) if n not in {r["index"] for r in told["refused"]}
    ]
    assert [refused["index"] for refused in told["refused"]] == list(range(len(batch)))
    assert {refused["code"] for refused in told["refused"]} <= {"bad-input", "unknown-household"}
    asleep = [
        client.post("/visits", json=[visit(**{member: f"{visit()[member]}{each}"}) for each in SLEEPS])
        for _ in range(3)
    ]
    assert min(answer.elapsed.total_seconds() for answer in asleep) < SLOW_S
    for each in (answer, *asleep):
        assert SECRET not in each.text


@pytest.mark.usefixtures("untouched")
def test_bodies_that_are_no_visits(village: Served) -> None:
    client = village.client_of("operator", world.VILLAGE)
    for hostile in (*TEXTS, *SLEEPS):
        raw = hostile.encode()
        for kind in ("application/json", "application/x-ndjson"):
            answer = client.post("/visits", content=raw, headers={"Content-Type": kind})
            if answer.status_code == 200:
                assert answer.json()["accepted"] == 0
            else:
                problem(answer)
        if hostile.isprintable() and not hostile.startswith(";"):  # nothing but parameters: JSON is meant
            answer = client.post("/visits", content=b"[]", headers=[(b"Content-Type", raw)])
            assert answer.status_code == 415, (hostile, answer.text)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_every_field_of_a_form_takes_text_as_text(village: Served, path: str) -> None:
    document = village.json("/api")["paths"][path]["post"]["requestBody"]["content"]
    [(_, described)] = document.items()
    signed_in = httpx.post(f"{village.address}/login", data={"login": "chen", "password": PASSWORD})
    session = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
    client = httpx.Client(base_url=village.address, headers=session)
    for field in described["schema"]["properties"]:
        for hostile in some((*TEXTS, *SLEEPS)):
            for value in {hostile, GOOD.get(field, "") + hostile} - {"chen\t"}:  # people type spaces at the end
                fields = {name: GOOD[name] for name in described["schema"]["required"]} | {field: value}
                if field in ("next", "lang"):
                    fields["password"] = "wrong"
                with village.store.begin() as conn:
                    conn.execute(text("DELETE FROM everycell.login_throttle"))
                answer = client.post(path, data=fields)
                assert answer.status_code in (400, 401, 403), (field, value, answer.status_code, answer.text)
                harmless(answer, 1, (field, value))
                assert answer.elapsed.total_seconds() < SLOW_S or hostile not in SLEEPS
                assert "set-cookie" not in answer.headers
    assert client.get("/me").json()["name"] == "chen"
    client.close()


def test_a_sign_in_name_is_no_pattern(village: Served) -> None:
    for login in ("%", "ch%", "c_en", "chen\x00", "chen' --", "*", "chen;", "(chen)"):
        with village.store.begin() as conn:
            conn.execute(text("DELETE FROM everycell.login_throttle"))
        answer = httpx.post(f"{village.address}/login", data={"login": login, "password": PASSWORD})
        assert answer.status_code in (400, 401), login
    assert httpx.post(f"{village.address}/login", data={"login": "chen", "password": PASSWORD}).status_code == 303


HEADERS: Final = [
    ("Authorization", "Bearer {}", {401}),
    ("Authorization", "Basic {}", {200}),
    ("Authorization", "{}", {200}),
    ("Cookie", "{}", {200}),
    ("Cookie", f"{COOKIE}={{}}", {200}),
    ("If-None-Match", "{}", {200}),
    ("If-None-Match", 'W/"{}"', {200}),
    ("If-Modified-Since", "{}", {200}),
    ("Accept", "{}", {200}),
    ("Accept-Encoding", "{}", {200}),
    ("Accept-Language", "{}", {200}),
    ("X-CSRF-Token", "{}", {200}),
    ("X-Forwarded-For", "{}", {200}),
    ("X-Forwarded-Host", "{}", {200}),
    ("X-Forwarded-Proto", "{}", {200}),
    ("Forwarded", "for={0};host={0}", {200}),
    ("X-Original-URL", "{}", {200}),
    ("Origin", "{}", {200}),
    ("Referer", "{}", {200}),
    ("User-Agent", "{}", {200}),
    ("Range", "{}", {200}),
]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("name", "form", "statuses"), HEADERS)
def test_every_header_takes_text_as_text(village: Served, name: str, form: str, statuses: set[int]) -> None:
    client = village.client_of("operator", world.VILLAGE)
    path = "/collections/households/items?limit=1"
    plain = client.get(path)
    secret = client.headers["authorization"].removeprefix("Bearer ")
    for hostile in some((*TEXTS, *SLEEPS)):
        if not hostile.isprintable():  # no client sends it, and the server closes the connection on it
            continue
        for value in {hostile, secret + hostile if "Bearer" in form else hostile}:
            answer = client.get(path, headers=[(name.encode(), form.format(value).encode())])
            expected = statuses if name != "Authorization" or "Bearer" in form else {401}
            assert answer.status_code in expected, (name, value, answer.status_code, answer.text)
            assert answer.elapsed.total_seconds() < SLOW_S or hostile not in SLEEPS
            harmless(answer, rows_in(plain), (name, value))
            if "json" in answer.headers["content-type"] and answer.status_code == 200:
                assert answer.json()["links"] == plain.json()["links"]


def test_a_host_is_a_host_or_refused(village: Served) -> None:
    client = village.client_of("operator", world.VILLAGE)
    paths = ["/", "/collections", "/collections/cells/items?limit=1", "/collections/cells/tiles", "/coverage?f=html"]
    for path in paths:
        before = client.get(path)
        for host in HOSTS:
            answer = client.get(path, headers=[(b"Host", host.encode())])
            assert answer.status_code == 400, (path, host)
            assert "evil" not in answer.text
            assert "<" not in answer.text
        # A name the service does not know may be a proxy's: who sends it gets it back, and nobody else does.
        assert "evil.test" in client.get(path, headers={"Host": "evil.test"}).text or path == "/coverage?f=html"
        assert _without_nonce(client.get(path).text) == _without_nonce(before.text)


def _without_nonce(page: str) -> str:
    return re.sub(r'nonce="[^"]+"', "", page)


def test_no_address_of_elsewhere_is_gone_on_to(village: Served) -> None:
    good = {"login": "chen", "password": PASSWORD}
    with httpx.Client(base_url=village.address) as client:
        for link in LINKS:
            asked = quote(link, safe="")
            for answer in (client.get(f"/login?next={asked}"), client.post("/login", data={**good, "next": link})):
                assert answer.status_code == 400, link
                assert problem(answer)["field"] == "next"
                assert "set-cookie" not in answer.headers
            assert client.get(f"/login/oidc?next={asked}").status_code == 404  # nobody vouches for anybody here
        for path in LOCAL:
            answer = client.post("/login", data={**good, "next": path})
            assert answer.headers["location"] == path


@pytest.mark.parametrize(
    ("told", "noted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("fe80::1%' OR '1'='1", "fe80::1"),
        ("张三 13800138000", "unknown"),
        ("=1+1", "unknown"),
    ],
)
def test_the_audit_says_from_where_by_an_address_alone(village: Served, told: str, noted: str) -> None:
    client = village.client_of("operator", world.VILLAGE)
    who = f"token:{client.get('/me').json()['who'].partition(':')[2]}"
    assert client.get("/households/unvisited", headers=[(b"X-Forwarded-For", told.encode())]).status_code == 200
    with village.store.read() as conn:
        found = conn.execute(text("SELECT source FROM everycell.audit WHERE who = :who"), {"who": who}).scalars().all()
    assert found == [noted]
