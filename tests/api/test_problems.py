"""Bad input is a 4xx that names the field, told as problem+json; never a 500, and no word of the program's inside."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.problems import PROBLEMS, problem_of
from gis import errors
from tests.api.conftest import Served, administer, run
from tests.examples import examples

DOCUMENT = Path(__file__).parents[2] / "docs" / "problems.md"

BAD = [
    ("/collections/cells/items?limit=0", 400, "limit"),
    ("/collections/cells/items?limit=-1", 400, "limit"),
    ("/collections/cells/items?limit=10001", 400, "limit"),
    ("/collections/cells/items?limit=1e3", 400, "limit"),
    ("/collections/cells/items?limit=ten", 400, "limit"),
    ("/collections/cells/items?limit=", 400, "limit"),
    ("/collections/cells/items?limit=99999999999999999999999", 400, "limit"),
    ("/collections/cells/items?limit=1&limit=2", 400, "limit"),
    ("/collections/cells/items?bbox=1,2,3", 400, "bbox"),
    ("/collections/cells/items?bbox=1,2,3,4,5", 400, "bbox"),
    ("/collections/cells/items?bbox=a,b,c,d", 400, "bbox"),
    ("/collections/cells/items?bbox=nan,nan,nan,nan", 400, "bbox"),
    ("/collections/cells/items?bbox=-inf,-inf,inf,inf", 400, "bbox"),
    ("/collections/cells/items?bbox=1e999,0,1,1", 400, "bbox"),
    ("/collections/cells/items?bbox=0,10,1,5", 400, "bbox"),
    ("/collections/cells/items?bbox=0,0,181,1", 400, "bbox"),
    ("/collections/cells/items?bbox=0,-91,1,1", 400, "bbox"),
    ("/collections/cells/items?bbox=", 400, "bbox"),
    ("/collections/cells/items?area=99", 400, "area"),
    ("/collections/cells/items?area=99010x", 400, "area"),
    ("/collections/cells/items?area=９９０１０１", 400, "area"),
    ("/collections/cells/items?area=", 400, "area"),
    ("/collections/cells/items?after=%00", 400, "after"),
    ("/collections/cells/items?after=", 400, "after"),
    ("/collections/cells/items?after=" + "x" * 101, 400, "after"),
    ("/collections/doorplates/items?after=x", 400, "after"),
    ("/collections/households/items?after=990101-D001", 400, "after"),
    ("/collections/households/items?after=x.990101-D001", 400, "after"),
    ("/collections/households/items?after=5.", 400, "after"),
    ("/collections/doorplates/items?after=-5", 400, "after"),
    ("/collections/doorplates/items?after=99999999999999999999", 400, "after"),
    ("/collections/households/items?doorplate=x", 400, "doorplate"),
    ("/collections/cells/items?doorplate=1", 400, "doorplate"),
    ("/collections/cells/items?level=town", 400, "level"),
    ("/collections/divisions/items?level=cell", 400, "level"),
    ("/collections/cells/items?f=xml", 400, "f"),
    ("/collections/cells/items?offset=10", 400, "offset"),
    ("/collections/cells/items?BBOX=1,2,3,4", 400, "BBOX"),
    ("/collections/nothing/items", 404, "collection"),
    ("/collections/streets/items", 404, "collection"),
    ("/collections/cells/items/990101100201999", 404, "id"),
    ("/collections/cells/items/abc", 404, "featureId"),
    ("/collections/cells/items/%00", 400, "featureId"),
    ("/collections/doorplates/items/abc", 400, "featureId"),
    ("/collections/doorplates/items/1", 404, "id"),
    ("/collections/doorplates/items/999999999999999999", 404, "id"),
    ("/collections?x=1", 400, "x"),
    ("/conformance?f=pdf", 400, "f"),
    ("/coverage?area=110101", 404, "area"),
    ("/coverage?area=110101100201001&level=cell", 404, "area"),
    ("/coverage?area=990101100201&level=town", 400, "level"),
    ("/coverage?level=street", 400, "level"),
    ("/coverage?since=yesterday", 400, "since"),
    ("/report?area=110101", 404, "area"),
    ("/report?area=99", 400, "area"),
    ("/report?month=2026", 400, "month"),
    ("/report?month=2026-13", 400, "month"),
    ("/report?month=2999-01", 404, "month"),
    ("/report?f=doc", 400, "f"),
    ("/report?lang=fr", 400, "lang"),
    ("/coverage?since=2026-02-30", 400, "since"),
    ("/coverage?since=0", 400, "since"),
    ("/coverage?since=2026-1-1", 400, "since"),
    ("/coverage?since=20260101", 400, "since"),
    ("/coverage?since=10000-01-01", 400, "since"),
    ("/coverage?round=990101-R9", 404, "round"),
    ("/coverage?round=x", 400, "round"),
    ("/coverage?round=", 400, "round"),
    ("/coverage?round=990101-R-20261024&since=2026-01-01", 400, "round"),
    ("/coverage?f=xlsx", 400, "f"),
    ("/households/unvisited?area=1", 400, "area"),
    ("/households/unvisited?since=x", 400, "since"),
    ("/households/unvisited?f=pdf", 400, "f"),
    ("/households/unvisited?limit=10", 400, "limit"),
    ("/rounds?area=x", 400, "area"),
    ("/search", 400, "q"),
    ("/search?q=", 400, "q"),
    ("/search?q=%20%20", 400, "q"),
    ("/search?q=%00", 400, "q"),
    ("/search?q=" + "x" * 101, 400, "q"),
    ("/search?q=a&limit=1000", 400, "limit"),
    ("/maps/coverage?lang=fr", 400, "lang"),
    ("/maps/heat?lang=fr", 400, "lang"),
    ("/wall?scenes=coverage,weather", 400, "scenes"),
    ("/wall?scenes=heat,heat", 400, "scenes"),
    ("/wall?dwell_s=0", 400, "dwell_s"),
    ("/wall?return_s=soon", 400, "return_s"),
    ("/wall?theme=pink", 400, "theme"),
    ("/wall?since=yesterday", 400, "since"),
    ("/wall?distance_m=1e9", 400, "distance_m"),
    ("/wall?mm_per_px=-1", 400, "mm_per_px"),
    ("/maps/edit?lang=fr", 400, "lang"),
    ("/maps/patrol?lang=fr", 400, "lang"),
    ("/static/nothing.js", 404, None),
    ("/static/../page.py", 404, None),
    ("/static/..%2f..%2fpage.py", 404, None),
    ("/static/%2fetc%2fpasswd", 404, None),
    ("/static/%00", 404, None),
    ("/static/", 404, None),
    ("/healthz?x=1", 400, "x"),
    ("/collections/", 404, None),
    ("/nothing", 404, None),
]


def problem(answer: httpx.Response) -> dict[str, object]:
    """The problem document of an answer, checked for its form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told: dict[str, object] = answer.json()
    slug = str(told["type"]).removeprefix("urn:everycell:problem:")
    assert told["status"] == answer.status_code == PROBLEMS[slug].status
    assert told["title"] == PROBLEMS[slug].title
    assert told["detail"]
    assert not re.search(r"Traceback|psycopg|FROM everycell|sqlalchemy|\.py", answer.text.replace("page.py", ""))
    return told


