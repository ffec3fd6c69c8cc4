"""What the public is told: `GET /about/data`, generated from the tables, the collections, the settings and the roles.

Nothing here depends on what is stored, nor on who asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from secrets import token_urlsafe
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from starlette.responses import JSONResponse, Response

from api.deps import Serving
from api.features.collections import TILED
from api.features.documents import tileset
from api.features.tiles import DOORS_FROM
from api.html import MEDIA_TYPE, frame_of, render, security_headers
from api.params import F, Format, format_of
from api.requests import wants_html
from gis.access import disclosed, scope
from gis.access.disclosed import LayerWords, TableWords, Words
from gis.access.scope import Right
from gis.errors import BadInput
from gis.settings import Settings
from gis.sites.categories import CATEGORIES
from gis.storage import access_models as _access_models  # noqa: F401 - registers its tables
from gis.storage import alarm_models as _alarm_models  # noqa: F401
from gis.storage import changeset_models as _changeset_models  # noqa: F401
from gis.storage import dispute_models as _dispute_models  # noqa: F401
from gis.storage import models
from gis.storage import patrol_models as _patrol_models  # noqa: F401
from gis.storage import road_models as _road_models  # noqa: F401
from maps.text import Lang

router = APIRouter()

Told = dict[str, Any]
_TYPES: Final[tuple[tuple[type[Any], Words], ...]] = (
    (Boolean, Words("是否", "yes or no")),
    (ARRAY, Words("数字列表", "list of numbers")),
    (BigInteger, Words("整数", "number")),
    (Integer, Words("整数", "number")),
    (Date, Words("日期", "day")),
    (DateTime, Words("时间", "instant")),
    (LargeBinary, Words("摘要", "digest")),
    (Uuid, Words("随机编号", "random number")),
    (JSONB, Words("结构化数据", "structured values")),
    (Text, Words("文字", "text")),
)
_PLACE: Final = Words("坐标", "coordinates")


@router.get("/about/data", summary="What is stored, who sees it, how long it is kept: for the public")
def about_data(
    request: Request,
    serving: Serving,
    lang: Annotated[str, Query(description="zh or en, of the page")] = "zh",
    f: F = None,
) -> Response:
    if lang not in ("zh", "en"):
        raise BadInput("{field}: {lang!r} is none of zh, en", lang=lang, field="lang")
    form = format_of(f, Format.json, Format.html)
    told = disclosure(serving.store.settings)
    if form is Format.json or (form is None and not wants_html(request.scope)):
        return JSONResponse(told, headers={"Vary": "Accept", "Cache-Control": "no-cache"})
    return _page(request, told, "en" if lang == "en" else "zh")


def _page(request: Request, told: Told, lang: Lang) -> Response:
    def say(zh: str | dict[str, str], en: str = "") -> str:
        words = zh if isinstance(zh, dict) else {"zh": zh, "en": en}
        return words[lang]

    nonce = token_urlsafe(16)
    frame = frame_of(request.scope, nonce, lang)
    text = render(
        "about.html",
        frame,
        title=say("公开说明：本服务保存什么数据", "What this service stores"),
        say=say,
        **{**told, "all_rights": told["rights"], "rights": frame.rights},
    )
    headers = {**security_headers(nonce), "Vary": "Accept", "Cache-Control": "no-cache"}
    return Response(text, headers=headers, media_type=MEDIA_TYPE)


def disclosure(settings: Settings) -> Told:
    """Everything that is told, as plain JSON; every text in both languages."""
    values = settings.model_dump(include=set(disclosed.SETTINGS))
    order = list(disclosed.TABLES)
    tables = sorted(models.metadata.tables.values(), key=lambda table: order.index(table.name))
    return {
        "principles": [_both(words) for words in disclosed.PRINCIPLES],
        "rights": [{"name": right, **_both(words)} for right, words in disclosed.RIGHTS.items()],
        "roles": [
            {"name": role, **_both(words), "rights": [right for right in Right if right in scope.RIGHTS[role]]}
            for role, words in disclosed.ROLES.items()
        ],
        "layers": [_layer(name, words) for name, words in disclosed.LAYERS.items()],
        "figures": [{"name": name, **_both(words)} for name, words in disclosed.FIGURES.items()],
        "tables": [_table(table, disclosed.TABLES[table.name], values) for table in tables],
        "settings": [{"name": n, "value": values[n], **_both(words)} for n, words in disclosed.SETTINGS.items()],
        "doors_from_zoom": DOORS_FROM,
        "site_categories": [{"name": one.category, "zh": one.zh, "en": one.en} for one in CATEGORIES.values()],
    }


def _both(words: Words) -> dict[str, str]:
    return words._asdict()


def _layer(name: str, words: LayerWords) -> Told:
    layers = tileset(TILED[name], "", None)["layers"] if name in TILED else []
    in_tiles = [layer["propertiesSchema"]["properties"] for layer in layers if layer["id"] == name]
    return {
        "name": name,
        **_both(words.about),
        "seen_with": disclosed.TABLES[words.table].seen,
        "items": _fields(words.table, words.properties),
        "tiles": _fields(words.table, chain(*in_tiles)),
    }


def _fields(table: str, names: Iterable[str]) -> list[Told]:
    return [{"name": name, **_both(disclosed.words_of(table, name))} for name in names]


def _table(table: Table, words: TableWords, values: dict[str, Any]) -> Told:
    return {
        "name": table.name,
        **_both(words.title),
        "seen_with": words.seen,
        "kept": {lang: text.format(**values) for lang, text in _both(words.kept).items()},
        "columns": [
            {"name": column.name, **_both(words.columns[column.name]), "type": _both(_type_of(column))}
            for column in table.columns
        ],
    }


def _type_of(column: Column[Any]) -> Words:
    return next((words for kind, words in _TYPES if isinstance(column.type, kind)), _PLACE)
