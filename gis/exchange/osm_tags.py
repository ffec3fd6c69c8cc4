"""What OpenStreetMap tags mean here: which buildings are dwellings, which places are key sites, which ways are streets.

These lists are decisions of the product. A building counts as a dwelling unless its tags say that nobody lives there:
most buildings carry no more than `building=yes`, and a door too many is corrected on the first visit, while one too few
is never visited. No place of worship is a key site, and neither is anything that is named after the person who works
there: such sites go without their name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from gis.sites.categories import CATEGORIES, Category

Tags = Mapping[str, str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Values of `building` behind which nobody lives.
_STRUCTURES: Final = _words(
    """
    garage garages carport carports parking shed storage_tank tank silo roof canopy shelter kiosk toilets container tent
    bunker service transformer_tower transformer substation power pump_house water_tower water_works digester gasometer
    guardhouse gatehouse gazebo pavilion grandstand bleachers
    """
)
_FARMING: Final = _words(
    """
    barn stable sty cowshed farm_auxiliary greenhouse greenhouse_horticulture glasshouse livestock slurry_tank hayloft
    chicken_coop riding_hall boathouse
    """
)
_WORK_AND_TRADE: Final = _words(
    """
    industrial factory manufacture warehouse hangar works workshop commercial retail office supermarket shop mall bank
    fuel gas_station car_repair hotel restaurant slaughterhouse brewery sawmill
    """
)
_PUBLIC: Final = _words(
    """
    public civic government townhall courthouse fire_station police prison school kindergarten college university
    hospital clinic library museum theatre cinema sports_hall sports_centre stadium swimming_pool train_station station
    transportation bus_station bridge tower chimney lighthouse military barracks
    """
)
_WORSHIP_AND_BURIAL: Final = _words(
    """
    church chapel cathedral basilica mosque temple synagogue shrine pagoda monastery religious wayside_shrine presbytery
    mausoleum crypt mortuary crematorium
    """
)
_NO_BUILDING: Final = _words("no construction ruins ruin collapsed destroyed demolished proposed abandoned")
NOT_DWELLINGS: Final = _STRUCTURES | _FARMING | _WORK_AND_TRADE | _PUBLIC | _WORSHIP_AND_BURIAL | _NO_BUILDING

# Where `building` does not say (yes), these tags do. A shop or an office below flats is no reason.
_NOT_LIVED_IN: Final[Mapping[str, frozenset[str] | None]] = {
    "amenity": _words(
        """
        school kindergarten college university hospital clinic fire_station police prison townhall courthouse library
        theatre cinema community_centre place_of_worship monastery marketplace fuel bus_station parking bicycle_parking
        shelter toilets crematorium mortuary grave_yard recycling waste_transfer_station car_wash ferry_terminal
        nursing_home social_facility
        """
    ),
    "shop": _words("supermarket mall department_store doityourself car wholesale"),
    "tourism": _words("hotel motel hostel museum gallery alpine_hut wilderness_hut attraction"),
    "leisure": _words("sports_centre sports_hall stadium swimming_pool ice_rink"),
    # whatever the value
    "man_made": None,
    "power": None,
    "aeroway": None,
    "railway": None,
    "military": None,
    "ruins": None,
    "abandoned": None,
    "disused:building": None,
}


def is_dwelling(tags: Tags) -> bool:
    """Whether somebody may live in a building with these tags."""
    if tags["building"].lower() in NOT_DWELLINGS:
        return False
    for key, values in _NOT_LIVED_IN.items():
        value = tags.get(key)
        if value is not None and value != "no" and (values is None or value in values):
            return False
    return True


# The first rule that fits decides. A value of "*" is any value.
_SITE_RULES: Final[Mapping[Category, str]] = {
    Category.kindergarten: "amenity=kindergarten amenity=childcare",
    Category.school: "amenity=school amenity=music_school amenity=language_school amenity=driving_school",
    Category.college: "amenity=college amenity=university",
    Category.hospital: "amenity=hospital healthcare=hospital",
    Category.clinic: """
        amenity=clinic amenity=doctors amenity=dentist healthcare=clinic healthcare=doctor healthcare=centre
        """,
    Category.pharmacy: "amenity=pharmacy",
    Category.elderly_care: """
        amenity=nursing_home social_facility=nursing_home social_facility=assisted_living social_facility=group_home
        """,
    Category.government_service: "amenity=townhall amenity=courthouse amenity=public_building office=government",
    Category.village_office: "amenity=community_centre",
    Category.fire_station: "amenity=fire_station",
    Category.library: "amenity=library",
    Category.museum: "tourism=museum tourism=gallery amenity=arts_centre",
    Category.sports: """
        leisure=sports_centre leisure=stadium leisure=sports_hall leisure=swimming_pool leisure=ice_rink
        leisure=fitness_centre
        """,
    Category.park: "leisure=park",
    Category.market: "amenity=marketplace",
    Category.supermarket: "shop=supermarket shop=mall shop=department_store",
    Category.gas_station: "amenity=fuel",
    Category.fuel_storage: "shop=gas man_made=gasometer industrial=oil industrial=gas",
    Category.fireworks_store: "shop=fireworks shop=pyrotechnics",
    Category.farm_supplies: "shop=agrarian shop=farm_supplies",
    Category.restaurant: "amenity=restaurant amenity=fast_food amenity=cafe amenity=food_court",
    Category.hotel: "tourism=hotel tourism=motel tourism=hostel tourism=guest_house",
    Category.entertainment: """
        amenity=bar amenity=pub amenity=nightclub amenity=cinema amenity=theatre amenity=casino amenity=karaoke_box
        amenity=internet_cafe leisure=amusement_arcade leisure=adult_gaming_centre
        """,
    Category.bank: "amenity=bank",
    Category.post_office: "amenity=post_office",
    Category.parcel_station: "amenity=post_depot office=courier",
    Category.bus_station: "amenity=bus_station",
    Category.railway_station: "railway=station railway=halt",
    Category.construction_site: "landuse=construction",
    Category.quarry: "landuse=quarry",
    Category.substation: "power=substation power=plant",
    Category.waterworks: "man_made=water_works man_made=pumping_station man_made=water_tower",
    Category.sewage_works: "man_made=wastewater_plant",
    Category.reservoir: "landuse=reservoir water=reservoir",
    Category.waste_station: "amenity=recycling amenity=waste_transfer_station landuse=landfill",
    Category.factory: "man_made=works building=factory building=industrial",
    Category.warehouse: "building=warehouse",
    Category.workshop: "shop=car_repair craft=carpenter craft=sawmill craft=metal_construction craft=joiner",
    Category.parking: "parking=underground parking=multi-storey",
    Category.shop: "shop=*",
}
_SITES: Final = tuple(
    (key, value, category)
    for category, rules in _SITE_RULES.items()
    for key, _, value in (rule.partition("=") for rule in rules.split())
)
SITE_KEYS: Final = tuple(dict.fromkeys(key for key, _, _ in _SITES))
# Shops that are empty, and what is not open to anybody from outside.
_NO_SITE: Final = (("shop", ("no", "vacant", "yes")), ("access", ("private", "no")))
# Practices and workshops are mostly named after who works there.
_NAMED_AFTER_PEOPLE: Final = frozenset([Category.clinic, Category.workshop, Category.shop, Category.farm_supplies])


def site_category(tags: Tags) -> Category | None:
    """The key-site category of a feature, None where it is none (and always for a place of worship)."""
    if tags.get("amenity") in ("place_of_worship", "monastery", "grave_yard") or "religion" in tags:
        return None
    if any(tags.get(key) in values for key, values in _NO_SITE):
        return None
    for key, value, category in _SITES:
        found = tags.get(key)
        if found is not None and (value == "*" or found == value):
            return category
    return None


def site_name(tags: Tags, category: Category) -> str:
    """The name of a site; the name of its category where it has none, or where it may be a person's."""
    if category in _NAMED_AFTER_PEOPLE:
        return CATEGORIES[category].zh
    return name_of(tags) or CATEGORIES[category].zh


