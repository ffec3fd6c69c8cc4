-- How plans are made and changed. Every function looks at the areas of the right `patrols` that the transaction was told.

CREATE FUNCTION everycell.put_team(
    p_county integer, p_area text, p_code text, p_mode text, p_station geometry, p_ending geometry, p_open_end boolean,
    p_shift_from integer, p_shift_to integer, p_breaks jsonb, p_skills text[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE made boolean;
BEGIN
    IF NOT coalesce(everycell.within('patrols', p_area), false) THEN
        RAISE EXCEPTION 'area: % does not lie in your area', p_area USING ERRCODE = 'EC004';
    END IF;
    INSERT INTO everycell.team AS t
        (county, area, code, mode, station, ending, open_end, shift_from, shift_to, breaks, skills)
    VALUES (p_county, p_area, p_code, p_mode, p_station, p_ending, p_open_end, p_shift_from, p_shift_to, p_breaks, p_skills)
    ON CONFLICT (county, area, code) DO UPDATE
    SET mode = EXCLUDED.mode, station = EXCLUDED.station, ending = EXCLUDED.ending, open_end = EXCLUDED.open_end,
        shift_from = EXCLUDED.shift_from, shift_to = EXCLUDED.shift_to, breaks = EXCLUDED.breaks, skills = EXCLUDED.skills
    RETURNING xmax = 0 INTO made;
    RETURN made;
END $$;

CREATE FUNCTION everycell.drop_team(p_county integer, p_area text, p_code text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    DELETE FROM everycell.team
    WHERE county = p_county AND area = p_area AND code = p_code AND everycell.within('patrols', area);
    RETURN FOUND;
END $$;

-- ---- inner parts

-- A plan, held until the transaction ends. EC004 where there is none in the caller's areas.
CREATE FUNCTION everycell.hold_plan(p_county integer, p_plan uuid) RETURNS everycell.patrol_plan
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan;
BEGIN
    SELECT * INTO here FROM everycell.patrol_plan
    WHERE county = p_county AND id = p_plan AND everycell.within('patrols', area) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no plan %', p_plan USING ERRCODE = 'EC004';
    END IF;
    RETURN here;
END $$;

-- Routes and stops of a plan as JSON arrays of rows; their county, plan and area are the plan's. They replace what is there.
CREATE FUNCTION everycell.fill_plan(p_plan everycell.patrol_plan, p_routes jsonb, p_stops jsonb) RETURNS void
LANGUAGE sql AS $$
    DELETE FROM everycell.patrol_route WHERE county = p_plan.county AND plan = p_plan.id;
    DELETE FROM everycell.patrol_stop WHERE county = p_plan.county AND plan = p_plan.id;
    INSERT INTO everycell.patrol_route
    SELECT r.* FROM jsonb_array_elements(p_routes) AS e (route), jsonb_populate_record(
        NULL::everycell.patrol_route,
        e.route || jsonb_build_object('county', p_plan.county, 'plan', p_plan.id, 'area', p_plan.area)) AS r;
    INSERT INTO everycell.patrol_stop
    SELECT s.* FROM jsonb_array_elements(p_stops) AS e (stop), jsonb_populate_record(
        NULL::everycell.patrol_stop,
        e.stop || jsonb_build_object('county', p_plan.county, 'plan', p_plan.id, 'area', p_plan.area)) AS s;
$$;

-- A plan as it is, so that it can be again.
CREATE FUNCTION everycell.plan_content(p_plan everycell.patrol_plan) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'plan', to_jsonb(p_plan) - 'asked',
        'routes', (SELECT coalesce(jsonb_agg(to_jsonb(r) || jsonb_build_object(
                       'station', ST_AsHEXEWKB(r.station), 'ending', ST_AsHEXEWKB(r.ending), 'geom', ST_AsHEXEWKB(r.geom))), '[]')
                   FROM everycell.patrol_route r WHERE r.county = p_plan.county AND r.plan = p_plan.id),
        'stops', (SELECT coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object('geom', ST_AsHEXEWKB(s.geom))), '[]')
                  FROM everycell.patrol_stop s WHERE s.county = p_plan.county AND s.plan = p_plan.id))
$$;

CREATE FUNCTION everycell.keep_version(p_plan everycell.patrol_plan) RETURNS void LANGUAGE sql AS $$
    INSERT INTO everycell.patrol_version (county, plan, version, area, content)
    VALUES (p_plan.county, p_plan.id, p_plan.version, p_plan.area, everycell.plan_content(p_plan));
