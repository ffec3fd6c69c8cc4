"use strict";
// The route as a drawing: streets, the way, numbered stops. No tiles, no position; dragged and pinched.
{
  const NS = "http://www.w3.org/2000/svg";
  const NEAR_M = 110; // around the next stop
  const CLOSEST_M = 60;

  const s = (tag, attributes = {}, ...children) => {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const metresAround = (lat0, lon0) => {
    const perLon = 111320 * Math.cos((lat0 * Math.PI) / 180);
    return ([lon, lat]) => [(lon - lon0) * perLon, (lat0 - lat) * 110574];
  };

  const path = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`;

  const boxOf = (points) => {
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  };

  const SHAPES = {
    site: () => s("rect", { x: -12, y: -12, width: 24, height: 24, rx: 3 }),
    revisit: () => s("path", { d: "M0,-17L17,0L0,17L-17,0Z" }),
  };

  everycell.PatrolMap = class {
    /** `chosen` is called with the key of a stop that is tapped. */
    constructor(element, chosen) {
      this.chosen = chosen;
      this.element = element;
      this.pointers = new Map();
      this.svg = s("svg", { role: "img", preserveAspectRatio: "xMidYMid slice" });
      element.append(this.svg);
      this._gestures();
      new ResizeObserver(() => this._rescale()).observe(this.svg);
    }

    /** Draw a route with the streets around it (or none). */
    draw(route, streets) {
      const { stops, legs, station, end } = route;
      const first = stops[0] ?? station;
      this.to = metresAround(first.lat, first.lon);
      const at = (place) => this.to([place.lon, place.lat]);
      this.places = new Map(stops.map((stop) => [stop.key, at(stop)]));
      const lines = (legs ?? []).map(({ line }) => (line ? line.coordinates.map(this.to) : []));
      const places = [...this.places.values(), ...(station ? [at(station)] : [])];
      this.whole = boxOf([...places, ...lines.flat()]);
      this.legs = lines.map((line) => (line.length > 1 ? s("path", { d: path(line), class: "leg" }) : null));
      const casings = lines
        .filter((line) => line.length > 1)
        .map((line) => s("path", { d: path(line), class: "casing" }));
      this.arrows = lines.flatMap((line, n) => this._arrows(line, n));
      this.marks = new Map(stops.map((stop, n) => [stop.key, this._mark(stop, n + 1)]));
      this.ends = [station, end].filter(Boolean).map((place, n) => this._end(at(place), n));
      this.svg.setAttribute("aria-label", everycell.t("Map of the route"));
      this.svg.replaceChildren(
        s("g", { class: "streets" }, ...this._streets(streets)),
        ...casings,
        ...this.legs.filter(Boolean),
        s("g", {}, ...this.arrows.map(({ element }) => element)),
        ...this.ends,
        ...this.marks.values(),
      );
    }

    /** How stops stand: states by key; and which stop is next. */
    show(states, key) {
      const keys = [...this.marks.keys()];
      for (const [one, mark] of this.marks)
        mark.setAttribute("class", `mark ${states.get(one)} ${one === key ? "next" : ""}`);
      const next = keys.indexOf(key);
      this.legs.forEach((leg, n) => leg?.classList.toggle("next", n === next));
      for (const { element, leg } of this.arrows) element.classList.toggle("next", leg === next);
      if (next >= 0) this.svg.append(this.marks.get(key));
      this.key = key;
    }

    /** Look at the next stop and the way to it. */
    near(key) {
      const place = this.places.get(key);
      if (!place) return this.all();
      const [x, y] = place;
      this._look(x, y, 2 * NEAR_M);
    }

    /** Look at the whole route. */
    all() {
      const [left, top, right, bottom] = this.whole;
      const { clientWidth: w = 1, clientHeight: h = 1 } = this.svg;
      const side = Math.max(bottom - top, ((right - left) * (h || 1)) / (w || 1), CLOSEST_M) * 1.25;
      this._look((left + right) / 2, (top + bottom) / 2, side);
    }

    _streets(streets) {
      const ordered = [...(streets ?? [])].sort((a, b) => b.class - a.class);
      return ordered.map((street) =>
        s("path", { d: path(street.line.map(this.to)), class: `street c${street.class}` }),
      );
    }

    _mark(stop, number) {
      const shape = (SHAPES[stop.kind] ?? (() => s("circle", { r: 13 })))();
      const mark = s("g", { class: "mark" }, shape, s("text", { y: 5 }, String(number)));
      mark.addEventListener("click", () => !this.dragged && this.chosen(stop.key));
      mark.at = this.places.get(stop.key);
      return mark;
    }

    _end([x, y], n) {
      const end = s("g", { class: n ? "end" : "station" }, s("rect", { x: -7, y: -7, width: 14, height: 14, rx: 2 }));
      end.at = [x, y];
      return end;
    }

    _arrows(line, leg) {
      const found = [];
      let gone = 30;
      for (let n = 1; n < line.length; n++) {
        const [[x0, y0], [x1, y1]] = [line[n - 1], line[n]];
        const long = Math.hypot(x1 - x0, y1 - y0);
        for (; long && gone <= long; gone += 70) {
          const element = s("path", { d: "M8,0L-5,-5.5L-5,5.5Z", class: "arrow" });
          const at = [x0 + ((x1 - x0) * gone) / long, y0 + ((y1 - y0) * gone) / long];
          found.push({ element, leg, at, turn: (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI });
        }
        gone -= long;
      }
      return found;
    }

    _look(x, y, height) {
      this.view = { x, y, height: Math.max(CLOSEST_M, Math.min(height, 60000)) };
      this._rescale();
    }

    // What is drawn keeps its size on the screen: only places move when it is pinched.
    _rescale() {
      const { clientWidth: w, clientHeight: h } = this.svg;
      if (!this.view || !w || !h) return;
      const { x, y, height } = this.view;
      const k = height / h;
      this.svg.setAttribute("viewBox", `${x - (w * k) / 2} ${y - height / 2} ${w * k} ${height}`);
      const put = (element, at, turn = "") => element.setAttribute("transform", `translate(${at}) scale(${k}) ${turn}`);
      for (const mark of [...this.marks.values(), ...this.ends]) put(mark, mark.at);
      for (const { element, at, turn } of this.arrows) put(element, at, `rotate(${turn})`);
    }

    _gestures() {
      const { svg, pointers } = this;
      const centre = () => {
        const all = [...pointers.values()];
        const sum = all.reduce(([x, y], at) => [x + at.x / all.length, y + at.y / all.length], [0, 0]);
        return {
          x: sum[0],
          y: sum[1],
          apart: all.length > 1 ? Math.hypot(all[0].x - all[1].x, all[0].y - all[1].y) : 0,
        };
      };
      svg.addEventListener("pointerdown", (event) => {
        if (!pointers.size) this.dragged = false;
        pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      });
      svg.addEventListener("pointermove", (event) => {
        if (!pointers.has(event.pointerId) || !this.view) return;
        const before = centre();
        pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        const after = centre();
        if (!this.dragged && Math.hypot(after.x - before.x, after.y - before.y) < 2 && !after.apart) return;
        if (!this.dragged) svg.setPointerCapture(event.pointerId);
        this.dragged = true;
        const k = this.view.height / svg.clientHeight;
        const closer = before.apart && after.apart ? before.apart / after.apart : 1;
        const { x, y, height } = this.view;
        this._look(x - (after.x - before.x) * k, y - (after.y - before.y) * k, height * closer);
      });
      for (const end of ["pointerup", "pointercancel", "pointerleave"])
        svg.addEventListener(end, ({ pointerId }) => pointers.delete(pointerId));
      svg.addEventListener("wheel", (event) => {
        event.preventDefault();
        if (this.view) this._look(this.view.x, this.view.y, this.view.height * (event.deltaY > 0 ? 1.2 : 1 / 1.2));
      });
    }
  };
}
