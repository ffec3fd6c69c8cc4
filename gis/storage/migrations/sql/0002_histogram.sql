-- The histogram of a cell is one row of `coverage_histogram`: how many households have which day as their last reached,
-- last contact and due day. The subscript of an array is the number of the day, an element the households of that day.
-- Arrays begin and end with a day on which a household stands; the days between have zeros. `coverage_day` shows them
-- as rows.

CREATE FUNCTION everycell.day_number(p_day date) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT p_day - date '2000-01-01' $$;

CREATE FUNCTION everycell.day_of(p_number integer) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT date '2000-01-01' + p_number $$;

-- The days of a histogram after households have left the days of `p_out` and come to those of `p_in` (numbers of days,
-- one for each household; NULL is none). A household that leaves a day on which none stands has been miscounted: the
-- transaction fails instead of showing a wrong number. The arrays are changed in place, an element at a time.
CREATE FUNCTION everycell.moved(p_days integer[], p_out integer[], p_in integer[]) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    days integer[] := p_days;
    day integer;
    first integer;
    last integer;
BEGIN
    FOREACH day IN ARRAY coalesce(p_out, '{}') LOOP
        IF days[day] > 0 THEN
            days[day] := days[day] - 1;
        ELSE
            RAISE EXCEPTION 'the histogram does not hold a household that leaves % in it: run everycell check',
                everycell.day_of(day) USING ERRCODE = 'EC003';
        END IF;
    END LOOP;
    FOREACH day IN ARRAY coalesce(p_in, '{}') LOOP
        IF days[day] IS NULL THEN
            days := everycell.widened(days, p_in);
        END IF;
        days[day] := days[day] + 1;
    END LOOP;
    first := array_lower(days, 1);
    last := array_upper(days, 1);
    WHILE days[first] = 0 LOOP first := first + 1; END LOOP;
    IF first > last THEN
        RETURN '{}';
    END IF;
    WHILE days[last] = 0 LOOP last := last - 1; END LOOP;
    IF first > array_lower(days, 1) OR last < array_upper(days, 1) THEN
        RETURN array_fill(days[first], ARRAY[1], ARRAY[first]) || days[first + 1:last];  -- a slice alone begins at 1
    END IF;
    RETURN days;
END $$;

