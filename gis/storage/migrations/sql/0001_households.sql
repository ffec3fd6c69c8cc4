-- Doorplates stand in the cell where they are; the histogram `coverage_day` and the figures of a doorplate follow every
-- change of a household, from whichever client. Writers that work set-wise set everycell.mode = 'batch' for their
-- transaction and do the same tallies in one statement.

CREATE SEQUENCE everycell.doorplate_serial;

CREATE FUNCTION everycell.doorplate_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id IS NULL THEN
        NEW.id := NEW.county::bigint * 1000000000 + nextval('everycell.doorplate_serial');
    END IF;
    NEW.cell := everycell.cell_at(NEW.county, NEW.geom);
    IF NEW.cell IS NULL THEN
        RAISE EXCEPTION 'ORPHAN_HOUSEHOLD: doorplate % stands in no cell of county %', NEW.code, NEW.county
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(NEW.geom, 8, 0);
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION everycell.doorplate_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.cell <> NEW.cell THEN
        PERFORM everycell.tally_doorplate(NEW.county, NEW.id, OLD.cell, -1);
        PERFORM everycell.tally_doorplate(NEW.county, NEW.id, NEW.cell, 1);
    END IF;
    IF TG_OP = 'DELETE' THEN
        PERFORM everycell.raise_revision(OLD.county, ARRAY[OLD.cell]);
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM everycell.raise_revision(NEW.county, ARRAY[NEW.cell]);
    ELSIF (OLD.cell, OLD.code, OLD.address, OLD.geom::bytea) IS DISTINCT FROM
          (NEW.cell, NEW.code, NEW.address, NEW.geom::bytea) THEN
        PERFORM everycell.raise_revision(NEW.county, ARRAY[OLD.cell, NEW.cell]);
    END IF;
    RETURN NULL;
END $$;

