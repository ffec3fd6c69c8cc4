-- Streets around a route: main ones in its box, the others near its line. The background's; where it has none there,
-- those that the way was found on. Degrees, EPSG:4490.
WITH route AS MATERIALIZED (
    SELECT ST_GeomFromText(CAST(:line AS text), 4490) AS geom
), background AS MATERIALIZED (
    SELECT s.id, s.class, s.name, s.geom FROM everycell.street s, route
    WHERE s.county = :county AND s.geom && ST_Expand(route.geom, :around)
        AND (s.class <= 2 OR ST_DWithin(s.geom, route.geom, :near))
)
SELECT b.class, coalesce(b.name, '') AS name, ST_AsBinary(b.geom) AS geom FROM background b
UNION ALL
SELECT a.class, coalesce(a.name, ''), ST_AsBinary(a.geom) FROM everycell.road_arc a, route
WHERE NOT EXISTS (SELECT FROM background) AND a.county = :county
    AND a.version = (SELECT n.version FROM everycell.road_network n WHERE n.county = :county ORDER BY n.imported_at DESC LIMIT 1)
    AND a.geom && ST_Expand(route.geom, :around) AND (a.class <= 2 OR ST_DWithin(a.geom, route.geom, :near))
