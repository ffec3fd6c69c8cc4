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
