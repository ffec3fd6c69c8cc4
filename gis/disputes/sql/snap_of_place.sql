-- The snap point that a place in a cell goes to, of those that the caller may see.
SELECT s.county, s.id, s.cell, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat, s.dwellings
FROM everycell.snap_point s
WHERE s.county = :county AND s.id = everycell.snap_at(
    :county, CAST(:cell AS text), ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))
