"""What is proposed for cells that do not tile, as files: pieces and cells as GeoJSON, lists for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import shapely

from gis.cells.cleaning.clean import Piece
from gis.exchange.cleaning import Proposal
from gis.exchange.formulas import harmless

Fate = Literal["settled", "sliver", "hole", "left"]

_PIECE: Final = ("kind", "cells", "area_m2", "width_m", "lon", "lat", "fate", "given")
_CHANGE: Final = ("cell", "name", "before_m2", "after_m2", "gained_m2", "lost_m2", "gained_percent", "lost_percent")
_DIGITS: Final = 8


def pieces_of(proposals: Iterable[Proposal]) -> Iterator[tuple[Piece, Fate]]:
    """Every piece and what becomes of it: it is settled (slivers too), stays a hole, or is left to a person."""
    for proposal in proposals:
        cleaned = proposal.cleaned
        fates: tuple[tuple[Fate, list[Piece]], ...] = (
            ("left", cleaned.left),
            ("hole", cleaned.holes),
            ("settled", cleaned.pieces),
            ("sliver", cleaned.slivers),
        )
        for fate, pieces in fates:
            yield from ((piece, fate) for piece in pieces)


def pieces_collection(proposals: Iterable[Proposal], *, digits: int = _DIGITS) -> dict[str, Any]:
    """The pieces as a FeatureCollection (CRS84), with kind, cells, area_m2, width_m, fate and given (m² by cell)."""
    return _collection(
        _feature(
            piece.fault.piece,
            digits,
            {
                "kind": piece.fault.kind,
                "cells": list(piece.fault.cells),
                "area_m2": round(piece.fault.area_m2, 2),
                "width_m": round(piece.width_m, 2),
                "fate": fate,
                "given": {code: round(area, 2) for code, area in piece.given},
            },
        )
        for piece, fate in pieces_of(proposals)
    )


def cells_collection(proposals: Iterable[Proposal], *, digits: int = _DIGITS) -> dict[str, Any]:
    """The cells as they would be, as a FeatureCollection (CRS84), with code, name and the areas of their change.

    A cell of which nothing would be left has the shape that it has in the file.
    """
    return _collection(
        _feature(
            proposal.cleaned.cells.get(code, shape),
            digits,
            {"code": code, "name": name, **_areas(proposal, code)},
        )
        for proposal in proposals
        for code, name, shape in zip(
            proposal.cells["code"], proposal.cells["name"], proposal.cells.geometry, strict=True
        )
    )


def _areas(proposal: Proposal, code: str) -> dict[str, float]:
    change = proposal.cleaned.changes[code]
    return {name: round(getattr(change, name), 2) for name in ("before_m2", "after_m2", "gained_m2", "lost_m2")}


def pieces_geojson(proposals: Iterable[Proposal]) -> str:
    """The pieces as a GeoJSON text."""
    return json.dumps(pieces_collection(proposals), ensure_ascii=False)


def pieces_csv(proposals: Iterable[Proposal]) -> str:
    """The pieces as a list: the largest first, each with a point inside it."""
    rows = []
    for piece, fate in sorted(pieces_of(proposals), key=lambda each: -each[0].fault.area_m2):
        at = shapely.point_on_surface(piece.fault.piece)
        sizes = (f"{piece.fault.area_m2:.2f}", f"{piece.width_m:.2f}", f"{at.x:.7f}", f"{at.y:.7f}")
        given = " ".join(f"{code}:{area:.2f}" for code, area in piece.given)
        rows.append((piece.fault.kind, " ".join(piece.fault.cells), *sizes, fate, given))
    return _csv(_PIECE, rows)


def changes_csv(proposals: Sequence[Proposal]) -> str:
    """What each cell gains and loses, those that change most first, and the sums in the last line."""
    names = {
        code: name for each in proposals for code, name in zip(each.cells["code"], each.cells["name"], strict=True)
    }
    changes = [change for each in proposals for change in each.cleaned.changes.values()]
    rows: list[tuple[str, ...]] = []
    for change in sorted(changes, key=lambda change: (-change.share, change.code)):
        areas = (change.before_m2, change.after_m2, change.gained_m2, change.lost_m2)
        shares = (100 * area / change.before_m2 if change.before_m2 else 0.0 for area in areas[2:])
        figures = (*(f"{area:.2f}" for area in areas), *(f"{share:.4f}" for share in shares))
        rows.append((change.code, harmless(names[change.code]), *figures))
    sums = (sum(getattr(change, name) for change in changes) for name in _CHANGE[2:6])
    rows.append(("all", "", *(f"{total:.2f}" for total in sums), "", ""))
    return _csv(_CHANGE, rows)


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _feature(shape: shapely.Geometry, digits: int, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shapely.transform(shape, lambda lonlat: lonlat.round(digits))))
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _csv(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()
