"use strict";
// Where a view lies: its area as large as it can be, with nothing of it under the legend or the buttons.
{
  const MARGIN = 16; // pixels on a desk
  const STEPS = 12;
  const GIVEN_UP = 1; // so many zooms smaller at most, rather than lying under something

  const seen = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
  };
  const overlap = (one, other) =>
    one.left < other.right && one.right > other.left && one.top < other.bottom && one.bottom > other.top;

  const around = (boxes) => ({
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  });

  // Shares of the free room to put on the left (or above), the middle first.
  const SHARES = Array.from({ length: STEPS + 1 }, (_, step) => step / STEPS);
  const PLACES = SHARES.flatMap((x) => SHARES.map((y) => ({ x, y, far: Math.hypot(x - 0.5, y - 0.5) }))).sort(
    (one, other) => one.far - other.far,
  );

  /**
   * Where boxes (pixels at zoom 0) go at a zoom: the shift that puts them inside `frame` and under none of `covered`,
   * as near to its middle as can be; null where there is none.
   */
  const shiftInto = (boxes, scale, frame, covered) => {
    const whole = around(boxes);
    const room = {
      x: frame.right - frame.left - (whole.right - whole.left) * scale,
      y: frame.bottom - frame.top - (whole.bottom - whole.top) * scale,
    };
    if (room.x < 0 || room.y < 0) return null;
    for (const { x, y } of PLACES) {
      const shift = {
        x: frame.left + room.x * x - whole.left * scale,
        y: frame.top + room.y * y - whole.top * scale,
      };
      const back = covered.map(({ left, top, right, bottom }) => ({
        left: (left - shift.x) / scale,
        top: (top - shift.y) / scale,
        right: (right - shift.x) / scale,
        bottom: (bottom - shift.y) / scale,
      }));
      if (!boxes.some((box) => back.some((other) => overlap(box, other)))) return shift;
    }
    return null;
  };

  /** What of a map is free: all of it but the panel, which lies at the left, or below on a phone. */
  const freeFrame = (map, panel, margin) => {
    const frame = seen(map.getContainer());
    if (!document.body.classList.contains("folded")) {
      const { offsetWidth, offsetHeight } = panel; // where it will lie: it may still be sliding
      if (offsetWidth < frame.right) frame.left = offsetWidth;
      else frame.bottom -= offsetHeight;
    }
    return {
      left: frame.left + margin,
      top: frame.top + margin,
      right: frame.right - margin,
      bottom: frame.bottom - margin,
    };
  };

  /** What of a map is free, in pixels of the map. */
  everycell.freeOf = (map, panel) => {
    const { left, top } = seen(map.getContainer());
    const frame = freeFrame(map, panel, MARGIN * everycell.scale);
    return L.bounds([frame.left - left, frame.top - top], [frame.right - left, frame.bottom - top]);
  };

  const coveredBy = (elements, margin) =>
    elements
      .filter((element) => element?.offsetWidth)
      .map(seen)
      .map(({ left, top, right, bottom }) => ({
        left: left - margin,
        top: top - margin,
        right: right + margin,
        bottom: bottom + margin,
      }));

  /**
   * The largest view of `areas` (list of L.LatLngBounds) as {center, zoom}, or null where the map is too small for any.
   * `zooms` are tried in their order, from near to far; `before(zoom)` is called before what lies over the map is measured.
   */
  everycell.viewOf = (map, areas, { zooms, panel, over, before }) => {
    const margin = MARGIN * everycell.scale;
    const boxes = areas.map((area) => {
      const [from, to] = [map.project(area.getNorthWest(), 0), map.project(area.getSouthEast(), 0)];
      return { left: from.x, top: from.y, right: to.x, bottom: to.y };
    });
    const frame = freeFrame(map, panel, margin);
    const { left, top } = seen(map.getContainer());
    const half = map.getSize().divideBy(2);
    const view = (zoom, shift) => ({
      zoom,
      center: map.unproject(half.subtract([shift.x - left, shift.y - top]), zoom),
    });
    const fitting = zooms.filter((zoom) => shiftInto(boxes, 2 ** zoom, frame, []));
    for (const zoom of fitting.filter((one) => one >= fitting[0] - GIVEN_UP)) {
      before(zoom);
      const shift = shiftInto(boxes, 2 ** zoom, frame, coveredBy(over(), margin / 2));
      if (shift) return view(zoom, shift);
    }
    return fitting.length ? view(fitting[0], shiftInto(boxes, 2 ** fitting[0], frame, [])) : null;
  };
}
