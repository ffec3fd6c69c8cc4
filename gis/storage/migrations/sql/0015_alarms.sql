-- Alarms: conditions that somebody has to do something about, each of a kind and an area (a village, or where a number is
-- published of no smaller area a town or county), never of a door or a case. What is measured is written by the service;
-- people acknowledge and shelve. Of who did it the role is kept; the name stands in the audit.

CREATE TABLE everycell.alarm (
    county integer NOT NULL,
    kind text NOT NULL,
    area text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    over_since timestamptz, -- as long as the condition holds
    under_since timestamptz, -- as long as it surely does not
    raised_at timestamptz,
    cleared_at timestamptz,
    times integer NOT NULL, -- how often it has come back since it was raised
    acknowledged_at timestamptz,
    acknowledged_by text,
    shelved_until timestamptz,
    shelved_by text,
    CONSTRAINT pk_alarm PRIMARY KEY (county, kind, area),
    CONSTRAINT ck_alarm_kind CHECK (kind IN ('cases', 'patrols', 'behind', 'overdue', 'sites', 'silent')),
    CONSTRAINT ck_alarm_area CHECK ("left"(area, 6) = lpad(county::text, 6, '0') AND length(area) IN (6, 9, 12)),
    CONSTRAINT ck_alarm_times CHECK (times >= 0),
    CONSTRAINT ck_alarm_cleared_at CHECK (cleared_at IS NULL OR raised_at IS NOT NULL),
    CONSTRAINT ck_alarm_acknowledged CHECK (num_nulls(acknowledged_at, acknowledged_by) IN (0, 2)),
    CONSTRAINT ck_alarm_acknowledged_by CHECK (acknowledged_by IN ('wall', 'operator', 'patrol_leader', 'editor', 'admin')),
    CONSTRAINT ck_alarm_shelved CHECK (num_nulls(shelved_until, shelved_by) IN (0, 2)),
    CONSTRAINT ck_alarm_shelved_by CHECK (shelved_by IN ('wall', 'operator', 'patrol_leader', 'editor', 'admin'))
);

-- What happened to alarms: kept a quarter of a year.
CREATE TABLE everycell.alarm_event (
    county integer NOT NULL,
    kind text NOT NULL,
    area text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    change text NOT NULL,
    number integer NOT NULL,
    role text, -- of whoever did it; NULL: it came by itself
    until timestamptz,
    CONSTRAINT pk_alarm_event PRIMARY KEY (county, kind, area, at, change),
    CONSTRAINT ck_alarm_event_kind CHECK (kind IN ('cases', 'patrols', 'behind', 'overdue', 'sites', 'silent')),
    CONSTRAINT ck_alarm_event_area CHECK ("left"(area, 6) = lpad(county::text, 6, '0') AND length(area) IN (6, 9, 12)),
    CONSTRAINT ck_alarm_event_change CHECK (change IN (
        'raised', 'returned', 'cleared', 'acknowledged', 'shelved', 'unshelved')),
    CONSTRAINT ck_alarm_event_role CHECK (role IN ('wall', 'operator', 'patrol_leader', 'editor', 'admin'))
);

-- When the conditions of a county were last looked at.
CREATE TABLE everycell.alarm_look (
    county integer NOT NULL,
    looked_at timestamptz NOT NULL,
    CONSTRAINT pk_alarm_look PRIMARY KEY (county)
);

