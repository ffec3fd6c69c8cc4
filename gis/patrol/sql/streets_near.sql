-- Background streets around a route: main ones in its box, the others near its line. Degrees, EPSG:4490.
SELECT s.class, coalesce(s.name, '') AS name, ST_AsBinary(s.geom) AS geom
FROM everycell.street s, (SELECT ST_GeomFromText(CAST(:line AS text), 4490) AS geom) route
WHERE s.county = :county AND s.geom && ST_Expand(route.geom, :around)
    AND (s.class <= 2 OR ST_DWithin(s.geom, route.geom, :near))
ORDER BY s.id
