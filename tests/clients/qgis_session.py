"""What a person does in QGIS, for tests/clients/test_qgis.py: run by the Python that QGIS brings, tells JSON.

python3 qgis_session.py PROJECT FOLDER
"""

import json
import sys
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsFeatureRequest,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QSize


def main(project, folder):
    application = QgsApplication([], False)
    application.initQgis()
    opened = QgsProject.instance()
    told = {"version": Qgis.QGIS_VERSION, "read": opened.read(project)}
    layers = {name.removeprefix("everycell_"): layer for name, layer in opened.mapLayers().items()}
    told |= facts(opened, layers)
    told["rows"] = {
        name: [f["code"] for f in layer.getFeatures()] for name, layer in layers.items() if name != "street"
    }
    told["drawn"] = [draw(opened, layers["cell"].extent(), str(Path(folder) / "all.png"))]
    told["children"] = children(opened, layers)
    told["both"] = move_corner(layers["cell"], 104.01, 34.51, 104.0105, 34.5102, cells=None)
    told["one"] = move_corner(layers["cell"], 104.02, 34.51, 104.0203, 34.5102, cells=1)
    told["halves"] = split(layers["cell"]) if Qgis.QGIS_VERSION_INT < 32600 else None
    opened.setAutoTransaction(True)  # the old way to save shapes and new features in one transaction
    told["split"] = split(layers["cell"])
    told["merge"] = merge(layers["cell"])
    opened.setAutoTransaction(False)
    told["added"] = add(layers)
    told["personal"] = change(layers["doorplate"], "address", "柳林村 13812345678")
    told["reckoned"] = change(layers["doorplate"], "never", 0)
    json.dump(told, sys.stdout, ensure_ascii=False)
    opened.clear()
    application.exitQgis()


def facts(project, layers):
    snapping = project.snappingConfig()
    found = snapping.individualLayerSettings()
    return {
        "crs": project.crs().authid(),
        "valid": {name: layer.isValid() for name, layer in layers.items()},
        "read_only": sorted(name for name, layer in layers.items() if layer.readOnly()),
        "names": {name: layer.name() for name, layer in layers.items()},
        "groups": [group.name() for group in project.layerTreeRoot().children()],
        "aliases": {field.name(): field.alias() for field in layers["doorplate"].fields()},
        "widgets": {
            name: {field.name(): layer.editorWidgetSetup(n).type() for n, field in enumerate(layer.fields())}
            for name, layer in layers.items()
        },
        "editable": {
            name: [field.name() for n, field in enumerate(layer.fields()) if not layer.editFormConfig().readOnly(n)]
            for name, layer in layers.items()
        },
        "columns": {name: [field.name() for field in layer.fields()] for name, layer in layers.items()},
        "choices": [next(iter(one.values())) for one in layers["cell"].editorWidgetSetup(3).config()["map"]],
        "labels": sorted(name for name, layer in layers.items() if layer.labelsEnabled()),
        "precision": layers["cell"].geometryOptions().geometryPrecision(),
        "topological": project.topologicalEditing(),
        "no_overlap": [layer.name() for layer in project.avoidIntersectionsLayers()],
        "snapping": snapping.enabled(),
        "snapped": sorted(layer.name() for layer, one in found.items() if one.enabled()),
        "relations": {name: one.isValid() for name, one in project.relationManager().relations().items()},
    }


def draw(project, extent, path):
    shown = [node.layer() for node in project.layerTreeRoot().findLayers() if node.layer().isSpatial()]
    settings = QgsMapSettings()
    settings.setLayers(shown)
    settings.setDestinationCrs(project.crs())
    settings.setExtent(extent)
    settings.setOutputSize(QSize(900, 600))
    settings.setBackgroundColor(project.backgroundColor())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    colours = {image.pixelColor(x, y).name() for x in range(0, 900, 2) for y in range(0, 600, 2)}
    return {"errors": [error.message for error in job.errors()], "colours": sorted(colours)}


