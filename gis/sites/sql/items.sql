-- A page of key sites as GeoJSON features, in the order of their codes. `version` is a digest of what can be edited.
SELECT f.key, f.feature
FROM unnest(CAST(:counties AS integer[])) AS n (county)
CROSS JOIN LATERAL (
    SELECT s.code AS key,
           concat('{"type":"Feature","id":', to_json(s.code), ',"geometry":', ST_AsGeoJSON(s.geom, 8, 0), ',"properties":',
                  json_build_object('code', s.code, 'name', s.name, 'category', s.category, 'address', s.address,
                                    'cell', s.cell, 'check_interval_days', s.check_interval_days,
                                    'last_checked_on', s.last_checked_on,
                                    'version', left(encode(sha256(convert_to(json_build_array(
                                        s.name, s.category, s.address, s.geom::text, s.check_interval_days,
                                        s.last_checked_on)::text, 'UTF8')), 'hex'), 12)), '}') AS feature
    FROM everycell.site s
    WHERE s.county = n.county
        AND (CAST(:after AS text) IS NULL OR s.code > :after)
        AND (CAST(:item AS text) IS NULL OR s.code = :item)
        AND s.cell BETWEEN :first_cell AND :last_cell
        AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(s.geom, CAST(:box AS geometry))
             OR ST_Intersects(s.geom, CAST(:box2 AS geometry)))
    ORDER BY s.code LIMIT :limit
) f
ORDER BY n.county, f.key LIMIT :limit
