-- What teams do at their stops, the links of their phones, and what goes when its time is over.

-- A tick of a stop: accepted, repeated (the same id and content) or conflict (the same id, other content).
CREATE FUNCTION everycell.tick_stop(
    p_county integer, p_plan uuid, p_id uuid, p_stop text, p_team text, p_outcome text, p_ticked_at timestamptz,
    p_units text[], p_content bytea
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan;
BEGIN
    SELECT * INTO here FROM everycell.patrol_plan
    WHERE county = p_county AND id = p_plan AND everycell.within('patrols', area) FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no plan %', p_plan USING ERRCODE = 'EC004';
    END IF;
    INSERT INTO everycell.patrol_tick
        (county, id, plan, stop, area, team, outcome, ticked_at, units, num_units, content)
    VALUES (p_county, p_id, p_plan, p_stop, here.area, p_team, p_outcome, p_ticked_at, p_units, cardinality(p_units), p_content)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM everycell.emit_plan(here);
        RETURN 'accepted';
    END IF;
    -- Another transaction may have written it just now: a new statement sees what it has committed.
    RETURN CASE WHEN EXISTS (
        SELECT FROM everycell.patrol_tick t
        WHERE t.county = p_county AND t.id = p_id AND t.plan = p_plan AND t.content = p_content
    ) THEN 'repeated' ELSE 'conflict' END;
END $$;

-- A key site was checked on a day; an earlier day changes nothing. False where there is no such site in the caller's areas.
CREATE FUNCTION everycell.check_site(p_county integer, p_code text, p_on date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE held text;
BEGIN
    SELECT code INTO held FROM everycell.site
    WHERE county = p_county AND code = p_code AND everycell.within('visits', cell) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE everycell.site SET last_checked_on = p_on
    WHERE county = p_county AND code = held AND (last_checked_on IS NULL OR last_checked_on < p_on);
    RETURN true;
END $$;

-- How many plans of a day or later have stops of routes in some cells, where the caller may edit the grid: a number only.
CREATE FUNCTION everycell.plans_touched(p_county integer, p_cells text[], p_on date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    SELECT count(DISTINCT p.id)
    FROM everycell.patrol_stop s JOIN everycell.patrol_plan p ON p.county = s.county AND p.id = s.plan
    WHERE s.county = p_county AND s.cell = ANY (p_cells) AND s.seq IS NOT NULL AND p.patrol_on >= p_on
        AND p.status IN ('planning', 'planned') AND everycell.within('grid', s.cell)
$$;

-- ---- links of phones

-- A new link of a team: one that it had ends.
CREATE FUNCTION everycell.put_patrol_link(p_county integer, p_plan uuid, p_team text, p_hash bytea, p_expires_at timestamptz)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan := everycell.hold_plan(p_county, p_plan);
BEGIN
    IF here.status = 'cancelled' THEN
        RAISE EXCEPTION 'the plan is given up' USING ERRCODE = 'EC002', COLUMN = 'status';
    END IF;
    INSERT INTO everycell.patrol_link (county, plan, team, hash, created_at, expires_at)
    SELECT p_county, p_plan, r.team, p_hash, clock_timestamp(), p_expires_at
    FROM everycell.patrol_route r WHERE r.county = p_county AND r.plan = p_plan AND r.team = p_team
    ON CONFLICT (county, plan, team) DO UPDATE
    SET hash = EXCLUDED.hash, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at;
    RETURN FOUND;
END $$;

-- Whose link it is; nothing where there is none, or it is over.
CREATE FUNCTION everycell.patrol_link_of(p_hash bytea)
RETURNS TABLE (county integer, plan uuid, team text, area text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    SELECT l.county, l.plan, l.team, p.area, l.expires_at
    FROM everycell.patrol_link l JOIN everycell.patrol_plan p ON p.county = l.county AND p.id = l.plan
    WHERE l.hash = p_hash AND l.expires_at > clock_timestamp() AND p.status <> 'cancelled'
$$;

-- ---- what goes

-- Plans of before a day, with all that belongs to them; and of plans of before a later day, which households were meant
-- and ticked, the versions that could be taken back, and the links. The last seven days stay, however it is called.
CREATE FUNCTION everycell.retire_plans(p_county integer, p_before date, p_bare_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE gone bigint;
BEGIN
    IF p_before IS NULL OR p_bare_before IS NULL
        OR greatest(p_before, p_bare_before) > (clock_timestamp() AT TIME ZONE 'UTC')::date - 6 THEN
        RAISE EXCEPTION 'plans of the last seven days are never removed' USING ERRCODE = 'EC002';
    END IF;
    DELETE FROM everycell.patrol_plan WHERE county = p_county AND patrol_on < p_before;
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE everycell.patrol_tick t SET units = '{}' FROM everycell.patrol_plan p
    WHERE t.county = p_county AND p.county = p_county AND p.id = t.plan AND p.patrol_on < p_bare_before AND t.units <> '{}';
    UPDATE everycell.patrol_stop s SET units = NULL FROM everycell.patrol_plan p
    WHERE s.county = p_county AND p.county = p_county AND p.id = s.plan AND p.patrol_on < p_bare_before
        AND s.units IS NOT NULL;
    DELETE FROM everycell.patrol_version v USING everycell.patrol_plan p
    WHERE v.county = p_county AND p.county = p_county AND p.id = v.plan AND p.patrol_on < p_bare_before;
    DELETE FROM everycell.patrol_link l USING everycell.patrol_plan p
    WHERE l.county = p_county AND p.county = p_county AND p.id = l.plan AND p.patrol_on < p_bare_before;
    RETURN gone;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.tick_stop(integer, uuid, uuid, text, text, text, timestamptz, text[], bytea),
    everycell.check_site(integer, text, date),
    everycell.plans_touched(integer, text[], date),
    everycell.put_patrol_link(integer, uuid, text, bytea, timestamptz),
    everycell.patrol_link_of(bytea),
    everycell.retire_plans(integer, date, date)
TO everycell_app;
