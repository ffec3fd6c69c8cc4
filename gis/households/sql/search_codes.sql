-- Doorplates and households whose code begins so; the 6 digits of the county may be left out.
SELECT kind, id, code, address, unit, cell, lon, lat
FROM (
    SELECT 'doorplate' AS kind, d.id, d.code, d.address, NULL AS unit, d.cell, ST_X(d.geom) AS lon, ST_Y(d.geom) AS lat
    FROM unnest(CAST(:counties AS integer[]), CAST(:first AS text[]), CAST(:last AS text[])) AS n (county, first, last)
    CROSS JOIN LATERAL (
        SELECT * FROM everycell.doorplate
        WHERE county = n.county AND code >= n.first AND code < n.last ORDER BY code LIMIT :limit
    ) d
    UNION ALL
    SELECT 'household', d.id, h.code, d.address, h.unit, d.cell, ST_X(d.geom), ST_Y(d.geom)
    FROM unnest(CAST(:counties AS integer[]), CAST(:first AS text[]), CAST(:last AS text[])) AS n (county, first, last)
    CROSS JOIN LATERAL (
        SELECT * FROM everycell.household
        WHERE county = n.county AND code >= n.first AND code < n.last ORDER BY code LIMIT :limit
    ) h
    JOIN everycell.doorplate d ON d.county = n.county AND d.id = h.doorplate
) found
ORDER BY length(code), code LIMIT :limit
