-- How the cases of a county stood when a month ended: how far those counted in it had come, and what had become of the
-- revisits that were due in it. Published once, with the number of cases past their date (0015).

CREATE TABLE everycell.case_standing_figure (
    county integer NOT NULL,
    month date NOT NULL,
    area text COLLATE "C" NOT NULL,
    part text NOT NULL,
    number integer, -- NULL: withheld
    households integer NOT NULL,
    CONSTRAINT pk_case_standing_figure PRIMARY KEY (county, month, area, part),
    CONSTRAINT fk_case_standing_figure_release FOREIGN KEY (county, month)
        REFERENCES everycell.case_overdue_release (county, month),
    CONSTRAINT ck_case_standing_figure_area CHECK (area = lpad(county::text, 6, '0')),
    CONSTRAINT ck_case_standing_figure_part CHECK (part IN (
        'stage_under_way', 'stage_closed', 'stage_agreed', 'stage_registered', 'stage_referred', 'stage_not_accepted',
        'revisit_all', 'revisit_holds', 'revisit_broken', 'revisit_no_answer', 'revisit_waiting')),
    CONSTRAINT ck_case_standing_figure_number CHECK (number = 0 OR number >= 5 AND households >= 10)
);

CREATE TRIGGER case_standing_figure_refuse BEFORE UPDATE OR DELETE ON everycell.case_standing_figure
    FOR EACH ROW EXECUTE FUNCTION everycell.case_figures_refuse();
CREATE TRIGGER case_standing_figure_refuse_all BEFORE TRUNCATE ON everycell.case_standing_figure
    FOR EACH STATEMENT EXECUTE FUNCTION everycell.case_figures_refuse();

-- In the transaction in which the month is published, and no other: what is out is not added to.
CREATE FUNCTION everycell.publish_case_standing(
    p_county integer, p_month date, p_parts text[], p_numbers integer[], p_households integer
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM everycell.case_overdue_release r
        WHERE r.county = p_county AND r.month = p_month AND r.xmin = pg_current_xact_id()::xid)
    THEN
        RAISE EXCEPTION 'how cases stood is published with those past their date' USING ERRCODE = 'EC002';
    END IF;
    INSERT INTO everycell.case_standing_figure (county, month, area, part, number, households)
    SELECT p_county, p_month, lpad(p_county::text, 6, '0'), part, number, p_households
    FROM unnest(p_parts, p_numbers) AS f (part, number);
END $$;

-- ---- who sees it

ALTER TABLE everycell.case_standing_figure ENABLE ROW LEVEL SECURITY;

-- The body of everycell.within(), as in 0003.
CREATE POLICY case_standing_figure_seen ON everycell.case_standing_figure FOR SELECT TO everycell_app USING (
    current_setting('everycell.figures', true) = ',,'
    OR strpos(current_setting('everycell.figures_6', true), ',' || "left"(area, 6) || ',') > 0
    OR strpos(current_setting('everycell.figures_12', true), ',' || "left"(area, 12) || ',') > 0
    OR strpos(current_setting('everycell.figures_9', true), ',' || "left"(area, 9) || ',') > 0
    OR strpos(current_setting('everycell.figures_15', true), ',' || area || ',') > 0);

GRANT SELECT ON everycell.case_standing_figure TO everycell_app;
REVOKE EXECUTE ON FUNCTION everycell.publish_case_standing(integer, date, text[], integer[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION everycell.publish_case_standing(integer, date, text[], integer[], integer) TO everycell_app;
