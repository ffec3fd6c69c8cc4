-- The cells in which some places lie, by the numbers of the places from 1 on.
SELECT n AS number, c.code
FROM unnest(CAST(:lons AS double precision[]), CAST(:lats AS double precision[])) WITH ORDINALITY AS p (lon, lat, n)
JOIN everycell.cell c ON c.county = ANY (:counties) AND c.retired_on IS NULL
    AND ST_Intersects(c.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4490))
ORDER BY n, c.code
