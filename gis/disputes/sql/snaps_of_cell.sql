-- The live snap points of a cell, the one that stands for most dwellings first.
SELECT county, id, cell, ST_X(geom) AS lon, ST_Y(geom) AS lat, dwellings FROM everycell.snap_point
WHERE county = :county AND cell = :cell AND ended_at IS NULL ORDER BY dwellings DESC, id
