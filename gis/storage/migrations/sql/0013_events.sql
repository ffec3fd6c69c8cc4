-- The log of events: what the outbox holds, in the order in which it was committed, each with a position that is never used
-- twice. See docs/decisions/0024-events.md.
--
-- Ids of the outbox are given when a row is written, not when it is committed: whoever reads "all above the last one" loses
-- those of a transaction that took longer. So one pass after the other (everycell.number_events) takes what has been
-- committed since the pass before, told by the two snapshots, joins what belongs together, and gives it positions.

CREATE TABLE everycell.event (
    county integer NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    areas text[] COLLATE "C" NOT NULL,
    payload jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (county, position)
);
CREATE INDEX ix_event_position ON everycell.event (position);
CREATE INDEX ix_outbox_xact ON everycell.outbox (xact);

-- One row: the last position, and what the last pass saw. `server` is where the numbers of its transactions count.
CREATE TABLE everycell.event_state (
    single boolean NOT NULL DEFAULT true,
    position bigint NOT NULL,
    snapshot text NOT NULL,
    server text NOT NULL,
    numbered_at timestamptz NOT NULL,
    day date,
    CONSTRAINT pk_event_state PRIMARY KEY (single),
    CONSTRAINT ck_event_state_single CHECK (single)
);
CREATE FUNCTION everycell.this_server() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT system_identifier::text FROM pg_control_system() $$;

-- The log begins with an event that is told to nobody: a position from which the first ones can be followed.
CREATE FUNCTION everycell.restart_events() RETURNS void LANGUAGE plpgsql AS $$
DECLARE first bigint := extract(epoch FROM clock_timestamp()) * 1000000;
BEGIN
    first := greatest(first, (SELECT s.position + 1 FROM everycell.event_state s));
    DELETE FROM everycell.event;
    DELETE FROM everycell.outbox;
    INSERT INTO everycell.event VALUES (0, first, 'begin', '{}', '{}', clock_timestamp());
    INSERT INTO everycell.event_state (position, snapshot, server, numbered_at)
    VALUES (first, pg_current_snapshot()::text, everycell.this_server(), clock_timestamp())
    ON CONFLICT (single) DO UPDATE
    SET position = first, snapshot = excluded.snapshot, server = excluded.server, numbered_at = excluded.numbered_at;
END $$;

-- ---- what was not told yet

-- Shapes of cells change in published change sets only, whoever made them; the outline of the county is raised by imports.
CREATE FUNCTION everycell.grid_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.emit(NEW.county, 'grid', jsonb_build_object('revision', everycell.grid_revision(NEW.county)));
    RETURN NULL;
END $$;
CREATE TRIGGER changeset_told AFTER INSERT OR UPDATE OF status ON everycell.changeset
    FOR EACH ROW WHEN (NEW.status = 'published') EXECUTE FUNCTION everycell.grid_told();
CREATE TRIGGER county_outline_told AFTER UPDATE OF revision ON everycell.county_outline
    FOR EACH ROW WHEN (OLD.revision <> NEW.revision) EXECUTE FUNCTION everycell.grid_told();

CREATE FUNCTION everycell.sites_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.emit(coalesce(NEW.county, OLD.county), 'sites', jsonb_build_object(
        'areas', to_jsonb(array_remove(ARRAY[OLD.cell, nullif(NEW.cell, OLD.cell)], NULL))));
    RETURN NULL;
END $$;
CREATE TRIGGER site_told AFTER INSERT OR UPDATE OR DELETE ON everycell.site
    FOR EACH ROW EXECUTE FUNCTION everycell.sites_told();

CREATE OR REPLACE FUNCTION everycell.emit_plan(p_plan everycell.patrol_plan) RETURNS void LANGUAGE sql AS $$
    SELECT everycell.emit(p_plan.county, 'patrols', jsonb_build_object(
        'plans', jsonb_build_array(p_plan.id), 'areas', jsonb_build_array(p_plan.area)));
$$;

-- ---- positions