-- One of the service's processes looks at a county at a time. Whether it is this one, and it is time to: not where another
-- has looked after `p_before`. The lock lasts until the transaction ends.
CREATE FUNCTION everycell.begin_alarm_look(p_county integer, p_before timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
BEGIN
    RETURN pg_try_advisory_xact_lock(7461096, p_county)
        AND NOT EXISTS (SELECT FROM everycell.alarm_look WHERE county = p_county AND looked_at >= p_before);
END $$;

-- Whoever looks at these areas hears that their alarms have changed, and nothing of what. None: nothing is told.
CREATE FUNCTION everycell.tell_alarms(p_county integer, p_areas text[]) RETURNS integer LANGUAGE sql AS $$
    SELECT everycell.emit(p_county, 'alarms', jsonb_build_object('areas', to_jsonb(ARRAY(
        SELECT DISTINCT a FROM unnest(p_areas) AS a ORDER BY a)))) WHERE p_areas <> '{}';
    SELECT coalesce(cardinality(p_areas), 0)
$$;

-- What was measured: rows as `gis.alarms.store` writes them, each with what has changed ('raised', 'returned', 'cleared',
-- or nothing). What people did to an alarm is theirs, but that one which is raised anew is not acknowledged. How many changed.
CREATE FUNCTION everycell.put_alarms(p_county integer, p_at timestamptz, p_rows jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE told integer;
BEGIN
    INSERT INTO everycell.alarm AS a
        (county, kind, area, number, over_since, under_since, raised_at, cleared_at, times)
    SELECT p_county, r.kind, r.area, r.number, r.over_since, r.under_since, r.raised_at, r.cleared_at, r.times
    FROM jsonb_to_recordset(p_rows) AS r (
        kind text, area text, number integer, over_since timestamptz, under_since timestamptz, raised_at timestamptz,
        cleared_at timestamptz, times integer)
    ORDER BY r.kind, r.area
    ON CONFLICT (county, kind, area) DO UPDATE SET
        number = excluded.number, over_since = excluded.over_since, under_since = excluded.under_since,
        raised_at = excluded.raised_at, cleared_at = excluded.cleared_at, times = excluded.times,
        acknowledged_at = CASE WHEN a.raised_at = excluded.raised_at THEN a.acknowledged_at END,
        acknowledged_by = CASE WHEN a.raised_at = excluded.raised_at THEN a.acknowledged_by END;
    WITH changed AS (
        INSERT INTO everycell.alarm_event (county, kind, area, at, change, number)
        SELECT p_county, r.kind, r.area, p_at, r.change, r.number
        FROM jsonb_to_recordset(p_rows) AS r (kind text, area text, number integer, change text)
        WHERE r.change IS NOT NULL
        RETURNING area
    )
    SELECT everycell.tell_alarms(p_county, array_agg(area)) INTO told FROM changed;
    INSERT INTO everycell.alarm_look (county, looked_at) VALUES (p_county, p_at)
    ON CONFLICT (county) DO UPDATE SET looked_at = excluded.looked_at;
    DELETE FROM everycell.alarm_event WHERE county = p_county AND at < p_at - interval '90 days';
    DELETE FROM everycell.alarm
    WHERE county = p_county AND coalesce(cleared_at, p_at) < p_at - interval '90 days' AND over_since IS NULL;
    RETURN told;
END $$;

-- Acknowledge the alarms of a kind in an area that are up, where the caller may record visits. How many there are.
CREATE FUNCTION everycell.acknowledge_alarms(p_county integer, p_kind text, p_area text, p_role text, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    found_rows integer;
    told integer;
BEGIN
    PERFORM FROM everycell.alarm
    WHERE county = p_county AND kind = p_kind AND starts_with(area, p_area) ORDER BY area FOR NO KEY UPDATE;
    SELECT count(*) INTO found_rows FROM everycell.alarm
    WHERE county = p_county AND kind = p_kind AND starts_with(area, p_area) AND raised_at IS NOT NULL
        AND cleared_at IS NULL AND everycell.within('visits', area);
    WITH done AS (
        UPDATE everycell.alarm SET acknowledged_at = p_at, acknowledged_by = p_role
        WHERE county = p_county AND kind = p_kind AND starts_with(area, p_area) AND raised_at IS NOT NULL
            AND cleared_at IS NULL AND acknowledged_at IS NULL AND everycell.within('visits', area)
        RETURNING area, number
    ), noted AS (
        INSERT INTO everycell.alarm_event (county, kind, area, at, change, number, role)
        SELECT p_county, p_kind, area, p_at, 'acknowledged', number, p_role FROM done
    )
    SELECT everycell.tell_alarms(p_county, array_agg(area)) INTO told FROM done;
    RETURN found_rows;
END $$;

-- Put the alarms of a kind in an area aside until a time (NULL: back again), where the caller may record visits. How many
-- there are.
CREATE FUNCTION everycell.shelve_alarms(
    p_county integer, p_kind text, p_area text, p_until timestamptz, p_role text, p_at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    found_rows integer;
    told integer;
BEGIN
    PERFORM FROM everycell.alarm
    WHERE county = p_county AND kind = p_kind AND starts_with(area, p_area) ORDER BY area FOR NO KEY UPDATE;
    WITH done AS (
        UPDATE everycell.alarm SET shelved_until = p_until, shelved_by = CASE WHEN p_until IS NOT NULL THEN p_role END
        WHERE county = p_county AND kind = p_kind AND starts_with(area, p_area) AND raised_at IS NOT NULL
            AND cleared_at IS NULL AND everycell.within('visits', area)
        RETURNING area, number
    ), noted AS (
        INSERT INTO everycell.alarm_event (county, kind, area, at, change, number, role, until)
        SELECT p_county, p_kind, area, p_at, CASE WHEN p_until IS NULL THEN 'unshelved' ELSE 'shelved' END, number, p_role,
               p_until
        FROM done
    )
    SELECT everycell.tell_alarms(p_county, array_agg(area)) INTO found_rows FROM done;
    RETURN found_rows;
END $$;

-- ---- who sees it

ALTER TABLE everycell.alarm ENABLE ROW LEVEL SECURITY;
ALTER TABLE everycell.alarm_look ENABLE ROW LEVEL SECURITY;

-- The bodies of everycell.within() and everycell.meets(), as in 0003.
DO $do$
DECLARE
    inside text := $$current_setting('everycell.figures', true) = ',,'
        OR strpos(current_setting('everycell.figures_6', true), ',' || "left"(%1$s, 6) || ',') > 0
        OR strpos(current_setting('everycell.figures_12', true), ',' || "left"(%1$s, 12) || ',') > 0
        OR strpos(current_setting('everycell.figures_9', true), ',' || "left"(%1$s, 9) || ',') > 0
        OR strpos(current_setting('everycell.figures_15', true), ',' || %1$s || ',') > 0$$;
    around text := inside || $$
        OR strpos(current_setting('everycell.figures_9', true), ',' || %1$s) > 0
        OR strpos(current_setting('everycell.figures_12', true), ',' || %1$s) > 0
        OR strpos(current_setting('everycell.figures_15', true), ',' || %1$s) > 0$$;
BEGIN
    EXECUTE format('CREATE POLICY alarm_seen ON everycell.alarm FOR SELECT TO everycell_app USING (%s)',
                   format(inside, 'area'));
    EXECUTE format('CREATE POLICY alarm_look_seen ON everycell.alarm_look FOR SELECT TO everycell_app USING (%s)',
                   format(around, $$lpad(county::text, 6, '0')$$));
END $do$;

GRANT SELECT ON everycell.alarm, everycell.alarm_look TO everycell_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA everycell FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.begin_alarm_look(integer, timestamptz),
    everycell.put_alarms(integer, timestamptz, jsonb),
    everycell.acknowledge_alarms(integer, text, text, text, timestamptz),
    everycell.shelve_alarms(integer, text, text, timestamptz, text, timestamptz)
TO everycell_app;
