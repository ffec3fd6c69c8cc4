-- What was done at the stops of a plan: the best that a tick of a stop says, when the last one was, and which households
-- were reached.
SELECT t.stop, (array_agg(t.outcome ORDER BY array_position(ARRAY['reached', 'no_answer', 'skipped'], t.outcome)))[1] AS outcome,
       max(t.ticked_at) AS ticked_at, sum(t.num_units) FILTER (WHERE t.outcome = 'reached')::integer AS num_reached,
       array(SELECT DISTINCT u FROM everycell.patrol_tick r, unnest(r.units) AS u
             WHERE r.county = :county AND r.plan = CAST(:id AS uuid) AND r.stop = t.stop AND r.outcome = 'reached'
             ORDER BY u) AS reached
FROM everycell.patrol_tick t
WHERE t.county = :county AND t.plan = CAST(:id AS uuid)
GROUP BY t.stop
