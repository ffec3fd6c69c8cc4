-- A page of households as GeoJSON features at their doorplate's point, by doorplate and code. Of visits a household
-- carries its last dates only. `version` is a digest of what can be edited: visits leave it as it is.
SELECT f.key, f.feature
FROM unnest(CAST(:counties AS integer[])) AS n (county)
CROSS JOIN LATERAL (
    SELECT concat(d.id, '.', h.code) AS key, d.id, h.code,
           concat('{"type":"Feature","id":', to_json(h.code), ',"geometry":', ST_AsGeoJSON(d.geom, 8, 0), ',"properties":',
                  json_build_object('code', h.code, 'unit', h.unit, 'status', h.status, 'doorplate', d.id,
                                    'address', d.address, 'cell', d.cell, 'interval_days', h.interval_days,
                                    'registered_on', h.registered_on, 'last_reached_on', h.last_reached_on,
                                    'last_contact_on', h.last_contact_on, 'due_on', h.due_on,
                                    'version', left(encode(sha256(convert_to(json_build_array(
                                        d.id, d.address, d.geom::text, h.unit, h.status, h.interval_days,
                                        h.registered_on)::text, 'UTF8')), 'hex'), 12)), '}') AS feature
    FROM everycell.household h
    JOIN everycell.doorplate d ON d.county = n.county AND d.id = h.doorplate
    WHERE h.county = n.county
        AND (CAST(:after_door AS bigint) IS NULL OR d.id >= :after_door AND h.doorplate >= :after_door)
        AND (CAST(:after_door AS bigint) IS NULL OR d.id > :after_door OR h.code > :after)
        AND (CAST(:item AS text) IS NULL OR h.code = :item)
        AND (CAST(:doorplate AS bigint) IS NULL OR h.doorplate = :doorplate)
        AND (CAST(:area AS text) IS NULL OR d.cell BETWEEN :first_cell AND :last_cell)
        AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(d.geom, CAST(:box AS geometry))
             OR ST_Intersects(d.geom, CAST(:box2 AS geometry)))
    ORDER BY d.id, h.code LIMIT :limit
) f
ORDER BY n.county, f.id, f.code LIMIT :limit