@pytest.mark.parametrize(("path", "status", "field"), BAD)
def test_bad_input_names_the_field(served: Served, path: str, status: int, field: str | None) -> None:
    answer = served.get(path)
    assert answer.status_code == status, answer.text
    told = problem(answer)
    if field is not None:
        assert told["field"] == field
        assert str(told["detail"]).startswith(f"{field}: ")


def test_problems_speak_the_language_of_who_asks(served: Served) -> None:
    """`?lang=` where the route has it, else Accept-Language; titles, sentences and what stands in their places."""
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    for path, status, title, detail in [
        (
            "/coverage?area=99",
            400,
            "请求无法使用",
            "area：'99' 不是区划编码；请给 6 位（区县）、9 位（乡镇）、12 位（村）或 15 位（网格）数字",
        ),
        ("/nothing", 404, "没有找到", "/nothing 处没有内容"),
        ("/search?q=a&limit=1000", 400, "请求无法使用", "limit：1000 不在 1 至 100 之间"),
        ("/coverage?level=street", 400, "请求无法使用", "level：须为 county, town, village, cell 之一"),
        ("/healthz?x=1", 400, "没有这个参数", "x：/healthz 没有这个参数；没有任何可用项"),
        ("/x" * 9000, 414, "地址过长", "address：超过 16384 字节，请分次请求"),
        ("/maps/heat?lang=fr", 400, "请求无法使用", "lang：没有语言 'fr'，只有 zh、en"),
    ]:
        answer = served.get(path, headers=chinese)
        told = answer.json()
        assert (answer.status_code, told["title"], told["detail"]) == (status, title, detail)
        assert answer.headers["content-language"] == "zh-CN"
        assert "Accept-Language" in answer.headers["vary"]
    assert problem(served.get("/nothing"))["title"] == "There is no such thing"  # as the service of the tests is set up
    assert served.get("/nothing").headers["content-language"] == "en"
    english = served.get("/report?lang=en&month=x", headers=chinese)
    assert english.headers["content-language"] == "en"
    assert english.json()["detail"] == "month: 'x' is no month; write it like 2026-10"
    batch = served.client.post("/visits", json=[{"id": "x"}], headers=chinese)
    assert batch.json()["refused"][0]["detail"] == "household：未给出"
    assert batch.headers["content-language"] == "zh-CN"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/coverage"),
        ("DELETE", "/collections/divisions/items/1"),
        ("GET", "/visits"),
        ("PUT", "/"),
        ("PATCH", "/x"),
    ],
)
def test_other_methods(served: Served, method: str, path: str) -> None:
    answer = served.client.request(method, path)
    assert answer.status_code == (404 if path == "/x" else 405)
    problem(answer)
    if answer.status_code == 405:
        assert answer.headers["allow"]


