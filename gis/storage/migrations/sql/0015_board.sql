-- The board beside the map: figures of areas that are nobody's to read row by row. Each function gives numbers of cells,
-- villages or areas within those on which the caller has the right `figures`, and nothing else of the rows behind them.

-- Visits of a day by cell and hour (0 to 23 on the clock of `p_zone`): in some cells, or (NULL) in all. All are read once a
-- day by each worker, from the month they lie in; an index by day would cost every visit more than it saves (bench/board.py).
CREATE FUNCTION everycell.visits_of_day(p_county integer, p_day date, p_zone text, p_cells text[])
RETURNS TABLE (cell text, hour integer, reached integer, no_answer integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    IF p_cells IS NULL THEN
        RETURN QUERY
        SELECT n.* FROM (
            SELECT h.cell, extract(hour FROM v.visited_at AT TIME ZONE p_zone)::integer AS hour,
                   count(*) FILTER (WHERE v.outcome = 'reached')::integer AS reached,
                   count(*) FILTER (WHERE v.outcome = 'no_answer')::integer AS no_answer
            FROM everycell.visit v JOIN everycell.household h ON h.county = p_county AND h.id = v.household
            WHERE v.county = p_county AND v.visited_on = p_day
            GROUP BY 1, 2
        ) n WHERE everycell.within('figures', n.cell);
    ELSE
        RETURN QUERY
        SELECT n.* FROM (
            SELECT d.cell, extract(hour FROM v.visited_at AT TIME ZONE p_zone)::integer AS hour,
                   count(*) FILTER (WHERE v.outcome = 'reached')::integer AS reached,
                   count(*) FILTER (WHERE v.outcome = 'no_answer')::integer AS no_answer
            FROM everycell.doorplate d
            JOIN everycell.household h ON h.county = p_county AND h.doorplate = d.id
            JOIN everycell.visit v ON v.county = p_county AND v.household = h.id AND v.visited_on = p_day
            WHERE d.county = p_county AND d.cell = ANY (p_cells)
            GROUP BY 1, 2
        ) n WHERE everycell.within('figures', n.cell);
    END IF;
END $$;

-- Key sites by village, of an area ('': all): how many there are; never checked; to be checked before today; from today to
-- a day. No site is in two of the last three.
CREATE FUNCTION everycell.sites_due(p_county integer, p_area text, p_today date, p_soon date)
RETURNS TABLE (village text, sites integer, never integer, overdue integer, due integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    SELECT "left"(s.cell, 12), count(*)::integer,
           count(*) FILTER (WHERE s.due_on IS NULL)::integer,
           count(*) FILTER (WHERE s.due_on < p_today)::integer,
           count(*) FILTER (WHERE s.due_on BETWEEN p_today AND p_soon)::integer
    FROM (SELECT cell, last_checked_on + check_interval_days AS due_on FROM everycell.site WHERE county = p_county) s
    WHERE starts_with(s.cell, p_area) AND everycell.within('figures', s.cell)
    GROUP BY 1 ORDER BY 1
$$;

-- Patrols of a day: routes with stops in an area ('': all), by village: in how many none, some or all of these stops are
-- ticked, and in how many some are not although the shift is over (`p_now_s`: seconds since the midnight that begins the
-- day; beyond 86,400 it is the next day). A stop in no cell counts for the area of its plan. A route that has stops in
-- two villages is in both rows; the row NULL counts it once.
CREATE FUNCTION everycell.patrols_of_day(p_county integer, p_area text, p_day date, p_now_s integer)
RETURNS TABLE (village text, routes integer, begun integer, done integer, over integer, stops integer, ticked integer,
               missed integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    WITH stop AS MATERIALIZED (
        SELECT s.plan, s.team, "left"(coalesce(s.cell, p.area), 12) AS village, r.shift_to <= p_now_s AS over,
               EXISTS (SELECT FROM everycell.patrol_tick t
                       WHERE t.county = p_county AND t.plan = s.plan AND t.stop = s.key) AS ticked
        FROM everycell.patrol_plan p
        JOIN everycell.patrol_stop s ON s.county = p_county AND s.plan = p.id AND s.seq IS NOT NULL
        JOIN everycell.patrol_route r ON r.county = p_county AND r.plan = p.id AND r.team = s.team
        WHERE p.county = p_county AND p.patrol_on = p_day AND p.status = 'planned'
            AND starts_with(coalesce(s.cell, p.area), p_area) AND everycell.within('figures', coalesce(s.cell, p.area))
    ), route AS (
        SELECT village, bool_or(over) AS over, count(*) AS stops, count(*) FILTER (WHERE ticked) AS ticked
        FROM stop GROUP BY GROUPING SETS ((plan, team, village), (plan, team))
    )
    SELECT village, count(*)::integer,
           count(*) FILTER (WHERE ticked > 0 AND ticked < stops AND NOT over)::integer,
           count(*) FILTER (WHERE ticked = stops)::integer,
           count(*) FILTER (WHERE ticked < stops AND over)::integer,
           sum(stops)::integer, sum(ticked)::integer,
           coalesce(sum(stops - ticked) FILTER (WHERE over), 0)::integer
    FROM route GROUP BY village ORDER BY village NULLS FIRST
$$;

-- As in 0004, but a visit of today (or of yesterday: days differ from place to place) raises the revision of its cell and
-- is news also where it moves no last date (nobody there in the morning, and nobody in the afternoon): it is counted among
-- the visits of today.
CREATE OR REPLACE FUNCTION everycell.record_visits(
    p_county integer, p_ids uuid[], p_households text[], p_days date[], p_times timestamptz[],
    p_outcomes text[], p_teams text[], p_purposes text[]
) RETURNS SETOF everycell.visit_outcome LANGUAGE plpgsql AS $$
DECLARE
    mode_before text := current_setting('everycell.mode', true);
    codes text[];
    homes uuid[];
    doors bigint[];
    door_tids tid[];
    cells text[];
    used uuid[];
    accepted bigint[];
    complete boolean;
BEGIN
    LOCK TABLE everycell.recent_visit_id IN ROW EXCLUSIVE MODE;  -- before ids are looked for: they do not move from now on
    IF everycell.ensure_visit_months(p_days) > 0 THEN
        PERFORM everycell.tidy(p_county);  -- a new month has begun: a good time, once
    END IF;
    -- What is locked stays where it is (its tid too) until the transaction ends; but a household may have gone to another
    -- door, or away, while this waited for its door.
    LOOP
        SELECT array_agg(code), array_agg(home), array_agg(door), array_agg(door_tid), array_agg(cell)
        INTO codes, homes, doors, door_tids, cells
        FROM (
            SELECT h.code, h.id AS home, d.id AS door, d.ctid AS door_tid, d.cell
            FROM everycell.household h
            JOIN everycell.doorplate d ON d.county = p_county AND d.id = h.doorplate
            WHERE h.county = p_county AND h.code = ANY (p_households)
            ORDER BY d.id FOR NO KEY UPDATE OF d
        ) locked;
        EXIT WHEN NOT EXISTS (
            SELECT FROM unnest(homes, doors) AS l (home, door)
            LEFT JOIN everycell.household h ON h.county = p_county AND h.id = l.home AND h.doorplate = l.door
            WHERE h.id IS NULL);
    END LOOP;
    PERFORM 1 FROM everycell.cell_revision
    WHERE county = p_county AND cell = ANY (cells) ORDER BY cell FOR NO KEY UPDATE;
    used := ARRAY(SELECT id FROM everycell.visit_id WHERE county = p_county AND id = ANY (p_ids));
    PERFORM set_config('everycell.mode', 'batch', true);
    WITH batch AS MATERIALIZED (
        SELECT b.*, l.home
        FROM unnest(p_ids, p_households, p_days, p_times, p_outcomes, p_teams, p_purposes)
             WITH ORDINALITY AS b (id, code, visited_on, visited_at, outcome, team, purpose, index)
        LEFT JOIN unnest(codes, homes) AS l (code, home) ON l.code = b.code COLLATE "C"
    ), first AS MATERIALIZED (
        SELECT DISTINCT ON (id) * FROM batch WHERE home IS NOT NULL AND id NOT IN (SELECT unnest(used))
        ORDER BY id, index
    ), taken AS (
        INSERT INTO everycell.recent_visit_id (county, id, visited_on)
        SELECT p_county, id, visited_on FROM first ORDER BY id
        ON CONFLICT DO NOTHING
        RETURNING id
    ), fresh AS MATERIALIZED (
        SELECT f.* FROM first f JOIN taken t ON t.id = f.id
    ), added AS (
        INSERT INTO everycell.visit (county, id, visited_on, household, visited_at, outcome, team, purpose)
        SELECT p_county, id, visited_on, home, visited_at, outcome, team, purpose FROM fresh
        ORDER BY home
    ), seen AS (
        SELECT home, max(visited_on) FILTER (WHERE outcome = 'reached') AS reached, max(visited_on) AS contact
        FROM fresh GROUP BY home
    ), door AS (
        SELECT DISTINCT ON (d.id) d.* FROM unnest(doors, door_tids, cells) AS d (id, tid, cell)
    ), behind AS MATERIALIZED (  -- every household behind the doors: those visited, and the others for the figures
        SELECT h.ctid AS tid, d.id AS door, d.tid AS door_tid, d.cell, h.status = 'active' AS active,
               h.last_reached_on AS reached_was, h.last_contact_on AS contact_was, h.due_on AS due_was,
               n.reached, n.contact, coalesce(n.reached, h.registered_on) + h.interval_days AS due
        FROM door d
        JOIN everycell.household h ON h.county = p_county AND h.doorplate = d.id
        LEFT JOIN seen s ON s.home = h.id
        CROSS JOIN LATERAL (SELECT greatest(h.last_reached_on, s.reached) AS reached,
                                   greatest(h.last_contact_on, s.contact) AS contact) n
    ), change AS MATERIALIZED (
        SELECT * FROM behind WHERE (reached, contact) IS DISTINCT FROM (reached_was, contact_was)
    ), dated AS (
        UPDATE everycell.household h SET last_reached_on = c.reached, last_contact_on = c.contact
        FROM change c WHERE h.county = p_county AND h.ctid = c.tid
    ), moves AS MATERIALIZED (
        SELECT cell,
               count(*) FILTER (WHERE reached_was IS NULL AND reached IS NOT NULL)::integer AS first_reached,
               count(*) FILTER (WHERE contact_was IS NULL)::integer AS first_contacted,
               array_agg(everycell.day_number(reached_was)) FILTER (WHERE reached_was < reached) AS reached_out,
               array_agg(everycell.day_number(reached)) FILTER (WHERE reached_was IS DISTINCT FROM reached) AS reached_in,
               array_agg(everycell.day_number(contact_was)) FILTER (WHERE contact_was < contact) AS contact_out,
               array_agg(everycell.day_number(contact)) FILTER (WHERE contact_was IS DISTINCT FROM contact) AS contact_in,
               array_agg(everycell.day_number(due_was)) FILTER (WHERE due_was <> due) AS due_out,
               array_agg(everycell.day_number(due)) FILTER (WHERE due_was <> due) AS due_in
        FROM change WHERE active GROUP BY cell
    ), counted AS (
        UPDATE everycell.coverage_histogram h
        SET never_reached = h.never_reached - m.first_reached,
            never_contacted = h.never_contacted - m.first_contacted,
            reached = everycell.moved(h.reached, m.reached_out, m.reached_in),
            contact = everycell.moved(h.contact, m.contact_out, m.contact_in),
            due = everycell.moved(h.due, m.due_out, m.due_in)
        FROM moves m WHERE h.county = p_county AND h.cell = m.cell
        RETURNING 1
    ), figures AS (
        SELECT door_tid, count(*) FILTER (WHERE reached IS NULL) AS never, min(reached) AS oldest_on, min(due) AS due_on
        FROM behind WHERE active AND door IN (SELECT door FROM change WHERE active)
        GROUP BY door_tid
    ), shown AS (
        UPDATE everycell.doorplate d SET never = f.never, oldest_on = f.oldest_on, due_on = f.due_on
        FROM figures f WHERE d.county = p_county AND d.ctid = f.door_tid
            AND (d.never, d.oldest_on, d.due_on) IS DISTINCT FROM (f.never, f.oldest_on, f.due_on)
    ), raised AS (
        UPDATE everycell.cell_revision r SET revision = revision + 1
        WHERE r.county = p_county AND r.cell IN (
            SELECT cell FROM change
            UNION ALL
            SELECT l.cell FROM unnest(homes, cells) AS l (home, cell) JOIN fresh f ON f.home = l.home
            WHERE f.visited_on >= current_date - 1)
        RETURNING r.cell
    ), told AS (
        SELECT everycell.emit(p_county, 'coverage', jsonb_build_object('cells', jsonb_agg(cell ORDER BY cell)))
        FROM raised HAVING count(*) > 0
    )
    SELECT (SELECT coalesce(array_agg(index), '{}') FROM fresh),
           (SELECT count(*) FROM counted) = (SELECT count(*) FROM moves) AND (SELECT count(*) FROM told) >= 0
    INTO accepted, complete;
    IF NOT complete THEN
        RAISE EXCEPTION 'a cell of county % has no histogram: run everycell check', p_county USING ERRCODE = 'EC003';
    END IF;
    PERFORM set_config('everycell.mode', coalesce(mode_before, ''), true);
    IF cardinality(accepted) < cardinality(p_ids) THEN
        RETURN QUERY
        SELECT b.index::integer, CASE
            WHEN l.home IS NULL AND b.id NOT IN (SELECT unnest(used)) AND NOT EXISTS (
                SELECT FROM everycell.recent_visit_id i WHERE i.county = p_county AND i.id = b.id) THEN 'unknown'
            WHEN EXISTS (
                SELECT FROM everycell.visit v
                WHERE v.county = p_county AND v.id = b.id AND v.visited_on = b.visited_on
                  AND (v.household, v.visited_at, v.outcome, v.team, v.purpose)
                    = (l.home, b.visited_at, b.outcome, b.team, b.purpose)) THEN 'repeated'
            ELSE 'conflict' END
        FROM unnest(p_ids, p_households, p_days, p_times, p_outcomes, p_teams, p_purposes)
             WITH ORDINALITY AS b (id, code, visited_on, visited_at, outcome, team, purpose, index)
        LEFT JOIN unnest(codes, homes) AS l (code, home) ON l.code = b.code COLLATE "C"
        WHERE b.index NOT IN (SELECT unnest(accepted)) ORDER BY b.index;
    END IF;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.visits_of_day(integer, date, text, text[]),
    everycell.sites_due(integer, text, date, date),
    everycell.patrols_of_day(integer, text, date, integer)
TO everycell_app;