$$;

CREATE FUNCTION everycell.emit_plan(p_plan everycell.patrol_plan) RETURNS void LANGUAGE sql AS $$
    SELECT everycell.emit(p_plan.county, 'patrols', jsonb_build_object('plans', jsonb_build_array(p_plan.id)));
$$;

-- A plan that is planned, held, in the version that the caller has read.
CREATE FUNCTION everycell.plan_to_change(p_county integer, p_plan uuid, p_version integer) RETURNS everycell.patrol_plan
LANGUAGE plpgsql AS $$
DECLARE here everycell.patrol_plan := everycell.hold_plan(p_county, p_plan);
BEGIN
    IF here.version <> p_version THEN
        RAISE EXCEPTION 'version: the plan has changed since: it has version %, not %; read it again', here.version, p_version
            USING ERRCODE = 'EC002', COLUMN = 'version';
    ELSIF here.status <> 'planned' THEN
        RAISE EXCEPTION 'the plan is %', here.status USING ERRCODE = 'EC002', COLUMN = 'status';
    END IF;
    RETURN here;
END $$;

-- ---- a plan begins

-- Returns false where the very same plan was asked for before. EC002 where another one has its id.
CREATE FUNCTION everycell.open_plan(
    p_county integer, p_id uuid, p_area text, p_on date, p_aim text, p_seed integer, p_limit_s real, p_asked jsonb,
    p_by text, p_routes jsonb, p_stops jsonb
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan;
BEGIN
    IF NOT coalesce(everycell.within('patrols', p_area), false) THEN
        RAISE EXCEPTION 'area: % does not lie in your area', p_area USING ERRCODE = 'EC004';
    END IF;
    INSERT INTO everycell.patrol_plan
        (county, id, area, patrol_on, status, aim, seed, limit_s, asked, created_at, created_by, changed_at, step)
    VALUES (p_county, p_id, p_area, p_on, 'planning', p_aim, p_seed, p_limit_s, p_asked, clock_timestamp(), p_by,
            clock_timestamp(), 'waiting')
    ON CONFLICT DO NOTHING RETURNING * INTO here;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM everycell.patrol_plan p
                   WHERE p.county = p_county AND p.id = p_id AND p.asked = p_asked AND everycell.within('patrols', p.area)) THEN
            RETURN false;
        END IF;
        RAISE EXCEPTION 'id: a plan with this id and other content was asked for already'
            USING ERRCODE = 'EC002', COLUMN = 'id';
    END IF;
    PERFORM everycell.fill_plan(here, p_routes, p_stops);
    PERFORM everycell.emit_plan(here);
    RETURN true;
END $$;