def children(project, layers):
    """The households that a form lists below a doorplate, and the doorplates below a cell."""
    relations = project.relationManager().relations()
    door = next(layers["doorplate"].getFeatures(QgsFeatureRequest().setFilterExpression("code = '990101-D001-0000'")))
    cell = next(layers["cell"].getFeatures(QgsFeatureRequest().setFilterExpression("code = '990101100201001'")))
    return {
        "doorplate": [f["code"] for f in relations["doorplate_households"].getRelatedFeatures(door)],
        "cell": sum(1 for _ in relations["cell_doorplates"].getRelatedFeatures(cell)),
    }


def saved(layer):
    """Save as the button does; what QGIS tells where it cannot, in its message bar and its log."""
    told = []
    QgsApplication.messageLog().messageReceived.connect(lambda message, tag, _: told.append(f"{tag}: {message}"))
    done = layer.commitChanges()
    QgsApplication.messageLog().messageReceived.disconnect()
    if not done:
        told += layer.commitErrors()
        layer.rollBack()
    return {"saved": done, "errors": [] if done else told}


def move_corner(layer, x, y, to_x, to_y, *, cells):
    """Move a corner in all cells that share it (topological editing), or in so many only, in two steps."""
    layer.startEditing()
    moved = 0
    for feature in list(layer.getFeatures()):
        points = list(feature.geometry().vertices())
        for n, point in enumerate(points[:-1]):
            if abs(point.x() - x) < 1e-9 and abs(point.y() - y) < 1e-9 and (cells is None or moved < cells):
                layer.moveVertex((x + to_x) / 2, (y + to_y) / 2, feature.id(), n)
                layer.moveVertex(to_x, to_y, feature.id(), n)
                moved += 1
    return {**saved(layer), "cells": moved}


def split(layer):
    """Cut a cell in two."""
    layer.startEditing()
    layer.selectByExpression("code = '990101100201006'")
    result = layer.splitFeatures([QgsPointXY(104.025, 34.50), QgsPointXY(104.025, 34.53)], True)
    return {**saved(layer), "result": int(result), "codes": codes(layer)}


def merge(layer):
    """Unite two cells as the tool does: one gets the land, the other is deleted."""
    layer.startEditing()
    kept, gone = (next(layer.getFeatures(f"code = '99010110020100{n}'")) for n in (4, 5))
    layer.changeGeometry(kept.id(), QgsGeometry.unaryUnion([kept.geometry(), gone.geometry()]))
    layer.deleteFeature(gone.id())
    return {**saved(layer), "codes": codes(layer)}


def codes(layer):
    layer.dataProvider().reloadData()
    return sorted(feature["code"][-3:] for feature in layer.getFeatures())


def add(layers):
    """A new door and a dwelling behind it, with what the form fills in."""
    doors, homes = layers["doorplate"], layers["household"]
    doors.startEditing()
    place = QgsGeometry.fromPointXY(QgsPointXY(104.0251, 34.5051))
    named = {doors.fields().indexOf("code"): "990101-Q1", doors.fields().indexOf("address"): "柳林村新1号"}
    door = QgsVectorLayerUtils.createFeature(doors, place, named, doors.createExpressionContext())
    doors.addFeature(door)
    first = saved(doors)
    door = next(doors.getFeatures("code = '990101-Q1'"))
    homes.startEditing()
    named = {homes.fields().indexOf(name): value for name, value in {"code": "990101-Q1-1", "unit": "101"}.items()}
    named[homes.fields().indexOf("doorplate")] = door["id"]
    home = QgsVectorLayerUtils.createFeature(homes, QgsGeometry(), named, homes.createExpressionContext())
    homes.addFeature(home)
    second = saved(homes)
    return {"door": first, "home": second, "cell": door["cell"]}


def change(layer, column, value):
    layer.startEditing()
    feature = next(layer.getFeatures())
    changed = layer.changeAttributeValue(feature.id(), layer.fields().indexOf(column), value)
    return {**saved(layer), "changed": changed}


main(*sys.argv[1:])
