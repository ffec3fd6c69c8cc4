-- A page of cells as GeoJSON features, in the order of their codes.
SELECT f.key, f.feature
FROM unnest(CAST(:counties AS integer[])) AS n (county)
CROSS JOIN LATERAL (
    SELECT c.code AS key,
           concat('{"type":"Feature","id":', to_json(c.code), ',"geometry":', ST_AsGeoJSON(c.geom, 8, 0), ',"properties":',
                  json_build_object('code', c.code, 'name', c.name, 'kind', c.kind, 'village', c.village,
                                    'version', c.version, 'valid_from', c.valid_from,
                                    'confirmed_empty_on', c.confirmed_empty_on), '}') AS feature
    FROM everycell.cell c
    WHERE c.county = n.county AND c.retired_on IS NULL
        AND (CAST(:after AS text) IS NULL OR c.code > :after)
        AND (CAST(:item AS text) IS NULL OR c.code = :item)
        AND c.code BETWEEN :first_cell AND :last_cell
        AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(c.geom, CAST(:box AS geometry))
             OR ST_Intersects(c.geom, CAST(:box2 AS geometry)))
    ORDER BY c.code LIMIT :limit
) f
ORDER BY n.county, f.key LIMIT :limit
