-- Snap points: places that stand for dwellings, so that a case keeps one of them and never where it was reported.
--
-- A snap point stands for the active households of its cell that are nearer to it than to any other of the cell: eight at
-- least, which the table itself checks. Where dwellings go, so that one stands for fewer, it ends; what it stood for goes
-- to the others of the cell, which only gain by it. Its cases are snapped again from where it stood: all that is ever told
-- of a case's place follows from the snap point that it first got, so no history of places tells more than the first.
--
-- Order of locks: the county's grid, doors by id, revisions by cell (0005), then the snap points of the county.

CREATE TABLE everycell.snap_point (
    county integer NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    cell text COLLATE "C" NOT NULL,
    geom geometry(Point, 4490) NOT NULL,
    dwellings integer NOT NULL,
    dwellings_made integer NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_snap_point PRIMARY KEY (county, id),
    CONSTRAINT fk_snap_point_cell FOREIGN KEY (county, cell) REFERENCES everycell.cell (county, code),
    CONSTRAINT ck_snap_point_dwellings CHECK (ended_at IS NOT NULL OR dwellings >= 8)
);
CREATE INDEX ix_snap_point_cell ON everycell.snap_point (county, cell) WHERE ended_at IS NULL;
CREATE INDEX ix_snap_point_geom ON everycell.snap_point USING gist (geom);

