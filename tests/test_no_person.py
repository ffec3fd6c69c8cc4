"""Places, not people: nothing that names, numbers, describes or grades a resident, anywhere a value could be kept.

Every name in the tables, the OpenAPI document, the pages' forms and the import's vocabulary is held against a
deny-list, Chinese and English. What may stay although it looks personal stands in `ALLOWED`, each with its reason; an
entry that is not needed any more fails too. Whoever adds to it argues with section 2 of the design, not with this test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Final

import pytest
from fastapi import FastAPI
from sqlalchemy import CheckConstraint, Table, Text, text

import api
import maps
from api.features.collections import COLLECTIONS
from api.openapi import described
from api.tables import COVERAGE, UNVISITED
from gis.access import disclosed
from gis.exchange import vocabulary
from gis.exchange.headers import FIELDS
from gis.exchange.personal_headings import personal_heading
from gis.settings import Settings
from gis.sites.categories import CATEGORIES
from gis.storage import access_models as _access_models  # noqa: F401 - registers its tables
from gis.storage import alarm_models as _alarm_models  # noqa: F401
from gis.storage import changeset_models as _changeset_models  # noqa: F401
from gis.storage import dispute_models as _dispute_models  # noqa: F401
from gis.storage import patrol_models as _patrol_models  # noqa: F401
from gis.storage import road_models as _road_models  # noqa: F401
from gis.storage.engine import Store
from gis.storage.models import metadata
from maps.text import messages
from tests.api.conftest import Served, served  # noqa: F401 - a fixture


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Words that have no place in any name, nor in any sentence of a page.
PERSONAL: Final = _words("""
    surname forename firstname lastname fullname nickname resident residents citizen citizens inhabitant occupant tenant
    landlord householder spouse wife husband child children guardian relative relatives idcard idnumber idno passport
    ssn phone phones telephone mobile cellphone wechat weixin qq email mail sex gender male female birth birthday
    birthdate born dob ethnic ethnicity race nationality religion religious faith belief worship health healthy disease
    illness ill diagnosis disability handicapped politics political petition petitions petitioner appeal crime criminal
    conviction prison prisoner drug drugs marital married divorced income salary poverty poor photo portrait face facial
    fingerprint biometric blood suspect suspicious dangerous risk risks blacklist watchlist surveillance trajectory
""")
# Words that mean something harmless as often: in a name each use of them is looked at.
DOUBTFUL: Final = _words("""
    name names person persons people user users owner owners family member members parent contact contacts age
    disabled identity tag tags label labels category categories class score scores rating grade rank points credit
    record records remark remarks note notes comment comments description memo detail details text reason track
    tracks position login subject job title education party head host holder history
""")
# Parts of a Chinese word that make it personal, wherever they stand.
HAN: Final = _words("""
    姓名 名字 户主 房主 业主 租客 租户 房东 联系人 负责人 监护人 身份证 证件 护照 电话 手机 微信 邮箱 号码
    性别 民族 种族 出生 生日 年龄 宗教 信仰 教派 健康 疾病 病史 残疾 精神 政治 党员 党派 信访 上访 缠访
    前科 犯罪 刑满 服刑 吸毒 矫正 婚姻 配偶 子女 亲属 家庭成员 家属 学历 职业 收入 贫困 低保 五保 特困
    评分 积分 打分 等级分 信用 标签 画像 风险 重点人 人口 居民 网格员 走访人 照片 人脸 指纹 血型 轨迹
    车牌 银行卡 籍贯 户籍
