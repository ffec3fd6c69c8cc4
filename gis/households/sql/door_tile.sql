-- Doorplates of one vector tile. `wait` counts the households behind a door that were not reached since a day: the
-- figures of the doorplate say it except where several households were reached, some of them before that day. In the order
-- of their ids: that of the index would depend on doors that the caller does not see.
WITH m AS MATERIALIZED (
    SELECT d.id, d.households AS n, d.never,
           CASE WHEN d.never = d.households OR d.oldest_on >= :since THEN d.never
                WHEN d.households - d.never = 1 THEN d.households
                ELSE (SELECT count(*)::integer FROM everycell.household h
                      WHERE h.county = d.county AND h.doorplate = d.id AND h.status = 'active'
                          AND (h.last_reached_on IS NULL OR h.last_reached_on < :since)) END AS wait,
           d.due_on - date '2020-01-01' AS due, d.oldest_on - date '2020-01-01' AS oldest,
           ST_AsMVTGeom(ST_Transform(ST_SetSRID(d.geom, 4326), 3857), ST_TileEnvelope(:z, :x, :y), 4096, :buffer) AS geom
    FROM everycell.doorplate d
    WHERE d.county = ANY (CAST(:counties AS integer[]))
        AND d.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490)
)
SELECT ST_AsMVT(m, 'doorplates', 4096, 'geom', 'id') FROM (SELECT * FROM m WHERE geom IS NOT NULL ORDER BY id) m
