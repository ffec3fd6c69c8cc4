"""Coverage, the households behind it, rounds, and the way in for visits."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import islice
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import html, tables
from api.answers import Body
from api.audits import source_of
from api.bodies import BatchBody, batch_answer, batch_body, batch_items, id_of
from api.deps import Reading, ServiceFor, Serving
from api.features.items import MEDIA_TYPE as GEOJSON
from api.params import PAGED, Area, F, Format, Since, format_of, word
from api.streams import streamed
from gis.access.audit import Action, note
from gis.access.scope import Right
from gis.batches import BatchResult, Refusal
from gis.codes import DIGITS, Level, county_of
from gis.errors import BadInput
from gis.households import rounds as visit_rounds
from gis.households.coverage import CoverageTable, coverage_of_round, default_since, open_round_at
from gis.households.figures import coverage_table
from gis.households.unvisited import UnvisitedHousehold, unvisited
from gis.households.visits import Visit, parse_visit, record_visits
from gis.sentence import Sentence
from gis.storage.queries import query
from gis.storage.revisions import Touch

router = APIRouter()
_CSV: Final = "text/csv; charset=utf-8"
_FEATURES_A_PIECE: Final = 200

RoundCode = Annotated[
    str | None, Query(description="A round's code: coverage since its first day, frozen when closed.")
]


@router.get(
    "/coverage", summary="Known, reached, tried, never reached and overdue households of each area", dependencies=PAGED
)
def coverage(
    request: Request,
    serving: Serving,
    area: Area = None,
    level: Annotated[Level, Query(description="What the rows are.")] = Level.village,
    since: Since = None,
    round: RoundCode = None,
    f: F = None,
) -> Response:
    if since is not None and round is not None:
        raise BadInput("round: since and round exclude each other", field="round")
    if round is not None:
        county_of(word(round, "round"), field="round")
    form = _form(request, f)
    here = serving.inside(Right.figures, area)
    touch = serving.touch(Right.figures, area=here or (round and round[:6]), county=True, today=True)

    def make(conn: Connection) -> Body:
        table = _table(conn, serving, touch, here, level, since, round)
        return _coverage_body(conn, form, table, serving.counties(touch), request)

    return _exported(request, serving, make, here) if form is Format.csv else serving.answer(touch, make)


def _exported(request: Request, serving: ServiceFor, make: Callable[[Connection], Body], area: str | None) -> Response:
    """A file to keep. It is never answered from memory: the audit has every export."""
    serving.service.mirror.current()
    serving.service.audits.note(request.scope, Action.export, {"kind": "coverage", "form": "csv"}, area=area or "")
    with serving.read() as conn:
        body = make(conn)
    return Response(
        body.content, headers={**dict(body.headers), "Cache-Control": "no-store"}, media_type=body.media_type
    )


def _form(request: Request, f: str | None) -> Format:
    form = format_of(f, Format.json, Format.csv, Format.geojson, Format.html)
    return form or (Format.html if html.asks_html(request, None) else Format.json)


def _table(
    conn: Connection,
    serving: ServiceFor,
    touch: Touch,
    area: str | None,
    level: Level,
    since: date | None,
    round: str | None,
) -> CoverageTable:
    """The figures, from the worker's memory unless the round is closed."""
    today, within = serving.today, serving.caller.scope.where(Right.figures)
    if round is not None:
        found = visit_rounds.get_round(conn, round)
        area, since = visit_rounds.inside_round(area, found), found.first_on
        if found.closed_at is not None:
            return coverage_of_round(conn, round, level, today, area, within)
    cut_off = since or default_since(conn, area, today)
    parts = serving.cell_figures(conn, serving.counties(touch), cut_off)
    return coverage_table(list(parts.values()), area=area, within=within, level=level, since=cut_off, today=today)


def _coverage_body(conn: Connection, form: Format, table: CoverageTable, counties: list[int], request: Request) -> Body:
    if form is Format.csv:
        rows = (tables.coverage_row(area) for area in table.areas)
        return Body(b"".join(tables.csv_pieces(tables.COVERAGE, rows)), _CSV, (_attachment("coverage"),))
    if form is Format.geojson:
        return Body(_coverage_features(conn, table, counties), GEOJSON)
    document = tables.coverage_document(table)
    if form is Format.html:
        return html.page("走访覆盖率 · Coverage", document, request.scope)
    return Body(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), "application/json")


def _attachment(name: str) -> tuple[str, str]:
    return "Content-Disposition", f'attachment; filename="{name}.csv"'


def _outlines(conn: Connection, table: CoverageTable, counties: list[int]) -> dict[str, str]:
    """The outline of each area as GeoJSON: as it is, or, of a closed round, of the cells that were counted."""
    if table.frozen is None:
        values = {"counties": counties, "codes": [area.code for area in table.areas]}
        return {row.code: row.outline for row in conn.execute(query("cells/outlines"), values)}
    digits = {DIGITS[area.level] for area in table.areas}
    values = {"county": county_of(table.frozen), "round": table.frozen, "digits": max(digits, default=0)}
    return {row.code: row.outline for row in conn.execute(query("households/round_outlines"), values)}