""")
DOUBTFUL_HAN: Final = _words("备注 说明 描述 定位 名称 类别 流动 原因")

# In sentences these are devices that a team carries; a field or column of such a name is one for a number, and refused.
DEVICES: Final = frozenset({"phone", "phones", "手机"})

# Why it may stay -> the words and where they stand.
_ALLOWED: Final = {
    "the name of a division, a cell, a street, a facility, a round or a change set": """
        name: division.name cell.name cell_history.name street.name site.name visit_round.name road_arc.name
        title: changeset.title
        name: import.divisions.name import.divisions.level import.cells.name import.sites.name
        名称: import.divisions.name import.cells.name import.sites.name import.households.address import.sites.address
        name: served.divisions.name served.cells.name served.sites.name served.coverage.name
        name: served.disputes.name
    """,
    "the division that another one belongs to": "parent: division.parent served.divisions.parent",
    "the cell that another one came of, and the one that came of it": """
        parent: cell_lineage.parent
        child: cell_lineage.child
    """,
    "the versions of a cell": "history: cell_history api.history",
    "the day somebody last knocked at a door; it is not said who, nor whom they met": """
        contact: household.contact_before household.last_contact_on import.households.contact_before
        contact: coverage_histogram.contact
        contact: served.households.last_contact_on served.unvisited.last_contact_on
    """,
    "what a civil dispute is about, from a closed list": """
        category: dispute.category import.disputes.category case_figure.category
        family: case_release.family case_figure.family
        类别: import.disputes.category
        family: import.CASE_CATEGORY
        婚姻: import.CASE_CATEGORY
    """,
    "what kind of facility it is, from a closed list": """
        category: site.category import.sites.category served.sites.category
        类别: import.sites.category
    """,
    "a property of cells and facilities in the body of a request": "name: api.name",
    "the kind of facility or of dispute, from a closed list, in a request": "category: api.category form.category",
    "general or dedicated: the kind of a cell": "类别: import.cells.kind",
    "how wide a street is": "class: street.class road_arc.class",
    "corners of an outline": "points: import.cells.geometry import.divisions.geometry import.sites.geometry "
    "import.households.geometry import.disputes.geometry",
    "a heading that means the purpose of a visit, which is a closed list": "reason: import.visits.purpose",
    "the account of somebody who works with the service, by a name that its administrator chose": """
        login: account.login login_throttle api.login form.login
        disabled: account.disabled_at
        subject: account.subject
    """,
    "what a token or a webhook is for, as a code without spaces": "label: token.label webhook.label",
    "where an event stands in the log of events, and up to where it was followed: a number": """
        position: event.position event_state.position webhook.position
    """,
    "counts and codes of areas; gis/access/audit.py refuses all else": "detail: audit.detail",
    "the sentence of a problem document": "detail: api.detail",
    "links for the devices of teams; no number of any telephone": "phones: api.phones",
}
# Texts without a closed list or a form of their own: into these, somebody could type anything.
FREE_TEXTS: Final = {
    "division.name": "the official name",
    "cell.name": "a name for the cell; what a change set brings is looked through for personal data",
    "cell_history.name": "a name that the cell had",
    "changeset.title": "a name for the change set; it is looked through for personal data",
    "street.name": "the name of the street",
    "visit_round.name": "a name for the round",
    "site.name": "the name of the facility; files are looked through for personal data",
    "site.address": "where the facility is",
    "doorplate.address": "what the doorplate says; files are looked through for personal data",
    "household.unit": "what distinguishes the dwellings behind a doorplate: 2单元301",
    "division.source": "the file or register the entry comes from",
    "cell.source": "the file or register the entry comes from",
    "doorplate.source": "the file or register the entry comes from",
    "site.source": "the file or register the entry comes from",
    "road_arc.name": "the name of the street",
    "road_network.source": "the file that the streets were imported from",
    "patrol_plan.fault_told": "written by the program: which team or stop cannot be planned",
    "patrol_plan.network_source": "the file that the streets were imported from",
    "outbox.kind": "written by triggers only",
    "event.kind": "written by triggers only",
    "event_state.snapshot": "written by the database: numbers of transactions",
    "event_state.server": "written by the database: the number of the server",
    "webhook.url": "the address of another system, given in a shell",
    "webhook.outcome": "written by the program: how sending has ended",
    "account.password_hash": "written by the program: a digest",
    "account.issuer": "written by the program: the provider's address",
    "account.subject": "written by the program: the provider's number",
    "audit.who": "written by the program: an account, a token or a user of the machine",
    "audit.source": "written by the program: an address in the network",
    "audit.action": "written by the program: one of gis.access.audit.Action",
    "audit.area": "written by the program: codes of areas",
}
# What is told to be missing is named.
SAYS_WHAT_IS_NOT: Final = {*disclosed.PRINCIPLES, disclosed.TABLES["site"].title}


def _allowed() -> Iterator[tuple[str, str]]:
    for lines in _ALLOWED.values():
        for line in lines.strip().splitlines():
            word, _, places = line.strip().partition(": ")
            yield from ((place, word) for place in places.split())


ALLOWED: Final = frozenset(_allowed())
_PARTS: Final = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])")


def looks_personal(name: str, *, doubtful: bool = True) -> set[str]:
    """The words of a name (or, without the doubtful ones, of a sentence) that are on the deny-list."""
    denied, parts = (PERSONAL | DOUBTFUL, HAN | DOUBTFUL_HAN) if doubtful else (PERSONAL, HAN)
    words = [word.lower() for word in _PARTS.split(name)]
    pairs = {first + second for first, second in pairwise(words)}
    return ({*words} | pairs) & denied | {part for part in parts if part in name}


def spoken(sentences: Iterable[str]) -> set[tuple[str, str]]:
    """(sentence, word) for every personal word that a sentence says."""
    return {(text, word) for text, word in findings(((t, t) for t in sentences), doubtful=False) if word not in DEVICES}


def findings(places: Iterable[tuple[str, str]], *, doubtful: bool = True) -> set[tuple[str, str]]:
    """(where, word) for every personal word in (where, name) pairs."""
    return {(where, word) for where, name in places for word in looks_personal(name, doubtful=doubtful)}


# ---- where values could be kept, or asked for


def table_names() -> Iterator[tuple[str, str]]:
    """Tables and columns, as the models have them."""
    for table in metadata.tables.values():
        yield table.name, table.name
        for column in table.columns:
            yield f"{table.name}.{column.name}", column.name


def import_names() -> Iterator[tuple[str, str]]:
    """What headings of files may mean, and the values of closed lists."""
    for kind, fields in FIELDS.items():
        for field in fields:
            for word in (field.name, *field.words.split()):
                yield f"import.{kind}.{field.name}", word
    for words in (
        "STATUS", "OUTCOME", "PURPOSE", "KIND", "LEVEL", "CATEGORY", "CASE_CATEGORY", "CASE_LEVEL", "CHANNEL",
    ):  # fmt: skip
        for word, value in getattr(vocabulary, words).items():
            yield f"import.{words}", word
            yield f"import.{words}", value


def served_names() -> Iterator[tuple[str, str]]:
    """Properties of features and columns of lists."""
    for collection, layer in disclosed.LAYERS.items():
        for name in layer.properties:
            yield f"served.{collection}.{name}", name
    for name in COVERAGE:
        yield f"served.coverage.{name}", name
    for name in UNVISITED:
        yield f"served.unvisited.{name}", name


def setting_names() -> Iterator[tuple[str, str]]:
    for name in Settings.model_fields:
        yield f"setting.{name}", name


def api_names(part: Any, inside: str = "") -> Iterator[tuple[str, str]]:
    """Paths, parameters, properties and closed values of an OpenAPI document."""
    if isinstance(part, dict):
        for key, value in part.items():
            if inside in ("paths", "properties", "schemas"):
                for segment in key.strip("/").split("/"):
                    yield f"api.{segment}", segment
            if key == "name" and isinstance(value, str):
                yield f"api.{value}", value
            if key == "enum":
                for one in value:
                    yield f"api.{one}", str(one)
            yield from api_names(value, key)
    elif isinstance(part, list):
        for inner in part:
            yield from api_names(inner)


class Controls(HTMLParser):
    """The controls of the forms of a page, and the text it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.controls: list[dict[str, str]] = []
        self.shown: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("input", "select", "textarea", "option", "button"):
            self.controls.append({"tag": tag} | {name: value or "" for name, value in attrs})

    def handle_data(self, data: str) -> None:
        self.shown.append(data)


