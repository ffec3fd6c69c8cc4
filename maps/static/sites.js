"use strict";
// Key sites: a square with one sign a category, amber corner where the check is overdue.
{
  const FROM_ZOOM = 15;

  everycell.Sites = class {
    constructor(map, collection, categories, today) {
      Object.assign(this, { map, categories, today });
      this.sites = (collection?.features ?? []).map(({ properties, geometry: { coordinates } }) => ({
        ...properties,
        lat: coordinates[1],
        lon: coordinates[0],
      }));
    }

    get drawn() {
      return this.drawnAt(this.map.getZoom());
    }

    drawnAt(zoom) {
      return this.sites.length > 0 && everycell.seenZoom(zoom) >= FROM_ZOOM;
    }

    side() {
      return Math.min(24, 12 + 4 * (everycell.seenZoom(this.map.getZoom()) - FROM_ZOOM)) * everycell.scale;
    }

    /** The day the next check of a site is due, as days since 1970; null where it has no interval. */
    due(site) {
      if (!site.check_interval_days) return null;
      return site.last_checked_on ? everycell.day(site.last_checked_on) + site.check_interval_days : this.today;
    }

    late(site) {
      const due = this.due(site);
      return due !== null && (due < this.today || !site.last_checked_on);
    }

    draw(context, toPoint, bounds) {
      if (!this.drawn) return;
      const side = this.side();
      Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
      for (const site of this.sites) {
        const at = toPoint([site.lat, site.lon]);
        if (bounds.contains(at)) this._symbol(context, site, at, side);
      }
    }

    _symbol(context, site, { x, y }, side) {
      const late = this.late(site);
      context.beginPath();
      context.roundRect?.(x - side / 2, y - side / 2, side, side, side * 0.22) ??
        context.rect(x - side / 2, y - side / 2, side, side);
      context.fillStyle = "#22577a";
      context.strokeStyle = late ? "#ffb000" : "#ffffff";
      context.lineWidth = (late ? 2.6 : 1.6) * everycell.scale;
      context.fill();
      context.stroke();
      if (side < 14 * everycell.scale) return;
      context.fillStyle = "#ffffff";
      context.font = `600 ${side * 0.62}px ${everycell.font}`;
      context.fillText(this.categories[site.category]?.sign ?? "·", x, y + side * 0.03);
    }

    /** The site under a point of the map, or null. */
    at(latLng) {
      if (!this.drawn) return null;
      const point = this.map.latLngToLayerPoint(latLng);
      const reach = this.side() / 2 + 2;
      const near = (site) => {
        const at = this.map.latLngToLayerPoint([site.lat, site.lon]);
        return Math.max(Math.abs(at.x - point.x), Math.abs(at.y - point.y)) <= reach;
      };
      return this.sites.findLast(near) ?? null;
    }

    /** What a click on a site shows. */
    card(site) {
      const { h, t } = everycell;
      const category = this.categories[site.category];
      const checked = site.last_checked_on
        ? `${site.last_checked_on} (${everycell.ago(site.last_checked_on, this.today)})`
        : t("never checked");
      const due = this.due(site);
      return h(
        "div",
        { class: "card" },
        h("h3", {}, site.name),
        h("p", { class: "muted" }, [category?.name, site.address].filter(Boolean).join(" · ")),
        h(
          "dl",
          {},
          h("dt", {}, t("Last check")),
          h("dd", {}, checked),
          due === null
            ? null
            : [h("dt", {}, t("Next check")), h("dd", { class: this.late(site) ? "late" : "" }, everycell.isoDay(due))],
        ),
      );
    }
  };
}
