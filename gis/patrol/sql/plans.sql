-- Plans, the latest day first; of areas and all in them (none: of the counties), a day, a status.
SELECT p.county, p.id, p.area, p.patrol_on, p.status, p.version, p.created_at, p.created_by,
       array(SELECT r.team FROM everycell.patrol_route r WHERE r.county = p.county AND r.plan = p.id ORDER BY r.seq) AS teams,
       n.stops, n.planned, n.done
FROM everycell.patrol_plan p
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT s.removed) AS stops, count(s.seq) AS planned,
           count(*) FILTER (WHERE s.seq IS NOT NULL AND EXISTS (
               SELECT FROM everycell.patrol_tick t
               WHERE t.county = s.county AND t.plan = s.plan AND t.stop = s.key AND t.outcome <> 'skipped')) AS done
    FROM everycell.patrol_stop s WHERE s.county = p.county AND s.plan = p.id
) n
WHERE p.county = ANY (:counties)
    AND (CAST(:areas AS text[]) = '{}' OR EXISTS (
        SELECT FROM unnest(CAST(:areas AS text[])) AS a (area) WHERE starts_with(p.area, a.area)))
    AND (CAST(:on AS date) IS NULL OR p.patrol_on = CAST(:on AS date))
    AND (CAST(:status AS text) IS NULL OR p.status = CAST(:status AS text))
ORDER BY p.patrol_on DESC, p.created_at DESC, p.id
