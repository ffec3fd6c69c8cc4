"""everycell patrol plan|list|show|export|report|cancel|sweep: patrols in a shell."""

from __future__ import annotations

import csv
import getpass
import json
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Connection

from api import tables
from api.cli.folding import Table
from api.cli.output import cell, day, err, lang_of, opened, out, write
from api.cli.sweeping import sweep
from api.cli.words import _, say
from api.patrol_documents import FAULTS, hours_of, plan_document
from api.patrol_exports import COLUMNS, REPORT, geojson, gpx, label, report_rows, rows
from api.patrol_out import refuse_unrouted, report_of
from gis.access.audit import Action, Detail, note_shell
from gis.access.scope import ALL
from gis.codes import level_of
from gis.errors import BadInput, Conflict, Interrupted, NotFound
from gis.households.coverage import counties, today_in
from gis.patrol import plans
from gis.patrol.asking import parse_asked
from gis.patrol.clock import written
from gis.patrol.finder import Finder
from gis.patrol.jobs import Outcome, run
from gis.patrol.stored import StoredPlan
from gis.patrol.surroundings import area_name
from gis.settings import settings
from gis.storage.engine import Store
from gis.words import word
from maps.numbers import percent
from maps.text import Lang

app = typer.Typer(
    help="Patrols: plan routes for teams, look at them, export them, see what was done.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(help="id of the plan")]
Output = Annotated[Path, typer.Option("--output", "-o", help="the file to write")]
_STEPS: Final = {
    "waiting": _("waiting"),
    "streets": _("streets"),
    "times": _("times"),
    "routes": _("routes"),
    "check": _("check"),
}
_INLINE: Final = re.compile(r"([^,]+),(foot|car),([^,]+),([^,]+),([0-9:]+)-([0-9:]+)")

app.command()(sweep)


@app.command()
def plan(
    area: Annotated[str, typer.Option(help="code of the area")],
    team: Annotated[
        list[str] | None,
        typer.Option(help="a team: CODE,foot|car,LON,LAT,09:00-13:00; or the code of one that is kept"),
    ] = None,
    teams: Annotated[Path | None, typer.Option(help="teams in a file: .json or .csv")] = None,
    on: Annotated[str | None, typer.Option(help="the day, 2026-11-30; default: today")] = None,
    kinds: Annotated[str | None, typer.Option(help="only these: doorplate,site,revisit,place")] = None,
    tiers: Annotated[str | None, typer.Option(help="only these: 1,2,3")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="so many stops at most, the longest wait first")] = None,
    aim: Annotated[str, typer.Option(help="shortest or equal")] = "shortest",
    seed: Annotated[int, typer.Option(help="the same seed gives the same plan")] = 1,
    limit: Annotated[float, typer.Option(help="processor seconds that the search may take")] = 5.0,
) -> None:
    """Plan routes for teams from what waits in an area."""
    stops = {
        "kinds": kinds.split(",") if kinds else None,
        "tiers": [int(one) if one.isdigit() else one for one in tiers.split(",")] if tiers else None,
        "most": most,
    }
    when = day(on, "--on") or today_in(settings())
    body = {
        "id": str(uuid4()),
        "area": area,
        "on": when.isoformat(),
        "teams": [*_inline(team or []), *(_file(teams) if teams else [])],
        "stops": stops,
        "aim": aim,
        "seed": seed,
        "limit_s": limit,
    }
    asked = parse_asked(body)
    with opened() as store:

        def work(conn: Connection) -> StoredPlan:
            made, _repeated = plans.create(conn, asked, body, by=f"shell:{getpass.getuser()}", cases=True)
            _note(conn, Action.patrol_plan, made, {"on": str(made.on), "stops": len(made.stops)})
            return made

        store.retrying(work, ALL.settings())
        found = _searched(store, asked.id)
        _show(found)


