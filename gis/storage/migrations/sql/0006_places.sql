-- Editing doorplates, households and key sites, for the service: functions with their owner's rights, each of which asks
-- whether the caller may edit the place where it is and where it goes (`everycell.places`, told by the transaction). What
-- lies elsewhere is as unknown as what does not exist: NULL.
--
-- Order of locks, that of everycell.record_visits(): the county's grid (shared), doors by id, households, revisions.

-- ---- codes that have ended

CREATE TABLE everycell.retired_code (
    county integer NOT NULL,
    kind text NOT NULL,
    code text COLLATE "C" NOT NULL,
    retired_on date NOT NULL,
    CONSTRAINT pk_retired_code PRIMARY KEY (county, kind, code),
    CONSTRAINT ck_retired_code_kind CHECK (kind IN ('doorplate', 'household', 'site')),
    CONSTRAINT ck_retired_code_code CHECK ("left"(code, 6) = lpad(county::text, 6, '0'))
);

CREATE FUNCTION everycell.retire_code() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.code <> OLD.code THEN
        INSERT INTO everycell.retired_code (county, kind, code, retired_on)
        VALUES (OLD.county, TG_TABLE_NAME, OLD.code, everycell.grid_today()) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION everycell.refuse_retired_code() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM everycell.retired_code WHERE county = NEW.county AND kind = TG_TABLE_NAME AND code = NEW.code)
    THEN
        RAISE EXCEPTION 'code: % was used before: it is never used again', NEW.code
            USING ERRCODE = 'EC002', COLUMN = 'code';
    END IF;
    RETURN NULL;
END $$;

