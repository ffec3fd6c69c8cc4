-- GIS staff on the database itself: QGIS or psql, each with a sign-in of their own (qgis_ and the name of their account),
-- a member of everycell_editor. What the account may edit where, its grants tell. See docs/decisions/0013.
--
-- A client of SQL may set every setting and may send any statement: nothing below believes a setting. What such a client
-- writes passes through the triggers `as_editor`, which fire first.

-- Also where it has put on the role that it is in (SET ROLE); not within a function that runs with its owner's rights.
CREATE FUNCTION everycell.edits_directly() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT starts_with(session_user::text, 'qgis_') AND current_user IN (session_user, 'everycell_editor') $$;

-- The areas that the session's account may edit; '' is everywhere. No account, none enabled, no grant: nowhere.
CREATE FUNCTION everycell.edit_areas() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT g.area::text), '{}')
    FROM everycell.account a JOIN everycell.area_grant g ON g.account = a.id
    WHERE starts_with(session_user::text, 'qgis_') AND a.login = substr(session_user::text, 6) AND a.disabled_at IS NULL
        AND g.role IN ('editor', 'admin')
$$;

CREATE FUNCTION everycell.edit_counties() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT ARRAY(SELECT DISTINCT "left"(area, 6) FROM unnest(everycell.edit_areas()) AS area) $$;

-- Set-wise writers keep the tallies themselves; who edits directly is none of them, whatever was set.
CREATE OR REPLACE FUNCTION everycell.writing(mode text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('everycell.mode', true), '') = mode AND NOT everycell.edits_directly()
$$;

-- ---- what is written

