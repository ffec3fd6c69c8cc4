-- A household knows the cell it stands in: a row policy may look at its own row only. The doorplate tells it, and every
-- move of the doorplate, from whichever client and in whichever mode, is told on.

ALTER TABLE everycell.household ADD COLUMN cell text COLLATE "C";
ALTER TABLE everycell.household DISABLE TRIGGER USER;
UPDATE everycell.household h SET cell = d.cell FROM everycell.doorplate d WHERE d.county = h.county AND d.id = h.doorplate;
ALTER TABLE everycell.household ENABLE TRIGGER USER;
ALTER TABLE everycell.household ALTER COLUMN cell SET NOT NULL;

CREATE FUNCTION everycell.household_cell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT cell INTO NEW.cell FROM everycell.doorplate WHERE county = NEW.county AND id = NEW.doorplate;
    IF NEW.cell IS NULL THEN
        RAISE EXCEPTION 'household %: there is no doorplate %', NEW.code, NEW.doorplate USING ERRCODE = '23503';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION everycell.doorplate_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE everycell.household SET cell = NEW.cell WHERE county = NEW.county AND doorplate = NEW.id;
    RETURN NULL;
END $$;

-- What makes a household's dates and tallies has nothing to do with the column `cell`, which follows the doorplate's.
DROP TRIGGER household_before ON everycell.household;
DROP TRIGGER household_after ON everycell.household;
CREATE TRIGGER household_before
    BEFORE INSERT OR UPDATE OF county, id, code, doorplate, unit, status, interval_days, registered_on, reached_before,
        contact_before, last_reached_on, last_contact_on
    ON everycell.household FOR EACH ROW WHEN (NOT everycell.writing('batch'))
    EXECUTE FUNCTION everycell.household_before();
CREATE TRIGGER household_after
    AFTER INSERT OR DELETE OR UPDATE OF county, id, code, doorplate, unit, status, interval_days, registered_on,
        reached_before, contact_before, last_reached_on, last_contact_on
    ON everycell.household FOR EACH ROW WHEN (NOT everycell.writing('batch'))
    EXECUTE FUNCTION everycell.household_after();
CREATE TRIGGER household_cell BEFORE INSERT OR UPDATE OF doorplate, cell ON everycell.household
    FOR EACH ROW WHEN (NOT everycell.writing('batch')) EXECUTE FUNCTION everycell.household_cell();
CREATE TRIGGER doorplate_moved AFTER UPDATE OF geom, cell ON everycell.doorplate
    FOR EACH ROW WHEN (OLD.cell <> NEW.cell) EXECUTE FUNCTION everycell.doorplate_moved();