-- Count one household into (p_by = 1) or out of (-1) the three histograms of a cell.
CREATE FUNCTION everycell.tally(
    p_county integer, p_cell text, p_reached date, p_contact date, p_due date, p_by integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE changed integer;
BEGIN
    IF p_by > 0 THEN
        INSERT INTO everycell.coverage_day AS t (county, kind, day, cell, households)
        VALUES (p_county, 'contact', coalesce(p_contact, '-infinity'), p_cell, p_by),
               (p_county, 'due', p_due, p_cell, p_by),
               (p_county, 'reached', coalesce(p_reached, '-infinity'), p_cell, p_by)
        ON CONFLICT (county, cell, kind, day) DO UPDATE SET households = t.households + excluded.households;
        RETURN;
    END IF;
    UPDATE everycell.coverage_day t SET households = t.households + p_by
    FROM (VALUES ('contact', coalesce(p_contact, '-infinity')), ('due', p_due),
                 ('reached', coalesce(p_reached, '-infinity'))) AS k (kind, day)
    WHERE t.county = p_county AND t.cell = p_cell AND t.kind = k.kind AND t.day = k.day;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> 3 THEN
        RAISE EXCEPTION 'the histogram of cell % does not hold a household that leaves it: run everycell check', p_cell
            USING ERRCODE = 'EC003';
    END IF;
END $$;

CREATE FUNCTION everycell.tally_doorplate(p_county integer, p_doorplate bigint, p_cell text, p_by integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM everycell.tally(county, p_cell, last_reached_on, last_contact_on, due_on, p_by)
    FROM everycell.household WHERE county = p_county AND doorplate = p_doorplate AND status = 'active';
END $$;

CREATE FUNCTION everycell.refresh_doorplates(p_county integer, p_doorplates bigint[]) RETURNS void LANGUAGE sql AS $$
    UPDATE everycell.doorplate d
    SET households = f.households, never = f.never, oldest_on = f.oldest_on, due_on = f.due_on
    FROM (
        SELECT p.id, count(h.id) AS households, count(h.id) FILTER (WHERE h.last_reached_on IS NULL) AS never,
               min(h.last_reached_on) AS oldest_on, min(h.due_on) AS due_on
        FROM unnest(p_doorplates) AS p (id)
        LEFT JOIN everycell.household h ON h.county = p_county AND h.doorplate = p.id AND h.status = 'active'
        GROUP BY p.id
    ) f
    WHERE d.county = p_county AND d.id = f.id
$$;

-- The last dates come from visits, and from what was known before the visits that are kept.
CREATE FUNCTION everycell.household_before() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seen record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.county <> OLD.county OR NEW.id <> OLD.id THEN
            RAISE EXCEPTION 'household %: its id is never changed', OLD.code USING ERRCODE = 'EC002';
        END IF;
        SELECT max(visited_on) FILTER (WHERE outcome = 'reached') AS reached, max(visited_on) AS contact INTO seen
        FROM everycell.visit WHERE county = NEW.county AND household = NEW.id;
        NEW.last_reached_on := greatest(NEW.reached_before, seen.reached);
        NEW.last_contact_on := greatest(NEW.contact_before, NEW.reached_before, seen.contact);
    ELSE
        NEW.last_reached_on := NEW.reached_before;
        NEW.last_contact_on := greatest(NEW.contact_before, NEW.reached_before);
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION everycell.household_after() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place text;
    here text[] := '{}';
BEGIN
    -- The doorplate is locked before its cell is read: it may be moving at this moment.
    IF TG_OP <> 'INSERT' THEN
        SELECT cell INTO STRICT place FROM everycell.doorplate WHERE county = OLD.county AND id = OLD.doorplate
        FOR NO KEY UPDATE;
        here := here || place;
        IF OLD.status = 'active' THEN
            PERFORM everycell.tally(OLD.county, place, OLD.last_reached_on, OLD.last_contact_on, OLD.due_on, -1);
        END IF;
        PERFORM everycell.refresh_doorplates(OLD.county, ARRAY[OLD.doorplate]);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT cell INTO STRICT place FROM everycell.doorplate WHERE county = NEW.county AND id = NEW.doorplate
        FOR NO KEY UPDATE;
        here := here || place;
        IF NEW.status = 'active' THEN
            PERFORM everycell.tally(NEW.county, place, NEW.last_reached_on, NEW.last_contact_on, NEW.due_on, 1);
        END IF;
        PERFORM everycell.refresh_doorplates(NEW.county, ARRAY[NEW.doorplate]);
    END IF;
    PERFORM everycell.raise_revision(coalesce(NEW.county, OLD.county), here);
    RETURN NULL;
END $$;

-- Visits are added by everycell.record_visits() only; a correction (update, delete) moves the household's dates back.
CREATE FUNCTION everycell.visit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'visits are added with everycell.record_visits(), which keeps the figures'
        USING ERRCODE = 'EC002';
END $$;

CREATE FUNCTION everycell.visit_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Setting a column to itself is enough: household_before() reads the visits again.
    UPDATE everycell.household SET status = status WHERE county = OLD.county AND id = OLD.household;
    IF TG_OP = 'UPDATE' AND NEW.household <> OLD.household THEN
        UPDATE everycell.household SET status = status WHERE county = NEW.county AND id = NEW.household;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION everycell.site_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.cell := everycell.cell_at(NEW.county, NEW.geom);
    IF NEW.cell IS NULL THEN
        RAISE EXCEPTION 'ORPHAN_SITE: site % stands in no cell of county %', NEW.code, NEW.county
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(NEW.geom, 8, 0);
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION everycell.site_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM everycell.raise_revision(OLD.county, ARRAY[OLD.cell]);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM everycell.raise_revision(NEW.county, ARRAY[NEW.cell]);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER doorplate_before BEFORE INSERT OR UPDATE OF county, id, geom, cell ON everycell.doorplate
    FOR EACH ROW WHEN (NOT everycell.writing('batch')) EXECUTE FUNCTION everycell.doorplate_before();
CREATE TRIGGER doorplate_after AFTER INSERT OR UPDATE OF geom, cell, code, address OR DELETE ON everycell.doorplate
    FOR EACH ROW WHEN (NOT everycell.writing('batch')) EXECUTE FUNCTION everycell.doorplate_after();
CREATE TRIGGER household_before BEFORE INSERT OR UPDATE ON everycell.household
    FOR EACH ROW WHEN (NOT everycell.writing('batch')) EXECUTE FUNCTION everycell.household_before();
CREATE TRIGGER household_after AFTER INSERT OR UPDATE OR DELETE ON everycell.household
    FOR EACH ROW WHEN (NOT everycell.writing('batch')) EXECUTE FUNCTION everycell.household_after();
CREATE TRIGGER visit_refuse BEFORE INSERT ON everycell.visit
    FOR EACH STATEMENT WHEN (NOT everycell.writing('batch')) EXECUTE FUNCTION everycell.visit_refuse();
CREATE TRIGGER visit_after AFTER UPDATE OR DELETE ON everycell.visit
    FOR EACH ROW WHEN (NOT everycell.writing('batch')) EXECUTE FUNCTION everycell.visit_after();
CREATE TRIGGER site_before BEFORE INSERT OR UPDATE OF county, geom, cell ON everycell.site
    FOR EACH ROW EXECUTE FUNCTION everycell.site_before();
CREATE TRIGGER site_after AFTER INSERT OR UPDATE OR DELETE ON everycell.site
    FOR EACH ROW EXECUTE FUNCTION everycell.site_after();