-- The tables know places, not people. No name, address or unit has so many digits; identity, telephone and bank numbers
-- have, also with blanks or strokes between them.
CREATE FUNCTION everycell.refuse_personal(p_field text, p_text text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF length(p_text) > 100 OR p_text ~ '[[:cntrl:]]' THEN
        RAISE EXCEPTION '%: must be a line of at most 100 characters', p_field USING ERRCODE = 'EC002';
    END IF;
    IF regexp_replace(translate(p_text, '０１２３４５６７８９', '0123456789'), '[[:space:]._/()+-]', '', 'g') ~ '[0-9]{11}' THEN
        RAISE EXCEPTION '%: looks personal: everycell keeps places, not people; nothing was stored', p_field
            USING ERRCODE = 'EC002';
    END IF;
END $$;

-- The number after the last one that a village has used, or that a draft keeps for a cell it would make; where that is
-- 999, the first that is left.
CREATE FUNCTION everycell.next_code(p_county integer, p_village text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found_code text;
BEGIN
    WITH used AS MATERIALIZED (
        SELECT code FROM everycell.cell WHERE county = p_county AND village = p_village
        UNION
        SELECT o.op ->> 'code' FROM everycell.changeset_op o
        JOIN everycell.changeset s ON s.county = p_county AND s.id = o.changeset AND s.status <> 'abandoned'
        WHERE o.county = p_county AND starts_with(o.op ->> 'code', p_village)
    ), last AS (
        SELECT coalesce(max("right"(code, 3)::integer), 0) AS number FROM used
    )
    SELECT p_village || lpad(n::text, 3, '0') INTO found_code FROM last, generate_series(1, 999) AS n
    WHERE NOT EXISTS (SELECT FROM used u WHERE u.code = p_village || lpad(n::text, 3, '0'))
    ORDER BY n <= last.number, n LIMIT 1;
    IF found_code IS NULL THEN
        RAISE EXCEPTION 'village % has no code left', p_village USING ERRCODE = 'EC002';
    END IF;
    RETURN found_code;
END $$;

CREATE FUNCTION everycell.believe_no_setting() RETURNS void LANGUAGE sql AS $$
    SELECT set_config('everycell.mode', '', true), set_config('everycell.writer', '', true),
           set_config('everycell.today', '', true)
$$;

-- A cell that is drawn, or is one half of another, gets the next code of its village, unless it has one that was never
-- used. Days are the database's.
CREATE FUNCTION everycell.edit_cell() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.believe_no_setting();
    PERFORM everycell.refuse_personal('cell.name', NEW.name);
    IF TG_OP = 'INSERT' THEN
        NEW.village := coalesce(nullif(NEW.village, ''), nullif("left"(NEW.code, 12), ''), (
            SELECT code FROM everycell.division
            WHERE level = 'village' AND ST_Intersects(geom, ST_PointOnSurface(NEW.geom)) ORDER BY code LIMIT 1));
        IF NOT EXISTS (SELECT FROM everycell.division WHERE level = 'village' AND code = NEW.village) THEN
            RAISE EXCEPTION 'there is no village %', coalesce(NEW.village, 'where the cell is drawn') USING ERRCODE = 'EC002';
        END IF;
        IF coalesce(length(NEW.code), 0) <> 15
            OR EXISTS (SELECT FROM everycell.cell WHERE county = NEW.county AND code = NEW.code)
        THEN
            NEW.code := everycell.next_code(NEW.county, NEW.village);
        END IF;
        NEW.name := coalesce(nullif(NEW.name, ''), "right"(NEW.code, 3));
        NEW.valid_from := NULL;
        NEW.retired_on := NULL;
        NEW.confirmed_empty_on := NULL;
        NEW.source := NULL;
        RETURN NEW;
    END IF;
    IF OLD.retired_on IS NOT NULL THEN
        RAISE EXCEPTION 'cell % is retired: take back the change that retired it', OLD.code USING ERRCODE = 'EC002';
    END IF;
    NEW.valid_from := OLD.valid_from;
    NEW.retired_on := CASE WHEN NEW.retired_on IS NOT NULL THEN current_date END;
    NEW.confirmed_empty_on := CASE WHEN ST_CoveredBy(NEW.geom, OLD.geom) THEN OLD.confirmed_empty_on END;
    RETURN NEW;
END $$;

-- A row is locked before its triggers fire. So who edits directly waits for others before the first row, or two who save in
-- the same moment would each hold what the other one wants. All counties of the editor: which one it is, rows tell.
CREATE FUNCTION everycell.hold_grids() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE mine integer;
BEGIN
    FOR mine IN
        SELECT county FROM everycell.county_outline
        WHERE ARRAY['', lpad(county::text, 6, '0')] && everycell.edit_counties() ORDER BY county
    LOOP
        PERFORM everycell.lock_codes(mine), everycell.lock_grid(mine);
    END LOOP;
    RETURN NULL;
END $$;

-- To delete a cell (as QGIS does where several are merged) is to retire it. As the editor, with the editor's policies.
CREATE FUNCTION everycell.retire_cell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE everycell.cell SET retired_on = current_date WHERE county = OLD.county AND code = OLD.code;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION everycell.cell_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('everycell.cell_statement', clock_timestamp()::text, true);
    IF TG_OP = 'DELETE' AND NOT everycell.edits_directly() THEN
        RAISE EXCEPTION 'a cell is never deleted, its code would be free again: set retired_on' USING ERRCODE = 'EC002';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION everycell.edit_doorplate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.believe_no_setting();
    PERFORM everycell.refuse_personal('doorplate.code', NEW.code), everycell.refuse_personal('doorplate.address', NEW.address);
    IF TG_OP = 'INSERT' THEN
        NEW.id := NULL;  -- given by doorplate_before()
        NEW.households := 0;
        NEW.never := 0;
        NEW.oldest_on := NULL;
        NEW.due_on := NULL;
        NEW.source := NULL;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION everycell.edit_household() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.believe_no_setting();
    PERFORM everycell.refuse_personal('household.code', NEW.code), everycell.refuse_personal('household.unit', NEW.unit);
    IF TG_OP = 'INSERT' THEN
        NEW.registered_on := current_date;
        NEW.reached_before := NULL;
        NEW.contact_before := NULL;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION everycell.edit_site() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.believe_no_setting();
    PERFORM everycell.refuse_personal('site.code', NEW.code), everycell.refuse_personal('site.name', NEW.name),
            everycell.refuse_personal('site.address', NEW.address);
    IF TG_OP = 'INSERT' THEN
        NEW.last_checked_on := NULL;
        NEW.source := NULL;
    END IF;
    RETURN NEW;
END $$;

-- What these do to other tables is not the editor's to do by hand.
ALTER FUNCTION everycell.doorplate_before() SECURITY DEFINER SET search_path = everycell, public, pg_temp;
ALTER FUNCTION everycell.doorplate_after() SECURITY DEFINER SET search_path = everycell, public, pg_temp;
ALTER FUNCTION everycell.doorplate_moved() SECURITY DEFINER SET search_path = everycell, public, pg_temp;
ALTER FUNCTION everycell.household_before() SECURITY DEFINER SET search_path = everycell, public, pg_temp;
ALTER FUNCTION everycell.household_after() SECURITY DEFINER SET search_path = everycell, public, pg_temp;
ALTER FUNCTION everycell.household_cell() SECURITY DEFINER SET search_path = everycell, public, pg_temp;
ALTER FUNCTION everycell.site_before() SECURITY DEFINER SET search_path = everycell, public, pg_temp;
ALTER FUNCTION everycell.site_after() SECURITY DEFINER SET search_path = everycell, public, pg_temp;

DO $do$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['cell', 'doorplate', 'household', 'site'] LOOP
        EXECUTE format('CREATE TRIGGER as_editor_waits BEFORE INSERT OR UPDATE OR DELETE ON everycell.%I FOR EACH STATEMENT'
                       ' WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.hold_grids()', name);
    END LOOP;
END $do$;

CREATE TRIGGER as_editor BEFORE INSERT OR UPDATE ON everycell.cell
    FOR EACH ROW WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.edit_cell();
CREATE TRIGGER as_editor_retires BEFORE DELETE ON everycell.cell
    FOR EACH ROW WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.retire_cell();
CREATE TRIGGER as_editor BEFORE INSERT OR UPDATE ON everycell.doorplate
    FOR EACH ROW WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.edit_doorplate();
CREATE TRIGGER as_editor BEFORE INSERT OR UPDATE ON everycell.household
    FOR EACH ROW WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.edit_household();
CREATE TRIGGER as_editor BEFORE INSERT OR UPDATE ON everycell.site
    FOR EACH ROW WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.edit_site();

-- ---- what is kept of it

-- Rows that the transactions which are under way have written, from the statement to the note in the audit. Cells are
-- `written` until they were looked at. Nobody but these triggers reaches it.
CREATE TABLE everycell.direct_edit (
    county integer NOT NULL,
    xact bigint NOT NULL,
    relation text COLLATE "C" NOT NULL,
    num_rows integer NOT NULL,
    done text NOT NULL,
    CONSTRAINT pk_direct_edit PRIMARY KEY (county, xact, relation),
    CONSTRAINT ck_direct_edit_done CHECK (done IN ('written', 'checked'))
);

CREATE FUNCTION everycell.count_edit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    INSERT INTO everycell.direct_edit AS e (county, xact, relation, num_rows, done)
    VALUES (NEW.county, everycell.this_xact(), TG_TABLE_NAME, 1, 'written')
    ON CONFLICT (county, xact, relation) DO UPDATE SET num_rows = e.num_rows + 1, done = 'written';
    RETURN NULL;
END $$;

-- A direct edit is a change set of its own, of the smallest area around it; what came of what is found by the land. Of
-- versions that a transaction has made on its way (each move of a corner is one), the last one stays.
CREATE FUNCTION everycell.record_edit(p_county integer, p_set everycell.changeset) RETURNS void LANGUAGE plpgsql AS $$
DECLARE editor text := CASE WHEN starts_with(session_user::text, 'qgis_') THEN substr(session_user::text, 6) END;
BEGIN
    UPDATE everycell.changeset SET
        title = 'direct edit by ' || coalesce(editor, substr(created_by, 6)), created_by = coalesce(editor, created_by),
        area = (
            SELECT CASE WHEN count(DISTINCT "left"(code, 12)) = 1 THEN min("left"(code, 12))
                        WHEN count(DISTINCT "left"(code, 9)) = 1 THEN min("left"(code, 9)) ELSE min("left"(code, 6)) END
            FROM everycell.cell_history WHERE county = p_county AND p_set.revision IN (begun, ended))
    WHERE county = p_county AND id = p_set.id;
    DELETE FROM everycell.cell_history WHERE county = p_county AND p_set.revision = ALL (ARRAY[begun, ended]);
    DELETE FROM everycell.cell_lineage WHERE county = p_county AND changeset = p_set.id;
    INSERT INTO everycell.cell_lineage (county, parent, child, changeset, valid_from)
    SELECT DISTINCT p_county, was.code, became.code, p_set.id, p_set.valid_from
    FROM everycell.cell_history was
    JOIN everycell.cell_history became ON became.county = p_county AND became.begun = p_set.revision
        AND became.code <> was.code AND became.geom && was.geom
    WHERE was.county = p_county AND was.ended = p_set.revision
        AND (NOT EXISTS (SELECT FROM everycell.cell_history h
                         WHERE h.county = p_county AND h.code = was.code AND h.begun = p_set.revision)
             OR NOT EXISTS (SELECT FROM everycell.cell_history h
                            WHERE h.county = p_county AND h.code = became.code AND h.begun < p_set.revision))
        AND ST_Area(ST_Intersection(was.geom, became.geom)) > 1e-10;
END $$;

-- The direct edits of this transaction: the last revisions are its own. More than one, where it has published in between.
CREATE FUNCTION everycell.record_edits(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE here everycell.changeset;
BEGIN
    FOR here IN
        SELECT * FROM everycell.changeset WHERE county = p_county AND revision IS NOT NULL ORDER BY revision DESC
    LOOP
        EXIT WHEN here.xact <> everycell.this_xact() OR here.published_at < transaction_timestamp();
        CONTINUE WHEN here.undoes IS NOT NULL OR NOT starts_with(here.title, 'direct edit') OR EXISTS (
            SELECT FROM everycell.changeset_op WHERE county = p_county AND changeset = here.id);
        PERFORM everycell.record_edit(p_county, here);
    END LOOP;
END $$;

-- One entry of the audit a transaction and county: who, from where, how many rows of what.
CREATE FUNCTION everycell.note_edits() RETURNS void LANGUAGE plpgsql AS $$
DECLARE noted record;
BEGIN
    FOR noted IN
        WITH gone AS (
            DELETE FROM everycell.direct_edit
            WHERE xact = everycell.this_xact() AND (relation <> 'cell' OR done = 'checked')
            RETURNING county, relation, num_rows
        )
        SELECT county, jsonb_object_agg(relation, num_rows) AS detail FROM gone GROUP BY county ORDER BY county
    LOOP
        PERFORM everycell.note(
            'account:' || substr(session_user::text, 6), coalesce(host(inet_client_addr()), 'socket'), 'direct_edit',
            lpad(noted.county::text, 6, '0'), noted.detail);
    END LOOP;
END $$;

CREATE FUNCTION everycell.edit_noted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.note_edits();
    RETURN NULL;
END $$;

-- Looked at, recorded and noted by one trigger: who signs in with SQL decides when a constraint is checked, not which of
-- several comes first. That cells were looked at is told to all but such editors by a setting, to those by `direct_edit`.
CREATE OR REPLACE FUNCTION everycell.cell_tiling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    done text := 'everycell.tiled_' || NEW.county;
    now_at text := everycell.this_xact() || ' ' || current_setting('everycell.cell_statement', true);
BEGIN
    IF starts_with(session_user::text, 'qgis_') THEN
        UPDATE everycell.direct_edit SET done = 'checked'
        WHERE county = NEW.county AND xact = everycell.this_xact() AND relation = 'cell' AND direct_edit.done = 'written';
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        PERFORM set_config('everycell.reunited', '', true);
    ELSIF current_setting(done, true) = now_at THEN
        RETURN NULL;
    END IF;
    PERFORM everycell.refuse_invalid_cells(NEW.county);
    PERFORM everycell.refuse_overlap(NEW.county);
    PERFORM everycell.refuse_outside(NEW.county);
    PERFORM everycell.refuse_gap(NEW.county);
    PERFORM everycell.replace_in_cells(NEW.county);
    PERFORM everycell.reunite_divisions(NEW.county);
    PERFORM everycell.record_edits(NEW.county);
    PERFORM set_config(done, now_at, true);
    IF starts_with(session_user::text, 'qgis_') THEN
        PERFORM everycell.note_edits();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER cell_counted AFTER INSERT OR UPDATE ON everycell.cell
    FOR EACH ROW WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.count_edit();
DO $do$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['doorplate', 'household', 'site'] LOOP
        EXECUTE format(
            'CREATE TRIGGER edit_counted AFTER INSERT OR UPDATE ON everycell.%I FOR EACH ROW'
            ' WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.count_edit()', name);
        EXECUTE format(
            'CREATE CONSTRAINT TRIGGER edit_noted AFTER INSERT OR UPDATE ON everycell.%I DEFERRABLE INITIALLY DEFERRED'
            ' FOR EACH ROW WHEN (everycell.edits_directly()) EXECUTE FUNCTION everycell.edit_noted()', name);
    END LOOP;
END $do$;

-- ---- who has read doors

-- Reads of this hour that are in the audit already: what a client of SQL may not write, and cannot forge.
CREATE TABLE everycell.direct_read (
    who text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    relation text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    hour bigint NOT NULL,
    CONSTRAINT pk_direct_read PRIMARY KEY (who, source, relation, area, hour)
);

-- Hours since 1970, whatever time zone a session has chosen and whenever its transaction has begun.
CREATE FUNCTION everycell.this_hour() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT floor(extract(epoch FROM clock_timestamp()) / 3600)::bigint $$;

-- For the notary, in a transaction of its own. Two that come at once: the second waits for the first, and finds it noted.
CREATE FUNCTION everycell.note_direct_read(p_who text, p_source text, p_relation text, p_area text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $$
DECLARE hour_now bigint := everycell.this_hour();
BEGIN
    DELETE FROM everycell.direct_read WHERE hour < hour_now;
    INSERT INTO everycell.direct_read (who, source, relation, area, hour)
    VALUES (p_who, p_source, p_relation, p_area, hour_now) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM everycell.note(p_who, p_source, 'direct_read', p_area,
                               jsonb_build_object('relation', p_relation));
    END IF;
    RETURN FOUND;
END $$;

-- Note a read through the second connection, or fail: what is not noted is not shown. The audit's lock may be held by the
-- reader's own transaction (SET CONSTRAINTS ALL IMMEDIATE), for which the notary would wait in vain.
CREATE FUNCTION everycell.have_noted(p_who text, p_source text, p_relation text, p_area text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = 7461095 AND objsubid = 1
               AND pid = pg_backend_pid() AND granted) THEN
        RAISE EXCEPTION 'the audit holds an entry of this transaction, which must be its last: commit, and read then'
            USING ERRCODE = 'EC003';
    END IF;
    BEGIN
        PERFORM everycell_notary.say(format('SELECT everycell.note_direct_read(%L, %L, %L, %L)',
                                            p_who, p_source, p_relation, p_area));
    EXCEPTION
        WHEN lock_not_available THEN
            RAISE EXCEPTION 'this read of % cannot be noted in the audit just now, so nothing is shown: others are writing'
                ' into it, try again', p_relation USING ERRCODE = 'EC003';
        WHEN OTHERS THEN
            RAISE EXCEPTION 'this read of % cannot be noted in the audit, so nothing is shown (%): ask the administrator to'
                ' run everycell doctor', p_relation, SQLERRM USING ERRCODE = 'EC003';
    END;
END $$;

-- `edit_areas` for those who read doors: it notes that, once an hour for each account, address, table and areas. The
-- policies ask it once a statement that comes upon a row, in the process that the client talks to.
CREATE FUNCTION everycell.read_areas(p_relation text) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    areas text[] := everycell.edit_areas();
    reader text := 'account:' || substr(session_user::text, 6);
    address text := coalesce(host(inet_client_addr()), 'socket');
    around text := CASE WHEN '' = ANY (areas) THEN '' ELSE array_to_string(areas, ',') END;
BEGIN
    IF (p_relation IN ('doorplate', 'household', 'site')) IS NOT TRUE THEN
        RAISE EXCEPTION 'no table of doors is called so' USING ERRCODE = 'EC003';
    END IF;
    IF areas <> '{}' AND NOT EXISTS (
        SELECT FROM everycell.direct_read r
        WHERE r.who = reader AND r.source = address AND r.relation = p_relation AND r.area = around
            AND r.hour = everycell.this_hour())
    THEN
        PERFORM everycell.have_noted(reader, address, p_relation, around);
    END IF;
    RETURN areas;
END $$;

-- ---- who may see and write what

-- The areas are read once a statement. `&&` of arrays, so that a row is seen where it or what is around it is an area.
DO $do$
DECLARE
    name text;
    inside text := $$ARRAY['', "left"(%1$s, 6), "left"(%1$s, 9), "left"(%1$s, 12), %1$s] && (SELECT everycell.%2$s)$$;
BEGIN
    FOREACH name IN ARRAY ARRAY['doorplate', 'household', 'site'] LOOP
        EXECUTE format('CREATE POLICY %I ON everycell.%I TO everycell_editor USING (%s) WITH CHECK (%s)', name || '_edited',
                       name, format(inside, 'cell', format('read_areas(%L)', name)), format(inside, 'cell', 'edit_areas()'));
    END LOOP;
    EXECUTE format('CREATE POLICY cell_edited ON everycell.cell TO everycell_editor USING (%1$s) WITH CHECK (%1$s)',
                   format(inside, 'code', 'edit_areas()'));
    EXECUTE format('CREATE POLICY division_edited ON everycell.division FOR SELECT TO everycell_editor USING (%s)',
                   format(inside, 'code', 'edit_areas()'));
    CREATE POLICY street_edited ON everycell.street FOR SELECT TO everycell_editor
        USING (ARRAY['', lpad(county::text, 6, '0')] && (SELECT everycell.edit_counties()));
END $do$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT USAGE ON SCHEMA everycell TO everycell_editor;
GRANT SELECT ON everycell.cell, everycell.division, everycell.doorplate, everycell.household, everycell.site, everycell.street
    TO everycell_editor;
GRANT INSERT ON everycell.cell, everycell.doorplate, everycell.household, everycell.site TO everycell_editor;
GRANT UPDATE (name, kind, geom, retired_on), DELETE ON everycell.cell TO everycell_editor;
GRANT UPDATE (code, address, geom) ON everycell.doorplate TO everycell_editor;
GRANT UPDATE (code, doorplate, unit, status, interval_days) ON everycell.household TO everycell_editor;
GRANT UPDATE (name, category, address, geom, check_interval_days) ON everycell.site TO everycell_editor;
GRANT EXECUTE ON FUNCTION
    everycell.edits_directly(), everycell.writing(text), everycell.edit_areas(), everycell.edit_counties(),
    everycell.read_areas(text)
TO everycell_editor;
GRANT USAGE ON SCHEMA everycell TO everycell_notary;
GRANT EXECUTE ON FUNCTION everycell.note_direct_read(text, text, text, text) TO everycell_notary;
