-- A link keeps which stops it has shown: whoever has done one of them may tick it, also where the leader has given it to
-- another team meanwhile. Undo takes versions of a plan back, so these do not tell.

ALTER TABLE everycell.patrol_link ADD COLUMN shown text[] COLLATE "C" NOT NULL DEFAULT '{}';

DROP FUNCTION everycell.patrol_link_of(bytea);

-- Whose link it is, and what it has shown; nothing where there is none, or it is over.
CREATE FUNCTION everycell.patrol_link_of(p_hash bytea)
RETURNS TABLE (county integer, plan uuid, team text, area text, expires_at timestamptz, shown text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    SELECT l.county, l.plan, l.team, p.area, l.expires_at, l.shown
    FROM everycell.patrol_link l JOIN everycell.patrol_plan p ON p.county = l.county AND p.id = l.plan
    WHERE l.hash = p_hash AND l.expires_at > clock_timestamp() AND p.status <> 'cancelled'
$$;

-- These stops of the plan are shown to a team; a new link of it knows them too.
CREATE FUNCTION everycell.show_patrol_stops(p_county integer, p_plan uuid, p_team text, p_stops text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
    UPDATE everycell.patrol_link l
    SET shown = array(SELECT unnest(l.shown) UNION
                      SELECT s.key FROM everycell.patrol_stop s
                      WHERE s.county = p_county AND s.plan = p_plan AND s.key = ANY (p_stops) ORDER BY 1)
    FROM everycell.patrol_plan p
    WHERE l.county = p_county AND l.plan = p_plan AND l.team = p_team AND p.county = l.county AND p.id = l.plan
        AND everycell.within('patrols', p.area)
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.patrol_link_of(bytea),
    everycell.show_patrol_stops(integer, uuid, text, text[])
TO everycell_app;