-- Of rows of the outbox what is told: of which kind, about which area (a code), and which thing of it (an id, a revision).
-- Things with the same `part` become one event. A kind that stands nowhere here is told by its name, about the areas that
-- its payload lists (else the county), and nothing more: emit(county, 'alarms', '{"areas": […]}') is all that it takes.
CREATE FUNCTION everycell.news_of(p_rows everycell.outbox[], p_new_day boolean)
RETURNS TABLE (id bigint, county integer, kind text, area text, part text, thing jsonb) LANGUAGE sql STABLE AS $$
    WITH told AS MATERIALIZED (SELECT * FROM unnest(p_rows))
    SELECT t.id, t.county, 'coverage', c.code, '', NULL::jsonb
    FROM told t, jsonb_array_elements_text(t.payload -> 'cells') AS c (code) WHERE t.kind IN ('coverage', 'cells')
    UNION ALL  -- at midnight every household may be overdue that was not
    SELECT 0, c.county, 'coverage', c.code, '', NULL FROM everycell.cell c WHERE p_new_day AND c.retired_on IS NULL
    UNION ALL
    SELECT t.id, t.county, 'rounds', r.area, '', NULL
    FROM told t JOIN everycell.visit_round r ON r.county = t.county AND r.code = t.payload ->> 'round' COLLATE "C"
    WHERE t.kind = 'round'
    UNION ALL
    SELECT t.id, t.county, t.kind, lpad(t.county::text, 6, '0'), '', t.payload -> 'revision' FROM told t
    WHERE t.kind = 'grid'
    UNION ALL
    SELECT t.id, t.county, t.kind, lpad(t.county::text, 6, '0'), t.id::text, t.payload - 'family' FROM told t
    WHERE t.kind = 'case_figures'
    UNION ALL
    SELECT t.id, t.county, 'cases', d.area, d.area, to_jsonb(d.id)
    FROM told t, jsonb_array_elements_text(t.payload -> 'disputes') AS e (id)
    JOIN everycell.dispute d ON d.id = e.id::uuid
    WHERE t.kind = 'disputes' AND d.county = t.county
    UNION ALL
    SELECT t.id, t.county, t.kind, a.area, a.area, p.id
    FROM told t, jsonb_array_elements_text(t.payload -> 'areas') AS a (area), jsonb_array_elements(t.payload -> 'plans') AS p (id)
    WHERE t.kind = 'patrols'
    UNION ALL
    SELECT t.id, t.county, t.kind, a.area, '', NULL
    FROM told t, jsonb_array_elements_text(
        coalesce(t.payload -> 'areas', jsonb_build_array(lpad(t.county::text, 6, '0')))) AS a (area)
    WHERE t.kind NOT IN ('coverage', 'cells', 'round', 'grid', 'case_figures', 'disputes', 'patrols')
$$;

-- Give positions to what has been committed since the last pass. Returns for how many seconds nobody has done so: 0 where
-- this call did, more where another is at it at this moment, or was less than `p_pause_s` ago (come again then; that is what
-- makes one event of a burst). `p_today` is the day where the county is. In a transaction of its own, READ COMMITTED, that
-- writes nothing else.
--
-- A row is new where its transaction was under way at the last pass, or began later, and is visible now. A position is the
-- microsecond of the pass, and one more than the last at least: also after an old copy was restored none comes again.
CREATE FUNCTION everycell.number_events(p_pause_s double precision, p_today date) RETURNS double precision
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    here everycell.event_state;
    mine boolean := pg_try_advisory_xact_lock(7461101);
    ago double precision;
    under_way bigint[];
    begun bigint;
    top bigint;
