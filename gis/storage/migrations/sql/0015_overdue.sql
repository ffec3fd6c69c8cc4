-- How many cases were past their date when a month ended: published once, as other counts of cases are (0009). One table a
-- month, of the county, its towns and its villages; family disputes are in it, for it goes no further down than they may.

CREATE TABLE everycell.case_overdue_release (
    county integer NOT NULL,
    month date NOT NULL,
    grid_on date NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT pk_case_overdue_release PRIMARY KEY (county, month),
    CONSTRAINT ck_case_overdue_release_month CHECK (extract(day FROM month) = 1)
);

CREATE TABLE everycell.case_overdue_figure (
    county integer NOT NULL,
    month date NOT NULL,
    area text COLLATE "C" NOT NULL,
    number integer, -- NULL: withheld
    households integer NOT NULL,
    CONSTRAINT pk_case_overdue_figure PRIMARY KEY (county, month, area),
    CONSTRAINT fk_case_overdue_figure_release FOREIGN KEY (county, month)
        REFERENCES everycell.case_overdue_release (county, month),
    CONSTRAINT ck_case_overdue_figure_area CHECK (
        "left"(area, 6) = lpad(county::text, 6, '0') AND length(area) IN (6, 9, 12)),
    CONSTRAINT ck_case_overdue_figure_number CHECK (number = 0 OR number >= 5 AND households >= 10)
);

CREATE TRIGGER case_overdue_release_refuse BEFORE UPDATE OR DELETE ON everycell.case_overdue_release
    FOR EACH ROW EXECUTE FUNCTION everycell.case_figures_refuse();
CREATE TRIGGER case_overdue_release_refuse_all BEFORE TRUNCATE ON everycell.case_overdue_release
    FOR EACH STATEMENT EXECUTE FUNCTION everycell.case_figures_refuse();
CREATE TRIGGER case_overdue_figure_refuse BEFORE UPDATE OR DELETE ON everycell.case_overdue_figure
    FOR EACH ROW EXECUTE FUNCTION everycell.case_figures_refuse();
CREATE TRIGGER case_overdue_figure_refuse_all BEFORE TRUNCATE ON everycell.case_overdue_figure
    FOR EACH STATEMENT EXECUTE FUNCTION everycell.case_figures_refuse();

CREATE FUNCTION everycell.publish_overdue_cases(
    p_county integer, p_month date, p_grid_on date, p_at timestamptz, p_areas text[], p_numbers integer[],
    p_households integer[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.lock_snap_points(p_county);
    -- What is over anywhere: the county's own day is the caller's to know.
    IF p_month + interval '1 month' > (clock_timestamp() AT TIME ZONE 'Pacific/Kiritimati')::date THEN
        RAISE EXCEPTION 'cases are counted when the period is over' USING ERRCODE = 'EC002';
    END IF;
    INSERT INTO everycell.case_overdue_release (county, month, grid_on, published_at)
    VALUES (p_county, p_month, p_grid_on, p_at);
    INSERT INTO everycell.case_overdue_figure (county, month, area, number, households)
    SELECT p_county, p_month, area, number, households
    FROM unnest(p_areas, p_numbers, p_households) AS f (area, number, households);
    PERFORM everycell.emit(p_county, 'case_figures', jsonb_build_object(
        'level', 'village', 'first_on', p_month, 'months', 1, 'overdue', true));
END $$;

-- ---- who sees it

ALTER TABLE everycell.case_overdue_release ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.case_overdue_figure ENABLE ROW LEVEL SECURITY;

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
    EXECUTE format('CREATE POLICY case_overdue_figure_seen ON everycell.case_overdue_figure FOR SELECT TO everycell_app'
                   ' USING (%s)', format(inside, 'area'));
    EXECUTE format('CREATE POLICY case_overdue_release_seen ON everycell.case_overdue_release FOR SELECT TO everycell_app'
                   ' USING (%s)', format(around, $$lpad(county::text, 6, '0')$$));
END $do$;

GRANT SELECT ON everycell.case_overdue_release, everycell.case_overdue_figure TO everycell_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.publish_overdue_cases(integer, date, date, timestamptz, text[], integer[], integer[])
TO everycell_app;
