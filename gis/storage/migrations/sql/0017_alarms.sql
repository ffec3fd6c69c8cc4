-- An alarm of missed stops is about those of one day: that of the patrols. It is NULL in what there is: that is raised anew
-- once, at the next look.
ALTER TABLE everycell.alarm ADD patrol_on date;

-- As in 0015, with the day of the patrols.
CREATE OR REPLACE FUNCTION everycell.put_alarms(p_county integer, p_at timestamptz, p_rows jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE told integer;
BEGIN
    INSERT INTO everycell.alarm AS a
        (county, kind, area, number, over_since, under_since, raised_at, cleared_at, times, patrol_on)
    SELECT p_county, r.kind, r.area, r.number, r.over_since, r.under_since, r.raised_at, r.cleared_at, r.times, r.patrol_on
    FROM jsonb_to_recordset(p_rows) AS r (
        kind text, area text, number integer, over_since timestamptz, under_since timestamptz, raised_at timestamptz,
        cleared_at timestamptz, times integer, patrol_on date)
    ORDER BY r.kind, r.area
    ON CONFLICT (county, kind, area) DO UPDATE SET
        number = excluded.number, over_since = excluded.over_since, under_since = excluded.under_since,
        raised_at = excluded.raised_at, cleared_at = excluded.cleared_at, times = excluded.times,
        patrol_on = excluded.patrol_on,
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

-- What people do takes the alarms that they have read: each is named by its area and by when it was raised. In 0015 it took
-- whatever was up in an area.
DROP FUNCTION everycell.acknowledge_alarms(integer, text, text, text, timestamptz);
DROP FUNCTION everycell.shelve_alarms(integer, text, text, timestamptz, text, timestamptz);

-- Acknowledge alarms of a kind, of those that are still up, where the caller may record visits. How many there are.
CREATE FUNCTION everycell.acknowledge_alarms(
    p_county integer, p_kind text, p_areas text[], p_raised timestamptz[], p_role text
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    found_rows integer;
    told integer;
BEGIN
    PERFORM FROM everycell.alarm
    WHERE county = p_county AND kind = p_kind AND area = ANY (p_areas) ORDER BY area FOR NO KEY UPDATE;
    SELECT count(*) INTO found_rows FROM everycell.alarm
    WHERE county = p_county AND kind = p_kind AND (area, raised_at) IN (SELECT * FROM unnest(p_areas, p_raised))
        AND cleared_at IS NULL AND everycell.within('visits', area);
    WITH done AS (
        UPDATE everycell.alarm SET acknowledged_at = now(), acknowledged_by = p_role
        WHERE county = p_county AND kind = p_kind AND (area, raised_at) IN (SELECT * FROM unnest(p_areas, p_raised))
            AND cleared_at IS NULL AND acknowledged_at IS NULL AND everycell.within('visits', area)
        RETURNING area, number
    ), noted AS (
        INSERT INTO everycell.alarm_event (county, kind, area, at, change, number, role)
        SELECT p_county, p_kind, area, now(), 'acknowledged', number, p_role FROM done
    )
    SELECT everycell.tell_alarms(p_county, array_agg(area)) INTO told FROM done;
    RETURN found_rows;
END $$;

-- Put alarms of a kind aside for some minutes (0: back again), of those that are still up, where the caller may record
-- visits. How many there are.
CREATE FUNCTION everycell.shelve_alarms(
    p_county integer, p_kind text, p_areas text[], p_raised timestamptz[], p_minutes integer, p_role text
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = everycell, public, pg_temp AS $$
DECLARE
    until_at timestamptz := CASE WHEN p_minutes > 0 THEN now() + make_interval(mins => p_minutes) END;
    found_rows integer;
BEGIN
    PERFORM FROM everycell.alarm
    WHERE county = p_county AND kind = p_kind AND area = ANY (p_areas) ORDER BY area FOR NO KEY UPDATE;
    WITH done AS (
        UPDATE everycell.alarm
        SET shelved_until = until_at, shelved_by = CASE WHEN until_at IS NOT NULL THEN p_role END
        WHERE county = p_county AND kind = p_kind AND (area, raised_at) IN (SELECT * FROM unnest(p_areas, p_raised))
            AND cleared_at IS NULL AND everycell.within('visits', area)
        RETURNING area, number
    ), noted AS (
        INSERT INTO everycell.alarm_event (county, kind, area, at, change, number, role, until)
        SELECT p_county, p_kind, area, now(), CASE WHEN until_at IS NULL THEN 'unshelved' ELSE 'shelved' END, number,
               p_role, until_at
        FROM done
    )
    SELECT everycell.tell_alarms(p_county, array_agg(area)) INTO found_rows FROM done;
    RETURN found_rows;
END $$;

REVOKE EXECUTE ON FUNCTION
    everycell.acknowledge_alarms(integer, text, text[], timestamptz[], text),
    everycell.shelve_alarms(integer, text, text[], timestamptz[], integer, text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    everycell.acknowledge_alarms(integer, text, text[], timestamptz[], text),
    everycell.shelve_alarms(integer, text, text[], timestamptz[], integer, text)
TO everycell_app;
