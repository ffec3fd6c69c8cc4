-- The patrols of a day, together: plans with routes and plans that are being searched, teams with a route, those that
-- have ticked a stop, stops in routes, and stops at which something was done.
SELECT count(DISTINCT o.plan) FILTER (WHERE o.status = 'planned') AS plans,
       count(DISTINCT o.plan) FILTER (WHERE o.status = 'planning') AS searching,
       count(*) FILTER (WHERE o.stops > 0) AS teams,
       count(*) FILTER (WHERE o.ticked > 0) AS out,
       coalesce(sum(o.stops), 0)::integer AS stops, coalesce(sum(o.done), 0)::integer AS done
FROM (
    SELECT p.id AS plan, p.status, count(s.key) AS stops,
           count(s.key) FILTER (WHERE t.outcomes IS NOT NULL) AS ticked,
           count(s.key) FILTER (WHERE t.outcomes && ARRAY['reached', 'no_answer']) AS done
    FROM everycell.patrol_plan p
    LEFT JOIN everycell.patrol_stop s ON s.county = p.county AND s.plan = p.id AND s.seq IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT array_agg(t.outcome) AS outcomes FROM everycell.patrol_tick t
        WHERE t.county = s.county AND t.plan = s.plan AND t.stop = s.key
    ) t ON true
    WHERE p.county = ANY (:counties) AND p.patrol_on = CAST(:on AS date) AND p.status IN ('planned', 'planning')
    GROUP BY p.id, p.status, s.team
) o
