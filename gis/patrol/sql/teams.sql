-- Teams of some areas and all in them (none: of the counties), by area and code.
SELECT t.area, t.code, t.mode, ST_X(t.station) AS lon, ST_Y(t.station) AS lat, ST_X(t.ending) AS end_lon,
       ST_Y(t.ending) AS end_lat, t.open_end, t.shift_from, t.shift_to, t.breaks, t.skills
FROM everycell.team t
WHERE t.county = ANY (:counties)
    AND (CAST(:areas AS text[]) = '{}' OR EXISTS (
        SELECT FROM unnest(CAST(:areas AS text[])) AS a (area) WHERE starts_with(t.area, a.area)))
ORDER BY t.area, t.code
