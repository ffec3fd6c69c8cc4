-- Retention: visits that were kept their time go; their last dates stay with the households, their numbers in
-- `visit_count`. The service's role does it with these functions, which run with their owner's rights.
--
-- No figure changes: the last dates of a household are the greatest of its visits and of what was known before them, and
-- what goes from the one side is added to the other in the same statement.

-- However it is called, what lies in the last months stays: the service must not be able to empty the table.
CREATE FUNCTION everycell.refuse_early(p_before date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A day more: it is tomorrow already in the east.
    IF p_before IS NULL OR p_before > (clock_timestamp() AT TIME ZONE 'UTC')::date + 1 - interval '3 months' THEN
        RAISE EXCEPTION 'visits of the last three months are never removed' USING ERRCODE = 'EC002';
    END IF;
END $$;

-- A run is written down before it begins: from then on visits of those days are not taken any more. That holds also when
-- visits are to be kept longer one day: a run never names an earlier day than the run before it.
CREATE FUNCTION everycell.begin_retention(p_before date) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE begun timestamptz := clock_timestamp();
BEGIN
    PERFORM everycell.refuse_early(p_before);
    INSERT INTO everycell.retention_run (ran_at, removed)
    VALUES (begun, jsonb_build_object(
        'visits_before', greatest(p_before, everycell.visits_gone_before()), 'finished', false));
    RETURN begun;
END $$;

CREATE FUNCTION everycell.count_retention(p_run timestamptz, p_what text, p_number bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.retention_run
    SET removed = removed || jsonb_build_object(p_what, coalesce((removed ->> p_what)::bigint, 0) + p_number)
    WHERE ran_at = p_run AND NOT (removed -> 'finished')::boolean
$$;

CREATE FUNCTION everycell.finish_retention(p_run timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE everycell.retention_run SET removed = removed || '{"finished": true}' WHERE ran_at = p_run
$$;

-- When a run last came to its end; NULL where none did.
CREATE FUNCTION everycell.retention_finished_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT max(ran_at) FROM everycell.retention_run WHERE (removed -> 'finished')::boolean
$$;

-- Visits before this day have been removed: one that is sent again would be counted twice. NULL where none were.
CREATE FUNCTION everycell.visits_gone_before() RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT (removed ->> 'visits_before')::date FROM everycell.retention_run ORDER BY ran_at DESC LIMIT 1
$$;

CREATE FUNCTION everycell.retention_counties() RETURNS SETOF integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT county FROM everycell.county_outline ORDER BY county
$$;

-- How many visits of which county and month lie before a day, and how many pages the month has.
CREATE FUNCTION everycell.visits_due(p_before date)
RETURNS TABLE (county integer, month date, visits bigint, pages bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.county, f.month, f.visits,
           pg_relation_size('everycell.' || everycell.visit_month(f.month)) / current_setting('block_size')::bigint
    FROM (
        SELECT v.county, date_trunc('month', v.visited_on)::date AS month, count(*) AS visits
        FROM everycell.visit v WHERE v.visited_on < p_before GROUP BY 1, 2
    ) f
    ORDER BY f.county, f.month
$$;

-- Remove what lies before a day among the visits of some pages of a month, for one county. Returns how many went.
--
-- Doors are locked first, by id, as everycell.record_visits() does. A household that moves behind another door at this
-- very moment is left for the next run.
CREATE FUNCTION everycell.retire_visits(p_county integer, p_month date, p_before date, p_page bigint, p_pages bigint)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mode_before text := current_setting('everycell.mode', true);
    month text := everycell.visit_month(p_month);
    first_tid tid := format('(%s,0)', p_page);
    end_tid tid := format('(%s,0)', p_page + p_pages);
    homes uuid[];
    doors bigint[];
    went bigint;
BEGIN
    PERFORM everycell.refuse_early(p_before);
    EXECUTE format('SELECT array_agg(DISTINCT household) FROM everycell.%I'
                   ' WHERE county = $1 AND visited_on < $2 AND ctid >= $3 AND ctid < $4', month)
    INTO homes USING p_county, p_before, first_tid, end_tid;
    IF homes IS NULL THEN
        RETURN 0;
    END IF;
    SELECT array_agg(id) INTO doors FROM (
        SELECT d.id FROM everycell.doorplate d
        WHERE d.county = p_county AND d.id IN (
            SELECT h.doorplate FROM everycell.household h WHERE h.county = p_county AND h.id = ANY (homes))
        ORDER BY d.id FOR NO KEY UPDATE
    ) locked;
    PERFORM set_config('everycell.mode', 'batch', true);
    EXECUTE format($sql$
        WITH home AS MATERIALIZED (
            SELECT h.id, d.cell
            FROM unnest($5) AS w (id)
            JOIN everycell.household h ON h.county = $1 AND h.id = w.id
            JOIN everycell.doorplate d ON d.county = $1 AND d.id = h.doorplate
            WHERE h.doorplate = ANY ($6)
        ), gone AS (
            DELETE FROM everycell.%I v USING home h
            WHERE v.county = $1 AND v.visited_on < $2 AND v.ctid >= $3 AND v.ctid < $4 AND h.id = v.household
            RETURNING v.id, v.household, v.visited_on, v.outcome, h.cell
        ), last AS (
            SELECT household, max(visited_on) FILTER (WHERE outcome = 'reached') AS reached, max(visited_on) AS contact
            FROM gone GROUP BY household
        ), dated AS (
            UPDATE everycell.household h
            SET reached_before = greatest(h.reached_before, l.reached),
                contact_before = greatest(h.contact_before, l.contact)
            FROM last l
            WHERE h.county = $1 AND h.id = l.household AND (h.reached_before, h.contact_before)
                IS DISTINCT FROM (greatest(h.reached_before, l.reached), greatest(h.contact_before, l.contact))
        ), counted AS (
            INSERT INTO everycell.visit_count AS c (county, cell, month, outcome, visits)
            SELECT $1, cell, $7, outcome, count(*) FROM gone GROUP BY cell, outcome ORDER BY cell, outcome
            ON CONFLICT (county, cell, month, outcome) DO UPDATE SET visits = c.visits + excluded.visits
        ), freed AS (
            DELETE FROM everycell.visit_id i USING gone g WHERE i.county = $1 AND i.id = g.id
        )
        SELECT count(*) FROM gone
    $sql$, month)
    INTO went USING p_county, p_before, first_tid, end_tid, homes, doors, date_trunc('month', p_month)::date;
    PERFORM set_config('everycell.mode', coalesce(mode_before, ''), true);
    RETURN went;
END $$;

-- Ids of visits that somebody deleted: kept as long as the visits of their days are.
CREATE FUNCTION everycell.retire_visit_ids(p_county integer, p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE went bigint;
BEGIN
    PERFORM everycell.refuse_early(p_before);
    DELETE FROM everycell.visit_id i
    WHERE i.county = p_county AND i.visited_on < p_before AND NOT EXISTS (
        SELECT FROM everycell.visit v WHERE v.county = p_county AND v.id = i.id AND v.visited_on = i.visited_on);
    GET DIAGNOSTICS went = ROW_COUNT;
    RETURN went;
END $$;

-- Drop the months before a day that hold no visit any more. A screen that is read meanwhile waits a second at most: then
-- this fails with 55P03, and the next run tries again.
CREATE FUNCTION everycell.drop_visit_months(p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    month text;
    held boolean;
    dropped bigint := 0;
BEGIN
    PERFORM everycell.refuse_early(p_before);
    FOR month IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'everycell.visit'::regclass
            AND to_date("right"(c.relname, 7), 'YYYY_MM') + interval '1 month' <= p_before
        ORDER BY c.relname
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM everycell.%I)', month) INTO held;
        CONTINUE WHEN held;
        -- Dropping needs both anyway (the foreign key); in this order, for so do those who record visits.
        LOCK TABLE ONLY everycell.household, ONLY everycell.visit IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('SELECT EXISTS (SELECT FROM everycell.%I)', month) INTO held;
        CONTINUE WHEN held;
        EXECUTE format('DROP TABLE everycell.%I', month);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- News of a county that every screen has seen (everycell.tidy() removes them and trims the histogram).
CREATE FUNCTION everycell.retire_news(p_county integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE before bigint;
BEGIN
    SELECT count(*) INTO before FROM everycell.outbox WHERE county = p_county;
    PERFORM everycell.tidy(p_county);
    RETURN greatest(before - (SELECT count(*) FROM everycell.outbox WHERE county = p_county), 0);
END $$;

-- Sign-ins that are over, and wrong passwords of more than a day ago, which count no longer.
CREATE FUNCTION everycell.retire_sessions() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE went bigint := 0;
BEGIN
    -- Asked first: even a DELETE that removes nothing makes every worker forget what it knows of its callers.
    IF EXISTS (SELECT FROM everycell.session WHERE expires_at <= clock_timestamp()) THEN
        DELETE FROM everycell.session WHERE expires_at <= clock_timestamp();
        GET DIAGNOSTICS went = ROW_COUNT;
    END IF;
    RETURN went;
END $$;

CREATE FUNCTION everycell.retire_throttles() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE went bigint;
BEGIN
    DELETE FROM everycell.login_throttle
    WHERE last_failed_at < clock_timestamp() - interval '1 day'
        AND coalesce(locked_until, '-infinity') < clock_timestamp();
    GET DIAGNOSTICS went = ROW_COUNT;
    RETURN went;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.begin_retention(date),
    everycell.count_retention(timestamptz, text, bigint),
    everycell.finish_retention(timestamptz),
    everycell.retention_finished_at(),
    everycell.visits_gone_before(),
    everycell.retention_counties(),
    everycell.visits_due(date),
    everycell.retire_visits(integer, date, date, bigint, bigint),
    everycell.retire_visit_ids(integer, date),
    everycell.drop_visit_months(date),
    everycell.retire_news(integer),
    everycell.retire_sessions(),
    everycell.retire_throttles()
TO everycell_app;