def _searched(store: Store, id: UUID) -> StoredPlan:
    """Find the routes here, with a bar; Ctrl-C gives the plan up."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task, finder = bar.add_task(_("planning"), total=1.0), Finder(store)
        try:
            outcome = run(
                store,
                finder,
                plan=id,
                on_progress=lambda step, share: bar.update(task, description=_STEPS[step], completed=share),
            )
        except KeyboardInterrupt:
            store.retrying(lambda conn: plans.cancel(conn, _plan(conn, str(id))), ALL.settings())
            raise Interrupted("interrupted; the plan is given up") from None
        finally:
            finder.close()
    return _ended(store, id, outcome)


def _ended(store: Store, id: UUID, outcome: Outcome | None) -> StoredPlan:
    with store.read(ALL.settings()) as conn:
        found = _plan(conn, str(id))
    if outcome is not None and outcome.fault is not None:
        title, detail = FAULTS[outcome.fault]
        raise Conflict("{title}: {detail} (plan {id})", title=title, detail=detail, id=id)
    if found.status != "planned":
        raise Conflict(
            "plan {id} is {status}: a running service works on it, or it was given up", id=id, status=word(found.status)
        )
    return found


@app.command("list")
def list_(
    area: Annotated[str | None, typer.Option(help="only of this area")] = None,
    on: Annotated[str | None, typer.Option(help="only of this day, 2026-11-30")] = None,
) -> None:
    """Plans, the latest day first."""
    if area is not None:
        level_of(area, field="--area")
    with opened() as store, store.read(ALL.settings()) as conn:
        found = plans.listed(conn, counties(conn, area), [area] if area else [], on=day(on, "--on"))
    shown = Table(_("id"), _("day"), _("area"), _("status"), _("teams"), _("stops"), _("planned"), _("done"))
    for one in found:
        numbers = (str(one.stops), str(one.planned), str(one.done))
        shown.add_row(str(one.id), str(one.patrol_on), one.area, say(word(one.status)), " ".join(one.teams), *numbers)
    out.print(shown if found else _("no plans"))


@app.command()
def show(id: Id, as_json: Annotated[bool, typer.Option("--json", help="the whole plan, as over HTTP")] = False) -> None:
    """A plan: its routes, its stops, and why others are left out."""
    with opened() as store, store.read(ALL.settings()) as conn:
        found = _plan(conn, id)
    if as_json:
        print(json.dumps(plan_document(found), ensure_ascii=False, default=str))  # noqa: T201
        return
    _show(found)


def _show(plan: StoredPlan) -> None:
    hours = hours_of(plan)
    told = _(
        "plan {id}: {area} on {day}, {status}, version {version}",
        id=plan.id,
        area=plan.area,
        day=plan.on,
        status=word(plan.status),
        version=plan.version,
    )
    if not plan.routed:
        out.print(_("{plan}: it has no routes", plan=told))
        return
    ground = _("straight lines × 1.4: there are no streets yet")
    if not plan.straight:
        ground = _("streets of {day}", day=plan.network_on)
    out.print(f"{told}; {ground}")
    for route in plan.routes:
        code = route.team.code
        stops = plan.route_of(code)
        worked = hours.get(code)
        told = _("nothing")
        if worked is not None and stops:
            told = _("{time} h, {number} stops", time=written(worked), number=len(stops))
        shown = Table(
            "", _("arrive"), _("leave"), _("tier"), _("what"), _("why"), title=f"{code}: {told}", title_justify="left"
        )
        for stop in stops:
            because = say(word(stop.stop.because))
            if stop.stop.days is not None:
                because = _("{why} {days} d", why=because, days=stop.stop.days)
            times = (written(stop.arrive_s or 0), written(stop.leave_s or 0))
            shown.add_row(str(stop.seq), *times, str(stop.stop.tier), cell(label(stop)), because)
        out.print(shown)
    out_of = [stop for stop in plan.stops if stop.seq is None]
    if out_of:
        shown = Table(
            _("tier"), _("what"), _("why not"), title=_("left out: {number}", number=len(out_of)), title_justify="left"
        )
        for stop in out_of:
            left = stop.left_out
            why = "" if left is None else say(word(left.why))
            if left is not None and left.seconds is not None:
                why = _("{why} {minutes} min", why=why, minutes=-(-left.seconds // 60))
            shown.add_row(str(stop.stop.tier), cell(label(stop)), why)
        out.print(shown)


@app.command()
def export(
    id: Id,
    output: Output,
    team: Annotated[str | None, typer.Option(help="only this team's route")] = None,
    lang: Annotated[str, typer.Option(help="of the sheets: zh or en")] = "zh",
) -> None:
    """A plan as a file: .gpx, .geojson, .csv, or .pdf (sheets to print)."""
    forms = {".gpx": gpx, ".geojson": geojson, ".csv": _as_csv}
    form, spoken = output.suffix.lower(), lang_of(lang)
    if form not in (*forms, ".pdf"):
        raise BadInput(
            "{field}: {name!r} ends in none of {words}",
            name=output.name,
            words=", ".join((*forms, ".pdf")),
            field="--output",
        )
    with opened() as store:
        with store.read(ALL.settings()) as conn:
            found = _plan(conn, id)
            refuse_unrouted(found)
            if team is not None and team not in [route.team.code for route in found.routes]:
                raise BadInput("{field}: the plan has no team {team!r}", team=team, field="--team")
            made = _as_pdf(conn, found, team, spoken) if form == ".pdf" else forms[form](found, team)
        with store.begin() as conn:
            _note(conn, Action.export, found, {"kind": "plan", "form": form[1:]})
    write(output, made)
    err.print(f"→ {output}", markup=False, soft_wrap=True)


def _as_pdf(conn: Connection, plan: StoredPlan, team: str | None, lang: Lang) -> bytes:
    from api.patrol_sheet import streets_of  # loads the drawing of maps: only who asks for sheets pays
    from maps.patrol_sheet.pdf import sheets_pdf
    from maps.patrol_sheet.sheet import About

    told = About(area_name(conn, plan.area), datetime.now(settings().zone))
    return sheets_pdf(
        plan_document(plan), told, streets_of(conn, plan, team), team=team, lang=lang, fonts=settings().report_fonts
    )


def _as_csv(plan: StoredPlan, team: str | None) -> bytes:
    return b"".join(tables.csv_pieces(COLUMNS, rows(plan, team)))


@app.command()
def report(
    id: Id, output: Annotated[Path | None, typer.Option("--output", "-o", help="a .csv file to write")] = None
) -> None:
    """What became of a plan: per team and cell, what was missed and why."""
    with opened() as store:
        with store.read(ALL.settings()) as conn:
            plan = _plan(conn, id)
            refuse_unrouted(plan)
            found = report_of(conn, plan, over=plan.on < today_in(settings()))
        if output is not None:
            with store.begin() as conn:
                _note(conn, Action.export, plan, {"kind": "report", "form": "csv"})
    if output is not None:
        write(output, b"".join(tables.csv_pieces(REPORT, report_rows(found))))
        err.print(f"→ {output}", markup=False, soft_wrap=True)
        return
    shown = Table(
        "",
        _("planned"),
        _("done"),
        _("no answer"),
        _("skipped"),
        _("never ticked"),
        _("households"),
        _("reached"),
        _("gained"),
    )
    for line in (*found.teams, *found.cells, found.total):
        numbers = (
            line.planned,
            line.done,
            line.no_answer,
            line.skipped,
            line.never_ticked,
            line.households,
            line.reached,
        )
        shown.add_row(line.code, *map(str, numbers), percent(line.gained))
    out.print(shown)
    for stop, came, _day in found.missed:
        out.print(f"{stop.team} {stop.seq}: {say(word(came))} ", cell(label(stop)))


@app.command()
def cancel(id: Id) -> None:
    """End the search of a plan, or give the plan up; links to it end."""
    with opened() as store:

        def work(conn: Connection) -> str:
            found = _plan(conn, id)
            status = plans.cancel(conn, found)
            _note(conn, Action.patrol_cancel, found, {"on": str(found.on), "status": status})
            return status

        out.print(say(word(store.retrying(work, ALL.settings()))))


# ---- parts of the above


def _plan(conn: Connection, id: str) -> StoredPlan:
    try:
        return plans.get(conn, counties(conn, None), UUID(id))
    except ValueError:
        raise NotFound("there is no plan {id}", id=id) from None


def _note(conn: Connection, action: Action, plan: StoredPlan, detail: Detail) -> None:
    note_shell(conn, action, plan.area, detail)


def _inline(words: list[str]) -> list[Any]:
    return [_team(word) if "," in word else word for word in words]


def _team(word: str) -> dict[str, Any]:
    found = _INLINE.fullmatch(word)
    if found is None:
        raise BadInput("--team: {word!r} is not like A1,foot,104.1,35.2,09:00-13:00", word=word, field="--team")
    code, mode, lon, lat, first, last = found.groups()
    station = {"lon": _degrees(lon, "--team"), "lat": _degrees(lat, "--team")}
    return {"code": code, "mode": mode, "station": station, "shift": [first, last]}


def _file(path: Path) -> list[Any]:
    """Teams of a file: JSON as over HTTP, or CSV with code, mode, lon, lat, shift (09:00-13:00), and where wanted
    end_lon, end_lat, open_end (true), skills (with ; between)."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("{field}: {file} cannot be read: {reason}", file=path, reason=error, field="--teams") from None
    if path.suffix.lower() == ".csv":
        return [_row(number, row) for number, row in enumerate(csv.DictReader(content.splitlines()), start=1)]
    with suppress(json.JSONDecodeError):
        found = json.loads(content)
        listed = found.get("teams") if isinstance(found, dict) else found
        if isinstance(listed, list):
            return listed
    raise BadInput("--teams: {path} is no JSON list of teams", path=path.name, field="--teams")


