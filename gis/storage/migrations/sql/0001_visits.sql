-- One way in for visits, from CSV and from HTTP alike: a batch of one county, everything in one statement.
--
-- Order of locks, the same for every batch: doors and households by id, then cells by code. The statement that reads the
-- dates comes after the locks and so sees what they protect (READ COMMITTED takes a new snapshot for it). That an id is
-- used once is the key of `visit_id`: `visit` itself is in monthly parts, and its key cannot reach across them.

CREATE FUNCTION everycell.visit_month(p_day date) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT 'visit_' || to_char(p_day, 'YYYY_MM') $$;

-- The partitions of these days; made where they are missing. CREATE + ATTACH takes weaker locks than PARTITION OF.
CREATE FUNCTION everycell.ensure_visit_months(p_days date[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    first_day date;
    made integer := 0;
BEGIN
    FOR first_day IN SELECT DISTINCT date_trunc('month', d)::date FROM unnest(p_days) AS d ORDER BY 1
    LOOP
        CONTINUE WHEN to_regclass('everycell.' || everycell.visit_month(first_day)) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('everycell.ensure_visit_months'));
        -- Asked of the catalogue by a query: to_regclass() may remember the answer from before the wait.
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'everycell' AND c.relname = everycell.visit_month(first_day));
        EXECUTE format('CREATE TABLE everycell.%I (LIKE everycell.visit INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       everycell.visit_month(first_day));
        EXECUTE format('ALTER TABLE everycell.visit ATTACH PARTITION everycell.%I FOR VALUES FROM (%L) TO (%L)',
                       everycell.visit_month(first_day), first_day, (first_day + interval '1 month')::date);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE TYPE everycell.visit_outcome AS (index integer, status text);

-- Returns the status of every visit by its index: accepted, repeated (same id and content), conflict (same id, other
-- content), unknown (no such household).
CREATE FUNCTION everycell.record_visits(
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
BEGIN
    IF everycell.ensure_visit_months(p_days) > 0 THEN
        PERFORM everycell.tidy(p_county);  -- a new month has begun: a good time, once
    END IF;
    -- What is locked stays where it is (its tid too) until the transaction ends.
    SELECT array_agg(code), array_agg(home), array_agg(door), array_agg(door_tid), array_agg(cell)
    INTO codes, homes, doors, door_tids, cells
    FROM (
        SELECT h.code, h.id AS home, d.id AS door, d.ctid AS door_tid, d.cell
        FROM everycell.household h
        JOIN everycell.doorplate d ON d.county = p_county AND d.id = h.doorplate
        WHERE h.county = p_county AND h.code = ANY (p_households)
        ORDER BY d.id FOR NO KEY UPDATE OF d
    ) locked;
    PERFORM 1 FROM everycell.cell_revision
    WHERE county = p_county AND cell = ANY (cells) ORDER BY cell FOR NO KEY UPDATE;
    PERFORM set_config('everycell.mode', 'batch', true);
    RETURN QUERY
    WITH batch AS MATERIALIZED (
        SELECT b.*, l.home
        FROM unnest(p_ids, p_households, p_days, p_times, p_outcomes, p_teams, p_purposes)
             WITH ORDINALITY AS b (id, code, visited_on, visited_at, outcome, team, purpose, index)
        LEFT JOIN unnest(codes, homes) AS l (code, home) ON l.code = b.code COLLATE "C"
    ), first AS MATERIALIZED (
        SELECT DISTINCT ON (id) * FROM batch WHERE home IS NOT NULL ORDER BY id, index
    ), taken AS (
        INSERT INTO everycell.visit_id (county, id, visited_on) SELECT p_county, id, visited_on FROM first ORDER BY id
        ON CONFLICT DO NOTHING
        RETURNING id
    ), fresh AS MATERIALIZED (
        SELECT f.* FROM first f JOIN taken t ON t.id = f.id
    ), added AS (
        INSERT INTO everycell.visit (county, id, visited_on, household, visited_at, outcome, team, purpose)
        SELECT p_county, id, visited_on, home, visited_at, outcome, team, purpose FROM fresh
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
    ), delta AS MATERIALIZED (
        SELECT k.kind, k.day, c.cell, sum(k.n)::integer AS n
        FROM change c CROSS JOIN LATERAL (VALUES
            ('reached', coalesce(c.reached_was, '-infinity'), -1), ('reached', coalesce(c.reached, '-infinity'), 1),
            ('contact', coalesce(c.contact_was, '-infinity'), -1), ('contact', coalesce(c.contact, '-infinity'), 1),
            ('due', c.due_was, -1), ('due', c.due, 1)) AS k (kind, day, n)
        WHERE c.active
        GROUP BY k.kind, k.day, c.cell HAVING sum(k.n) <> 0
    ), less AS (
        UPDATE everycell.coverage_day t SET households = t.households + d.n
        FROM delta d WHERE d.n < 0 AND t.county = p_county AND t.kind = d.kind AND t.day = d.day AND t.cell = d.cell
        RETURNING 1
    ), more AS (
        INSERT INTO everycell.coverage_day AS t (county, kind, day, cell, households)
        SELECT p_county, kind, day, cell, n FROM delta WHERE n > 0 ORDER BY cell COLLATE "C", kind, day
        ON CONFLICT (county, cell, kind, day) DO UPDATE SET households = t.households + excluded.households
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
        WHERE r.county = p_county AND r.cell IN (SELECT cell FROM change)
        RETURNING r.cell
    ), told AS (
        SELECT everycell.emit(p_county, 'coverage', jsonb_build_object('cells', jsonb_agg(cell ORDER BY cell)))
        FROM raised HAVING count(*) > 0
    )
    SELECT b.index::integer, CASE
        WHEN f.index = b.index THEN 'accepted'
        WHEN b.home IS NULL AND NOT EXISTS (
            SELECT FROM everycell.visit_id i WHERE i.county = p_county AND i.id = b.id) THEN 'unknown'
        WHEN (f.home, f.visited_at, f.outcome, f.team, f.purpose)
           = (b.home, b.visited_at, b.outcome, b.team, b.purpose) THEN 'repeated'
        WHEN f.id IS NULL AND EXISTS (
            SELECT FROM everycell.visit v
            WHERE v.county = p_county AND v.id = b.id AND v.visited_on = b.visited_on
              AND (v.household, v.visited_at, v.outcome, v.team, v.purpose)
                = (b.home, b.visited_at, b.outcome, b.team, b.purpose)) THEN 'repeated'
        ELSE 'conflict' END
    FROM batch b
    LEFT JOIN fresh f ON f.id = b.id
    WHERE (SELECT count(*) FROM told) >= 0
      AND (SELECT count(*) FROM less) = (SELECT count(*) FROM delta WHERE n < 0)
    ORDER BY b.index;
    IF NOT FOUND AND cardinality(p_ids) > 0 THEN
        RAISE EXCEPTION 'the histogram of county % does not hold a household that was visited: run everycell check', p_county
            USING ERRCODE = 'EC003';
    END IF;
    PERFORM set_config('everycell.mode', coalesce(mode_before, ''), true);
END $$;

-- Recount the histograms of some cells from their households: what an import and a publish do at the end.
CREATE FUNCTION everycell.recount_cells(p_county integer, p_cells text[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM everycell.coverage_day WHERE county = p_county AND cell = ANY (p_cells);
    INSERT INTO everycell.coverage_day (county, kind, day, cell, households)
    SELECT p_county, k.kind, k.day, alike.cell, sum(alike.number)
    FROM (
        SELECT d.cell, h.last_reached_on, h.last_contact_on, h.due_on, count(*) AS number
        FROM everycell.doorplate d
        JOIN everycell.household h ON h.county = p_county AND h.doorplate = d.id AND h.status = 'active'
        WHERE d.county = p_county AND d.cell = ANY (p_cells)
        GROUP BY d.cell, h.last_reached_on, h.last_contact_on, h.due_on
    ) alike
    CROSS JOIN LATERAL (VALUES
        ('reached', coalesce(alike.last_reached_on, '-infinity')),
        ('contact', coalesce(alike.last_contact_on, '-infinity')), ('due', alike.due_on)) AS k (kind, day)
    GROUP BY alike.cell, k.kind, k.day
    ORDER BY alike.cell, k.kind, k.day;  -- the days of a cell side by side, in the table as in its key
$$;

-- Housekeeping: days on which no household stands any more, and news that every screen has seen.
CREATE FUNCTION everycell.tidy(p_county integer) RETURNS void LANGUAGE sql AS $$
    DELETE FROM everycell.coverage_day WHERE county = p_county AND households = 0;
    DELETE FROM everycell.outbox WHERE county = p_county AND at < now() - interval '7 days';
$$;
