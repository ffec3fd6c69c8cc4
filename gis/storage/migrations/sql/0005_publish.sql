-- What the service may do with change sets. It reads them through row policies, and writes them through the functions
-- below, which run with their owner's rights: each asks first whether the caller may edit the grid of the whole area of
-- the change set (`everycell.grid`, told by the transaction).

-- Locks a change set. One outside the caller's areas is as unknown as one that does not exist.
CREATE FUNCTION everycell.own_changeset(p_county integer, p_id uuid, p_states text[]) RETURNS everycell.changeset
LANGUAGE plpgsql AS $$
DECLARE found_set everycell.changeset;
BEGIN
    SELECT * INTO found_set FROM everycell.changeset
    WHERE county = p_county AND id = p_id AND everycell.within('grid', area) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no change set %', p_id USING ERRCODE = 'EC004';
    END IF;
    IF found_set.status <> ALL (p_states) THEN
        RAISE EXCEPTION 'change set % is %', p_id, found_set.status USING ERRCODE = 'EC002';
    END IF;
    RETURN found_set;
END $$;

CREATE FUNCTION everycell.open_changeset(p_county integer, p_area text, p_title text, p_by text, p_undoes uuid)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE made uuid;
BEGIN
    IF NOT everycell.within('grid', p_area) THEN
        RAISE EXCEPTION 'the grid of % may not be edited', p_area USING ERRCODE = '42501';
    END IF;
    INSERT INTO everycell.changeset (county, area, title, base, created_at, created_by, changed_at, undoes)
    VALUES (p_county, p_area, p_title, everycell.grid_revision(p_county), clock_timestamp(), p_by, clock_timestamp(), p_undoes)
    RETURNING id INTO made;
    RETURN made;
END $$;

