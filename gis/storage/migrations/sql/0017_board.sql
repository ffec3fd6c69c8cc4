-- As in 0015, but a stop of which all ticks are "skipped" is not ticked: nothing was done there. That is what home page,
-- list of plans and the stops that are missed the next day go by. A team that has only skipped stops is out all the same.
CREATE OR REPLACE FUNCTION everycell.patrols_of_day(p_county integer, p_area text, p_day date, p_now_s integer)
RETURNS TABLE (village text, routes integer, begun integer, done integer, over integer, stops integer, ticked integer,
               missed integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    WITH stop AS MATERIALIZED (
        SELECT s.plan, s.team, "left"(coalesce(s.cell, p.area), 12) AS village, r.shift_to <= p_now_s AS over,
               t.seen > 0 AS seen, t.done > 0 AS ticked
        FROM everycell.patrol_plan p
        JOIN everycell.patrol_stop s ON s.county = p_county AND s.plan = p.id AND s.seq IS NOT NULL
        JOIN everycell.patrol_route r ON r.county = p_county AND r.plan = p.id AND r.team = s.team
        CROSS JOIN LATERAL (
            SELECT count(*) AS seen, count(*) FILTER (WHERE t.outcome <> 'skipped') AS done
            FROM everycell.patrol_tick t WHERE t.county = p_county AND t.plan = s.plan AND t.stop = s.key
        ) t
        WHERE p.county = p_county AND p.patrol_on = p_day AND p.status = 'planned'
            AND starts_with(coalesce(s.cell, p.area), p_area) AND everycell.within('figures', coalesce(s.cell, p.area))
    ), route AS (
        SELECT village, bool_or(over) AS over, bool_or(seen) AS seen, count(*) AS stops,
               count(*) FILTER (WHERE ticked) AS ticked
        FROM stop GROUP BY GROUPING SETS ((plan, team, village), (plan, team))
    )
    SELECT village, count(*)::integer,
           count(*) FILTER (WHERE seen AND ticked < stops AND NOT over)::integer,
           count(*) FILTER (WHERE ticked = stops)::integer,
           count(*) FILTER (WHERE ticked < stops AND over)::integer,
           sum(stops)::integer, sum(ticked)::integer,
           coalesce(sum(stops - ticked) FILTER (WHERE over), 0)::integer
    FROM route GROUP BY village ORDER BY village NULLS FIRST
$$;