-- For one who makes or ends snap points, shared by all who give one to a case.
CREATE FUNCTION everycell.lock_snap_points(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM everycell.refuse_old_snapshot();
    PERFORM pg_advisory_xact_lock(7461099, p_county);
END $$;

CREATE FUNCTION everycell.share_snap_points(p_county integer) RETURNS void LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock_shared(7461099, p_county) $$;

-- The live snap point that a place goes to: the nearest of its cell; where that has none (too few dwellings), the nearest
-- of its village, then town, then county. NULL where there is none. Whoever asks gets what he may see.
CREATE FUNCTION everycell.snap_at(p_county integer, p_cell text, p_place geometry) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
DECLARE
    digits integer;
    found_id uuid;
BEGIN
    FOREACH digits IN ARRAY ARRAY[15, 12, 9, 6] LOOP
        SELECT s.id INTO found_id FROM everycell.snap_point s
        WHERE s.county = p_county AND s.ended_at IS NULL
            AND s.cell BETWEEN rpad("left"(p_cell, digits), 15, '0') AND rpad("left"(p_cell, digits), 15, '9')
        ORDER BY ST_DistanceSphere(s.geom, p_place), s.id LIMIT 1;
        EXIT WHEN found_id IS NOT NULL;
    END LOOP;
    RETURN found_id;
END $$;

-- How many dwellings each live snap point of some cells stands for now.
CREATE FUNCTION everycell.snap_counts(p_county integer, p_cells text[])
RETURNS TABLE (id uuid, cell text, dwellings integer) LANGUAGE sql STABLE AS $$
    WITH near AS MATERIALIZED (
        SELECT n.id, sum(d.households)::integer AS dwellings
        FROM everycell.doorplate d
        CROSS JOIN LATERAL (
            SELECT s.id FROM everycell.snap_point s
            WHERE s.county = p_county AND s.cell = d.cell AND s.ended_at IS NULL
            ORDER BY ST_DistanceSphere(s.geom, d.geom), s.id LIMIT 1
        ) n
        WHERE d.county = p_county AND d.cell = ANY (p_cells) AND d.households > 0
        GROUP BY n.id
    )
    SELECT s.id, s.cell, coalesce(n.dwellings, 0) FROM everycell.snap_point s LEFT JOIN near n ON n.id = s.id
    WHERE s.county = p_county AND s.cell = ANY (p_cells) AND s.ended_at IS NULL
$$;

-- Count the snap points of some cells anew, and end those that stand for too few, the fewest of a cell first.
CREATE FUNCTION everycell.recount_snap_points(p_county integer, p_cells text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    thin uuid[];
BEGIN
    IF NOT EXISTS (
        SELECT FROM everycell.snap_point WHERE county = p_county AND cell = ANY (p_cells) AND ended_at IS NULL)
    THEN
        RETURN;
    END IF;
    PERFORM everycell.lock_snap_points(p_county);
    LOOP
        SELECT array_agg(c.id) INTO thin FROM (
            SELECT DISTINCT ON (cell) id, dwellings FROM everycell.snap_counts(p_county, p_cells)
            ORDER BY cell, dwellings, id
        ) c WHERE c.dwellings < 8;
        EXIT WHEN thin IS NULL;
        UPDATE everycell.snap_point SET ended_at = clock_timestamp() WHERE county = p_county AND id = ANY (thin);
    END LOOP;
    UPDATE everycell.snap_point s SET dwellings = c.dwellings
    FROM everycell.snap_counts(p_county, p_cells) c
    WHERE s.county = p_county AND s.id = c.id AND s.dwellings <> c.dwellings;
    PERFORM everycell.settle_disputes(p_county);
END $$;

-- Snap points of a cell are made anew, from places that gis.disputes.snapping found: the present ones end, and of the new
-- ones those that stand for too few do not begin. Returns how many there are now.
CREATE FUNCTION everycell.make_snap_points(
    p_county integer, p_cell text, p_lons double precision[], p_lats double precision[], p_at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    made integer;
BEGIN
    IF NOT coalesce(everycell.within('cases', p_cell), false) THEN
        RAISE EXCEPTION 'cell: % does not lie in your area', p_cell USING ERRCODE = 'EC005', COLUMN = 'cell';
    END IF;
    PERFORM everycell.share_grid(p_county), everycell.lock_snap_points(p_county);
    UPDATE everycell.snap_point SET ended_at = p_at WHERE county = p_county AND cell = p_cell AND ended_at IS NULL;
    -- Eight until they are counted, two lines below.
    INSERT INTO everycell.snap_point (county, cell, geom, dwellings, dwellings_made, made_at)
    SELECT p_county, p_cell, place, 8, 8, p_at
    FROM unnest(p_lons, p_lats) AS n (lon, lat), ST_SetSRID(ST_MakePoint(lon, lat), 4490) AS place
    WHERE everycell.cell_at(p_county, place) = p_cell;
    PERFORM everycell.recount_snap_points(p_county, ARRAY[p_cell]), everycell.settle_disputes(p_county);
    UPDATE everycell.snap_point SET dwellings_made = dwellings
    WHERE county = p_county AND cell = p_cell AND ended_at IS NULL;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END $$;

-- ---- where doors and cells change

-- Cells whose doors have lost dwellings in this transaction, with commas around each.
CREATE FUNCTION everycell.doorplate_thins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    listed text := coalesce(nullif(current_setting('everycell.thin_' || OLD.county, true), ''), ',');
BEGIN
    IF strpos(listed, ',' || OLD.cell || ',') = 0 THEN
        listed := listed || OLD.cell || ',';
    END IF;
    IF TG_OP = 'UPDATE' AND strpos(listed, ',' || NEW.cell || ',') = 0 THEN
        listed := listed || NEW.cell || ',';
    END IF;
    PERFORM set_config('everycell.thin_' || OLD.county, listed, true);
    RETURN NULL;
END $$;

-- The first row looks at the cells of all. Of whoever edits directly no setting is believed: every row looks at its own.
CREATE FUNCTION everycell.doorplate_thinned() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    listed text := nullif(current_setting('everycell.thin_' || OLD.county, true), '');
    own text[] := ARRAY[OLD.cell];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        own := own || NEW.cell;
    END IF;
    IF starts_with(session_user::text, 'qgis_') THEN
        PERFORM everycell.recount_snap_points(OLD.county, own);
    ELSIF listed IS NOT NULL THEN
        PERFORM set_config('everycell.thin_' || OLD.county, '', true);
        PERFORM everycell.recount_snap_points(OLD.county, string_to_array(trim(BOTH ',' FROM listed), ','));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER doorplate_thins AFTER UPDATE OF households, cell, geom ON everycell.doorplate
    FOR EACH ROW WHEN (NEW.households < OLD.households OR NEW.cell <> OLD.cell OR NEW.geom::bytea <> OLD.geom::bytea)
    EXECUTE FUNCTION everycell.doorplate_thins();
CREATE TRIGGER doorplate_ends AFTER DELETE ON everycell.doorplate
    FOR EACH ROW EXECUTE FUNCTION everycell.doorplate_thins();
CREATE CONSTRAINT TRIGGER doorplate_thinned AFTER UPDATE OF households, cell, geom ON everycell.doorplate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.households < OLD.households OR NEW.cell <> OLD.cell OR NEW.geom::bytea <> OLD.geom::bytea)
    EXECUTE FUNCTION everycell.doorplate_thinned();
CREATE CONSTRAINT TRIGGER doorplate_ended AFTER DELETE ON everycell.doorplate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION everycell.doorplate_thinned();

-- A snap point lies in the cell where it is, as doors do, and its cases with it; one that lies in no cell any more ends.
-- After everycell.cell_tiling(), which by then has put the doors of the whole transaction where they now stand (triggers
-- of one row fire in the order of their names). The first row does it for all; of whoever edits directly, who could set
-- what says so, each row for its own cell.
CREATE FUNCTION everycell.cell_tiling_snaps() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    done text := 'everycell.snapped_' || NEW.county;
    now_at text := everycell.this_xact() || ' ' || current_setting('everycell.cell_statement', true);
    affected text[];
    moved uuid[];
BEGIN
    IF starts_with(session_user::text, 'qgis_') THEN
        affected := ARRAY[NEW.code];
    ELSIF current_setting(done, true) IS NOT DISTINCT FROM now_at THEN
        RETURN NULL;
    ELSE
        PERFORM set_config(done, now_at, true);
        SELECT array_agg(code) INTO affected FROM everycell.cell
        WHERE county = NEW.county AND touched = everycell.this_xact();
    END IF;
    IF NOT EXISTS (SELECT FROM everycell.snap_point WHERE county = NEW.county AND ended_at IS NULL) THEN
        RETURN NULL;
    END IF;
    PERFORM everycell.lock_snap_points(NEW.county);
    WITH place AS MATERIALIZED (
        SELECT s.id, s.cell AS was, everycell.cell_at(NEW.county, s.geom) AS cell
        FROM everycell.snap_point s
        WHERE s.county = NEW.county AND s.ended_at IS NULL AND s.id IN (  -- few: not all points of the county
            SELECT n.id FROM everycell.snap_point n
            WHERE n.county = NEW.county AND n.cell = ANY (affected) AND n.ended_at IS NULL
            UNION
            SELECT n.id FROM everycell.cell c
            JOIN everycell.snap_point n ON n.county = NEW.county AND n.ended_at IS NULL AND n.geom && c.geom
            WHERE c.county = NEW.county AND c.code = ANY (affected) AND c.retired_on IS NULL AND c.code < n.cell)
    ), gone AS (
        UPDATE everycell.snap_point s SET cell = coalesce(p.cell, s.cell),
            ended_at = CASE WHEN p.cell IS NULL THEN clock_timestamp() END
        FROM place p WHERE s.county = NEW.county AND s.id = p.id AND p.cell IS DISTINCT FROM p.was
        RETURNING s.id, s.cell, p.was
    )
    SELECT array_agg(id), affected || array_agg(cell) || array_agg(was) INTO moved, affected FROM gone;
    UPDATE everycell.dispute d SET cell = s.cell FROM everycell.snap_point s
    WHERE s.county = NEW.county AND s.id = ANY (moved) AND d.county = NEW.county AND d.snap = s.id;
    PERFORM everycell.settle_disputes(NEW.county);
    PERFORM everycell.recount_snap_points(NEW.county, ARRAY(SELECT DISTINCT unnest(affected)));
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER cell_tiling_snaps AFTER INSERT OR UPDATE ON everycell.cell
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION everycell.cell_tiling_snaps();

-- As in 0007; now before the audit, which everybody who registers a case notes last, whoever edits directly waits for what
-- the edit may have to ask of the snap points when it is committed: two who wait for each other would not end.
CREATE OR REPLACE FUNCTION everycell.note_edits() RETURNS void LANGUAGE plpgsql AS $$
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
        IF EXISTS (SELECT FROM everycell.snap_point WHERE county = noted.county AND ended_at IS NULL) THEN
            PERFORM everycell.lock_snap_points(noted.county);
        END IF;
        PERFORM everycell.note(
            'account:' || substr(session_user::text, 6), coalesce(host(inet_client_addr()), 'socket'), 'direct_edit',
            lpad(noted.county::text, 6, '0'), noted.detail);
    END LOOP;
END $$;