-- The same days with zeros before and behind them, as far as `p_reach` needs (one day or more).
CREATE FUNCTION everycell.widened(p_days integer[], p_reach integer[]) RETURNS integer[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    first integer;
    last integer;
BEGIN
    SELECT min(day), max(day) INTO first, last FROM unnest(p_reach) AS day;
    IF p_days = '{}' THEN
        RETURN array_fill(0, ARRAY[last - first + 1], ARRAY[first]);
    END IF;
    IF first < array_lower(p_days, 1) THEN
        p_days := array_fill(0, ARRAY[array_lower(p_days, 1) - first], ARRAY[first]) || p_days;
    END IF;
    IF last > array_upper(p_days, 1) THEN
        p_days := p_days || array_fill(0, ARRAY[last - array_upper(p_days, 1)]);
    END IF;
    RETURN p_days;
END $$;

-- All days as rows, those without a household left out; -infinity are the households that have no such day. For whoever
-- recounts or looks: the owner's view, nobody else is to read it, for it knows no row policies.
CREATE VIEW everycell.coverage_day AS
SELECT county, cell, 'reached' COLLATE "C" AS kind, date '-infinity' AS day, never_reached AS households
FROM everycell.coverage_histogram WHERE never_reached > 0
UNION ALL
SELECT county, cell, 'contact', '-infinity', never_contacted
FROM everycell.coverage_histogram WHERE never_contacted > 0
UNION ALL
SELECT county, cell, kind, everycell.day_of(number), households
FROM (
    SELECT county, cell, 'reached' AS kind, generate_subscripts(reached, 1) AS number, unnest(reached) AS households
    FROM everycell.coverage_histogram
    UNION ALL
    SELECT county, cell, 'contact', generate_subscripts(contact, 1), unnest(contact) FROM everycell.coverage_histogram
    UNION ALL
    SELECT county, cell, 'due', generate_subscripts(due, 1), unnest(due) FROM everycell.coverage_histogram
) d WHERE households > 0;

CREATE OR REPLACE FUNCTION everycell.cell_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO everycell.cell_revision (county, cell) VALUES (NEW.county, NEW.code);
        INSERT INTO everycell.coverage_histogram (county, cell) VALUES (NEW.county, NEW.code);
        PERFORM everycell.emit(NEW.county, 'cells', jsonb_build_object('cells', jsonb_build_array(NEW.code)));
    ELSE
        PERFORM everycell.raise_revision(NEW.county, ARRAY[NEW.code]);
    END IF;
    RETURN NULL;
END $$;

-- Where one household stands in the histograms of its cell; NULL where it was never reached, never contacted.
CREATE TYPE everycell.standing AS (reached date, contact date, due date);

CREATE FUNCTION everycell.counted(p_standings everycell.standing[]) RETURNS TABLE (
    known integer, never_reached integer, never_contacted integer, reached integer[], contact integer[], due integer[]
) LANGUAGE sql IMMUTABLE AS $$
    SELECT count(*)::integer, count(*) FILTER (WHERE reached IS NULL)::integer,
           count(*) FILTER (WHERE contact IS NULL)::integer,
           array_agg(everycell.day_number(reached)) FILTER (WHERE reached IS NOT NULL),
           array_agg(everycell.day_number(contact)) FILTER (WHERE contact IS NOT NULL),
           array_agg(everycell.day_number(due))
    FROM unnest(p_standings)
$$;

-- Count households out of a cell and into it. Whoever calls it has raised the cell's revision, and so holds its lock.
DROP FUNCTION everycell.tally(integer, text, date, date, date, integer);
CREATE FUNCTION everycell.tally(
    p_county integer, p_cell text, p_out everycell.standing[], p_in everycell.standing[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_out = p_in THEN  -- NULLs are equal here
        RETURN;
    END IF;
    UPDATE everycell.coverage_histogram h
    SET known = h.known - o.known + i.known,
        never_reached = h.never_reached - o.never_reached + i.never_reached,
        never_contacted = h.never_contacted - o.never_contacted + i.never_contacted,
        reached = everycell.moved(h.reached, o.reached, i.reached),
        contact = everycell.moved(h.contact, o.contact, i.contact),
        due = everycell.moved(h.due, o.due, i.due)
    FROM everycell.counted(p_out) o, everycell.counted(p_in) i
    WHERE h.county = p_county AND h.cell = p_cell;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'cell % has no histogram: run everycell check', p_cell USING ERRCODE = 'EC003';
    END IF;
END $$;

DROP FUNCTION everycell.tally_doorplate(integer, bigint, text, integer);
CREATE FUNCTION everycell.tally_doorplate(p_county integer, p_doorplate bigint, p_from text, p_to text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE behind everycell.standing[];
BEGIN
    SELECT coalesce(array_agg(ROW(last_reached_on, last_contact_on, due_on)::everycell.standing), '{}') INTO behind
    FROM everycell.household WHERE county = p_county AND doorplate = p_doorplate AND status = 'active';
    PERFORM everycell.tally(p_county, p_from, behind, '{}');
    PERFORM everycell.tally(p_county, p_to, '{}', behind);
END $$;

-- Revisions are raised first, here and below: whoever changes a histogram holds the lock of the cell's revision, in the
-- order of record_visits().
CREATE OR REPLACE FUNCTION everycell.doorplate_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM everycell.raise_revision(OLD.county, ARRAY[OLD.cell]);
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM everycell.raise_revision(NEW.county, ARRAY[NEW.cell]);
    ELSIF (OLD.cell, OLD.code, OLD.address, OLD.geom::bytea) IS DISTINCT FROM
          (NEW.cell, NEW.code, NEW.address, NEW.geom::bytea) THEN
        PERFORM everycell.raise_revision(NEW.county, ARRAY[OLD.cell, NEW.cell]);
        IF OLD.cell <> NEW.cell THEN
            PERFORM everycell.tally_doorplate(NEW.county, NEW.id, OLD.cell, NEW.cell);
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION everycell.refresh_doorplates(p_county integer, p_doorplates bigint[]) RETURNS void
LANGUAGE sql AS $$
    UPDATE everycell.doorplate d
    SET households = f.households, never = f.never, oldest_on = f.oldest_on, due_on = f.due_on
    FROM (
        SELECT p.id, count(h.id) AS households, count(h.id) FILTER (WHERE h.last_reached_on IS NULL) AS never,
               min(h.last_reached_on) AS oldest_on, min(h.due_on) AS due_on
        FROM (SELECT DISTINCT unnest(p_doorplates) AS id) p
        LEFT JOIN everycell.household h ON h.county = p_county AND h.doorplate = p.id AND h.status = 'active'
        GROUP BY p.id
    ) f
    WHERE d.county = p_county AND d.id = f.id
        AND (d.households, d.never, d.oldest_on, d.due_on)
            IS DISTINCT FROM (f.households, f.never, f.oldest_on, f.due_on)
$$;

CREATE OR REPLACE FUNCTION everycell.household_after() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    here integer := coalesce(NEW.county, OLD.county);
    place_was text;
    place text;
    leaves everycell.standing[] := '{}';
    enters everycell.standing[] := '{}';
BEGIN
    -- The doorplates are locked before their cells are read: they may be moving at this moment.
    SELECT max(cell) FILTER (WHERE id = OLD.doorplate), max(cell) FILTER (WHERE id = NEW.doorplate)
    INTO place_was, place
    FROM (
        SELECT id, cell FROM everycell.doorplate
        WHERE county = here AND id IN (OLD.doorplate, NEW.doorplate) ORDER BY id FOR NO KEY UPDATE
    ) locked;
    PERFORM everycell.raise_revision(here, array_remove(ARRAY[place_was, place], NULL));
    IF OLD.status = 'active' THEN
        leaves := ARRAY[ROW(OLD.last_reached_on, OLD.last_contact_on, OLD.due_on)::everycell.standing];
    END IF;
    IF NEW.status = 'active' THEN
        enters := ARRAY[ROW(NEW.last_reached_on, NEW.last_contact_on, NEW.due_on)::everycell.standing];
    END IF;
    IF place = place_was THEN
        PERFORM everycell.tally(here, place, leaves, enters);
    ELSE
        PERFORM everycell.tally(here, place_was, leaves, '{}');
        PERFORM everycell.tally(here, place, '{}', enters);
    END IF;
    PERFORM everycell.refresh_doorplates(here, ARRAY[OLD.doorplate, NEW.doorplate]);
    RETURN NULL;
END $$;

-- As before, with one changed row for each cell, and an answer for those visits only that are not accepted: repeated (same
-- id and content), conflict (same id, other content), unknown (no such household), by their index.
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
    found everycell.visit_outcome[];
    complete boolean;
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
        WHERE r.county = p_county AND r.cell IN (SELECT cell FROM change)
        RETURNING r.cell
    ), told AS (
        SELECT everycell.emit(p_county, 'coverage', jsonb_build_object('cells', jsonb_agg(cell ORDER BY cell)))
        FROM raised HAVING count(*) > 0
    )
    SELECT array_agg((index, status)::everycell.visit_outcome ORDER BY index) FILTER (WHERE status <> 'accepted'),
           (SELECT count(*) FROM counted) = (SELECT count(*) FROM moves) AND (SELECT count(*) FROM told) >= 0
    INTO found, complete
    FROM (
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
            ELSE 'conflict' END AS status
        FROM batch b
        LEFT JOIN fresh f ON f.id = b.id
    ) judged;
    IF NOT complete THEN
        RAISE EXCEPTION 'a cell of county % has no histogram: run everycell check', p_county USING ERRCODE = 'EC003';
    END IF;
    PERFORM set_config('everycell.mode', coalesce(mode_before, ''), true);
    RETURN QUERY SELECT * FROM unnest(found);
END $$;

-- Recount the histograms of some cells from their households: what an import and a publish do at the end.
CREATE OR REPLACE FUNCTION everycell.recount_cells(p_county integer, p_cells text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO everycell.coverage_histogram AS h
        (county, cell, known, never_reached, never_contacted, reached, contact, due)
    SELECT p_county, c.cell, count(b.cell), count(b.cell) FILTER (WHERE reached IS NULL),
           count(b.cell) FILTER (WHERE contact IS NULL),
           everycell.moved('{}', NULL, array_agg(reached) FILTER (WHERE reached IS NOT NULL)),
           everycell.moved('{}', NULL, array_agg(contact) FILTER (WHERE contact IS NOT NULL)),
           everycell.moved('{}', NULL, array_agg(due) FILTER (WHERE due IS NOT NULL))
    FROM (SELECT DISTINCT unnest(p_cells) AS cell) c
    LEFT JOIN (
        SELECT d.cell, everycell.day_number(h.last_reached_on) AS reached,
               everycell.day_number(h.last_contact_on) AS contact, everycell.day_number(h.due_on) AS due
        FROM everycell.doorplate d
        JOIN everycell.household h ON h.county = p_county AND h.doorplate = d.id AND h.status = 'active'
        WHERE d.county = p_county AND d.cell = ANY (p_cells)
    ) b ON b.cell = c.cell
    GROUP BY c.cell
    ON CONFLICT (county, cell) DO UPDATE
    SET known = excluded.known, never_reached = excluded.never_reached, never_contacted = excluded.never_contacted,
        reached = excluded.reached, contact = excluded.contact, due = excluded.due
$$;

-- Housekeeping: news that every screen has seen.
CREATE OR REPLACE FUNCTION everycell.tidy(p_county integer) RETURNS void LANGUAGE sql AS $$
    DELETE FROM everycell.outbox WHERE county = p_county AND at < now() - interval '7 days';
$$;

-- The figures of every area, for any cut-off day: sums over the days of the histogram. `p_digits` is the length of the
-- codes to report by (15 cell, 12 village, 9 town, 6 county), `p_counties` and `p_prefix` the area. What is summed are
-- the days since the cut-off and the due days from today on, so that the cost follows their number.
CREATE OR REPLACE FUNCTION everycell.coverage(
    p_counties integer[], p_prefix text, p_digits integer, p_since date, p_today date
) RETURNS TABLE (
    code text, name text, known bigint, reached bigint, tried bigint, never bigint, overdue bigint, oldest_on date,
    empty text
) LANGUAGE sql STABLE AS $$
WITH number AS (
    SELECT p_since - date '2000-01-01' AS since, p_today - date '2000-01-01' AS today
), figure AS (
    -- unnest() in the list of a subquery, not in FROM, keeps no copy of its rows: a third of the time
    SELECT "left"(c.code, p_digits) AS area, c.confirmed_empty_on, h.known, h.never_reached AS never,
           coalesce((SELECT sum(homes) FROM (SELECT unnest(h.reached[n.since:]) AS homes) w), 0) AS reached,
           coalesce((SELECT sum(homes) FROM (SELECT unnest(h.contact[n.since:]) AS homes) w), 0) AS contacted,
           coalesce((SELECT sum(homes) FROM (SELECT unnest(h.due[n.today:]) AS homes) w), 0) AS due_later,
           date '2000-01-01' + array_lower(h.reached, 1) AS oldest_on
    FROM everycell.cell c
    JOIN everycell.coverage_histogram h ON h.county = c.county AND h.cell = c.code
    CROSS JOIN number n
    WHERE c.county = ANY (p_counties) AND c.retired_on IS NULL AND starts_with(c.code, p_prefix)
), by_area AS (
    SELECT area, sum(known) AS known, sum(reached)::bigint AS reached, sum(contacted - reached)::bigint AS tried,
           sum(never) AS never, sum(known - due_later)::bigint AS overdue, min(oldest_on) AS oldest_on,
           bool_and(confirmed_empty_on IS NOT NULL) AS confirmed
    FROM figure GROUP BY area
)
SELECT b.area AS code, coalesce(d.name, c.name) AS name, b.known, b.reached, b.tried, b.never, b.overdue, b.oldest_on,
       CASE WHEN b.known > 0 THEN NULL WHEN b.confirmed THEN 'confirmed' ELSE 'unchecked' END AS empty
FROM by_area b
LEFT JOIN everycell.division d ON d.code = b.area
LEFT JOIN everycell.cell c ON c.county = ANY (p_counties) AND c.code = b.area
ORDER BY b.area
$$;
