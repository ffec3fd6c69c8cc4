-- Streets of one vector tile: only classes up to `max_class`, lines of one name joined, simplified to the tile's grid.
WITH found AS MATERIALIZED (
    SELECT s.class, s.name, ST_Collect(s.geom) AS geom
    FROM everycell.street s
    WHERE s.county = ANY (CAST(:counties AS integer[])) AND s.class <= :max_class
        AND s.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
    GROUP BY s.class, s.name
), m AS MATERIALIZED (
    SELECT class, name,
           ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_LineMerge(geom), 4326), 3857), ST_TileEnvelope(:z, :x, :y), 4096, :buffer)
               AS geom
    FROM found
)
SELECT ST_AsMVT(m, 'streets', 4096, 'geom') FROM m WHERE geom IS NOT NULL