def _row(number: int, row: dict[str, str | None]) -> dict[str, Any]:
    known = {"code", "mode", "lon", "lat", "shift", "end_lon", "end_lat", "open_end", "skills"}
    strange = sorted(str(name) for name in row if name not in known)
    if strange:
        raise BadInput(
            "--teams: column {column!r} is not known; there are {words}",
            column=strange[0],
            words=", ".join(sorted(known)),
            field="--teams",
        )
    field = f"--teams row {number}"
    team: dict[str, Any] = {
        "code": row.get("code"),
        "mode": row.get("mode") or "foot",
        "station": {name: _degrees(row.get(name), f"{field}, {name}") for name in ("lon", "lat")},
        "shift": (row.get("shift") or "").split("-"),
        "open_end": (row.get("open_end") or "").lower() in ("true", "yes", "1"),
        "skills": [one for one in (row.get("skills") or "").split(";") if one],
    }
    if row.get("end_lon") or row.get("end_lat"):
        team["end"] = {name: _degrees(row.get(f"end_{name}"), f"{field}, end_{name}") for name in ("lon", "lat")}
    return team


def _degrees(word: str | None, field: str) -> float:
    try:
        return float(word or "")
    except ValueError:
        raise BadInput("{field}: {word!r} is no number of degrees", word=word, field=field) from None
