-- Counts of cases leave the database as tables that are published once (docs/decisions/0015-disclosure.md): which there
-- are, and their numbers. A number that is withheld is NULL; why it is, whether it is small or kept back for another, is
-- not said.
--
-- Each case is counted in one month (`dispute.counted_on`): that in which it was reported, unless the figures of that month
-- are out; then in the month in which it was registered. So nothing is ever added to what was published.

CREATE TABLE everycell.case_release (
    county integer NOT NULL,
    level text NOT NULL,
    first_on date NOT NULL,
    span smallint NOT NULL,
    family boolean NOT NULL,
    grid_on date NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT pk_case_release PRIMARY KEY (county, level, first_on, span, family),
    CONSTRAINT ck_case_release_level CHECK (level IN ('cell', 'village', 'town', 'county')),
    CONSTRAINT ck_case_release_family CHECK (NOT family OR level <> 'cell'),
    CONSTRAINT ck_case_release_span CHECK (
        span IN (1, 3, 12) AND extract(day FROM first_on) = 1 AND (extract(month FROM first_on)::integer - 1) % span = 0)
);

CREATE TABLE everycell.case_figure (
    county integer NOT NULL,
    level text NOT NULL,
    first_on date NOT NULL,
    span smallint NOT NULL,
    family boolean NOT NULL,
    area text COLLATE "C" NOT NULL,
    category text NOT NULL, -- empty: all of the table
    number integer, -- NULL: withheld
    households integer NOT NULL,
    CONSTRAINT pk_case_figure PRIMARY KEY (county, level, first_on, span, family, area, category),
    CONSTRAINT fk_case_figure_release FOREIGN KEY (county, level, first_on, span, family)
        REFERENCES everycell.case_release (county, level, first_on, span, family),
    CONSTRAINT ck_case_figure_level CHECK (level IN ('cell', 'village', 'town', 'county')),
    CONSTRAINT ck_case_figure_area CHECK (
        "left"(area, 6) = lpad(county::text, 6, '0')
        AND length(area) = CASE level WHEN 'county' THEN 6 WHEN 'town' THEN 9 WHEN 'village' THEN 12 ELSE 15 END),
    CONSTRAINT ck_case_figure_category CHECK (category IN (
        '', 'neighbours', 'housing', 'land', 'debt', 'labour', 'damages', 'property_management', 'traffic', 'consumer',
        'relocation', 'environment', 'village_affairs', 'other')),
    CONSTRAINT ck_case_figure_family CHECK (NOT family OR category = ''),
    -- What rule 5 of the design says of single numbers, whoever writes them.
    CONSTRAINT ck_case_figure_number CHECK (number = 0 OR number >= 5 AND households >= 10)
);

ALTER TABLE everycell.dispute ADD COLUMN counted_on date;
UPDATE everycell.dispute SET counted_on = date_trunc('month', reported_at AT TIME ZONE '{timezone}')::date;
ALTER TABLE everycell.dispute ALTER COLUMN counted_on SET NOT NULL,
    ADD CONSTRAINT ck_dispute_counted_on CHECK (extract(day FROM counted_on) = 1);
CREATE INDEX ix_dispute_counted ON everycell.dispute (county, counted_on);

-- ---- what was published stays

CREATE FUNCTION everycell.case_figures_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'published figures of cases are not changed afterwards' USING ERRCODE = 'EC002';
END $$;
CREATE TRIGGER case_release_refuse BEFORE UPDATE OR DELETE ON everycell.case_release
    FOR EACH ROW EXECUTE FUNCTION everycell.case_figures_refuse();
CREATE TRIGGER case_release_refuse_all BEFORE TRUNCATE ON everycell.case_release
    FOR EACH STATEMENT EXECUTE FUNCTION everycell.case_figures_refuse();
CREATE TRIGGER case_figure_refuse BEFORE UPDATE OR DELETE ON everycell.case_figure
    FOR EACH ROW EXECUTE FUNCTION everycell.case_figures_refuse();
CREATE TRIGGER case_figure_refuse_all BEFORE TRUNCATE ON everycell.case_figure
    FOR EACH STATEMENT EXECUTE FUNCTION everycell.case_figures_refuse();

-- Whether figures of a month are out, of any level and length of period.
CREATE FUNCTION everycell.case_month_out(p_county integer, p_month date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM everycell.case_release
        WHERE county = p_county AND first_on <= p_month AND p_month < first_on + make_interval(months => span))
$$;

