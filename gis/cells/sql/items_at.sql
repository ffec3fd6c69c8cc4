-- A page of cells as they were on a day, or last were between two days, as GeoJSON features in the order of their codes.
SELECT f.key, f.feature
FROM unnest(CAST(:counties AS integer[])) AS n (county)
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (c.code) c.code AS key,
           concat('{"type":"Feature","id":', to_json(c.code), ',"geometry":', ST_AsGeoJSON(c.geom, 8, 0), ',"properties":',
                  json_build_object('code', c.code, 'name', c.name, 'kind', c.kind, 'village', c.village,
                                    'version', c.version, 'valid_from', c.valid_from, 'valid_to', c.valid_to), '}') AS feature
    FROM everycell.cell_history c
    WHERE c.county = n.county
        AND (CAST(:after AS text) IS NULL OR c.code > :after)
        AND c.code BETWEEN :first_cell AND :last_cell
        AND (CAST(:last_on AS date) IS NULL OR c.valid_from <= :last_on)
        AND (c.valid_to IS NULL OR c.valid_to > greatest(c.valid_from, CAST(:first_on AS date)))
        AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(c.geom, CAST(:box AS geometry))
             OR ST_Intersects(c.geom, CAST(:box2 AS geometry)))
    ORDER BY c.code, c.version DESC LIMIT :limit
) f
ORDER BY n.county, f.key LIMIT :limit
