"""Key sites of the fictional county: public blocks of the town centres, village offices, shops, stations. Pure."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from gis.demo.addresses import Named
from gis.demo.draw import Drawing
from gis.demo.field import Floats
from gis.demo.houses import PUBLIC, Doors
from gis.demo.mesh import Mesh, Settlements
from gis.demo.plan import COUNTY_CODE, Ints, Plan
from gis.sites.categories import CATEGORIES, Category

_C = Category
# What a town centre has, in this order, with the name behind the town's; public blocks are taken from the middle out.
_TOWN: tuple[tuple[Category, str], ...] = (
    (_C.government_service, "便民服务中心"),
    (_C.hospital, "中心医院"),
    (_C.school, "中心小学"),
    (_C.market, "农贸市场"),
    (_C.school, "第一中学"),
    (_C.kindergarten, "中心幼儿园"),
    (_C.bus_station, "汽车站"),
    (_C.park, "人民公园"),
    (_C.elderly_care, "敬老院"),
    (_C.library, "文化馆图书室"),
    (_C.sports, "体育场"),
    (_C.kindergarten, "第二幼儿园"),
    (_C.school, "第二中学"),
    (_C.factory, "面粉厂"),
    (_C.substation, "变电站"),
    (_C.fire_station, "消防站"),
    (_C.waterworks, "自来水厂"),
    (_C.construction_site, "新区建筑工地"),
)
# What stands beside a house in a town centre: category, name, share of urban cells that have one.
_URBAN: tuple[tuple[Category, str, float], ...] = (
    (_C.supermarket, "超市", 0.7),
    (_C.restaurant, "餐馆", 0.9),
    (_C.pharmacy, "药店", 0.5),
    (_C.hotel, "宾馆", 0.25),
    (_C.bank, "银行网点", 0.25),
    (_C.entertainment, "歌厅", 0.15),
    (_C.parcel_station, "快递站", 0.4),
    (_C.clinic, "社区诊所", 0.3),
)
_SEAT: tuple[tuple[Category, str, float], ...] = (
    (_C.village_office, "村委会", 1.0),
    (_C.clinic, "卫生室", 0.9),
    (_C.shop, "便民商店", 0.9),
    (_C.school, "小学", 0.5),
    (_C.farm_supplies, "农资店", 0.5),
    (_C.gas_station, "加油站", 0.35),
    (_C.fireworks_store, "烟花爆竹零售点", 0.25),
    (_C.warehouse, "粮食仓库", 0.25),
    (_C.reservoir, "小型水库", 0.2),
    (_C.workshop, "农机修理厂", 0.3),
)


class _List:
    """The sites as they are found."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, Category]] = []
        self.xy: list[Floats] = []

    def add(self, name: str, category: Category, xy: Floats) -> None:
        self.rows.append((name, category))
        self.xy.append(xy)


def facilities(
    rng: np.random.Generator,
    drawing: Drawing,
    plan: Plan,
    places: Settlements,
    mesh: Mesh,
    cell: Ints,
    named: Named,
    use: Ints,
    doors: Doors,
    today: date,
) -> pd.DataFrame:
    """The sites frame: row, code, name, category, lon, lat, address, check_interval_days, last_checked_on."""
    found = _List()
    _public_blocks(found, plan, places, mesh, cell, named, use)
    _beside_doors(rng, found, plan, named, doors, np.flatnonzero(plan.cell_urban), _URBAN)
    _beside_doors(rng, found, plan, named, doors, _seat_cells(plan), _SEAT)
    degrees = drawing.degrees(np.array(found.xy))
    categories = [category for _, category in found.rows]
    interval = np.array([CATEGORIES[category].check_interval_days for category in categories])
    # Most were checked in time, some are late, and a few never were.
    since = (interval * rng.gamma(2.0, 0.33, len(interval))).astype(np.int64) + 1
    checked = pd.Series(np.datetime64(today) - since.astype("timedelta64[D]")).astype("datetime64[s]")
    return pd.DataFrame(
        {
            "row": np.arange(1, len(categories) + 1),
            "code": [f"{COUNTY_CODE}S{index:04d}" for index in range(1, len(categories) + 1)],
            "name": [name for name, _ in found.rows],
            "category": [category.value for category in categories],
            "lon": degrees[:, 0],
            "lat": degrees[:, 1],
            "check_interval_days": interval,
            "last_checked_on": checked.mask(rng.random(len(interval)) < 0.05),
        }
    )


def _public_blocks(
    found: _List, plan: Plan, places: Settlements, mesh: Mesh, cell: Ints, named: Named, use: Ints
) -> None:
    for town in range(plan.sizes.towns):
        faces = np.flatnonzero((use == PUBLIC) & (mesh.settlement == town) & (cell >= 0))
        faces = faces[np.argsort(np.hypot(*(mesh.face_xy[faces] - places.xy[town]).T), kind="stable")]
        short = str(named.town[town]).removesuffix("镇")
        for face, (category, name) in zip(faces, _TOWN, strict=False):
            found.add(short + name, category, mesh.face_xy[face])


def _seat_cells(plan: Plan) -> Ints:
    """The inhabited cell nearest to the middle of each rural village."""
    seats: list[int] = []
    for village in np.flatnonzero(~plan.village_urban):
        own = np.flatnonzero((plan.cell_village == village) & (plan.cell_households > 0))
        if len(own):
            seats.append(int(own[np.argmin(np.hypot(*(plan.cell_xy[own] - plan.village_xy[village]).T))]))
    return np.array(seats, dtype=np.int64)


def _beside_doors(
    rng: np.random.Generator,
    found: _List,
    plan: Plan,
    named: Named,
    doors: Doors,
    cells: Ints,
    kinds: tuple[tuple[Category, str, float], ...],
) -> None:
    """Sites some ten metres behind random houses of the given cells."""
    order = np.argsort(doors.cell, kind="stable")
    first = np.searchsorted(doors.cell[order], np.arange(len(plan.cell_xy) + 1))
    for cell in cells.tolist():
        own = order[first[cell] : first[cell + 1]]
        village = str(named.village[plan.cell_village[cell]])
        short = village.removesuffix("村").removesuffix("社区")
        for category, name, share in kinds:
            if len(own) and rng.random() < share:
                door = int(rng.choice(own))
                xy = doors.xy[door] + rng.normal(0.0, 6.0, 2)
                found.add(short + name, category, xy)
