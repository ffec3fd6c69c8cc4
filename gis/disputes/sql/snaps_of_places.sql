-- The snap points that places go to: a place in degrees, or a cell, which stands for the place in it where most live.
-- Without a cell where the place lies in none, without a snap point where nothing around stands for eight dwellings.
SELECT i.n, c.code AS cell, CASE WHEN c.code IS NOT NULL THEN coalesce(m.id, everycell.snap_at(:county, c.code, c.place))
                            END AS snap
FROM unnest(
    CAST(:lons AS double precision[]), CAST(:lats AS double precision[]), CAST(:cells AS text[])
) WITH ORDINALITY AS i (lon, lat, code, n)
LEFT JOIN LATERAL (
    SELECT l.code, coalesce(ST_SetSRID(ST_MakePoint(i.lon, i.lat), 4490), ST_PointOnSurface(l.geom)) AS place
    FROM everycell.cell l
    WHERE l.county = :county AND l.retired_on IS NULL
        AND CASE WHEN i.lon IS NULL THEN l.code = i.code
                 ELSE ST_Intersects(l.geom, ST_SetSRID(ST_MakePoint(i.lon, i.lat), 4490)) END
    ORDER BY l.code LIMIT 1
) c ON true
LEFT JOIN LATERAL (
    SELECT s.id FROM everycell.snap_point s
    WHERE i.lon IS NULL AND s.county = :county AND s.cell = c.code AND s.ended_at IS NULL
    ORDER BY s.dwellings DESC, s.id LIMIT 1
) m ON true
ORDER BY i.n