-- Search again: all that the search gives can be taken back.
CREATE FUNCTION everycell.plan_again(
    p_county integer, p_plan uuid, p_version integer, p_aim text, p_seed integer, p_limit_s real, p_from_s integer
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan := everycell.plan_to_change(p_county, p_plan, p_version);
BEGIN
    PERFORM everycell.keep_version(here);
    UPDATE everycell.patrol_plan
    SET status = 'planning', version = version + 1, changed_at = clock_timestamp(), aim = p_aim, seed = p_seed,
        limit_s = p_limit_s, from_s = p_from_s, worker = NULL, begun_at = NULL, heard_at = NULL, attempts = 0, share = 0,
        step = 'waiting'
    WHERE county = p_county AND id = p_plan;
    PERFORM everycell.emit_plan(here);
END $$;

-- ---- the search

-- Take up the oldest plan that waits, or whose worker was not heard of for so long; after so many attempts it has failed.
CREATE FUNCTION everycell.claim_plan(p_worker uuid, p_silent_s double precision, p_attempts integer, p_plan uuid)
RETURNS TABLE (county integer, plan uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan;
BEGIN
    LOOP
        SELECT p.* INTO here FROM everycell.patrol_plan p
        WHERE p.status = 'planning' AND (p_plan IS NULL OR p.id = p_plan) AND everycell.within('patrols', p.area)
            AND (p.heard_at IS NULL OR p.heard_at < clock_timestamp() - make_interval(secs => p_silent_s))
        ORDER BY p.created_at FOR NO KEY UPDATE SKIP LOCKED LIMIT 1;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        IF here.attempts < p_attempts THEN
            UPDATE everycell.patrol_plan p
            SET worker = p_worker, begun_at = clock_timestamp(), heard_at = clock_timestamp(), attempts = p.attempts + 1,
                share = 0, step = 'streets'
            WHERE p.county = here.county AND p.id = here.id;
            county := here.county;
            plan := here.id;
            RETURN NEXT;
            RETURN;
        END IF;
        UPDATE everycell.patrol_plan p SET status = 'failed', fault = 'ended', changed_at = clock_timestamp()
        WHERE p.county = here.county AND p.id = here.id;
        PERFORM everycell.emit_plan(here);
    END LOOP;
END $$;

-- The worker lives, and is so far. False where the plan is not its own any more: given up, or taken up by another.
CREATE FUNCTION everycell.hear_plan(p_county integer, p_plan uuid, p_worker uuid, p_share real, p_step text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    UPDATE everycell.patrol_plan SET heard_at = clock_timestamp(), share = p_share, step = p_step
    WHERE county = p_county AND id = p_plan AND worker = p_worker AND status = 'planning'
        AND everycell.within('patrols', area);
    RETURN FOUND;
END $$;

-- Give a plan back, as if nobody had taken it up: the worker stops in good order.
CREATE FUNCTION everycell.leave_plan(p_county integer, p_plan uuid, p_worker uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    UPDATE everycell.patrol_plan SET heard_at = NULL, worker = NULL, attempts = attempts - 1, step = 'waiting', share = 0
    WHERE county = p_county AND id = p_plan AND worker = p_worker AND status = 'planning'
        AND everycell.within('patrols', area);
$$;

-- The search has ended by itself: the plan waits again, and the attempt counts.
CREATE FUNCTION everycell.drop_plan(p_county integer, p_plan uuid, p_worker uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    UPDATE everycell.patrol_plan SET heard_at = NULL, worker = NULL, step = 'waiting', share = 0
    WHERE county = p_county AND id = p_plan AND worker = p_worker AND status = 'planning'
        AND everycell.within('patrols', area);
$$;

-- What the search has found. False where the plan is not the worker's any more.
CREATE FUNCTION everycell.finish_plan(
    p_county integer, p_plan uuid, p_worker uuid, p_solver text, p_cpu_s real, p_straight boolean, p_network text,
    p_source text, p_network_on date, p_routes jsonb, p_stops jsonb
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan := everycell.hold_plan(p_county, p_plan);
BEGIN
    IF here.status <> 'planning' OR here.worker IS DISTINCT FROM p_worker THEN
        RETURN false;
    END IF;
    UPDATE everycell.patrol_plan
    SET status = 'planned', solver = p_solver, cpu_s = p_cpu_s, straight = p_straight, network = p_network,
        network_source = p_source, network_on = p_network_on, compared = NULL, share = 1, changed_at = clock_timestamp()
    WHERE county = p_county AND id = p_plan;
    PERFORM everycell.fill_plan(here, p_routes, p_stops);
    PERFORM everycell.emit_plan(here);
    RETURN true;
END $$;

-- `p_told` is a sentence of the program: what cannot be planned, by the codes of teams and stops.
CREATE FUNCTION everycell.fail_plan(p_county integer, p_plan uuid, p_worker uuid, p_fault text, p_told text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan := everycell.hold_plan(p_county, p_plan);
BEGIN
    UPDATE everycell.patrol_plan SET status = 'failed', fault = p_fault, fault_told = p_told, changed_at = clock_timestamp()
    WHERE county = p_county AND id = p_plan AND status = 'planning' AND worker = p_worker;
    PERFORM everycell.emit_plan(here);
    RETURN FOUND;
END $$;

-- Figures of the plan beside those with the other aim, for the version that they were found for.
CREATE FUNCTION everycell.compare_plan(p_county integer, p_plan uuid, p_version integer, p_compared jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    UPDATE everycell.patrol_plan SET compared = p_compared
    WHERE county = p_county AND id = p_plan AND version = p_version AND status = 'planned'
        AND everycell.within('patrols', area);
    RETURN FOUND;
END $$;

-- ---- a plan changes

CREATE FUNCTION everycell.change_plan(p_county integer, p_plan uuid, p_version integer, p_routes jsonb, p_stops jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE here everycell.patrol_plan := everycell.plan_to_change(p_county, p_plan, p_version);
BEGIN
    PERFORM everycell.keep_version(here);
    PERFORM everycell.fill_plan(here, p_routes, p_stops);
    UPDATE everycell.patrol_plan SET version = version + 1, compared = NULL, changed_at = clock_timestamp()
    WHERE county = p_county AND id = p_plan;
    PERFORM everycell.emit_plan(here);
END $$;

-- As it was before the last change; again, as before the one before. EC002 where there is none.
CREATE FUNCTION everycell.undo_plan(p_county integer, p_plan uuid, p_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    here everycell.patrol_plan := everycell.plan_to_change(p_county, p_plan, p_version);
    before everycell.patrol_version;
BEGIN
    DELETE FROM everycell.patrol_version v
    WHERE v.county = p_county AND v.plan = p_plan
        AND v.version = (SELECT max(version) FROM everycell.patrol_version WHERE county = p_county AND plan = p_plan)
    RETURNING v.* INTO before;
    IF before IS NULL THEN
        RAISE EXCEPTION 'version: the plan is as it was found: there is nothing to undo' USING ERRCODE = 'EC002', COLUMN = 'version';
    END IF;
    PERFORM everycell.restore_plan(here, before.content);
END $$;

CREATE FUNCTION everycell.restore_plan(p_plan everycell.patrol_plan, p_content jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE was everycell.patrol_plan := jsonb_populate_record(NULL::everycell.patrol_plan, p_content -> 'plan');
BEGIN
    PERFORM everycell.fill_plan(p_plan, p_content -> 'routes', p_content -> 'stops');
    UPDATE everycell.patrol_plan
    SET status = was.status, version = version + 1, changed_at = clock_timestamp(), aim = was.aim, seed = was.seed,
        limit_s = was.limit_s, solver = was.solver, cpu_s = was.cpu_s, straight = was.straight, network = was.network,
        network_source = was.network_source, network_on = was.network_on, compared = was.compared, from_s = was.from_s
    WHERE county = p_plan.county AND id = p_plan.id;
    PERFORM everycell.emit_plan(p_plan);
END $$;

-- End a search: a plan that was planned again is as before, one that was not is given up, with the links to it. What it
-- has become.
CREATE FUNCTION everycell.cancel_plan(p_county integer, p_plan uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    here everycell.patrol_plan := everycell.hold_plan(p_county, p_plan);
    before everycell.patrol_version;
BEGIN
    IF here.status = 'planning' THEN
        DELETE FROM everycell.patrol_version v
        WHERE v.county = p_county AND v.plan = p_plan AND v.version = here.version - 1 RETURNING v.* INTO before;
        IF FOUND THEN
            PERFORM everycell.restore_plan(here, before.content);
            RETURN 'planned';
        END IF;
    END IF;
    IF here.status <> 'cancelled' THEN
        UPDATE everycell.patrol_plan
        SET status = 'cancelled', version = version + 1, fault = NULL, fault_told = NULL, changed_at = clock_timestamp()
        WHERE county = p_county AND id = p_plan;
        DELETE FROM everycell.patrol_link WHERE county = p_county AND plan = p_plan;
        PERFORM everycell.emit_plan(here);
    END IF;
    RETURN 'cancelled';
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.put_team(
        integer, text, text, text, geometry, geometry, boolean, integer, integer, jsonb, text[]),
    everycell.drop_team(integer, text, text),
    everycell.open_plan(integer, uuid, text, date, text, integer, real, jsonb, text, jsonb, jsonb),
    everycell.plan_again(integer, uuid, integer, text, integer, real, integer),
    everycell.claim_plan(uuid, double precision, integer, uuid),
    everycell.hear_plan(integer, uuid, uuid, real, text),
    everycell.leave_plan(integer, uuid, uuid),
    everycell.drop_plan(integer, uuid, uuid),
    everycell.finish_plan(integer, uuid, uuid, text, real, boolean, text, text, date, jsonb, jsonb),
    everycell.fail_plan(integer, uuid, uuid, text, text),
    everycell.compare_plan(integer, uuid, integer, jsonb),
    everycell.change_plan(integer, uuid, integer, jsonb, jsonb),
    everycell.undo_plan(integer, uuid, integer),
    everycell.cancel_plan(integer, uuid)
TO everycell_app;
