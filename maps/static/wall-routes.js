"use strict";
// The ways of today's patrols and their stops, for those who may see them: full dots are still to be done.
{
  const INKS = {
    light: { way: "#0b4f8a", around: "rgba(255,255,255,.9)", left: "#bb1a12", done: "#ffffff" },
    dark: { way: "#ffffff", around: "rgba(11,16,22,.9)", left: "#ffffff", done: "#12181f" },
  };

  everycell.WallRoutes = class {
    /** `plans` as `GET /patrol/plans/{id}` tells them. */
    constructor(plans) {
      this.ways = plans.flatMap((plan) => plan.teams.map((team) => everycell.wayOf(team, plan)));
      const planned = (plan) => new Set(plan.teams.flatMap(({ route }) => route?.stops ?? []));
      this.stops = plans.flatMap((plan) => plan.stops.filter(({ key }) => planned(plan).has(key)));
    }

    draw(context, toPoint, bounds) {
      const { scale } = everycell;
      const inks = INKS[everycell.theme];
      for (const way of this.ways.filter(({ length }) => length > 1)) {
        everycell.paintLine(context, toPoint, way, { line: inks.around, width: 5 });
        everycell.paintLine(context, toPoint, way, { line: inks.way, width: 2.4 });
      }
      for (const { lat, lon, done } of this.stops) {
        const { x, y } = toPoint([lat, lon]);
        if (!bounds.contains([x, y])) continue;
        context.beginPath();
        context.arc(x, y, (done ? 2.4 : 4) * scale, 0, 7);
        Object.assign(context, {
          fillStyle: done ? inks.done : inks.left,
          strokeStyle: inks.way,
          lineWidth: 1.4 * scale,
        });
        context.fill();
        context.stroke();
      }
    }
  };
}
