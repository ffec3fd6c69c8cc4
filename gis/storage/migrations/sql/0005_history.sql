-- Whoever writes cells, by a change set, an import, QGIS or psql: writers of a county come one after the other, every
-- version goes into the history, and what stood in the cells follows, all doors of a transaction at once.
--
-- Order of locks, the same as that of everycell.record_visits(): the county's grid, doors by id, revisions by cell. So a
-- cell's revision is raised when the transaction ends (by the deferred trigger), not with each row.

-- Who has waited for a lock must see what it has waited for; a transaction with a snapshot of its own does not.
CREATE FUNCTION everycell.refuse_old_snapshot() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN
        RAISE EXCEPTION 'cells, and what stands in them, are not written in a transaction of isolation level %',
            current_setting('transaction_isolation') USING ERRCODE = 'EC002', HINT = 'Use read committed.';
    END IF;
END $$;

-- The lock of a county's grid: for one who writes cells, shared by all who place something into them.
CREATE FUNCTION everycell.lock_grid(p_county integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM everycell.refuse_old_snapshot();
    PERFORM pg_advisory_xact_lock(7461097, p_county);
END $$;

CREATE FUNCTION everycell.share_grid(p_county integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM everycell.refuse_old_snapshot();
    PERFORM pg_advisory_xact_lock_shared(7461097, p_county);
END $$;

-- For one who gives codes to new cells in a draft; taken before the lock of the grid where both are.
CREATE FUNCTION everycell.lock_codes(p_county integer) RETURNS void LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock(7461098, p_county) $$;

-- The day from which a change of this transaction counts: what it was told, else the day of its client's time zone.
CREATE FUNCTION everycell.grid_today() RETURNS date LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('everycell.today', true), '')::date, current_date) $$;

CREATE FUNCTION everycell.grid_revision(p_county integer) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT coalesce(max(revision), 0) FROM everycell.changeset WHERE county = p_county $$;

-- The change set that this transaction writes cells under. Where none was begun (an import, a direct edit) it is made, and
-- is published with the transaction. Whoever calls it holds the lock of the grid.
CREATE FUNCTION everycell.changeset_of(p_county integer, p_title text, p_by text, OUT id uuid, OUT revision bigint)
LANGUAGE plpgsql AS $$
DECLARE told text := 'everycell.changeset_' || p_county;
BEGIN
    -- What a client may have set itself counts only for a change set of this very transaction. (Numbers of transactions
    -- begin anew where a database was restored.)
    SELECT c.id, c.revision INTO id, revision FROM everycell.changeset c
    WHERE c.county = p_county AND c.id = nullif(current_setting(told, true), '')::uuid AND c.xact = everycell.this_xact()
        AND c.published_at >= transaction_timestamp();
    IF id IS NULL THEN
        INSERT INTO everycell.changeset AS c
            (county, area, title, status, base, revision, created_at, created_by, changed_at, published_at, valid_from, xact)
        SELECT p_county, lpad(p_county::text, 6, '0'), p_title, 'published', r.last, r.last + 1, clock_timestamp(), p_by,
               clock_timestamp(), clock_timestamp(), everycell.grid_today(), everycell.this_xact()
        FROM everycell.grid_revision(p_county) AS r (last)
        RETURNING c.id, c.revision INTO id, revision;
        PERFORM set_config(told, id::text, true);
    END IF;
END $$;

-- ---- every version of a cell