-- The month in which a case is counted that was reported in one month and registered in another.
CREATE FUNCTION everycell.case_month(p_county integer, p_reported date, p_registered date) RETURNS date
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT everycell.case_month_out(p_county, least(p_reported, p_registered)) THEN least(p_reported, p_registered)
        WHEN NOT everycell.case_month_out(p_county, p_registered) THEN p_registered
        ELSE (SELECT max(first_on + make_interval(months => span))::date FROM everycell.case_release
              WHERE county = p_county) END
$$;

CREATE FUNCTION everycell.dispute_counted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR everycell.case_month_out(NEW.county, NEW.counted_on) THEN
        RAISE EXCEPTION 'the month in which a case is counted is not changed, and figures that are out count no more'
            USING ERRCODE = 'EC002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dispute_counted BEFORE INSERT ON everycell.dispute
    FOR EACH ROW EXECUTE FUNCTION everycell.dispute_counted();
CREATE TRIGGER dispute_counted_once BEFORE UPDATE OF counted_on, category ON everycell.dispute
    FOR EACH ROW WHEN ((OLD.counted_on, OLD.category) <> (NEW.counted_on, NEW.category))
    EXECUTE FUNCTION everycell.dispute_counted();

-- ---- publication

-- Before the cases of a county are counted: until the transaction ends none is registered, and none moves to another cell.
CREATE FUNCTION everycell.hold_cases(p_county integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS
$$ SELECT everycell.lock_snap_points(p_county) $$;

-- Publish a table: a row for each area and category ('' for the total), NULL where a number is withheld.
CREATE FUNCTION everycell.publish_case_figures(
    p_county integer, p_level text, p_first_on date, p_span integer, p_family boolean, p_grid_on date, p_at timestamptz,
    p_areas text[], p_categories text[], p_numbers integer[], p_households integer[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    after_it date := p_first_on + make_interval(months => p_span);
    -- What is over anywhere: the county's own day is the caller's to know.
    today date := (clock_timestamp() AT TIME ZONE 'Pacific/Kiritimati')::date;
BEGIN
    PERFORM everycell.lock_snap_points(p_county);
    IF after_it > today THEN
        RAISE EXCEPTION 'cases are counted when the period is over' USING ERRCODE = 'EC002';
    END IF;
    IF EXISTS (
        SELECT FROM everycell.case_release r
        WHERE r.county = p_county AND r.family = p_family
            AND r.first_on < after_it AND p_first_on < r.first_on + make_interval(months => r.span)
            AND array_position(ARRAY['county', 'town', 'village', 'cell'], r.level)
                >= array_position(ARRAY['county', 'town', 'village', 'cell'], p_level))
    THEN
        RAISE EXCEPTION 'figures of cases of this time are out already, at this level or below' USING ERRCODE = 'EC002';
    END IF;
    INSERT INTO everycell.case_release (county, level, first_on, span, family, grid_on, published_at)
    VALUES (p_county, p_level, p_first_on, p_span, p_family, p_grid_on, p_at);
    INSERT INTO everycell.case_figure (county, level, first_on, span, family, area, category, number, households)
    SELECT p_county, p_level, p_first_on, p_span, p_family, area, category, number, households
    FROM unnest(p_areas, p_categories, p_numbers, p_households) AS f (area, category, number, households);
END $$;

-- ---- cases come in

DROP FUNCTION everycell.register_disputes(
    integer, uuid[], uuid[], text[], text[], text[], timestamptz[], text[], timestamptz, boolean);
-- As in 0008, and now with the month in which each is counted; `p_timezone` is the county's.
CREATE FUNCTION everycell.register_disputes(
    p_county integer, p_ids uuid[], p_snaps uuid[], p_categories text[], p_channels text[], p_levels text[],
    p_reported timestamptz[], p_roles text[], p_at timestamptz, p_placed boolean, p_timezone text
) RETURNS SETOF everycell.dispute_outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.share_snap_points(p_county);
    RETURN QUERY
    WITH item AS MATERIALIZED (
        SELECT b.*, g.ended_at IS NULL AS live, CASE WHEN g.ended_at IS NULL THEN g.id ELSE everycell.snap_at(
                   p_county, coalesce(everycell.cell_at(p_county, g.geom), g.cell), g.geom) END AS snap
        FROM unnest(p_ids, p_snaps, p_categories, p_channels, p_levels, p_reported, p_roles)
             WITH ORDINALITY AS b (id, given, category, channel, level, reported_at, role, index)
        LEFT JOIN everycell.snap_point g ON g.county = p_county AND g.id = b.given
    ), batch AS MATERIALIZED (
        SELECT i.*, s.cell, coalesce(everycell.within(
                   'cases', CASE WHEN i.category = 'family' THEN "left"(s.cell, 12) ELSE s.cell END), false) AS allowed
        FROM item i LEFT JOIN everycell.snap_point s ON s.county = p_county AND s.id = i.snap
    ), first AS MATERIALIZED (
        SELECT DISTINCT ON (id) * FROM batch WHERE allowed ORDER BY id, index
    ), month AS MATERIALIZED (
        SELECT reported, everycell.case_month(
                   p_county, reported, date_trunc('month', p_at AT TIME ZONE p_timezone)::date) AS counted_on
        FROM (SELECT DISTINCT date_trunc('month', reported_at AT TIME ZONE p_timezone)::date AS reported FROM first) m
    ), fresh AS (
        INSERT INTO everycell.dispute
            (county, id, cell, snap, category, channel, state, level, reported_at, registered_at, counted_on)
        SELECT p_county, f.id, f.cell, f.snap, f.category, f.channel, 'registered', f.level, f.reported_at, p_at,
               m.counted_on
        FROM first f JOIN month m ON m.reported = date_trunc('month', f.reported_at AT TIME ZONE p_timezone)::date
        ORDER BY f.id
        ON CONFLICT DO NOTHING
        RETURNING id, area
    ), noted AS (
        INSERT INTO everycell.dispute_event
            (county, dispute, seq, id, area, at, role, change, state, level)
        SELECT p_county, n.id, 1, n.id, n.area, p_at, f.role, 'registered', 'registered', f.level
        FROM fresh n JOIN first f ON f.id = n.id ORDER BY n.id
    ), told AS (
        SELECT everycell.emit(p_county, 'disputes', jsonb_build_object('disputes', jsonb_agg(id ORDER BY id)))
        FROM fresh HAVING count(*) > 0
    )
    SELECT b.index::integer, CASE
        WHEN NOT b.allowed THEN 'unknown'
        WHEN n.id IS NOT NULL AND f.index = b.index THEN 'accepted'
        WHEN n.id IS NOT NULL THEN
            CASE WHEN (f.given, f.category, f.channel, f.level, f.reported_at)
                    = (b.given, b.category, b.channel, b.level, b.reported_at) THEN 'repeated' ELSE 'conflict' END
        WHEN EXISTS (
            SELECT FROM everycell.dispute d
            JOIN everycell.dispute_event e ON e.county = p_county AND e.dispute = d.id AND e.seq = 1
            WHERE d.county = p_county AND d.id = b.id
                AND (d.category, d.channel, e.level, d.reported_at) = (b.category, b.channel, b.level, b.reported_at)
                AND (d.snap = b.snap OR NOT b.live OR NOT p_placed)
                AND everycell.within('cases', d.area)) THEN 'repeated'
        ELSE 'conflict' END
    FROM batch b
    LEFT JOIN first f ON f.id = b.id
    LEFT JOIN fresh n ON n.id = b.id
    WHERE (SELECT count(*) FROM told) >= 0
    ORDER BY b.index;
END $$;

-- ---- who sees it

ALTER TABLE everycell.case_release ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.case_figure ENABLE ROW LEVEL SECURITY;

-- The bodies of everycell.within() and everycell.meets(), as in 0003.
DO $do$
DECLARE
    inside text := $$current_setting('everycell.figures', true) = ',,'
        OR strpos(current_setting('everycell.figures_6', true), ',' || "left"(%1$s, 6) || ',') > 0
        OR strpos(current_setting('everycell.figures_12', true), ',' || "left"(%1$s, 12) || ',') > 0
        OR strpos(current_setting('everycell.figures_9', true), ',' || "left"(%1$s, 9) || ',') > 0
        OR strpos(current_setting('everycell.figures_15', true), ',' || %1$s || ',') > 0$$;
    around text := inside || $$
        OR strpos(current_setting('everycell.figures_9', true), ',' || %1$s) > 0
        OR strpos(current_setting('everycell.figures_12', true), ',' || %1$s) > 0
        OR strpos(current_setting('everycell.figures_15', true), ',' || %1$s) > 0$$;
BEGIN
    EXECUTE format('CREATE POLICY case_figure_seen ON everycell.case_figure FOR SELECT TO everycell_app USING (%s)',
                   format(inside, 'area'));
    EXECUTE format('CREATE POLICY case_release_seen ON everycell.case_release FOR SELECT TO everycell_app USING (%s)',
                   format(around, $$lpad(county::text, 6, '0')$$));
END $do$;

GRANT SELECT ON everycell.case_release, everycell.case_figure TO everycell_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.hold_cases(integer),
    everycell.publish_case_figures(
        integer, text, date, integer, boolean, date, timestamptz, text[], text[], integer[], integer[]),
    everycell.register_disputes(
        integer, uuid[], uuid[], text[], text[], text[], timestamptz[], text[], timestamptz, boolean, text)
TO everycell_app;
