"""Small pieces of QGIS's XML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # nosec B405 - written, never read

__all__ = ["CRS", "Element", "crs", "element", "indent", "options", "property_", "rgba", "tostring"]

CRS: Final = "EPSG:4490"


def element(tag: str, children: Iterable[Element] = (), /, text: str | None = None, **attributes: str) -> Element:
    """An element with its children. A trailing underscore in a name of Python's is left off (`type_`)."""
    made = Element(tag, {name.rstrip("_"): value for name, value in attributes.items()})
    made.text = text
    made.extend(children)
    return made


def options(values: Mapping[str, str]) -> Element:
    """A map of texts, as symbols keep their settings."""
    return element(
        "Option",
        [element("Option", name=name, value=value, type_="QString") for name, value in values.items()],
        type_="Map",
    )


def crs(tag: str) -> Element:
    """The coordinate system of all data, by its number. QGIS looks at the number only where there is an `srsid`."""
    made = Element(tag)
    system = SubElement(made, "spatialrefsys", nativeFormat="Wkt")
    for name, value in (("srsid", "4490"), ("srid", "4490"), ("authid", CRS), ("geographicflag", "true")):
        SubElement(system, name).text = value
    return made


def property_(name: str, kind: str, value: str) -> Element:
    """A setting of the project."""
    return element(name, text=value, type_=kind)


def rgba(colour: str, alpha: int = 255) -> str:
    """`#0b4f8a` as QGIS writes it."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"
