-- The snap points of a county that lived at an instant, with the dwellings that each stood for when it was made.
SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat, dwellings_made::double precision AS dwellings
FROM everycell.snap_point
WHERE county = :county AND made_at <= :at AND (ended_at IS NULL OR ended_at > :at)
ORDER BY id
