-- What other plans of a day have taken on: stops in their routes, and all of those whose routes are still being found.
SELECT DISTINCT s.key, s.doorplate
FROM everycell.patrol_plan p
JOIN everycell.patrol_stop s ON s.county = p.county AND s.plan = p.id
WHERE p.county = ANY (:counties) AND p.patrol_on = CAST(:on AS date) AND p.status IN ('planning', 'planned')
    AND NOT s.removed AND (s.seq IS NOT NULL OR p.status = 'planning')
