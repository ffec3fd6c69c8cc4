-- The county in whose outline a point lies.
SELECT county FROM everycell.county_outline
WHERE county = ANY (CAST(:counties AS integer[]))
    AND ST_Intersects(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))
ORDER BY county LIMIT 1