-- Append operations to a draft that still has `p_after` of them, and say on which revision of the grid it now stands.
CREATE FUNCTION everycell.add_operations(p_county integer, p_id uuid, p_base bigint, p_after integer, p_ops jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE draft everycell.changeset := everycell.own_changeset(p_county, p_id, ARRAY['draft']);
BEGIN
    IF p_after <> (SELECT count(*) FROM everycell.changeset_op WHERE county = p_county AND changeset = p_id) THEN
        RAISE EXCEPTION 'change set % was changed by somebody else meanwhile: read it again', p_id USING ERRCODE = 'EC002';
    END IF;
    INSERT INTO everycell.changeset_op (county, changeset, seq, area, op)
    SELECT p_county, p_id, p_after + n, draft.area, op FROM jsonb_array_elements(p_ops) WITH ORDINALITY AS o (op, n);
    UPDATE everycell.changeset SET base = p_base, changed_at = clock_timestamp() WHERE county = p_county AND id = p_id;
END $$;

-- Drop an operation of a draft and all after it. An empty draft stands on the grid as it is now.
CREATE FUNCTION everycell.drop_operations(p_county integer, p_id uuid, p_from integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE dropped bigint;
BEGIN
    PERFORM everycell.own_changeset(p_county, p_id, ARRAY['draft']);
    DELETE FROM everycell.changeset_op WHERE county = p_county AND changeset = p_id AND seq >= p_from;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    UPDATE everycell.changeset
    SET changed_at = clock_timestamp(), base = CASE WHEN p_from <= 1 THEN everycell.grid_revision(p_county) ELSE base END
    WHERE county = p_county AND id = p_id;
    RETURN dropped;
END $$;

-- Put a change set that is not published into another state: a draft is scheduled for a day or given up, what is scheduled
-- becomes a draft again or is given up.
CREATE FUNCTION everycell.set_changeset_state(p_county integer, p_id uuid, p_state text, p_on date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    PERFORM everycell.own_changeset(p_county, p_id, CASE WHEN p_state = 'scheduled' THEN ARRAY['draft', 'scheduled']
                                                         WHEN p_state = 'draft' THEN ARRAY['scheduled']
                                                         ELSE ARRAY['draft', 'scheduled'] END);
    IF p_state NOT IN ('draft', 'scheduled', 'abandoned') THEN
        RAISE EXCEPTION 'a change set becomes % by other means', p_state USING ERRCODE = 'EC002';
    END IF;
    UPDATE everycell.changeset SET status = p_state, valid_from = p_on, changed_at = clock_timestamp()
    WHERE county = p_county AND id = p_id;
END $$;

-- Since which day each of these new or changed cells is known to be empty: where all the land it is made of was, since the
-- earliest of these days.
CREATE FUNCTION everycell.confirmed_empty(p_county integer, p_codes text[], p_shapes geometry[])
RETURNS TABLE (code text, confirmed_empty_on date) LANGUAGE sql STABLE AS $$
    SELECT n.code, CASE WHEN bool_and(c.confirmed_empty_on IS NOT NULL)
                             AND sum(ST_Area(ST_Intersection(c.geom, n.geom))) > min(ST_Area(n.geom)) - 1e-12
                        THEN min(c.confirmed_empty_on) END
    FROM unnest(p_codes, p_shapes) AS n (code, geom)
    JOIN everycell.cell c ON c.county = p_county AND c.retired_on IS NULL AND c.geom && n.geom
        AND ST_Relate(c.geom, n.geom, 'T********') AND ST_Area(ST_Intersection(c.geom, n.geom)) > 1e-12
    GROUP BY n.code
$$;

-- Whether two shapes differ by no more than a node that was put on a border and rounded to the grid of 1e-8 degrees.
CREATE FUNCTION everycell.same_land(a geometry, b geometry) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT ST_Area(ST_SymDifference(a, b)) <= 1e-8 * ST_Perimeter(a) $$;

-- What a change set may not write: cells outside its area (their borders may get nodes, for the neighbour's sake), codes
-- that were used before (except to take a change back), and an outline of a county of which it is only a part.
CREATE FUNCTION everycell.refuse_beyond(
    p_set everycell.changeset, p_codes text[], p_kinds text[], p_names text[], p_shapes geometry[], p_retired text[],
    p_outline geometry
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE bad text;
BEGIN
    SELECT min(n.code) INTO bad
    FROM unnest(p_codes, p_kinds, p_names, p_shapes) AS n (code, kind, name, geom)
    LEFT JOIN everycell.cell c ON c.county = p_set.county AND c.code = n.code AND c.retired_on IS NULL
    WHERE NOT starts_with(n.code, p_set.area)
        AND (c.code IS NULL OR (c.kind, c.name) <> (n.kind, n.name) OR NOT everycell.same_land(c.geom, n.geom));
    IF bad IS NULL THEN
        SELECT min(code) INTO bad FROM unnest(p_retired) AS code WHERE NOT starts_with(code, p_set.area);
    END IF;
    IF bad IS NOT NULL OR (length(p_set.area) > 6 AND p_outline IS NOT NULL AND NOT EXISTS (
        SELECT FROM everycell.county_outline WHERE county = p_set.county AND everycell.same_land(geom, p_outline)))
    THEN
        RAISE EXCEPTION 'a change set of % does not reach so far', p_set.area USING ERRCODE = '42501';
    END IF;
    SELECT min(c.code) INTO bad FROM everycell.cell c
    WHERE c.county = p_set.county AND c.code = ANY (p_codes) AND c.retired_on IS NOT NULL AND p_set.undoes IS NULL;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'code % was used before: it is never used again', bad USING ERRCODE = 'EC002';
    END IF;
END $$;

-- Publish: cells written and retired, lineage, outline, all under the change set, which gets the next revision. `p_expected`
-- is the revision that the caller has worked from, `p_ops` how many operations, under the lock of the grid. Tiling, doors, figures and divisions follow
-- at once, by the trigger that keeps them for every client.
CREATE FUNCTION everycell.publish_changeset(
    p_county integer, p_id uuid, p_expected bigint, p_ops integer, p_on date, p_codes text[], p_kinds text[], p_names text[],
    p_shapes bytea[], p_retired text[], p_parents text[], p_children text[], p_outline bytea
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    own everycell.changeset;
    shapes geometry[] := ARRAY(
        SELECT ST_GeomFromWKB(wkb, 4490) FROM unnest(p_shapes) WITH ORDINALITY AS s (wkb, n) ORDER BY n);
    outline geometry := ST_GeomFromWKB(p_outline, 4490);
    today_before text := current_setting('everycell.today', true);
    empty_codes text[];
    empty_days date[];
BEGIN
    PERFORM everycell.lock_grid(p_county);
    own := everycell.own_changeset(p_county, p_id, ARRAY['draft', 'scheduled']);
    IF everycell.grid_revision(p_county) <> p_expected OR p_ops <> (
        SELECT count(*) FROM everycell.changeset_op WHERE county = p_county AND changeset = p_id)
    THEN
        RAISE EXCEPTION 'the grid of county % or the change set has changed meanwhile', p_county USING ERRCODE = '40001';
    END IF;
    PERFORM everycell.refuse_beyond(own, p_codes, p_kinds, p_names, shapes, p_retired, outline);
    UPDATE everycell.changeset
    SET status = 'published', revision = p_expected + 1, published_at = clock_timestamp(), changed_at = clock_timestamp(),
        valid_from = p_on, xact = everycell.this_xact()
    WHERE county = p_county AND id = p_id;
    PERFORM set_config('everycell.changeset_' || p_county, p_id::text, true), set_config('everycell.today', p_on::text, true);
    IF outline IS NOT NULL THEN
        UPDATE everycell.county_outline SET geom = outline, revision = revision + 1 WHERE county = p_county;
    END IF;
    SELECT array_agg(e.code), array_agg(e.confirmed_empty_on) INTO empty_codes, empty_days
    FROM everycell.confirmed_empty(p_county, p_codes, shapes) e;
    UPDATE everycell.cell SET retired_on = p_on WHERE county = p_county AND code = ANY (p_retired) AND retired_on IS NULL;
    INSERT INTO everycell.cell AS c (county, code, village, kind, name, geom, valid_from, confirmed_empty_on)
    SELECT p_county, n.code, "left"(n.code, 12), n.kind, n.name, n.geom, p_on, e.confirmed_empty_on
    FROM unnest(p_codes, p_kinds, p_names, shapes) AS n (code, kind, name, geom)
    LEFT JOIN unnest(empty_codes, empty_days) AS e (code, confirmed_empty_on) ON e.code = n.code
    ORDER BY n.code
    ON CONFLICT (county, code) DO UPDATE
    SET kind = excluded.kind, name = excluded.name, geom = excluded.geom, valid_from = excluded.valid_from,
        confirmed_empty_on = excluded.confirmed_empty_on, retired_on = NULL;
    INSERT INTO everycell.cell_lineage (county, parent, child, changeset, valid_from)
    SELECT DISTINCT p_county, parent, child, p_id, p_on FROM unnest(p_parents, p_children) AS l (parent, child);
    SET CONSTRAINTS everycell.cell_tiling, everycell.outline_tiling IMMEDIATE;
    SET CONSTRAINTS everycell.cell_tiling, everycell.outline_tiling DEFERRED;
    -- What the transaction does to cells after this is not of the change set: its operations would not say so.
    PERFORM set_config('everycell.changeset_' || p_county, '', true),
            set_config('everycell.today', coalesce(today_before, ''), true);
    PERFORM everycell.emit(p_county, 'grid', jsonb_build_object('changeset', p_id, 'revision', p_expected + 1));
    RETURN p_expected + 1;
END $$;

-- Drafts that nobody has touched for long, and those that were given up, with their operations. The last month stays,
-- however it is called.
CREATE FUNCTION everycell.retire_drafts(p_county integer, p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE went bigint;
BEGIN
    IF p_before IS NULL OR p_before > (clock_timestamp() AT TIME ZONE 'UTC')::date + 1 - interval '1 month' THEN
        RAISE EXCEPTION 'drafts of the last month are never removed' USING ERRCODE = 'EC002';
    END IF;
    WITH old AS MATERIALIZED (
        SELECT id FROM everycell.changeset
        WHERE county = p_county AND status IN ('draft', 'abandoned') AND changed_at < p_before FOR UPDATE
    ), ops AS (
        DELETE FROM everycell.changeset_op WHERE county = p_county AND changeset IN (SELECT id FROM old)
    )
    SELECT count(*) INTO went FROM old;
    DELETE FROM everycell.changeset c
    WHERE c.county = p_county AND c.status IN ('draft', 'abandoned') AND c.changed_at < p_before
        AND NOT EXISTS (SELECT FROM everycell.changeset_op o WHERE o.county = p_county AND o.changeset = c.id);
    RETURN went;
END $$;

ALTER TABLE everycell.changeset ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.changeset_op ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.cell_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.cell_lineage ENABLE ROW LEVEL SECURITY;

-- The body of everycell.within(), as in 0003.
DO $do$
DECLARE
    seen record;
    inside text := $$current_setting('everycell.%1$s', true) = ',,'
        OR strpos(current_setting('everycell.%1$s_6', true), ',' || "left"(%2$s, 6) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_12', true), ',' || "left"(%2$s, 12) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_9', true), ',' || "left"(%2$s, 9) || ',') > 0
        OR strpos(current_setting('everycell.%1$s_15', true), ',' || %2$s || ',') > 0$$;
BEGIN
    FOR seen IN
        SELECT * FROM (VALUES
            ('changeset', 'grid', 'area'), ('changeset_op', 'grid', 'area'),
            ('cell_history', 'figures', 'code'), ('cell_lineage', 'figures', 'area')
        ) AS v (name, held, code)
    LOOP
        EXECUTE format('CREATE POLICY %I ON everycell.%I FOR SELECT TO everycell_app USING (%s)',
                       seen.name || '_seen', seen.name, format(inside, seen.held, seen.code));
    END LOOP;
END $do$;

GRANT SELECT ON everycell.changeset, everycell.changeset_op, everycell.cell_history, everycell.cell_lineage TO everycell_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.lock_codes(integer),
    everycell.lock_grid(integer),
    everycell.grid_revision(integer),
    everycell.open_changeset(integer, text, text, text, uuid),
    everycell.add_operations(integer, uuid, bigint, integer, jsonb),
    everycell.drop_operations(integer, uuid, integer),
    everycell.set_changeset_state(integer, uuid, text, date),
    everycell.publish_changeset(
        integer, uuid, bigint, integer, date, text[], text[], text[], bytea[], text[], text[], text[], bytea),
    everycell.retire_drafts(integer, date)
TO everycell_app;
