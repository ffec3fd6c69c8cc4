"use strict";
// Doors as quiet dots below the grid: whoever cuts a cell sees where its households are, and nothing else of them.
{
  const FROM_ZOOM = 14;
  const EDGE = 3;

  const radiusOf = (households, zoom) =>
    (0.9 + Math.max(0, everycell.seenZoom(zoom) - 13) * 0.45) *
    (1 + 0.25 * Math.log2(Math.max(1, households))) *
    everycell.scale;

  const draw = (context, doors, place) => {
    context.fillStyle = "rgba(74,85,95,.75)";
    for (const { x, y, households } of doors) {
      if (x < 0 || x >= 1 || y < 0 || y >= 1) continue; // in the buffer: the neighbour's
      context.beginPath();
      context.arc(place.x(x), place.y(y), radiusOf(households, place.zoom), 0, 7);
      context.fill();
    }
  };

  /** The layer of doors on a map, from zoom 14; `today` is any day, as tiles ask for one. */
  everycell.doorDots = (map, source, today) =>
    new everycell.VectorTiles({
      pane: "doors",
      minZoom: FROM_ZOOM,
      overhang: (zoom) => Math.ceil(radiusOf(200, zoom) + EDGE),
      load: async (z, x, y, { fresh }) => {
        const features = await source.doorTile(z, x, y, everycell.isoDay(today), fresh);
        return features.map(({ properties: { n }, geometry }) => ({
          households: n,
          x: geometry[0][0][0],
          y: geometry[0][0][1],
        }));
      },
      draw,
    }).addTo(map);

  everycell.doorDots.FROM_ZOOM = FROM_ZOOM;
}
