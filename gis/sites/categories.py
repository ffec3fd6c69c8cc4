"""The closed list of key-site categories: facilities that are checked, and nothing else.

A key site is a place of public or working life with something to inspect. There is no category for a home, for a
person, or for a place of worship, and none may be added (section "places, not people" of the design).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gis.errors import BadInput


class Category(StrEnum):
    """What a key site is. The value is what the database stores and what an imported file may say."""

    kindergarten = "kindergarten"
    school = "school"
    college = "college"
    hospital = "hospital"
    clinic = "clinic"
    pharmacy = "pharmacy"
    elderly_care = "elderly_care"
    government_service = "government_service"
    village_office = "village_office"
    fire_station = "fire_station"
    library = "library"
    museum = "museum"
    sports = "sports"
    park = "park"
    market = "market"
    supermarket = "supermarket"
    shop = "shop"
    restaurant = "restaurant"
    hotel = "hotel"
    entertainment = "entertainment"
    bank = "bank"
    post_office = "post_office"
    parcel_station = "parcel_station"
    bus_station = "bus_station"
    railway_station = "railway_station"
    gas_station = "gas_station"
    fuel_storage = "fuel_storage"
    fireworks_store = "fireworks_store"
    farm_supplies = "farm_supplies"
    warehouse = "warehouse"
    factory = "factory"
    workshop = "workshop"
    construction_site = "construction_site"
    quarry = "quarry"
    substation = "substation"
    waterworks = "waterworks"
    sewage_works = "sewage_works"
    reservoir = "reservoir"
    waste_station = "waste_station"
    parking = "parking"


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """What pages and the importer know of a category: its names and how often it is checked if nothing else is said."""

    category: Category
    zh: str
    en: str
    check_interval_days: int


_ROWS: Final[tuple[tuple[Category, str, str, int], ...]] = (
    (Category.kindergarten, "幼儿园", "Kindergarten", 30),
    (Category.school, "学校", "School", 30),
    (Category.college, "高等院校", "College", 60),
    (Category.hospital, "医院", "Hospital", 30),
    (Category.clinic, "诊所", "Clinic", 60),
    (Category.pharmacy, "药店", "Pharmacy", 90),
    (Category.elderly_care, "养老机构", "Elderly care", 30),
    (Category.government_service, "政务服务中心", "Government service", 90),
    (Category.village_office, "村(社区)办公点", "Village office", 90),
    (Category.fire_station, "消防站", "Fire station", 180),
    (Category.library, "图书馆", "Library", 90),
    (Category.museum, "博物馆", "Museum", 90),
    (Category.sports, "体育场馆", "Sports ground", 90),
    (Category.park, "公园", "Park", 90),
    (Category.market, "集贸市场", "Market", 30),
    (Category.supermarket, "超市", "Supermarket", 60),
    (Category.shop, "商店", "Shop", 90),
    (Category.restaurant, "餐饮店", "Restaurant", 60),
    (Category.hotel, "旅馆", "Hotel", 30),
    (Category.entertainment, "娱乐场所", "Entertainment", 30),
    (Category.bank, "银行网点", "Bank", 90),
    (Category.post_office, "邮政网点", "Post office", 90),
    (Category.parcel_station, "快递站点", "Parcel station", 60),
    (Category.bus_station, "汽车站", "Bus station", 30),
    (Category.railway_station, "火车站", "Railway station", 30),
    (Category.gas_station, "加油加气站", "Filling station", 30),
    (Category.fuel_storage, "油气储存点", "Fuel storage", 15),
    (Category.fireworks_store, "烟花爆竹经营点", "Fireworks store", 15),
    (Category.farm_supplies, "农资店", "Farm supplies", 60),
    (Category.warehouse, "仓库", "Warehouse", 60),
    (Category.factory, "工厂", "Factory", 30),
    (Category.workshop, "作坊、修理厂", "Workshop", 60),
    (Category.construction_site, "建筑工地", "Construction site", 15),
    (Category.quarry, "矿山、采石场", "Quarry", 30),
    (Category.substation, "变电站", "Substation", 90),
    (Category.waterworks, "供水设施", "Waterworks", 60),
    (Category.sewage_works, "污水处理厂", "Sewage works", 90),
    (Category.reservoir, "水库", "Reservoir", 30),
    (Category.waste_station, "垃圾中转站", "Waste station", 60),
    (Category.parking, "停车场", "Car park", 180),
)

CATEGORIES: Final = MappingProxyType({row[0]: CategoryInfo(*row) for row in _ROWS})
_BY_WORD: Final = {
    word.casefold(): info.category for info in CATEGORIES.values() for word in (info.category.value, info.zh, info.en)
}


def category_of(word: str, *, field: str = "category") -> Category:
    """The category a file means by `word`: the stored value, the Chinese or the English name (case does not matter).

    Raises BadInput naming `field` for any other word: the list is closed.
    """
    found = _BY_WORD.get(word.strip().casefold())
    if found is None:
        raise BadInput(
            "{field}: {word!r} is no key-site category; give one of {words}",
            word=word.strip(),
            words=", ".join(category.value for category in Category),
            field=field,
        )
    return found