BEGIN
    SELECT * INTO here FROM everycell.event_state;
    ago := extract(epoch FROM clock_timestamp() - here.numbered_at);
    IF NOT mine OR ago BETWEEN 0 AND p_pause_s THEN
        RETURN greatest(ago, 0.000001);
    END IF;
    IF here.server <> everycell.this_server() THEN
        -- A dump that was restored elsewhere: what is committed here has other numbers, and nobody can follow on.
        PERFORM everycell.restart_events();
        PERFORM pg_notify('everycell_events', '');
        RETURN 0;
    END IF;
    under_way := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(here.snapshot::pg_snapshot) AS x);
    begun := pg_snapshot_xmax(here.snapshot::pg_snapshot)::text::bigint;
    top := greatest(here.position, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    WITH fresh AS MATERIALIZED (  -- of one snapshot, as all of this statement
        SELECT array_agg(o) AS rows FROM everycell.outbox o WHERE o.xact = ANY (under_way) OR o.xact >= begun
    ), news AS MATERIALIZED (
        SELECT n.* FROM fresh, everycell.news_of(fresh.rows, p_today > here.day) n
    ), joined AS (
        SELECT county, kind, part, min(id) AS id, array_agg(DISTINCT area ORDER BY area) AS areas,
               CASE kind
                   WHEN 'grid' THEN jsonb_build_object('revision', jsonb_agg(thing ORDER BY thing DESC) -> 0)
                   WHEN 'cases' THEN jsonb_build_object('disputes', jsonb_agg(DISTINCT thing))
                   WHEN 'patrols' THEN jsonb_build_object('plans', jsonb_agg(DISTINCT thing))
                   WHEN 'case_figures' THEN (jsonb_agg(thing)) -> 0
                   ELSE '{}' END AS payload
        FROM news GROUP BY county, kind, part
        UNION ALL  -- what stands beside the map; of single cases nothing does
        SELECT county, 'board', '', max(id), array_agg(DISTINCT "left"(area, 12) ORDER BY "left"(area, 12)), '{}'
        FROM news WHERE kind IN ('coverage', 'rounds', 'grid', 'case_figures', 'patrols', 'sites') GROUP BY county
    ), placed AS (
        INSERT INTO everycell.event (county, position, kind, areas, payload, at)
        SELECT county,
               top + row_number() OVER (
                   ORDER BY array_position(ARRAY['rounds', 'grid', 'coverage'], kind) NULLS LAST, kind = 'board', id, part),
               kind, areas, payload, clock_timestamp()
        FROM joined
        RETURNING position
    )
    UPDATE everycell.event_state s
    SET position = coalesce((SELECT max(position) FROM placed), s.position), snapshot = pg_current_snapshot()::text,
        numbered_at = clock_timestamp(), day = greatest(s.day, p_today)
    FROM fresh WHERE fresh.rows IS NOT NULL OR s.day IS NULL OR s.day < p_today;
    IF FOUND THEN
        PERFORM pg_notify('everycell_events', '');
    END IF;
    RETURN 0;
END $$;

-- Where the log stands, whether a position is one of it, and the position that was the last so many seconds ago, or the
-- oldest there is.
CREATE FUNCTION everycell.event_standing(
    p_position bigint, p_ago_s double precision, OUT last bigint, OUT known boolean, OUT oldest bigint, OUT before bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.position, p_position = s.position OR EXISTS (SELECT FROM everycell.event e WHERE e.position = p_position),
           coalesce(o.position, s.position), coalesce((
               SELECT max(e.position) FROM everycell.event e
               WHERE e.position <= (extract(epoch FROM clock_timestamp()) - p_ago_s) * 1000000), o.position, s.position)
    FROM everycell.event_state s, (SELECT min(position) AS position FROM everycell.event) o
$$;

-- Events after a position, in order, for the service itself, which cuts them to what each caller may see.
CREATE FUNCTION everycell.events_after(p_position bigint, p_most integer) RETURNS SETOF everycell.event
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM everycell.event
    WHERE position > p_position AND current_setting('everycell.figures', true) = ',,'
    ORDER BY position LIMIT p_most
$$;

-- ---- what goes: after seven days, and what has no position yet never
CREATE OR REPLACE FUNCTION everycell.tidy(p_county integer) RETURNS void LANGUAGE sql AS $$
    DELETE FROM everycell.outbox o USING everycell.event_state s
    WHERE o.county = p_county AND o.at < now() - interval '7 days'
        AND pg_visible_in_snapshot(o.xact::text::xid8, s.snapshot::pg_snapshot);
    DELETE FROM everycell.event WHERE county IN (0, p_county) AND at < now() - interval '7 days';
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.number_events(double precision, date),
    everycell.event_standing(bigint, double precision),
    everycell.events_after(bigint, integer)
TO everycell_app;

SELECT everycell.restart_events();