-- After the row is written: where somebody else ends the code at this very moment, the row has waited for that. A load
-- (mode `batch`) rejects such rows itself, while nobody else writes.
DO $do$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['doorplate', 'household', 'site'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_code_retired AFTER DELETE OR UPDATE OF code ON everycell.%1$I
                        FOR EACH ROW EXECUTE FUNCTION everycell.retire_code()', name);
        EXECUTE format('CREATE TRIGGER %1$s_code_changed AFTER UPDATE OF code ON everycell.%1$I
                        FOR EACH ROW WHEN (OLD.code <> NEW.code) EXECUTE FUNCTION everycell.refuse_retired_code()', name);
        EXECUTE format('CREATE TRIGGER %1$s_code_new AFTER INSERT ON everycell.%1$I
                        FOR EACH ROW WHEN (NOT everycell.writing(''batch''))
                        EXECUTE FUNCTION everycell.refuse_retired_code()', name);
    END LOOP;
END $do$;

-- ---- where a place may go

-- The point of a place that is edited. Refused where it lies in no cell that the caller may edit places in; that it lies
-- in no cell at all is told (by the trigger that places it) to those alone who may edit the whole county.
CREATE FUNCTION everycell.point_to_edit(p_county integer, p_lon double precision, p_lat double precision) RETURNS geometry
LANGUAGE plpgsql AS $$
DECLARE point geometry := ST_SetSRID(ST_MakePoint(p_lon, p_lat), 4490);
BEGIN
    PERFORM everycell.share_grid(p_county);
    IF NOT coalesce(everycell.within('places', coalesce(
        everycell.cell_at(p_county, point), lpad(p_county::text, 6, '0'))), false)
    THEN
        RAISE EXCEPTION 'geometry: the point does not lie in your area' USING ERRCODE = 'EC005', COLUMN = 'geometry';
    END IF;
    RETURN point;
END $$;

-- ---- doorplates

CREATE FUNCTION everycell.hold_doorplate(p_county integer, p_id bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held bigint;
BEGIN
    PERFORM everycell.share_grid(p_county);
    SELECT id INTO held FROM everycell.doorplate
    WHERE county = p_county AND id = p_id AND everycell.within('places', cell) FOR UPDATE;
    RETURN held;
END $$;

CREATE FUNCTION everycell.add_doorplate(
    p_county integer, p_code text, p_address text, p_lon double precision, p_lat double precision
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE made bigint;
BEGIN
    INSERT INTO everycell.doorplate (county, id, code, address, geom)
    VALUES (p_county, NULL, p_code, p_address, everycell.point_to_edit(p_county, p_lon, p_lat)) RETURNING id INTO made;
    RETURN made;
END $$;

CREATE FUNCTION everycell.write_doorplate(
    p_county integer, p_id bigint, p_address text, p_lon double precision, p_lat double precision
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held bigint := everycell.hold_doorplate(p_county, p_id);
BEGIN
    UPDATE everycell.doorplate SET address = p_address, geom = everycell.point_to_edit(p_county, p_lon, p_lat)
    WHERE county = p_county AND id = held;
    RETURN held;
END $$;

CREATE FUNCTION everycell.remove_doorplate(p_county integer, p_id bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held bigint := everycell.hold_doorplate(p_county, p_id);
BEGIN
    IF EXISTS (SELECT FROM everycell.household WHERE county = p_county AND doorplate = held) THEN
        RAISE EXCEPTION 'doorplate % has households behind it: move them to another one first', held
            USING ERRCODE = 'EC002';
    END IF;
    DELETE FROM everycell.doorplate WHERE county = p_county AND id = held;
    RETURN held;
END $$;

-- ---- households

-- Lock a household with its doorplate, and another doorplate that it is to go to. Returns its id.
CREATE FUNCTION everycell.hold_household(p_county integer, p_code text, p_other bigint) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    door bigint;
    held uuid;
BEGIN
    PERFORM everycell.share_grid(p_county);
    LOOP
        SELECT doorplate INTO door FROM everycell.household
        WHERE county = p_county AND code = p_code AND everycell.within('places', cell);
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        PERFORM FROM everycell.doorplate WHERE county = p_county AND id IN (door, p_other) ORDER BY id FOR UPDATE;
        SELECT id INTO held FROM everycell.household
        WHERE county = p_county AND code = p_code AND doorplate = door AND everycell.within('places', cell) FOR UPDATE;
        IF FOUND THEN
            RETURN held;
        END IF;  -- it has gone to another door meanwhile
    END LOOP;
END $$;

-- NULL where there is no such doorplate.
CREATE FUNCTION everycell.add_household(
    p_county integer, p_code text, p_doorplate bigint, p_unit text, p_status text, p_interval_days integer,
    p_registered_on date
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE made uuid;
BEGIN
    INSERT INTO everycell.household (county, code, doorplate, unit, status, interval_days, registered_on)
    SELECT p_county, p_code, held, p_unit, p_status, p_interval_days::smallint, p_registered_on
    FROM everycell.hold_doorplate(p_county, p_doorplate) AS h (held) WHERE held IS NOT NULL
    RETURNING id INTO made;
    RETURN made;
END $$;

-- NULL where there is no such household, or no such doorplate.
CREATE FUNCTION everycell.write_household(
    p_county integer, p_code text, p_doorplate bigint, p_unit text, p_status text, p_interval_days integer,
    p_registered_on date
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    held uuid := everycell.hold_household(p_county, p_code, p_doorplate);
    door bigint := everycell.hold_doorplate(p_county, p_doorplate);
BEGIN
    IF held IS NULL OR door IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE everycell.household
    SET doorplate = door, unit = p_unit, status = p_status, interval_days = p_interval_days, registered_on = p_registered_on
    WHERE county = p_county AND id = held;
    RETURN held;
END $$;

-- One that was visited stays: its visits are counted, and what they say of it is the count's proof.
CREATE FUNCTION everycell.remove_household(p_county integer, p_code text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held uuid := everycell.hold_household(p_county, p_code, NULL);
BEGIN
    IF EXISTS (SELECT FROM everycell.household WHERE county = p_county AND id = held AND last_contact_on IS NOT NULL)
        OR EXISTS (SELECT FROM everycell.visit WHERE county = p_county AND household = held)
    THEN
        RAISE EXCEPTION 'household % has been visited: it stays; give it the status exempt', p_code USING ERRCODE = 'EC002';
    END IF;
    DELETE FROM everycell.household WHERE county = p_county AND id = held;
    RETURN held;
END $$;

-- ---- key sites

CREATE FUNCTION everycell.hold_site(p_county integer, p_code text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held text;
BEGIN
    PERFORM everycell.share_grid(p_county);
    SELECT code INTO held FROM everycell.site
    WHERE county = p_county AND code = p_code AND everycell.within('places', cell) FOR UPDATE;
    RETURN held;
END $$;

CREATE FUNCTION everycell.add_site(
    p_county integer, p_code text, p_name text, p_category text, p_address text, p_lon double precision,
    p_lat double precision, p_check_interval_days integer, p_last_checked_on date
) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    INSERT INTO everycell.site (county, code, name, category, address, geom, check_interval_days, last_checked_on)
    VALUES (p_county, p_code, p_name, p_category, p_address, everycell.point_to_edit(p_county, p_lon, p_lat),
            p_check_interval_days::smallint, p_last_checked_on) RETURNING code
$$;

CREATE FUNCTION everycell.write_site(
    p_county integer, p_code text, p_name text, p_category text, p_address text, p_lon double precision,
    p_lat double precision, p_check_interval_days integer, p_last_checked_on date
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held text := everycell.hold_site(p_county, p_code);
BEGIN
    UPDATE everycell.site
    SET name = p_name, category = p_category, address = p_address,
        geom = everycell.point_to_edit(p_county, p_lon, p_lat), check_interval_days = p_check_interval_days::smallint,
        last_checked_on = p_last_checked_on
    WHERE county = p_county AND code = held;
    RETURN held;
END $$;

CREATE FUNCTION everycell.remove_site(p_county integer, p_code text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held text := everycell.hold_site(p_county, p_code);
BEGIN
    DELETE FROM everycell.site WHERE county = p_county AND code = held;
    RETURN held;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.hold_doorplate(integer, bigint),
    everycell.add_doorplate(integer, text, text, double precision, double precision),
    everycell.write_doorplate(integer, bigint, text, double precision, double precision),
    everycell.remove_doorplate(integer, bigint),
    everycell.hold_household(integer, text, bigint),
    everycell.add_household(integer, text, bigint, text, text, integer, date),
    everycell.write_household(integer, text, bigint, text, text, integer, date),
    everycell.remove_household(integer, text),
    everycell.hold_site(integer, text),
    everycell.add_site(
        integer, text, text, text, text, double precision, double precision, integer, date),
    everycell.write_site(
        integer, text, text, text, text, double precision, double precision, integer, date),
    everycell.remove_site(integer, text)
TO everycell_app;
