"use strict";
// Lines on a canvas: beside their street instead of over each other, with arrows in their direction. Pure geometry in pixels.
{
  const NEAR = 0.75; // points nearer to each other are one

  /** A line without points that lie on the one before. */
  const thinned = (points) => {
    const kept = [];
    for (const point of points) {
      const last = kept.at(-1);
      if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= NEAR) kept.push(point);
    }
    return kept;
  };

  const normals = (points) => {
    const found = [];
    for (let index = 1; index < points.length; index += 1) {
      const [dx, dy] = [points[index].x - points[index - 1].x, points[index].y - points[index - 1].y];
      const length = Math.hypot(dx, dy);
      found.push({ x: -dy / length, y: dx / length });
    }
    return found;
  };

  /** A line so far to the right of another: there and back on one street are two lines. Fewer than two points: as it is. */
  const beside = (line, far) => {
    const points = thinned(line);
    if (points.length < 2 || !far) return points;
    const sides = normals(points);
    return points.map((point, index) => {
      const [before, after] = [sides[index - 1] ?? sides[index], sides[index] ?? sides[index - 1]];
      const [x, y] = [before.x + after.x, before.y + after.y];
      const length = Math.hypot(x, y);
      if (length < 0.5) return { x: point.x + before.x * far, y: point.y + before.y * far }; // it turns back
      return { x: point.x + (x / length) * far, y: point.y + (y / length) * far };
    });
  };

  /** Places along a line, `every` so many pixels: [{x, y, angle}], the first after half of that. */
  const along = (line, every) => {
    const found = [];
    let next = every / 2;
    let gone = 0;
    for (let index = 1; index < line.length; index += 1) {
      const [from, to] = [line[index - 1], line[index]];
      const length = Math.hypot(to.x - from.x, to.y - from.y);
      const angle = Math.atan2(to.y - from.y, to.x - from.x);
      for (; next <= gone + length; next += every) {
        const share = (next - gone) / length;
        found.push({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share, angle });
      }
      gone += length;
    }
    return found;
  };

  const trace = (context, line) => {
    context.beginPath();
    for (const { x, y } of line) context.lineTo(x, y);
  };

  /** An arrow head at a place. */
  const arrow = (context, { x, y, angle }, size, colour) => {
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    context.beginPath();
    context.moveTo(size * 1.15, 0);
    context.lineTo(-size * 0.8, size * 0.85);
    context.lineTo(-size * 0.4, 0);
    context.lineTo(-size * 0.8, -size * 0.85);
    context.closePath();
    Object.assign(context, { fillStyle: colour, strokeStyle: "#ffffff", lineWidth: size * 0.35, lineJoin: "round" });
    context.stroke();
    context.fill();
    context.restore();
  };

  everycell.lines = { beside, along, trace, arrow };
}
