-- A page of doorplates as GeoJSON features, in the order of their ids. `version` is a digest of what can be edited.
SELECT f.key, f.feature
FROM unnest(CAST(:counties AS integer[])) AS n (county)
CROSS JOIN LATERAL (
    SELECT d.id AS key,
           concat('{"type":"Feature","id":', d.id, ',"geometry":', ST_AsGeoJSON(d.geom, 8, 0), ',"properties":',
                  json_build_object('id', d.id, 'code', d.code, 'address', d.address, 'cell', d.cell,
                                    'households', d.households, 'never', d.never, 'oldest_on', d.oldest_on,
                                    'due_on', d.due_on, 'version', left(encode(sha256(convert_to(json_build_array(
                                        d.code, d.address, d.geom::text)::text, 'UTF8')), 'hex'), 12)), '}') AS feature
    FROM everycell.doorplate d
    WHERE d.county = n.county
        AND (CAST(:after AS bigint) IS NULL OR d.id > :after)
        AND (CAST(:item AS bigint) IS NULL OR d.id = :item)
        AND (CAST(:area AS text) IS NULL OR d.cell BETWEEN :first_cell AND :last_cell)
        AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(d.geom, CAST(:box AS geometry))
             OR ST_Intersects(d.geom, CAST(:box2 AS geometry)))
    ORDER BY d.id LIMIT :limit
) f
ORDER BY n.county, f.key LIMIT :limit
