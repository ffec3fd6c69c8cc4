-- A page of cells as GeoJSON features, in the order of their codes, each with what is published of it: of the last period
-- of which cells are out in the county, as they were counted then. No case is read here. Null is withheld where `withheld`
-- names it; a cell that the table does not have is not `counted`; one that is not what it was on `grid_on` has `changed`.
SELECT f.key, f.feature
FROM unnest(CAST(:counties AS integer[])) AS n (county)
CROSS JOIN LATERAL (
    SELECT c.code AS key,
           concat('{"type":"Feature","id":', to_json(c.code), ',"geometry":', ST_AsGeoJSON(c.geom, 8, 0), ',"properties":',
                  json_build_object(
                      'code', c.code, 'name', c.name, 'village', c.village,
                      'period', to_char(r.first_on, CASE r.span WHEN 12 THEN 'YYYY' WHEN 3 THEN 'YYYY"Q"Q' ELSE 'YYYY-MM' END),
                      'grid_on', r.grid_on, 'counted', p.shown IS NOT NULL,
                      'changed', coalesce(c.valid_from > r.grid_on, false),
                      'households', p.households, 'total', p.shown -> '',
                      'neighbours', p.shown -> 'neighbours', 'housing', p.shown -> 'housing', 'land', p.shown -> 'land',
                      'debt', p.shown -> 'debt', 'labour', p.shown -> 'labour', 'damages', p.shown -> 'damages',
                      'property_management', p.shown -> 'property_management', 'traffic', p.shown -> 'traffic',
                      'consumer', p.shown -> 'consumer', 'relocation', p.shown -> 'relocation',
                      'environment', p.shown -> 'environment', 'village_affairs', p.shown -> 'village_affairs',
                      'other', p.shown -> 'other', 'withheld', coalesce(p.withheld, '[]')), '}') AS feature
    FROM everycell.cell c
    LEFT JOIN LATERAL (
        SELECT q.first_on, q.span, q.grid_on FROM everycell.case_release q
        WHERE q.county = n.county AND q.level = 'cell' AND NOT q.family
        ORDER BY q.first_on DESC LIMIT 1
    ) r ON true
    LEFT JOIN LATERAL (
        SELECT max(g.households) AS households, jsonb_object_agg(g.category, g.number) AS shown,
               json_agg(coalesce(nullif(g.category, ''), 'total') ORDER BY g.category) FILTER (WHERE g.number IS NULL)
                   AS withheld
        FROM everycell.case_figure g
        WHERE g.county = n.county AND g.level = 'cell' AND g.first_on = r.first_on AND g.span = r.span AND NOT g.family
            AND g.area = c.code
    ) p ON true
    WHERE c.county = n.county AND c.retired_on IS NULL
        AND (CAST(:after AS text) IS NULL OR c.code > :after)
        AND (CAST(:item AS text) IS NULL OR c.code = :item)
        AND c.code BETWEEN :first_cell AND :last_cell
        AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(c.geom, CAST(:box AS geometry))
             OR ST_Intersects(c.geom, CAST(:box2 AS geometry)))
    ORDER BY c.code LIMIT :limit
) f
ORDER BY n.county, f.key LIMIT :limit
