-- The live cells of some areas (codes; an empty one is everywhere) that meet a box.
SELECT c.code, ST_AsBinary(c.geom) AS wkb
FROM everycell.cell c
WHERE c.county = ANY (CAST(:counties AS integer[])) AND c.retired_on IS NULL
    AND c.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
    AND EXISTS (SELECT FROM unnest(CAST(:areas AS text[])) AS a (area) WHERE starts_with(c.code, a.area))
ORDER BY c.code
