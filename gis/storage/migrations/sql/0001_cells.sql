-- Cells tile the county: kept for every client, QGIS and psql included.
--
-- `touched` is the transaction that last wrote a cell. The deferred trigger fires once per written row, but the check
-- is about all of them: the first firing does it for the whole transaction, and the others see that it is done. A new
-- statement on `cell` makes it undone again (SET CONSTRAINTS … IMMEDIATE checks in the middle of a transaction).

CREATE FUNCTION everycell.this_xact() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT pg_current_xact_id()::text::bigint $$;

-- Set-wise writers (batches of visits, imports) keep the tallies themselves: row triggers stand aside for them.
CREATE FUNCTION everycell.writing(mode text) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('everycell.mode', true), '') = mode $$;

CREATE FUNCTION everycell.emit(p_county integer, p_kind text, p_payload jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO everycell.outbox (county, kind, payload, xact, at)
    VALUES (p_county, p_kind, p_payload, everycell.this_xact(), clock_timestamp());
    SELECT pg_notify('everycell', p_county::text);
$$;

CREATE FUNCTION everycell.raise_revision(p_county integer, p_cells text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Locked in order of their codes, so that two writers of the same cells wait and do not deadlock.
    PERFORM 1 FROM everycell.cell_revision
    WHERE county = p_county AND cell = ANY (p_cells) ORDER BY cell FOR NO KEY UPDATE;
    UPDATE everycell.cell_revision SET revision = revision + 1 WHERE county = p_county AND cell = ANY (p_cells);
    PERFORM everycell.emit(p_county, 'cells', jsonb_build_object('cells', p_cells));
END $$;

CREATE FUNCTION everycell.cell_at(p_county integer, p_point geometry) RETURNS text LANGUAGE sql STABLE AS $$
    -- A point on a shared border belongs to the cell with the lowest code: exactly one, always the same.
    SELECT code FROM everycell.cell
    WHERE county = p_county AND retired_on IS NULL AND ST_Intersects(geom, p_point)
    ORDER BY code LIMIT 1
$$;

CREATE FUNCTION everycell.cell_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.touched := everycell.this_xact();
    IF TG_OP = 'UPDATE' THEN
        IF NEW.county <> OLD.county OR NEW.code <> OLD.code THEN
            RAISE EXCEPTION 'cell %: a code is never changed; retire the cell and add another', OLD.code
                USING ERRCODE = 'EC002';
        END IF;
        IF NOT ST_OrderingEquals(NEW.geom, OLD.geom) OR NEW.name <> OLD.name OR NEW.kind <> OLD.kind THEN
            NEW.version := OLD.version + 1;
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION everycell.cell_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('everycell.cell_statement', clock_timestamp()::text, true);
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a cell is never deleted, its code would be free again: set retired_on' USING ERRCODE = 'EC002';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION everycell.cell_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO everycell.cell_revision (county, cell) VALUES (NEW.county, NEW.code);
        PERFORM everycell.emit(NEW.county, 'cells', jsonb_build_object('cells', jsonb_build_array(NEW.code)));
    ELSE
        PERFORM everycell.raise_revision(NEW.county, ARRAY[NEW.code]);
    END IF;
    RETURN NULL;
END $$;

-- Messages are ASCII: a driver may decode what COMMIT raises without knowing the encoding.
CREATE FUNCTION everycell.square_metres(g geometry) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT round(ST_Area(g::geography)::numeric, 2)::text $$;

-- Areas are compared in square degrees. 1e-12 is about 0.01 m²: far above the rounding of doubles, far below anything
-- that a hand draws.
CREATE FUNCTION everycell.refuse_invalid_cells(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT code, ST_IsValidReason(geom) AS reason, ST_IsEmpty(geom) AS is_empty INTO bad FROM everycell.cell
    WHERE county = p_county AND touched = everycell.this_xact() AND retired_on IS NULL
        AND (ST_IsEmpty(geom) OR NOT ST_IsValid(geom))
    ORDER BY code LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'SELF_INTERSECTION: cell % is no valid polygon: %', bad.code,
            CASE WHEN bad.is_empty THEN 'it is empty' ELSE bad.reason END USING ERRCODE = 'EC001';
    END IF;
END $$;

CREATE FUNCTION everycell.refuse_overlap(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    WITH pair AS MATERIALIZED (
        SELECT a.code AS one, b.code AS other, ST_Intersection(a.geom, b.geom) AS piece
        FROM everycell.cell a
        JOIN everycell.cell b ON b.county = a.county AND b.code <> a.code AND b.geom && a.geom
        WHERE a.county = p_county AND a.touched = everycell.this_xact() AND a.retired_on IS NULL
            AND b.retired_on IS NULL AND (b.touched <> a.touched OR a.code < b.code)
            AND ST_Relate(a.geom, b.geom, 'T********')
    )
    SELECT one, other, piece INTO bad FROM pair WHERE ST_Area(piece) > 1e-12
    ORDER BY ST_Area(piece) DESC LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'OVERLAP: cells % and % overlap by % square metres', bad.one, bad.other, everycell.square_metres(bad.piece)
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(bad.piece, 8, 0),
            HINT = 'Snap the border to its neighbour (topological editing in QGIS) and save both cells together.';
    END IF;
END $$;

CREATE FUNCTION everycell.refuse_outside(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    WITH outside AS MATERIALIZED (
        SELECT c.code, ST_Difference(c.geom, o.geom) AS piece
        FROM everycell.county_outline o JOIN everycell.cell c ON c.county = o.county
        WHERE o.county = p_county AND c.touched = everycell.this_xact() AND c.retired_on IS NULL
            AND NOT ST_Covers(o.geom, c.geom)
    )
    SELECT code, piece INTO bad FROM outside WHERE ST_Area(piece) > 1e-12 ORDER BY ST_Area(piece) DESC LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'OUTSIDE_COUNTY: cell % leaves the county by % square metres', bad.code, everycell.square_metres(bad.piece)
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(bad.piece, 8, 0);
    END IF;
END $$;

CREATE FUNCTION everycell.refuse_gap(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    outline geometry;
    piece geometry;
    tiled double precision;
BEGIN
    SELECT geom INTO outline FROM everycell.county_outline WHERE county = p_county;
    IF outline IS NULL THEN
        RAISE EXCEPTION 'county % has no outline: import its cells or divisions first', p_county USING ERRCODE = 'EC001';
    END IF;
    SELECT coalesce(sum(ST_Area(geom)), 0) INTO tiled FROM everycell.cell WHERE county = p_county AND retired_on IS NULL;
    IF abs(tiled - ST_Area(outline)) > 1e-12 THEN
        SELECT ST_Difference(outline, ST_Union(geom)) INTO piece FROM everycell.cell
        WHERE county = p_county AND retired_on IS NULL;
        RAISE EXCEPTION 'GAP: % square metres of county % belong to no cell', everycell.square_metres(piece), p_county
            USING ERRCODE = 'EC001', DETAIL = ST_AsGeoJSON(piece, 8, 0),
            HINT = 'Give the piece to a neighbour: move both borders together.';
    END IF;
END $$;

-- What stood in a touched cell and no longer does goes where it now is (their own triggers place and tally them).
CREATE FUNCTION everycell.replace_in_cells(p_county integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE everycell.doorplate d SET cell = d.cell FROM everycell.cell c
    WHERE c.county = p_county AND c.touched = everycell.this_xact() AND d.county = c.county AND d.cell = c.code
        AND (c.retired_on IS NOT NULL OR NOT ST_Intersects(c.geom, d.geom));
    UPDATE everycell.site s SET cell = s.cell FROM everycell.cell c
    WHERE c.county = p_county AND c.touched = everycell.this_xact() AND s.county = c.county AND s.cell = c.code
        AND (c.retired_on IS NOT NULL OR NOT ST_Intersects(c.geom, s.geom));
END $$;

CREATE FUNCTION everycell.cell_tiling() RETURNS trigger LANGUAGE plpgsql AS $$
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
        PERFORM set_config(done, now_at, true);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER cell_statement BEFORE INSERT OR UPDATE OR DELETE ON everycell.cell
    FOR EACH STATEMENT EXECUTE FUNCTION everycell.cell_statement();
CREATE TRIGGER cell_before BEFORE INSERT OR UPDATE ON everycell.cell
    FOR EACH ROW EXECUTE FUNCTION everycell.cell_before();
CREATE TRIGGER cell_after AFTER INSERT OR UPDATE ON everycell.cell
    FOR EACH ROW EXECUTE FUNCTION everycell.cell_after();
CREATE CONSTRAINT TRIGGER cell_tiling AFTER INSERT OR UPDATE ON everycell.cell
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION everycell.cell_tiling();

CREATE FUNCTION everycell.outline_tiling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM everycell.refuse_gap(NEW.county);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER outline_tiling AFTER INSERT OR UPDATE OF geom ON everycell.county_outline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION everycell.outline_tiling();