def templates() -> list[Path]:
    roots = [Path(str(package.__file__)).parent for package in (api, maps)]
    return [file for root in roots for file in sorted((root / "templates").glob("*.html"))]


def controls_of(file: Path) -> list[dict[str, str]]:
    parser = Controls()
    parser.feed(re.sub(r"{%.*?%}|{#.*?#}", "", file.read_text("utf-8"), flags=re.DOTALL))
    return parser.controls


def control_names() -> Iterator[tuple[str, str]]:
    """What the forms of the pages ask for."""
    for file in templates():
        for control in controls_of(file):
            for attribute in ("name", "id", "placeholder", "aria-label", "value"):
                yield f"form.{control.get('name') or control.get('id')}", control.get(attribute, "")


def database_names(store: Store) -> list[tuple[str, str]]:
    """Columns of every table and view, as the migrated database has them."""
    columns = """
        SELECT c.relname || '.' || a.attname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'everycell'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0
            AND NOT a.attisdropped AND NOT c.relispartition AND c.relname <> 'alembic_version'"""
    with store.read() as conn:
        return [(where, name) for where, name in conn.execute(text(columns))]


@pytest.fixture(scope="module")
def document() -> Any:
    """The OpenAPI document of every router there is."""
    app = FastAPI()
    for found in walk_packages(api.__path__, "api."):
        if not found.name.startswith("api.cli"):
            router = getattr(import_module(found.name), "router", None)
            if router is not None:
                app.include_router(router)
    return described(app)


# ---- the tests


@pytest.mark.parametrize(
    "name",
    [
        "resident_name", "residentName", "owner", "id_card_no", "idcard", "phone", "contactPhone", "SEX", "birth-date",
        "ethnicity", "health_status", "petition", "risk_score", "remark", "person_id", "head_of_household",
        "户主姓名", "联系电话", "身份证号", "性别", "出生日期", "民族", "宗教信仰", "健康状况", "政治面貌",
        "信访次数", "积分", "重点人员", "备注", "网格员", "风险等级",
    ],
)  # fmt: skip
def test_the_deny_list_knows(name: str) -> None:
    assert looks_personal(name)