CREATE OR REPLACE FUNCTION everycell.cell_before() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE today date := everycell.grid_today();
BEGIN
    PERFORM everycell.lock_grid(NEW.county);
    NEW.touched := everycell.this_xact();
    IF TG_OP = 'INSERT' THEN
        NEW.version := 1;
        NEW.valid_from := coalesce(NEW.valid_from, today);
        RETURN NEW;
    END IF;
    IF NEW.county <> OLD.county OR NEW.code <> OLD.code THEN
        RAISE EXCEPTION 'cell %: a code is never changed; retire the cell and add another', OLD.code
            USING ERRCODE = 'EC002';
    END IF;
    NEW.version := OLD.version;
    IF NOT ST_OrderingEquals(NEW.geom, OLD.geom) OR NEW.name <> OLD.name OR NEW.kind <> OLD.kind
        OR (OLD.retired_on IS NOT NULL AND NEW.retired_on IS NULL)
    THEN
        -- Perhaps retired by another while this statement waited for it: nobody would ever see the change.
        IF OLD.retired_on IS NOT NULL AND NEW.retired_on IS NOT NULL THEN
            RAISE EXCEPTION 'cell % is retired: take back the change that retired it', OLD.code USING ERRCODE = 'EC002';
        END IF;
        NEW.version := OLD.version + 1;
        -- Told by the client, or today; never before the version that it follows.
        NEW.valid_from := greatest(OLD.valid_from, OLD.retired_on, coalesce(nullif(NEW.valid_from, OLD.valid_from), today));
    ELSE
        NEW.valid_from := OLD.valid_from;
    END IF;
    NEW.retired_on := greatest(NEW.retired_on, CASE WHEN NEW.retired_on IS NOT NULL THEN NEW.valid_from END);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION everycell.cell_after() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    begins boolean;
    ends integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO everycell.cell_revision (county, cell) VALUES (NEW.county, NEW.code);
        INSERT INTO everycell.coverage_histogram (county, cell) VALUES (NEW.county, NEW.code);
    END IF;
    begins := NEW.retired_on IS NULL AND (TG_OP = 'INSERT' OR NEW.version <> OLD.version OR OLD.retired_on IS NOT NULL);
    ends := CASE WHEN TG_OP = 'UPDATE' AND OLD.retired_on IS NULL AND (NEW.retired_on IS NOT NULL OR begins)
                 THEN OLD.version END;
    IF begins OR ends IS NOT NULL THEN
        PERFORM everycell.write_history(NEW, begins, ends);
    END IF;
    RETURN NULL;
END $$;

