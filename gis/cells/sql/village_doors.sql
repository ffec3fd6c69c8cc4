-- The doorplates of some cells: place in degrees, and the active households behind each; in the order of their ids.
SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat, households
FROM everycell.doorplate
WHERE county = :county AND cell = ANY (CAST(:cells AS text[]))
ORDER BY id
