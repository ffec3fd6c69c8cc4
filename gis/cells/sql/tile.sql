-- Cells of one vector tile with their figures, which the caller brings along (one row of the arrays a cell).
WITH m AS MATERIALIZED (
    SELECT c.code::bigint AS id, c.code, c.name, f.known, f.reached, f.tried, f.never, f.overdue,
           CASE WHEN f.known > 0 THEN 0 WHEN c.confirmed_empty_on IS NOT NULL THEN 1 ELSE 2 END AS empty,
           ST_AsMVTGeom(ST_Transform(ST_SetSRID(c.geom, 4326), 3857), ST_TileEnvelope(:z, :x, :y), 4096, :buffer) AS geom
    FROM unnest(CAST(:figure_counties AS integer[]), CAST(:codes AS text[]), CAST(:known AS integer[]),
                CAST(:reached AS integer[]), CAST(:tried AS integer[]), CAST(:never AS integer[]),
                CAST(:overdue AS integer[])) AS f (county, code, known, reached, tried, never, overdue)
    JOIN everycell.cell c ON c.county = f.county AND c.code = f.code
    WHERE c.county = ANY (CAST(:counties AS integer[])) AND c.retired_on IS NULL
        AND c.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
)
SELECT ST_AsMVT(m, 'cells', 4096, 'geom', 'id') FROM (SELECT * FROM m WHERE geom IS NOT NULL ORDER BY id) m
