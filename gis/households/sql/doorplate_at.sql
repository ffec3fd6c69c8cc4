-- The doorplate on a point, within a centimetre; of several the one with the lowest id.
SELECT id FROM everycell.doorplate
WHERE county = :county AND (CAST(:address AS text) IS NULL OR address = :address)
    AND geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), 1e-7)
ORDER BY id LIMIT 1
