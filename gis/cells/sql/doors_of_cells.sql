-- The doors of some cells, and all in some boxes: a cell that changes may get a door on the border of another. The boxes are
-- made first: a condition that makes them would be no condition of the spatial index under a row policy.
WITH b AS MATERIALIZED (
    SELECT ST_MakeEnvelope(west, south, east, north, 4490) AS box
    FROM unnest(CAST(:west AS float8[]), CAST(:south AS float8[]), CAST(:east AS float8[]), CAST(:north AS float8[]))
        AS b (west, south, east, north)
)
SELECT d.id, d.cell, ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat
FROM everycell.doorplate d
WHERE d.county = :county AND d.cell = ANY (CAST(:codes AS text[]))
UNION
SELECT d.id, d.cell, ST_X(d.geom), ST_Y(d.geom)
FROM b JOIN everycell.doorplate d ON d.county = :county AND d.geom && b.box
ORDER BY id