def test_a_host_that_is_none_is_refused(served: Served) -> None:
    answer = served.get("/collections", headers={"Host": '"><script>'})
    assert answer.status_code == 400
    assert "script" not in answer.text


def test_every_problem_has_a_paragraph() -> None:
    headings = re.findall(r"^## (\S+)$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert headings == list(PROBLEMS)
    sections = re.split(r"^## \S+$", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for slug, section in zip(headings, sections, strict=True):
        assert section.strip().startswith(f"{PROBLEMS[slug].status}. "), slug


def test_every_error_of_ours_is_told_as_something() -> None:
    kinds = [errors.EverycellError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind is not errors.EverycellError and kind.__module__ == "gis.errors":
            more = {"retry_after_s": 1} if kind is errors.TooManyTries else {}
            assert problem_of(kind("said", **more)).slug != "internal", kind


def test_an_unforeseen_error_tells_nothing(own: Served, caplog: pytest.LogCaptureFixture) -> None:
    run(own.store, "ALTER TABLE everycell.site RENAME COLUMN name TO secret_name")
    answer = own.get("/collections/sites/items")
    told = problem(answer)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert str(told["reference"]) in caplog.text


def test_a_stopped_database_is_503(own: Served) -> None:
    administer(own, "ALTER DATABASE {} ALLOW_CONNECTIONS false")
    try:
        administer(own, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'")
        for path in ("/coverage", "/rounds", "/readyz", "/households/unvisited", "/collections/cells/items"):
            answer = own.get(path)
            assert answer.status_code == 503, answer.text
            problem(answer)
            assert answer.headers["retry-after"]
        assert own.get("/healthz").status_code == 200
    finally:
        administer(own, "ALTER DATABASE {} ALLOW_CONNECTIONS true")
    assert own.get("/readyz").status_code == 200
    assert own.get("/coverage").status_code == 200


INJECTIONS = [
    "' OR '1'='1",
    "'; DROP TABLE everycell.cell; --",
    "1; SELECT pg_sleep(10)",
    "\\'; --",
    "%' OR 1=1 --",
    "990101) UNION SELECT 1,2 --",
    "$$;$$",
    ":county",
    "%(county)s",
    "{0}",
    "'||pg_sleep(10)||'",
    "/**/",
    "\\",
    "%",
    "_",
    "E'\\x27'",
]
PLACES = [
    "/collections/cells/items?after={}",
    "/collections/cells/items?area={}",
    "/collections/cells/items?bbox={}",
    "/collections/cells/items?limit={}",
    "/collections/cells/items/{}",
    "/collections/households/items/990101{}",
    "/collections/doorplates/items/{}",
    "/collections/{}/items",
    "/collections/divisions/items?level={}",
    "/collections/households/items?doorplate={}",
    "/collections/doorplates/tiles/WebMercatorQuad/14/1/{}",
    "/collections/doorplates/tiles/WebMercatorQuad/14/1/1?since={}",
    "/coverage?area={}",
    "/coverage?round=990101{}",
    "/coverage?since={}",
    "/households/unvisited?area={}",
    "/rounds?area={}",
    "/search?q={}",
]


@pytest.mark.parametrize("place", PLACES)
def test_injections_are_text(served: Served, place: str) -> None:
    for injection in INJECTIONS:
        answer = served.get(place.format(quote(injection, safe="")))
        assert answer.status_code in (200, 204, 400, 404), (injection, answer.text)
        assert answer.elapsed.total_seconds() < 5
        if answer.status_code >= 400:
            problem(answer)
    assert len(served.json("/collections/cells/items")["features"]) == 6


def test_wildcards_find_themselves_only(served: Served) -> None:
    for q in ("%", "_", "\\", "%%", "柳林%"):
        assert served.json("/search", params={"q": q})["features"] == []


ANYTHING = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.sampled_from(
        ["990101", "990101100201001", "104,34,105,35", "cell", "json", "2026-01-01", "since", "null", "-0"]
    ),
    st.lists(st.floats(allow_nan=True).map(str), max_size=7).map(",".join),
)
PATHS = st.sampled_from(
    [
        "/collections/cells/items",
        "/collections/divisions/items",
        "/collections/doorplates/items",
        "/collections/households/items",
        "/collections/sites/items",
        "/collections/doorplates/tiles/WebMercatorQuad/14/6508/12927",
        "/coverage",
        "/households/unvisited",
        "/rounds",
        "/search",
        "/maps/coverage",
        "/maps/heat",
        "/maps/edit",
        "/maps/patrol",
        "/wall",
    ]
)
NAMES = st.sampled_from(
    ["area", "bbox", "limit", "after", "level", "doorplate", "f", "since", "round", "q", "lang", "token", "x"]
)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, parameters=st.dictionaries(NAMES, ANYTHING, max_size=3))
def test_no_parameters_whatever_make_it_fail(served: Served, path: str, parameters: dict[str, str]) -> None:
    encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in parameters.items()}
    query = "&".join(f"{name}={quote(value)}" for name, value in encoded.items())
    answer = served.get(f"{path}?{query}")
    assert answer.status_code in (200, 204, 400, 404), answer.text
    if answer.status_code >= 400:
        problem(answer)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from(["/collections/", "/collections/cells/items/", "/collections/cells/tiles/", "/static/", "/"]),
    rest=st.text(max_size=30),
)
def test_no_path_whatever_makes_it_fail(served: Served, head: str, rest: str) -> None:
    answer = served.get(head + quote(rest.encode("utf-8", "surrogatepass"), safe="/"))
    assert answer.status_code in (200, 400, 404, 405), answer.text
    if answer.status_code >= 400:
        problem(answer)
