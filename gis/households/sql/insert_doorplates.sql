-- New doorplates with the figures of their households, which are new too (those that come from elsewhere are refreshed).
INSERT INTO everycell.doorplate
    (county, id, code, address, geom, cell, source, households, never, oldest_on, due_on)
SELECT :county, :county * 1000000000::bigint + nextval('everycell.doorplate_serial'), s.code, s.address,
       ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4490), s.cell, s.source,
       coalesce(f.households, 0), coalesce(f.never, 0), f.oldest_on, f.due_on
FROM staged_doorplate s
LEFT JOIN (
    SELECT doorplate_code, count(*) AS households, count(*) FILTER (WHERE reached_before IS NULL) AS never,
           min(reached_before) AS oldest_on,
           min(coalesce(reached_before, registered_on, :today) + coalesce(interval_days, :interval_days)) AS due_on
    FROM staged_household WHERE status IS DISTINCT FROM 'exempt' GROUP BY doorplate_code
) f ON f.doorplate_code = s.code
WHERE NOT EXISTS (SELECT FROM everycell.doorplate d WHERE d.county = :county AND d.code = s.code)
ORDER BY s.position