def _coverage_features(conn: Connection, table: CoverageTable, counties: list[int]) -> bytes:
    """The areas as features: the database gives the outlines, the figures are at hand."""
    outlines = _outlines(conn, table, counties)
    features = (
        f'{{"type":"Feature","id":"{area.code}","geometry":{outlines.get(area.code, "null")},'
        f'"properties":{json.dumps(tables.coverage_row(area), ensure_ascii=False)}}}'
        for area in table.areas
    )
    head = json.dumps({"type": "FeatureCollection", "as_of": str(table.as_of), "since": str(table.since)})[:-1]
    return f'{head},"features":[{",".join(features)}]}}'.encode()


@router.get("/households/unvisited", summary="Households not reached since a day, longest wait first; no cap")
def unvisited_households(
    request: Request, serving: Serving, area: Area = None, since: Since = None, f: F = None
) -> Response:
    form = format_of(f, Format.geojson, Format.json, Format.csv) or Format.geojson
    here = serving.inside(Right.doors, area)
    pieces = _unvisited_pieces(serving, here, since, form)
    serving.service.audits.note(request.scope, Action.export, {"kind": "unvisited", "form": form}, area=here or "")
    if form is Format.csv:
        name, value = _attachment(f"unvisited-{area}" if area else "unvisited")
        return streamed(pieces, _CSV, {name: value, "Cache-Control": "no-store"})
    return streamed(pieces, GEOJSON, {"Cache-Control": "no-store"})


def _unvisited_pieces(serving: ServiceFor, area: str | None, since: date | None, form: Format) -> Generator[bytes]:
    with serving.service.streams.one(), serving.read() as conn:
        cut_off = since or default_since(conn, area, serving.today)
        # Closed here, while its cursor is still open: the client may leave in the middle.
        with closing(cast(Generator[UnvisitedHousehold], unvisited(conn, area, cut_off))) as found:
            yield from _unvisited_in(form, found, serving.today, cut_off)


def _unvisited_in(form: Format, found: Iterable[UnvisitedHousehold], today: date, since: date) -> Iterator[bytes]:
    if form is Format.csv:
        yield from tables.csv_pieces(tables.UNVISITED, map(tables.unvisited_row, found))
        return
    yield json.dumps({"type": "FeatureCollection", "as_of": str(today), "since": str(since)})[:-1].encode()
    yield b',"features":['
    features = map(_feature, found)
    separator = ""
    while piece := list(islice(features, _FEATURES_A_PIECE)):
        yield (separator + ",\n".join(piece)).encode()
        separator = ",\n"
    yield b"]}"


def _feature(household: UnvisitedHousehold) -> str:
    properties = tables.unvisited_row(household)
    place = {"type": "Point", "coordinates": [properties.pop("lon"), properties.pop("lat")]}
    feature = {"type": "Feature", "id": household.code, "geometry": place, "properties": properties}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


@router.get(
    "/rounds",
    summary="Visit rounds, open ones first",
    description="`running` is the code of the one from which figures of the area (left out: of all that the caller may"
    " see, in one county) count where no cut-off is given: the open one closest around it; null where there is none.",
    dependencies=PAGED,
)
def rounds(request: Request, conn: Reading, serving: Serving, area: Area = None, f: F = None) -> Response:
    here = serving.inside(Right.figures, area)
    found = [tables.round_row(one) for one in visit_rounds.list_rounds(conn, here)]
    running = open_round_at(conn, here, serving.today)
    return html.document(request, f, "走访轮次 · Rounds", {"rounds": found, "running": running[0] if running else None})


@router.post("/visits", summary="Record visits: a JSON array, or NDJSON with one visit a line")
def visits(serving: Serving, body: Annotated[BatchBody, Depends(batch_body)]) -> Response:
    now = datetime.now(UTC)
    parsed: list[tuple[int, Visit]] = []
    refused: list[Refusal] = []
    for index, item in enumerate(batch_items(body, Sentence("visits"))):
        try:
            parsed.append((index, _visit(item, serving, now)))
        except BadInput as error:
            refused.append(Refusal(index, id_of(item), "bad-input", error.message))
    # Committed when it returns.
    result = serving.service.store.retrying(lambda conn: _record(conn, parsed, serving), serving.told)
    serving.service.mirror.refresh()
    return batch_answer(serving.request, result, refused)


def _visit(item: object, serving: ServiceFor, now: datetime) -> Visit:
    if isinstance(item, BadInput):
        raise BadInput(item.message, field="visit")
    visit = parse_visit(item, serving.settings, now)
    word(visit.household, "household")
    return visit


def _record(conn: Connection, parsed: Sequence[tuple[int, Visit]], serving: ServiceFor) -> BatchResult:
    """Record the visits that could be read, in the areas of the caller, and note it in the audit; refusals come back
    with their index in the whole batch."""
    result = record_visits(conn, [visit for _, visit in parsed], serving.settings, within=True)
    source, areas = source_of(serving.request.scope), serving.caller.scope.where(Right.visits)
    if result.accepted:
        detail: dict[str, int | list[str]] = {"accepted": result.accepted, "areas": list(areas)}
        note(conn, who=serving.caller.who, source=source, action=Action.record_visits, area="", detail=detail)
    refused = [Refusal(parsed[r.index][0], r.id, r.code, r.detail) for r in result.refused]
    return BatchResult(result.accepted, result.repeated, refused)
