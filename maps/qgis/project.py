"""The project as a whole: layers in groups, relations, snapping and topological editing, in a .qgz file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from maps.qgis.elements import Element, crs, element, indent, options, property_, tostring
from maps.qgis.layers import RELATIONS, Field, Group, Layer, Relation, groups

_GROUND: Final = (231, 234, 236)  # the ground of the pages
_PRECISION: Final = "1e-08"  # degrees: the grid on which all borders lie
_SNAPPED: Final = {"cell": 12, "division_village": 12, "doorplate": 8}  # pixels
_PREFIX: Final = "everycell_"  # QGIS gives a layer another id where it is short
_WKB: Final = {"Polygon": "Polygon", "MultiPolygon": "MultiPolygon", "Point": "Point", "LineString": "LineString"}


@dataclass(frozen=True, slots=True)
class Content:
    """What is asked for. `connection` holds host, port, dbname, user, sslmode as far as known, never a password;
    `area` is a code, `bounds` are west, south, east and north (degrees)."""

    title: str
    connection: Mapping[str, str]
    county: int
    area: str
    bounds: tuple[float, float, float, float]
    interval_days: int
    due_soon_days: int


def project_file(content: Content) -> bytes:
    """The project as a .qgz file. Raises ValueError where the area or a part of the connection is none."""
    if not content.area.isdigit() or not content.area.isascii():
        raise ValueError(f"{content.area!r} is no code of an area")
    tree = _project(content)
    indent(tree)
    document = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(tree, encoding="utf-8")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("everycell.qgs", (2000, 1, 1, 0, 0, 0)), document, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _project(content: Content) -> Element:
    shown = groups(content.county, content.interval_days, content.due_soon_days)
    layers = [layer for group in shown for layer in group.layers]
    sources = {layer.id: _source(content, layer) for layer in layers}
    parts = [
        element("title", text=content.title),
        # From QGIS 3.26 on, what is saved together is one transaction: a split cell and its other half, say. Before,
        # the changed shapes of a layer are one, and new and deleted features are each another. The old switch that
        # puts all into one stays off: it loses the edits that a refused transaction held, and keeps others waiting.
        element("transaction", mode="BufferedGroups"),
        element("autotransaction", active="0"),
        element("evaluateDefaultValues", active="0"),
        crs("projectCrs"),
        element("layer-tree-group", [_tree(group, sources) for group in shown]),
        _snapping(),
        element("relations", [_relation(one) for one in RELATIONS]),
        _canvas(content.bounds),
        element("projectlayers", [_layer(layer, sources[layer.id]) for layer in layers]),
        element("layerorder", [element("layer", id=_id(layer.id)) for layer in layers]),
        _properties(),
    ]
    return element("qgis", parts, version="3.22.0", projectname=content.title)


def _id(layer: str) -> str:
    return _PREFIX + layer


def _source(content: Content, layer: Layer) -> str:
    """The data source: where the database is and which rows of which table."""
    told = [f"{name}={_quoted(value)}" for name, value in content.connection.items() if value]
    told += [f"key={_quoted(layer.key)}", "estimatedmetadata=true"]
    if layer.shape is not None:
        told += ["srid=4490", f"type={layer.shape}"]
    told += ["checkPrimaryKeyUnicity='0'", f'table="everycell"."{layer.table}"']
    told += ["(geom)"] if layer.shape is not None else []
    where = layer.where.format(area=content.area, county=content.county)
    return " ".join(told) + (f" sql={where}" if where else "")


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _tree(group: Group, sources: Mapping[str, str]) -> Element:
    found = [
        element(
            "layer-tree-layer",
            id=_id(layer.id),
            name=layer.name,
            source=sources[layer.id],
            providerKey="postgres",
            checked="Qt::Checked",
            expanded="0",
        )
        for layer in group.layers
    ]
    return element("layer-tree-group", found, name=group.name, checked="Qt::Checked", expanded="1")


def _snapping() -> Element:
    """To corners and borders, some pixels around, each layer by itself."""
    listed = [
        element(
            "layer-setting",
            id=_id(id),
            enabled="1",
            type_="3",
            units="1",
            tolerance=str(pixels),
            minScale="0",
            maxScale="0",
        )
        for id, pixels in _SNAPPED.items()
    ]
    return element(
        "snapping-settings",
        [element("individual-layer-settings", listed)],
        enabled="1",
        mode="3",
        type_="3",
        tolerance="12",
        unit="1",
        **{"intersection-snapping": "1", "self-snapping": "1"},
    )


def _relation(relation: Relation) -> Element:
    pairs = [element("fieldRef", referencingField=child, referencedField=parent) for child, parent in relation.pairs]
    return element(
        "relation",
        pairs,
        id=relation.id,
        name=relation.name,
        referencingLayer=_id(relation.child),
        referencedLayer=_id(relation.parent),
        strength="Association",
    )


def _canvas(bounds: tuple[float, float, float, float]) -> Element:
    names = ("xmin", "ymin", "xmax", "ymax")
    extent = [element(name, text=repr(value)) for name, value in zip(names, bounds, strict=True)]
    parts = [element("units", text="degrees"), element("extent", extent), crs("destinationsrs")]
    return element("mapcanvas", parts, name="theMapCanvas")


def _properties() -> Element:
    red, green, blue = (str(part) for part in _GROUND)
    digitizing = [
        property_("TopologicalEditing", "int", "1"),
        property_("AvoidIntersectionsMode", "int", "2"),  # in the layers that follow
        element("AvoidIntersectionsList", [element("value", text=_id("cell"))], type_="QStringList"),
    ]
    gui = [
        property_("CanvasColorRedPart", "int", red),
        property_("CanvasColorGreenPart", "int", green),
        property_("CanvasColorBluePart", "int", blue),
        property_("SelectionColorRedPart", "int", "255"),  # the amber of the wall
        property_("SelectionColorGreenPart", "int", "176"),
        property_("SelectionColorBluePart", "int", "0"),
        property_("SelectionColorAlphaPart", "int", "110"),
    ]
    measured = [property_("AreaUnits", "QString", "m2"), property_("DistanceUnits", "QString", "meters")]
    return element(
        "properties",
        [
            element("Digitizing", digitizing),
            element("Gui", gui),
            element("Measurement", [*measured, property_("Ellipsoid", "QString", "EPSG:7024")]),
            element("SpatialRefSys", [property_("ProjectionsEnabled", "int", "1")]),
            element("Paths", [property_("Absolute", "bool", "true")]),
        ],
    )


# ---- a layer


def _layer(layer: Layer, source: str) -> Element:
    made = element("maplayer", _parts(layer, source), type_="vector", readOnly="0" if layer.editable else "1")
    made.attrib |= {"geometry": _geometry(layer), "labelsEnabled": "1" if layer.labels is not None else "0"}
    if layer.shape is not None:
        made.set("wkbType", _WKB[layer.shape])
    if layer.closest is not None:
        made.attrib |= {"hasScaleBasedVisibilityFlag": "1", "minScale": str(layer.closest), "maxScale": "0"}
    return made


def _geometry(layer: Layer) -> str:
    kinds = {None: "No geometry", "LineString": "Line", "MultiPolygon": "Polygon"}
    return kinds.get(layer.shape, str(layer.shape))


def _parts(layer: Layer, source: str) -> Iterator[Element]:
    yield element("id", text=_id(layer.id))
    yield element("datasource", text=source)
    yield element("layername", text=layer.name)
    yield crs("srs")
    yield element("provider", text="postgres", encoding="UTF-8")
    yield element(
        "flags", [element(name, text="1") for name in ("Identifiable", "Searchable")] + [element("Removable", text="0")]
    )
    if layer.renderer is not None:
        yield layer.renderer
    if layer.labels is not None:
        yield layer.labels
    if layer.editable and layer.shape is not None:
        yield element("geometryOptions", geometryPrecision=_PRECISION, removeDuplicateNodes="1")
    yield from _form(layer)
    yield element("previewExpression", text=layer.display)
    yield element("mapTip", text=f"[% {layer.display} %]" if layer.display else "")


def _form(layer: Layer) -> Iterator[Element]:
    fields = layer.fields
    yield element("fieldConfiguration", [_widget(field) for field in fields])
    yield element("aliases", [element("alias", field=field.name, name=field.alias) for field in fields])
    yield element(
        "defaults",
        [element("default", field=field.name, expression=field.default, applyOnUpdate="0") for field in fields],
    )
    columns = [_column(field) for field in fields]
    yield element("attributetableconfig", [element("columns", columns)], actionWidgetStyle="dropDown")
    yield element("editorlayout", text="tablayout")
    yield element("attributeEditorForm", list(_tabs(layer)))
    locked = [element("field", name=field.name, editable="0") for field in fields if field.use != "edit"]
    yield element("editable", locked)


def _tabs(layer: Layer) -> Iterator[Element]:
    shown = [field.name for field in layer.fields if field.use != "hide"]
    lines = [element("attributeEditorField", name=name, showLabel="1", index=str(n)) for n, name in enumerate(shown)]
    yield _container(layer.name, lines)
    for relation in RELATIONS:
        if relation.parent == layer.id:
            one = element("attributeEditorRelation", name=relation.id, relation=relation.id, showLabel="0")
            yield _container(relation.name, [one])


def _container(name: str, parts: Iterable[Element]) -> Element:
    return element("attributeEditorContainer", parts, name=name, showLabel="1", groupBox="0", columnCount="1")


def _column(field: Field) -> Element:
    return element("column", name=field.name, type_="field", hidden="1" if field.use == "hide" else "0", width="-1")


def _widget(field: Field) -> Element:
    if field.use == "hide":
        kind, config = "Hidden", element("Option")
    elif field.choices is not None:
        kind, config = "ValueMap", _choices(field.choices)
    elif field.name.endswith("_on") or field.name == "valid_from":
        shown = {
            "display_format": "yyyy-MM-dd",
            "field_format": "yyyy-MM-dd",
            "calendar_popup": "true",
            "allow_null": "true",
        }
        kind, config = "DateTime", options(shown)
    else:
        kind, config = "TextEdit", options({"IsMultiline": "false"})
    return element("field", [element("editWidget", [element("config", [config])], type_=kind)], name=field.name)


def _choices(choices: Mapping[str, str]) -> Element:
    """A closed list: what is shown, and what is stored."""
    pairs = [options({shown: stored}) for stored, shown in choices.items()]
    return element("Option", [element("Option", pairs, type_="List", name="map")], type_="Map")
