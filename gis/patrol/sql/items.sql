-- A page of the routes of today's plans as GeoJSON features; the key is county, plan and team.
SELECT f.key, f.feature
FROM unnest(CAST(:counties AS integer[])) AS n (county)
CROSS JOIN LATERAL (
    SELECT k.key, concat(
               '{"type":"Feature","id":', to_json(k.key), ',"geometry":', coalesce(ST_AsGeoJSON(r.geom, 7, 0), 'null'),
               ',"properties":', json_build_object(
                   'plan', p.id, 'team', r.team, 'area', p.area, 'patrol_on', p.patrol_on, 'mode', r.mode, 'stops', (
                       SELECT count(*) FROM everycell.patrol_stop s
                       WHERE s.county = r.county AND s.plan = r.plan AND s.team = r.team AND s.seq IS NOT NULL),
                   'begin_s', r.begin_s, 'end_s', r.end_s, 'metres', round(r.metres)), '}') AS feature
    FROM everycell.patrol_plan p
    JOIN everycell.patrol_route r ON r.county = n.county AND r.plan = p.id
    CROSS JOIN LATERAL (SELECT concat(lpad(p.county::text, 6, '0'), '-', p.id, '-', r.team) AS key) k
    WHERE p.county = n.county AND p.patrol_on = CAST(:today AS date) AND p.status = 'planned' AND r.begin_s IS NOT NULL
        AND (CAST(:after AS text) IS NULL OR k.key COLLATE "C" > :after)
        AND (CAST(:item AS text) IS NULL OR k.key = :item)
        AND (CAST(:area AS text) IS NULL OR starts_with(p.area, CAST(:area AS text)))
        AND (CAST(:box AS geometry) IS NULL OR ST_Intersects(r.geom, CAST(:box AS geometry))
             OR ST_Intersects(r.geom, CAST(:box2 AS geometry)))
    ORDER BY k.key COLLATE "C" LIMIT :limit
) f
ORDER BY n.county, f.key COLLATE "C" LIMIT :limit
