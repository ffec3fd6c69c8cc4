"""The streets of an OpenStreetMap extract (.osm, .osm.gz, .osm.pbf) as a network for routes.

What may be used by whom is decided in `gis.patrol.profiles`. The file is read twice: ways, their nodes' places and the
restrictions first, then the barriers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import osmium
import shapely

from gis.errors import BadInput
from gis.exchange.osm_tags import name_of, street_class
from gis.patrol.network import Mode, Network
from gis.patrol.profiles import CLOSED, PROFILES, stops
from gis.patrol.turning import Turn
from gis.patrol.ways import Place, Way, build
from gis.sentence import Sentence
from gis.storage.report import Reject

_TOLD_EVERY: Final = 20_000
_BINDS_CARS: Final = ("restriction", "restriction:motor_vehicle", "restriction:motorcar")
_EXCEPT_CARS: Final = frozenset({"motorcar", "motor_vehicle"})


@dataclass(frozen=True)
class Roads:
    """A network and where it comes from: the day as of which the file tells, None where it does not say.

    `bounds` are west, south, east, north of all streets in the file, None where it has none. `counts`: ways that were
    read, ways not for anybody (closed), without a line (broken), ferries (not taken), restrictions that count, that
    hold at times only (conditional: ignored), that are not about cars, and that name no streets that meet.
    """

    network: Network
    data_on: date | None
    bounds: tuple[float, float, float, float] | None
    counts: dict[str, int]
    left_out: list[Reject]


def read_roads(
    path: Path,
    within: shapely.Geometry | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Roads:
    """Read the streets of an extract; with `within` (degrees) those that touch it.

    `on_progress` is told the objects read since the last call. Raises BadInput where the file is no extract.
    """
    found = _Reader(on_progress or (lambda _count: None))
    try:
        data_on = found.read(path)
    except (RuntimeError, OSError) as error:
        raise BadInput(
            "{file}: cannot be read as an OpenStreetMap extract ({reason})", file=path.name, reason=error, field="file"
        ) from error
    built = build(found.ways, found.places, found.barriers, found.turns, within)
    counts = {name: found.counts[name] for name in _COUNTED} | {
        "turns": built.turns,
        "turns_without_streets": built.broken_turns,
    }
    return Roads(built.network, data_on, found.bounds(), counts, found.left_out)


_COUNTED: Final = ("ways", "closed", "broken", "ferries", "barriers", "turns_conditional", "turns_not_for_cars")


@dataclass(slots=True)
class _Reader:
    on_progress: Callable[[int], None]
    ways: list[Way] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    barriers: dict[int, frozenset[Mode]] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    left_out: list[Reject] = field(default_factory=list)

    def read(self, path: Path) -> date | None:
        """Fill in all of it. Returns the day of the data: of the header, else of the newest way."""
        newest = datetime.min.replace(tzinfo=UTC)
        processor = osmium.FileProcessor(str(path)).with_locations()
        keys = osmium.filter.KeyFilter("highway", "route", "barrier", "restriction", "type")
        items: Iterable[Any] = processor.with_filter(keys)
        for number, item in enumerate(items, start=1):
            if item.is_way():
                newest = max(newest, item.timestamp)
                self._way(item)
            elif item.is_relation():
                self._relation(item)
            elif item.is_node():
                self._node(item)
            if number % _TOLD_EVERY == 0:
                self.on_progress(_TOLD_EVERY)
        self.barriers = {node: modes for node, modes in self.barriers.items() if node in self.places}
        self.counts["barriers"] = len(self.barriers)
        return _header_day(path) or (newest.date() if newest.year > 2000 else None)

    def bounds(self) -> tuple[float, float, float, float] | None:
        if not self.places:
            return None
        lon, lat = zip(*self.places.values(), strict=True)
        return min(lon), min(lat), max(lon), max(lat)

    def _node(self, node: Any) -> None:
        tags = dict(node.tags)
        stopped = frozenset(mode for mode in Mode if stops(tags, mode))
        if stopped:
            self.barriers[node.id] = stopped

    def _way(self, way: Any) -> None:
        tags = dict(way.tags)
        if tags.get("route") == "ferry":
            self.counts["ferries"] += 1
        if "highway" not in tags:
            return
        passage = {mode: profile(tags) for mode, profile in PROFILES.items()}
        self.counts["ways"] += 1
        if all(found == CLOSED for found in passage.values()):
            self.counts["closed"] += 1
            return
        kind = street_class({**tags, "area": "no"}) or 4
        runs = self._runs(way)
        for nodes in runs:
            self.ways.append(Way(way.id, nodes, name_of(tags) or "", kind, passage))

    def _runs(self, way: Any) -> list[list[int]]:
        """The nodes of a way whose places are known; where some are not, in several runs, and it is told."""
        runs: list[list[int]] = [[]]
        for node in way.nodes:
            if node.location.valid():
                self.places[node.ref] = (node.location.lon, node.location.lat)
                runs[-1].append(node.ref)
            else:
                runs.append([])
        if len(runs) > 1:
            self.counts["broken"] += 1
            self.left_out.append(Reject(way.id, "way", Sentence("some of its nodes are not in this extract")))
        return [run for run in runs if len(run) > 1]

    def _relation(self, relation: Any) -> None:
        tags = dict(relation.tags)
        if not tags.get("type", "").startswith("restriction"):
            return
        kind = next((tags[key] for key in _BINDS_CARS if key in tags), None)
        if kind is None and any(key.endswith(":conditional") for key in tags):
            self.counts["turns_conditional"] += 1
        elif kind is None or _EXCEPT_CARS & {word.strip() for word in tags.get("except", "").split(";")}:
            self.counts["turns_not_for_cars"] += 1
        elif (turn := _turn(kind, relation)) is not None:
            self.turns.append(turn)
        else:
            self.counts["broken"] += 1
            self.left_out.append(
                Reject(relation.id, "relation", Sentence("restriction {kind} without from, via and to", kind=kind))
            )


def _turn(kind: str, relation: Any) -> Turn | None:
    """A restriction from its members; None where they do not say from where, over what, and to where."""
    ways: Mapping[str, list[int]] = {"from": [], "via": [], "to": []}
    node = None
    for member in relation.members:
        if member.type == "w" and member.role in ways:
            ways[member.role].append(member.ref)
        elif member.type == "n" and member.role == "via":
            node = member.ref
    named = kind.startswith(("no_", "only_")) and ways["from"] and ways["to"] and (node is not None or ways["via"])
    if not named:
        return None
    over = () if node is not None else tuple(ways["via"])
    return Turn(kind.startswith("only_"), tuple(ways["from"]), node, over, tuple(ways["to"]))


def _header_day(path: Path) -> date | None:
    """The day of a file that says as of when it is."""
    reader = osmium.io.Reader(str(path), osmium.osm.NOTHING)
    try:
        header = reader.header()
        told = header.get("osmosis_replication_timestamp") or header.get("timestamp")
    finally:
        reader.close()
    try:
        return datetime.fromisoformat(told.replace("Z", "+00:00")).date() if told else None
    except ValueError:
        return None
