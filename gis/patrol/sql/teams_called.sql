-- Teams with a code, of an area, of those around it and of those in it, from the widest area on.
SELECT t.area, t.code, t.mode, ST_X(t.station) AS lon, ST_Y(t.station) AS lat, ST_X(t.ending) AS end_lon,
       ST_Y(t.ending) AS end_lat, t.open_end, t.shift_from, t.shift_to, t.breaks, t.skills
FROM everycell.team t
WHERE t.county = :county AND t.code = :code AND (starts_with(t.area, :area) OR starts_with(:area, t.area))
ORDER BY length(t.area), t.area