-- End a version of a cell (NULL: none was live) and begin the one that the cell now has.
CREATE FUNCTION everycell.write_history(p_cell everycell.cell, p_begins boolean, p_ends integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    writer text := nullif(current_setting('everycell.writer', true), '');
    role text := regexp_replace("left"(session_user, 60), '[^A-Za-z0-9._@-]', '-', 'g');
    here record;
BEGIN
    SELECT * INTO here FROM everycell.changeset_of(
        p_cell.county, coalesce(writer, 'direct edit'), coalesce(writer, 'role:' || role));
    UPDATE everycell.cell_history
    SET ended = here.revision, valid_to = greatest(valid_from, coalesce(p_cell.retired_on, p_cell.valid_from))
    WHERE county = p_cell.county AND code = p_cell.code AND version = p_ends;
    IF p_begins THEN
        INSERT INTO everycell.cell_history
            (county, code, version, valid_from, village, kind, name, geom, changeset, begun)
        VALUES (p_cell.county, p_cell.code, p_cell.version, p_cell.valid_from, p_cell.village, p_cell.kind, p_cell.name,
                p_cell.geom, here.id, here.revision);
    END IF;
END $$;

-- ---- what stands in the cells

CREATE OR REPLACE FUNCTION everycell.doorplate_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id IS NULL THEN
        NEW.id := NEW.county::bigint * 1000000000 + nextval('everycell.doorplate_serial');
    END IF;
    PERFORM everycell.share_grid(NEW.county);
    NEW.cell := everycell.cell_at(NEW.county, NEW.geom);
    IF NEW.cell IS NULL THEN
        RAISE EXCEPTION 'ORPHAN_HOUSEHOLD: doorplate % stands in no cell of county %', NEW.code, NEW.county
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(NEW.geom, 8, 0);
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION everycell.site_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM everycell.share_grid(NEW.county);
    NEW.cell := everycell.cell_at(NEW.county, NEW.geom);
    IF NEW.cell IS NULL THEN
        RAISE EXCEPTION 'ORPHAN_SITE: site % stands in no cell of county %', NEW.code, NEW.county
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(NEW.geom, 8, 0);
    END IF;
    RETURN NEW;
END $$;

-- The doorplate is locked before its cell is read: it may be moving at this moment.
CREATE OR REPLACE FUNCTION everycell.household_cell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT cell INTO NEW.cell FROM everycell.doorplate WHERE county = NEW.county AND id = NEW.doorplate
    FOR NO KEY UPDATE;
    IF NEW.cell IS NULL THEN
        RAISE EXCEPTION 'household %: there is no doorplate %', NEW.code, NEW.doorplate USING ERRCODE = '23503';
    END IF;
    RETURN NEW;
END $$;

-- A place stands in the live cell with the lowest code that it meets (everycell.cell_at()). Where cells have changed that
-- may be another one: for places in a changed cell that it left, and for those that a changed cell with a lower code met.
CREATE FUNCTION everycell.unsettled_doors(p_county integer) RETURNS bigint[] LANGUAGE sql STABLE AS $$
    WITH changed AS MATERIALIZED (
        SELECT code, geom, retired_on IS NULL AS live FROM everycell.cell
        WHERE county = p_county AND touched = everycell.this_xact()
    )
    SELECT array_agg(id ORDER BY id) FROM (
        SELECT d.id FROM changed c JOIN everycell.doorplate d ON d.county = p_county AND d.cell = c.code
        WHERE NOT (c.live AND ST_Intersects(c.geom, d.geom))
        UNION
        SELECT d.id FROM changed c JOIN everycell.doorplate d ON d.county = p_county AND d.geom && c.geom
        WHERE c.live AND d.cell > c.code AND ST_Intersects(c.geom, d.geom)
    ) moving
$$;

CREATE FUNCTION everycell.unsettled_sites(p_county integer) RETURNS text[] LANGUAGE sql STABLE AS $$
    WITH changed AS MATERIALIZED (
        SELECT code, geom, retired_on IS NULL AS live FROM everycell.cell
        WHERE county = p_county AND touched = everycell.this_xact()
    )
    SELECT array_agg(code ORDER BY code) FROM (
        SELECT s.code FROM changed c JOIN everycell.site s ON s.county = p_county AND s.cell = c.code
        WHERE NOT (c.live AND ST_Intersects(c.geom, s.geom))
        UNION
        SELECT s.code FROM changed c JOIN everycell.site s ON s.county = p_county AND s.geom && c.geom
        WHERE c.live AND s.cell > c.code AND ST_Intersects(c.geom, s.geom)
    ) moving
$$;

-- Everything that changed cells bring with them, set-wise: doors are locked first, then revisions, then both are written.
CREATE OR REPLACE FUNCTION everycell.replace_in_cells(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    mode_before text := current_setting('everycell.mode', true);
    moving bigint[] := everycell.unsettled_doors(p_county);
    moving_sites text[] := everycell.unsettled_sites(p_county);  -- once: in a WHERE it would be asked for every site
    places text[];
    affected text[];
    touched text[];
    lost record;
BEGIN
    -- One that was deleted while this waited for it is not there any more.
    SELECT array_agg(id ORDER BY id), array_agg(place ORDER BY id), array_agg(DISTINCT was) || array_agg(DISTINCT place)
    INTO moving, places, affected
    FROM (
        SELECT d.id, d.cell AS was, everycell.cell_at(p_county, d.geom) AS place FROM everycell.doorplate d
        WHERE d.county = p_county AND d.id = ANY (moving) ORDER BY d.id FOR NO KEY UPDATE
    ) locked;
    IF array_position(places, NULL) IS NOT NULL THEN
        SELECT code, ST_AsGeoJSON(geom, 8, 0) AS place INTO lost FROM everycell.doorplate
        WHERE county = p_county AND id = moving[array_position(places, NULL)];
        RAISE EXCEPTION 'ORPHAN_HOUSEHOLD: doorplate % stands in no cell of county %', lost.code, p_county
            USING ERRCODE = 'EC001', DETAIL = lost.place;
    END IF;
    SELECT array_agg(code) INTO touched FROM everycell.cell WHERE county = p_county AND cell.touched = everycell.this_xact();
    PERFORM everycell.raise_revision(p_county, ARRAY(SELECT DISTINCT unnest(touched || affected) ORDER BY 1));
    IF moving IS NOT NULL THEN
        PERFORM set_config('everycell.mode', 'batch', true);
        UPDATE everycell.doorplate d SET cell = m.place FROM unnest(moving, places) AS m (id, place)
        WHERE d.county = p_county AND d.id = m.id;
        PERFORM set_config('everycell.mode', coalesce(mode_before, ''), true);
        PERFORM everycell.recount_cells(p_county, affected);
    END IF;
    UPDATE everycell.site SET cell = cell WHERE county = p_county AND code = ANY (moving_sites);
END $$;

-- ---- divisions

-- Make divisions of a level the union of their parts again. Returns those that had another shape. Parts without a live
-- cell do not count, and a division without any keeps its shape: its name is still wanted.
CREATE FUNCTION everycell.reunite(p_county integer, p_codes text[]) RETURNS text[] LANGUAGE sql AS $$
    WITH part AS (
        SELECT c.village AS code, c.geom FROM everycell.cell c
        WHERE c.county = p_county AND c.retired_on IS NULL AND c.village = ANY (p_codes)
        UNION ALL
        SELECT d.parent, d.geom FROM everycell.division d
        WHERE d.parent = ANY (p_codes) AND EXISTS (
            SELECT FROM everycell.cell c
            WHERE c.county = p_county AND c.retired_on IS NULL AND c.code BETWEEN rpad(d.code, 15, '0') AND rpad(d.code, 15, '9'))
    ), whole AS (
        SELECT code, ST_Multi(ST_Union(geom)) AS geom FROM part GROUP BY code
    ), changed AS (
        UPDATE everycell.division d SET geom = w.geom FROM whole w
        WHERE d.code = w.code AND NOT ST_OrderingEquals(ST_Normalize(d.geom), ST_Normalize(w.geom))
        RETURNING d.code
    )
    SELECT array_agg(code ORDER BY code) FROM changed
$$;

-- The divisions of this transaction's cells, from the inside out, as far as any changes. A writer that has done it itself
-- says so in `everycell.reunited`: what it was told of the last statement on cells.
CREATE FUNCTION everycell.reunite_divisions(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    codes text[];
    changed text[];
BEGIN
    IF current_setting('everycell.reunited', true) = current_setting('everycell.cell_statement', true) THEN
        RETURN;
    END IF;
    SELECT array_agg(DISTINCT village) INTO codes FROM everycell.cell
    WHERE county = p_county AND touched = everycell.this_xact();
    changed := everycell.reunite(p_county, codes);
    IF changed IS NULL THEN
        RETURN;
    END IF;
    changed := everycell.reunite(p_county, ARRAY(SELECT DISTINCT "left"(code, 9) FROM unnest(changed) AS code));
    IF changed IS NOT NULL THEN
        changed := everycell.reunite(p_county, ARRAY[lpad(p_county::text, 6, '0')]);
    END IF;
    UPDATE everycell.county_outline o
    SET revision = o.revision + 1, geom = coalesce(
        (SELECT d.geom FROM everycell.division d WHERE d.code = ANY (changed) AND d.level = 'county'), o.geom)
    WHERE o.county = p_county;
END $$;

-- Borders of cells and the outline of the county have the same nodes; between changes of the outline itself, which a change
-- set brings along, it follows the nodes that were put on it.
CREATE OR REPLACE FUNCTION everycell.outline_tiling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.refuse_gap(NEW.county);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION everycell.cell_tiling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    done text := 'everycell.tiled_' || NEW.county;
    now_at text := everycell.this_xact() || ' ' || current_setting('everycell.cell_statement', true);
BEGIN
    IF current_setting(done, true) IS DISTINCT FROM now_at THEN
        PERFORM everycell.refuse_invalid_cells(NEW.county);
        PERFORM everycell.refuse_overlap(NEW.county);
        PERFORM everycell.refuse_outside(NEW.county);
        PERFORM everycell.refuse_gap(NEW.county);
        PERFORM everycell.replace_in_cells(NEW.county);
        PERFORM everycell.reunite_divisions(NEW.county);
        PERFORM set_config(done, now_at, true);
    END IF;
    RETURN NULL;
END $$;

-- Doors and sites on a border were sometimes left in the cell with the higher code, when the border came to them.
UPDATE everycell.doorplate d SET cell = d.cell FROM everycell.cell c
WHERE c.county = d.county AND c.retired_on IS NULL AND d.geom && c.geom AND d.cell > c.code AND ST_Intersects(c.geom, d.geom);
UPDATE everycell.site s SET cell = s.cell FROM everycell.cell c
WHERE c.county = s.county AND c.retired_on IS NULL AND s.geom && c.geom AND s.cell > c.code AND ST_Intersects(c.geom, s.geom);