def name_of(tags: Tags) -> str | None:
    """The local name, or else the Chinese one."""
    return tags.get("name") or tags.get("name:zh-Hans") or tags.get("name:zh") or None


_STREETS: Final = {
    **dict.fromkeys(_words("motorway motorway_link trunk trunk_link primary primary_link"), 1),
    **dict.fromkeys(_words("secondary secondary_link tertiary tertiary_link"), 2),
    **dict.fromkeys(_words("unclassified residential living_street pedestrian road"), 3),
    **dict.fromkeys(_words("service track path footway cycleway bridleway steps"), 4),
}


def street_class(tags: Tags) -> int | None:
    """1 (main road) to 4 (path); None for what is no street: planned, under construction, indoors, an area."""
    if tags.get("area") == "yes" or tags.get("indoor") == "yes":
        return None
    return _STREETS.get(tags.get("highway", ""))


_CJK: Final = re.compile(r"[\u3400-\u9fff]")
_REGION: Final = ("addr:district", "addr:subdistrict", "addr:town", "addr:village", "addr:hamlet", "addr:place")


def address_of(tags: Tags) -> str | None:
    """The address in these tags; None where they hold no house number and no full address.

    Chinese runs from the large to the small without spaces (城关镇人民路12号), other languages as they are written in
    most of Europe (Landstrasse 12, Vaduz). House names and recipients are not read: they may be people's names.
    """
    full = tags.get("addr:full")
    if full:
        return full.strip()
    number = tags.get("addr:housenumber", "").strip()
    if not number:
        return None
    street = (tags.get("addr:street") or "").strip()
    region = [tags[key].strip() for key in _REGION if tags.get(key)]
    city = (tags.get("addr:city") or "").strip()
    if _CJK.search(street + city + "".join(region)):
        return _chinese([city, *region, street], number)
    place = street or (region[-1] if region else "")
    line = f"{place} {number}".strip()
    return f"{line}, {city}" if city else line


def _chinese(parts: Iterable[str], number: str) -> str:
    return "".join(dict.fromkeys(part for part in parts if part)) + (f"{number}号" if number[-1].isdigit() else number)


def flats_of(tags: Tags) -> int | None:
    """The number of flats of a building, 1 where it is not said; None where what is said is no sensible number."""
    value = tags.get("building:flats")
    if value is None:
        return 1
    number = int(value) if value.strip().isdecimal() else 0
    return number if 1 <= number <= 2_000 else None
