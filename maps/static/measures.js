"use strict";
// What a polygon measures, from its rings in degrees: near enough for the eye while somebody draws. What is published
// is measured by the service (gis/cells/impact.py), in the same way but in the county's own zone.
{
  const EQUATOR_M = 6378137;
  const FLATTENING = 1 / 298.257222101; // CGCS2000
  const WALKED = 1.4; // how much longer streets are than the straight line
  const METRES_A_MINUTE = 75; // whoever visits does not hurry

  /** A function from [lon, lat] to metres on a plane that touches the earth at a latitude. */
  const plane = (lat) => {
    const turn = Math.PI / 180;
    const e2 = FLATTENING * (2 - FLATTENING);
    const w = Math.sqrt(1 - e2 * Math.sin(lat * turn) ** 2);
    const east = (EQUATOR_M / w) * Math.cos(lat * turn) * turn;
    const north = ((EQUATOR_M * (1 - e2)) / w ** 3) * turn;
    return ([lon, y]) => [lon * east, y * north];
  };

  const ringArea = (ring) => {
    let sum = 0;
    for (let index = 1; index < ring.length; index += 1) {
      const [[x1, y1], [x2, y2]] = [ring[index - 1], ring[index]];
      sum += (x1 - ring[0][0]) * (y2 - ring[0][1]) - (x2 - ring[0][0]) * (y1 - ring[0][1]);
    }
    return Math.abs(sum) / 2;
  };

  const lengthOf = (line) =>
    line.slice(1).reduce((sum, [x, y], index) => sum + Math.hypot(x - line[index][0], y - line[index][1]), 0);

  const away = ([x1, y1], [x2, y2]) => Math.hypot(x1 - x2, y1 - y2);

  // The corners of the convex hull (Andrew's monotone chain).
  const hull = (points) => {
    const sorted = [...points].sort(([x1, y1], [x2, y2]) => x1 - x2 || y1 - y2);
    const half = (list) => {
      const kept = [];
      for (const point of list) {
        while (kept.length > 1 && !turnsLeft(kept.at(-2), kept.at(-1), point)) kept.pop();
        kept.push(point);
      }
      return kept;
    };
    return [...half(sorted), ...half(sorted.reverse())];
  };

  const turnsLeft = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) > (by - ay) * (cx - ax);

  /** The distance of the two points that are farthest from each other. */
  const farthest = (points) => {
    const corners = hull(points);
    let most = 0;
    for (const one of corners) for (const other of corners) most = Math.max(most, away(one, other));
    return most;
  };

  /** {area_m2, around_m, compactness (Polsby-Popper: a circle is 1), across_min: minutes to walk between the farthest points} of rings. */
  everycell.measure = (polygon) => {
    const lats = polygon[0].map(([, lat]) => lat);
    const flat = plane((Math.min(...lats) + Math.max(...lats)) / 2);
    const rings = polygon.map((ring) => ring.map(flat));
    const area = ringArea(rings[0]) - rings.slice(1).reduce((sum, ring) => sum + ringArea(ring), 0);
    const around = rings.reduce((sum, ring) => sum + lengthOf(ring), 0);
    return {
      area_m2: area,
      around_m: around,
      compactness: around ? (4 * Math.PI * area) / around ** 2 : 0,
      across_min: (farthest(rings[0]) * WALKED) / METRES_A_MINUTE,
    };
  };

  /** The length in metres of a line of [lon, lat]. */
  everycell.lengthOf = (line) => (line.length < 2 ? 0 : lengthOf(line.map(plane(line[0][1]))));

  /** Metres that so many pixels of a map are in the middle of the view. */
  everycell.metres = (map, pixels) => {
    const middle = map.getSize().divideBy(2);
    const [from, to] = [middle, middle.add([100, 0])].map((point) => map.containerPointToLatLng(point));
    return (map.distance(from, to) * pixels) / 100;
  };

  const digits = (value, most) => value.toLocaleString("en-US", { maximumFractionDigits: most });

  /** A length in words: 0.4 m, 12 m, 1.25 km. */
  everycell.metresText = (metres) => {
    if (metres >= 1000) return `${digits(metres / 1000, 2)} km`;
    return `${digits(metres, metres < 10 ? 1 : 0)} m`;
  };

  /** An area in words: 0.8 m², 812 m², 0.42 km². */
  everycell.areaText = (metres) => {
    if (metres === null || metres === undefined) return "–";
    if (metres >= 1e6) return `${digits(metres / 1e6, 2)} km²`;
    return metres >= 10000 ? `${digits(metres / 1e6, 3)} km²` : `${digits(metres, metres < 10 ? 2 : 0)} m²`;
  };

  /** A compactness in words: two places. */
  everycell.shareText = (share) => (share === null || share === undefined ? "–" : share.toFixed(2));

  /** Minutes in words, whole ones. */
  everycell.minutesText = (minutes) =>
    minutes === null || minutes === undefined ? "–" : everycell.t("{minutes} min", { minutes: Math.round(minutes) });
}
