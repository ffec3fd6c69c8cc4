"use strict";
// A plan on the map: each team's way with arrows, its stops with their numbers, its station, and the stops that are left out.
{
  const REACH = 14;
  const WIDTH = 4;
  const APART = 2.6; // pixels from one team's line to the next where they share a street
  const ARROWS = 110; // pixels from arrow to arrow

  // The way of a route in degrees, [[lon, lat], …]; where there are no streets from stop to stop.
  const wayOf = (team, plan) => {
    const { route } = team;
    if (!route?.stops?.length) return [];
    const legs = (route.legs ?? []).flatMap(({ line }) => line?.coordinates ?? []);
    if (legs.length) return legs;
    if (route.line?.coordinates?.length) return route.line.coordinates;
    const places = new Map(plan.stops.map(({ key, lon, lat }) => [key, [lon, lat]]));
    const { station, end, open_end: open } = team;
    const last = open ? [] : [[(end ?? station).lon, (end ?? station).lat]];
    return [[station.lon, station.lat], ...route.stops.map((key) => places.get(key)), ...last];
  };

  everycell.wayOf = wayOf;

  /** A plan that is drawn. `take` brings it; `focus` is the code of the team that stands out, or null. */
  everycell.PlanRoutes = class {
    constructor(map) {
      Object.assign(this, { map, plan: null, ways: [], focus: null, chosen: null });
    }

    take(plan, colours) {
      Object.assign(this, { plan, colours });
      this.ways = (plan?.teams ?? []).map((team, index) => ({
        team,
        index,
        way: wayOf(team, plan),
        colour: colours.get(team.code),
      }));
      if (!this.ways.some(({ team }) => team.code === this.focus)) this.focus = null;
    }

    /** The bounds of everything in it, or of one team's route; null where there is nothing. */
    bounds(code = null) {
      const ways = this.ways.filter(({ team }) => !code || team.code === code);
      const places = ways.flatMap(({ way }) => way.map(([lon, lat]) => [lat, lon]));
      if (!code) places.push(...this.plan.stops.map(({ lat, lon }) => [lat, lon]));
      return places.length ? L.latLngBounds(places) : null;
    }

    _faded(code) {
      return this.focus !== null && this.focus !== code;
    }

    draw(context, toPoint, bounds) {
      if (!this.plan) return;
      const places = [...this.ways].sort((a, b) => (a.team.code === this.focus) - (b.team.code === this.focus));
      for (const way of places) this._way(context, toPoint, way, bounds);
      for (const way of places) this._station(context, toPoint, way);
      this._stops(context, toPoint, bounds);
    }

    // Far away lines of teams lie over each other, as their streets do.
    _way(context, toPoint, { team, index, way, colour }, bounds) {
      if (way.length < 2) return;
      const { beside, along, trace, arrow } = everycell.lines;
      const near = Math.min(1, Math.max(0, (everycell.seenZoom(this.map.getZoom()) - 12) / 3));
      const width = WIDTH * everycell.scale * (0.7 + 0.3 * near);
      const line = beside(
        way.map(([lon, lat]) => toPoint([lat, lon])),
        (index * APART + 1.5) * everycell.scale * near,
      );
      context.save();
      Object.assign(context, { lineJoin: "round", lineCap: "round", globalAlpha: this._faded(team.code) ? 0.16 : 1 });
      for (const [more, stroke] of [
        [2.6 * everycell.scale, "rgba(255,255,255,.9)"],
        [0, colour],
      ]) {
        context.setLineDash(this.plan.straight && !more ? [width * 2.2, width * 2] : []);
        trace(context, line);
        Object.assign(context, { lineWidth: width + more, strokeStyle: stroke });
        context.stroke();
      }
      context.setLineDash([]);
      for (const place of along(line, ARROWS * everycell.scale)) {
        if (bounds.contains([place.x, place.y])) arrow(context, place, width * 1.35, colour);
      }
      context.restore();
    }

    _station(context, toPoint, { team, index, colour }) {
      const { lon, lat } = team.station;
      const there = this.ways.filter((way) => way.team.station.lon === lon && way.team.station.lat === lat);
      const before = there.filter((way) => way.index < index).map((way) => way.team.code);
      context.save();
      context.globalAlpha = this._faded(team.code) ? 0.25 : 1;
      const size = 9 * everycell.scale;
      everycell.stopSigns.stationOf(context, toPoint([lat, lon]), { code: team.code, before, colour, size });
      context.restore();
    }

    get size() {
      const zoom = everycell.seenZoom(this.map.getZoom());
      return (zoom >= 15 ? 10 : zoom >= 13 ? 8.5 : 7) * everycell.scale;
    }

    // Those left out below, then the routes from their ends to their beginnings, what is chosen on top.
    _order() {
      const rank = ({ key, team, position }) =>
        key === this.chosen ? 3e6 : !position ? 0 : (team === this.focus ? 2e6 : 1e6) - position;
      return [...this.plan.stops].sort((a, b) => rank(a) - rank(b));
    }

    _stops(context, toPoint, bounds) {
      for (const stop of this._order()) {
        const { x, y } = toPoint([stop.lat, stop.lon]);
        if (!bounds.contains([x, y])) continue;
        context.save();
        context.translate(x, y);
        this._stop(context, stop);
        context.restore();
      }
    }

    _stop(context, stop) {
      const marked = stop.key === this.chosen;
      const size = this.size * (marked ? 1.3 : 1);
      if (!marked && (stop.position ? this._faded(stop.team) : this.focus)) context.globalAlpha = 0.25;
      if (marked) {
        context.beginPath();
        context.arc(0, 0, size * 1.7, 0, 2 * Math.PI);
        Object.assign(context, { fillStyle: "rgba(255,255,255,.9)", strokeStyle: "#1c2733", lineWidth: size * 0.22 });
        context.fill();
        context.stroke();
      }
      if (stop.position) everycell.stopSigns.number(context, stop, size, this.colours.get(stop.team) ?? "#566472");
      else everycell.stopSigns.leftOut(context, stop, size * 0.9);
    }

    /** The stop near a place of the map, or null. */
    at(latLng) {
      if (!this.plan) return null;
      const seen = this.focus ? this.plan.stops.filter(({ team }) => team === this.focus) : this.plan.stops;
      return everycell.nearestOf(this.map, seen, latLng, REACH);
    }
  };
}
