-- The live cell in which a place lies, of those that the caller may see; on a border the one with the lowest code.
SELECT c.county, c.code FROM everycell.cell c
WHERE c.county = ANY (:counties) AND c.retired_on IS NULL
    AND ST_Intersects(c.geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))
ORDER BY c.code LIMIT 1