@pytest.mark.parametrize(
    "name", ["code", "address", "unit", "last_reached_on", "门牌地址", "走访周期", "网格编码", "见到"]
)
def test_the_deny_list_lets_places_pass(name: str) -> None:
    assert not looks_personal(name)


def test_no_table_import_list_or_setting_is_about_people() -> None:
    found = findings((*table_names(), *import_names(), *served_names(), *setting_names()))
    assert found - ALLOWED == set()


def test_the_migrated_database_is_not_either(store: Store) -> None:
    names = database_names(store)
    assert {"household.unit", "visit.team"} <= {where for where, _ in names}
    assert findings(names) - ALLOWED == set()


def test_every_text_is_a_code_a_closed_list_or_explained() -> None:
    free = {f"{table.name}.{name}" for table in metadata.tables.values() for name in _free_texts(table)}
    assert free == set(FREE_TEXTS)


def _free_texts(table: Table) -> Iterator[str]:
    checked = {str(rule.name) for rule in table.constraints if isinstance(rule, CheckConstraint)}
    for column in table.columns:
        is_code = getattr(column.type, "collation", None) == "C"
        if isinstance(column.type, Text) and not is_code and f"ck_{table.name}_{column.name}" not in checked:
            yield column.name


def test_no_interface_is_about_people(document: Any) -> None:
    assert len(document["paths"]) > 20
    found = findings(api_names(document))
    assert found - ALLOWED == set()
    assert spoken(_sentences(document)) == set()


def _sentences(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("summary", "description", "title") and isinstance(value, str):
                yield value
            yield from _sentences(value)
    elif isinstance(part, list):
        for inner in part:
            yield from _sentences(inner)


def test_what_is_served_carries_nothing_of_people(served: Served) -> None:  # noqa: F811
    names = []
    for collection in COLLECTIONS:
        feature = served.json(f"/collections/{collection}/items?limit=1")["features"][0]
        names += [(f"served.{collection}.{name}", name) for name in feature["properties"]]
    for area in served.json("/coverage")["areas"][:1]:
        names += [(f"served.coverage.{name}", name) for name in area]
    assert findings(names) - ALLOWED == set()
    assert len(names) > 30


@pytest.mark.parametrize("file", templates(), ids=lambda file: str(file.name))
def test_no_page_asks_for_or_speaks_of_people(file: Path) -> None:
    assert findings([(file.name, file.read_text("utf-8"))], doubtful=False) == set()


def test_forms_take_no_text_but_a_sign_in_name_and_the_code_of_a_team() -> None:
    assert findings(control_names()) - ALLOWED == set()
    controls = [control for file in templates() for control in controls_of(file)]
    fixed = ("hidden", "search", "password", "checkbox", "radio", "range", "date")  # of a search nothing is kept
    typed = [c for c in controls if c["tag"] == "textarea" or (c["tag"] == "input" and c.get("type") not in fixed)]
    assert {control.get("name") for control in typed} == {"login", "team"}


def test_no_word_of_the_pages_is_about_people() -> None:
    words = [*messages("zh"), *messages("zh").values()]
    assert len(words) > 100
    assert spoken(words) == set()


def test_no_word_for_the_public_is_about_people() -> None:
    told = [
        *(words for table in disclosed.TABLES.values() for words in (table.title, table.kept, *table.columns.values())),
        *disclosed.FIGURES.values(),
        *disclosed.SETTINGS.values(),
        *disclosed.RIGHTS.values(),
        *disclosed.ROLES.values(),
        *(layer.about for layer in disclosed.LAYERS.values()),
    ]
    assert spoken(word for words in told if words not in SAYS_WHAT_IS_NOT for word in words) == set()


def test_headings_that_an_import_takes_are_not_those_that_it_refuses() -> None:
    refused = [
        (kind.value, word)
        for kind, fields in FIELDS.items()
        for field in fields
        for word in (field.name, *field.words.split())
        if personal_heading(word, kind) is not None
    ]
    assert refused == []


def test_key_sites_are_facilities() -> None:
    for info in CATEGORIES.values():
        assert not re.search("宗教|寺|庙|教堂|清真|住宅|民居|家庭|个人", info.zh), info
        assert not looks_personal(info.category.value), info


def test_nothing_is_allowed_that_is_not_there(document: Any) -> None:
    names = (*table_names(), *import_names(), *served_names(), *setting_names(), *api_names(document), *control_names())
    assert ALLOWED - findings(names) == set()
